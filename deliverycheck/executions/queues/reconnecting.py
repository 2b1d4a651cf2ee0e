"""A lane that publishes, and whose process outlives its connection."""

from deliverycheck.clients import commands
from deliverycheck.executions.queues.publisher import PublisherLane


class ReconnectingLane(PublisherLane):
    """A connection that is lost it makes anew, and still knows what it sent; killed, it forgets."""

    def connect(self) -> bool:
        """It can publish; whether it can. If not, it tries again when it is to."""
        self.gone = not super().connect()
        return not self.gone

    def give_up(self) -> None:
        """Its process lives on: only it knows what was sent."""

    def _send_again(self) -> None:
        """By a connection that lives: one that is lost would fail them again."""
        if self._attempts.left and not self.busy:
            self.call(commands.Poll(timeout_ms=0))
            self.discard_if_gone()
        if not self.gone:
            super()._send_again()

    def discard_if_gone(self) -> None:
        """A lost connection is made anew by the process that lost it."""
        if self.lives and self.gone and not self.busy:
            self.leaves_traces = True
            self.connect()
