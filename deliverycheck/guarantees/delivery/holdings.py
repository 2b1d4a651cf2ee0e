"""Which member held a partition from when to when, as far as it was told itself."""

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from deliverycheck.guarantees.delivery.group_commits import FOREVER
from deliverycheck.guarantees.delivery.members import (
    Move,
    Place,
    groups_of_processes,
    rebalances,
    standing_place,
    subscribers,
)
from deliverycheck.history import Action, History, indexed


class Holding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A partition in the hands of one member.

    Attributes:
        given: the operation that told the member of it.
        from_ns: when it had surely been told.
        until_ns: when it began to be told that it has it no more, or again.
        regained: the news that ended it gave it the partition again.
    """

    process: str
    given: int
    from_ns: int
    until_ns: float = FOREVER
    regained: bool = False


@indexed
def holdings(history: History) -> dict[tuple[str, Place], list[Holding]]:
    """What members held, by group and partition, in the order of time."""
    groups = groups_of_processes(history)
    found: dict[tuple[str, Place], list[Holding]] = defaultdict(list)
    for process in sorted(subscribers(history) & groups.keys()):
        for place, holding in _held(process, rebalances(history)[process].all):
            found[groups[process], place].append(holding)
    return {
        key: sorted(found[key], key=lambda one: (one.from_ns, one.given))
        for key in sorted(found, key=lambda key: (key[0], standing_place(key[1])))
    }


def _held(process: str, moves: list[Move]) -> Iterator[tuple[Place, Holding]]:
    """Holdings of one process, from each assignment to the next news of that partition."""
    held: dict[Place, Holding] = {}
    for move in moves:
        given = move.what == Action.ASSIGN
        for place in (move.places & held.keys()) if move.places else list(held):
            yield (
                place,
                msgspec.structs.replace(held.pop(place), until_ns=move.called_ns, regained=given),
            )
        if given:
            for place in move.places:
                held[place] = Holding(process=process, given=move.op, from_ns=move.ns)
    yield from held.items()
