"""Members of consumer groups: to which group a process belongs, and what it was told when.

A member learns of a rebalance when its client serves it: the operation's time is a bound from
above of the moment when the partitions moved, and comes before any later answer to that member.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from itertools import chain
from math import inf

import msgspec

from deliverycheck.history import Action, History, Operation, Outcome, Position, indexed

Place = tuple[str, int | None]
"""A source and one of its partitions."""

REBALANCES = frozenset(
    {
        *(Action.OPEN, Action.SUBSCRIBE, Action.UNSUBSCRIBE, Action.CLOSE),
        *(Action.ASSIGN, Action.REVOKE, Action.LOST),
    }
)
_ENDS = frozenset({"killed", "closed", "died"})


class Move(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What may take a member to other partitions, or to another position in one.

    Attributes:
        ns: when it was over.
        called_ns: when it began.
        op: its operation; -1 if the process ended.
        what: what it was called; ``None`` if the process ended.
        places: the partitions that it names; none for all of them.
    """

    ns: int
    called_ns: int
    op: int
    what: Action | None
    places: frozenset[Place] = frozenset()


class Moves:
    """What one process was told, in the order of time."""

    def __init__(self, moves: list[Move], adrift_ns: float = inf) -> None:
        """Nobody knows what moved it from `adrift_ns` on."""
        self.all = sorted(moves, key=lambda move: move.ns)
        self._ns = [move.ns for move in self.all]
        self._known = bisect_left(self._ns, adrift_ns)

    def before(self, ns: int) -> int:
        """How many there were before this moment."""
        return bisect_left(self._ns, ns)

    def until(self, ns: int) -> int:
        """How many there were by this moment, it included."""
        return bisect_right(self._ns, ns)

    def at_most_until(self, ns: int) -> float:
        """The same; endless as soon as nobody knows."""
        number = self.until(ns)
        return number if number <= self._known else inf


NO_MOVES = Moves([])


@indexed
def groups_of_processes(history: History) -> dict[str, str]:
    """The group of each process that names just one."""
    named: dict[str, set[str]] = defaultdict(set)
    for operation in history.operations:
        if operation.group is not None:
            named[operation.process].add(operation.group)
    return {process: min(groups) for process, groups in named.items() if len(groups) == 1}


def group_of(history: History, operation: Operation) -> str | None:
    """The group for which it was done, as it says itself or as its process says elsewhere."""
    return operation.group or groups_of_processes(history).get(operation.process)


@indexed
def subscribers(history: History) -> frozenset[str]:
    """Processes that leave it to the group which partitions they get."""
    return frozenset(
        operation.process
        for operation in history.select(Action.SUBSCRIBE)
        if operation.outcome is not Outcome.FAIL
    )


@indexed
def begins(history: History) -> dict[str, int]:
    """When each process was first heard of."""
    called = ((operation.process, operation.invoked_ns) for operation in history.operations)
    told = ((event.process, event.ns) for event in history.processes)
    return dict(sorted(chain(called, told), reverse=True))


@indexed
def rebalances(history: History) -> dict[str, Moves]:
    """What moved each process between partitions; its end too."""
    found: dict[str, list[Move]] = defaultdict(list)
    for operation in history.operations:
        if operation.action in REBALANCES and operation.outcome is not Outcome.FAIL:
            found[operation.process].append(_move(operation, told_ns(operation)))
    for event in history.processes:
        if event.what in _ENDS:
            found[event.process].append(Move(ns=event.ns, called_ns=event.ns, op=-1, what=None))
    return {process: Moves(moves) for process, moves in found.items()}


@indexed
def _given(history: History) -> dict[tuple[str, Place], list[Move]]:
    """Assignments by process and partition, in the order of time."""
    found: dict[tuple[str, Place], list[Move]] = defaultdict(list)
    for process, had in rebalances(history).items():
        for move in had.all:
            if move.what == Action.ASSIGN:
                for place in move.places:
                    found[process, place].append(move)
    return dict(found)


@indexed
def assignments(history: History) -> dict[tuple[str, Place], list[tuple[str, Move]]]:
    """Who was assigned each partition by its group, and when."""
    found: dict[tuple[str, Place], list[tuple[str, Move]]] = defaultdict(list)
    groups = groups_of_processes(history)
    for process in subscribers(history) & groups.keys():
        for move in rebalances(history)[process].all:
            if move.what == Action.ASSIGN:
                for place in move.places:
                    found[groups[process], place].append((process, move))
    return dict(found)


def given_before(history: History, process: str, place: Place, ns: int) -> Move | None:
    """The last assignment of the partition to the process before that moment."""
    given = _given(history).get((process, place), [])
    number = bisect_left(given, ns, key=lambda move: move.ns)
    return given[number - 1] if number else None


@indexed
def moves(history: History) -> dict[str, Moves]:
    """Rebalances and seeks of each process.

    A seek counts from its call to its answer, and for ever if nobody knows its end.
    """
    found = defaultdict(list, {name: list(had.all) for name, had in rebalances(history).items()})
    for operation in history.select(Action.SEEK):
        if operation.outcome is not Outcome.FAIL:
            for ns in (operation.invoked_ns, told_ns(operation)):
                found[operation.process].append(_move(operation, ns))
    adrift = _adrift(history)
    return {process: Moves(had, adrift.get(process, inf)) for process, had in found.items()}


def _adrift(history: History) -> dict[str, int]:
    """Since when a process may have been moved by a seek of which nobody knows the end."""
    unknown = (one for one in history.select(Action.SEEK) if one.outcome is Outcome.INFO)
    return dict(sorted(((one.process, one.invoked_ns) for one in unknown), reverse=True))


def chose(history: History, process: str) -> bool:
    """Whether the process may have named the positions from which it reads by itself."""
    return process not in subscribers(history) or process in _seekers(history)


@indexed
def _seekers(history: History) -> frozenset[str]:
    return frozenset(
        operation.process
        for operation in history.select(Action.SEEK)
        if operation.outcome is not Outcome.FAIL
    )


def place_at(position: Position) -> Place:
    """Source and partition of it."""
    return (position.source, position.partition)


def standing_place(place: Place) -> tuple[str, tuple[int, ...]]:
    """A key that sorts them; what has no partition comes first."""
    return (place[0], () if place[1] is None else (place[1],))


def told_ns(operation: Operation) -> int:
    """When its answer came; of what has none, its call."""
    return operation.invoked_ns if operation.completed_ns is None else operation.completed_ns


def _move(operation: Operation, ns: int) -> Move:
    places = frozenset(place_at(position) for position in operation.covers)
    return Move(
        ns=ns,
        called_ns=operation.invoked_ns,
        op=operation.op,
        what=operation.action,
        places=places,
    )
