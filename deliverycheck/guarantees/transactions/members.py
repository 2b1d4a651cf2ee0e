"""Members of consumer groups that joined anew, and where they began."""

from collections import defaultdict

import msgspec

from deliverycheck.history import Action, History, Operation, Outcome, Reading

Place = tuple[str, str, int | None]
"""Group, source, partition."""

_JOINING = frozenset({Action.OPEN, Action.SUBSCRIBE})


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """The lowest that a fresh member of a group was handed of a partition.

    Attributes:
        joined_ns: its first call; it began where the group stood at some moment after that.
    """

    place: Place
    reading: Reading
    position: int
    joined_ns: int


class Members:
    """Who was handed what as a member of which group.

    A fresh member is one that the history shows from its first call on. It subscribes, and does
    not choose where it begins: it never seeks, and its assignments name no position. Each receive
    before its last call ended ``ok``, so that nothing was handed to it unseen.
    """

    def __init__(self, history: History) -> None:
        calls: dict[str, list[Operation]] = defaultdict(list)
        self._groups: dict[str, str] = {}
        for operation in history.operations:
            calls[operation.process].append(operation)
            if operation.group is not None:
                self._groups.setdefault(operation.process, operation.group)
        self._joined = {
            process: made[0].invoked_ns for process, made in calls.items() if _is_fresh(made)
        }
        self._receipts = history.receipts

    def handed(self) -> list[tuple[Place, int, Reading]]:
        """Every position that any member of a group was handed, of each in its order."""
        return [
            ((group, reading.delivery.source, reading.delivery.partition), position, reading)
            for reading in self._receipts
            if (group := self._groups.get(reading.process)) is not None
            and (position := reading.delivery.position) is not None
        ]

    def starts(self) -> list[Start]:
        """Where each fresh member began in each partition that it was handed anything of."""
        lowest: dict[tuple[str, Place], Start] = {}
        for place, position, reading in self.handed():
            joined_ns = self._joined.get(reading.process)
            if joined_ns is None:
                continue
            key = (reading.process, place)
            if key not in lowest or position < lowest[key].position:
                lowest[key] = Start(
                    place=place, reading=reading, position=position, joined_ns=joined_ns
                )
        return sorted(lowest.values(), key=lambda start: start.reading.op)


def _is_fresh(calls: list[Operation]) -> bool:
    receives = [call for call in calls[:-1] if call.action is Action.RECEIVE]
    return (
        calls[0].action in _JOINING
        and any(call.action is Action.SUBSCRIBE for call in calls)
        and not any(_chooses(call) for call in calls)
        and all(receive.outcome is Outcome.OK for receive in receives)
    )


def _chooses(call: Operation) -> bool:
    """A record of what the group assigned names position 0, which is no choice."""
    assigned = call.action is Action.ASSIGN
    return call.action is Action.SEEK or (assigned and any(to.position for to in call.covers))
