"""How far a member has come with its effects, for the commit when it has to give partitions up."""

from collections.abc import Sequence

from deliverycheck.history import Delivery, Position
from deliverycheck.plans import OnRevoke

_Place = tuple[str, int]


class WorkedOff:
    """Of each partition the position after the last effect, if that is to be committed at all."""

    def __init__(self, on_revoke: OnRevoke) -> None:
        self._commits = on_revoke is OnRevoke.COMMIT
        self._next: dict[_Place, int] = {}

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """These have had their effect, in this order."""
        if self._commits:
            for one in deliveries:
                if one.partition is not None and one.position is not None:
                    self._next[one.source, one.partition] = one.position + 1

    def due(self, places: set[_Place]) -> tuple[Position, ...]:
        """What a commit has to name before these partitions go."""
        return tuple(
            Position(source=source, partition=partition, position=position)
            for (source, partition), position in sorted(self._next.items())
            if (source, partition) in places
        )

    def forget(self, places: set[_Place]) -> None:
        """These partitions are another member's."""
        for place in places:
            self._next.pop(place, None)
