"""A lane that publishes, and whose process outlives its connection."""

from deliverycheck.executions.queues.publisher import PublisherLane


class ReconnectingLane(PublisherLane):
    """A connection that is lost it makes anew, and still knows what it sent; killed, it forgets."""

    def connect(self) -> bool:
        """It can publish; whether it can. If not, it tries again when it is to."""
        self.gone = not super().connect()
        return not self.gone

    def give_up(self) -> None:
        """Its process lives on: only it knows what was sent."""

    def discard_if_gone(self) -> None:
        """A lost connection is made anew by the process that lost it."""
        if self.lives and self.gone and not self.busy:
            self.leaves_traces = True
            self.connect()
