"""A lane that publishes to streams by their own protocol."""

from deliverycheck.executions.queues.reconnecting import ReconnectingLane


class StreamingLane(ReconnectingLane):
    """The publisher of the plan: its messages have ids that rise, also after it was killed.

    So does an application that takes them from a place in a source of its own.
    """

    _published = 0

    def publishing_id(self) -> int:
        self._published += 1
        return self._published
