"""Hazards of groups: partitions that go from one member to another, in order or not."""

from collections.abc import Iterator
from itertools import pairwise
from math import inf

from deliverycheck.guarantees.crash_hazards import Cycle
from deliverycheck.guarantees.delivery.holdings import Holding, holdings
from deliverycheck.guarantees.delivery.members import place_at
from deliverycheck.guarantees.hazard import Evidence, FaultColumn, Hazard, Needed
from deliverycheck.guarantees.sentences import place as told_place
from deliverycheck.history import Action, History, Operation, ProcessEvent, Reading


def partitions_moved(history: History) -> tuple[Evidence, ...]:
    """Partitions that were assigned to one member of a group after another."""
    found = [
        _moved_to("moved", second, first, place)
        for (_, place), row in holdings(history).items()
        for first, second in pairwise(row)
        if first.process != second.process
    ]
    return _in_time(found)


def member_paused(history: History) -> tuple[Evidence, ...]:
    """Partitions that were assigned to another member while the one that had them was stopped."""
    found = [
        _moved_to("replaced", second, first, place)
        for (_, place), row in holdings(history).items()
        for first, second in pairwise(row)
        for paused, until_ns in _pauses(history, first.process)
        if first.process != second.process and paused.ns < second.from_ns < until_ns
    ]
    return _in_time(found)


def member_fenced(history: History) -> tuple[Evidence, ...]:
    """Members that were put out since another had come by their name, and had their partitions."""
    fenced = {
        event.process
        for event in history.processes
        if event.what == "error" and event.error in _FENCING
    }
    found = [
        _moved_to("fenced", second, first, place)
        for (_, place), row in holdings(history).items()
        for first, second in pairwise(row)
        if first.process != second.process and first.process in fenced
    ]
    return _in_time(found)


_FENCING = frozenset({"FENCED_INSTANCE_ID"})


def lost_unfinished(history: History) -> tuple[Evidence, ...]:
    """Partitions that a member lost, as it was told, with a message of theirs unfinished."""
    found: list[Evidence] = []
    for lost in history.select(Action.LOST):
        cycle = Cycle(history, lost.process, lost.invoked_ns)
        unfinished = [one for one in _received_from(history, lost) if not cycle.is_over(one)]
        if unfinished:
            first = unfinished[0]
            facts: dict[str, str | int] = {
                "process": lost.process,
                "place": told_place(first.delivery.source, first.delivery.partition),
                "lost_ns": lost.invoked_ns,
                "message": first.delivery.message,
                "without": cycle.missing(first),
            }
            witnesses = (first.op, lost.op)
            found.append(
                Evidence(kind="lost", ns=lost.invoked_ns, facts=facts, witnesses=witnesses)
            )
    return _in_time(found)


def _moved_to(kind: str, new: Holding, old: Holding, place: tuple[str, int | None]) -> Evidence:
    return Evidence(
        kind=kind,
        ns=new.from_ns,
        facts={
            "process": old.process,
            "place": told_place(*place),
            "other": new.process,
            "moved_ns": new.from_ns,
        },
        witnesses=(old.given, new.given),
    )


def _pauses(history: History, process: str) -> Iterator[tuple[ProcessEvent, float]]:
    """Each time that the process was stopped, with the moment until which it was."""
    own = sorted(
        (event for event in history.processes if event.process == process),
        key=lambda event: event.ns,
    )
    for number, event in enumerate(own):
        if event.what == "paused":
            ended = (one.ns for one in own[number + 1 :] if one.what in {"resumed", "killed"})
            yield event, next(ended, inf)


def _received_from(history: History, lost: Operation) -> list[Reading]:
    """What the member had been handed from the partitions that it lost, in its order."""
    places = {place_at(position) for position in lost.covers}
    return [
        one
        for one in history.receipts
        if one.process == lost.process
        and one.ns <= lost.invoked_ns
        and (one.delivery.source, one.delivery.partition) in places
    ]


def _in_time(found: list[Evidence]) -> tuple[Evidence, ...]:
    return tuple(sorted(found, key=lambda one: (one.ns, one.witnesses)))


_MOVED = {"moved": "{place} went from {process} to {other} at {moved_ns:s}."}
_REPLACED = {
    "replaced": (
        "{place} was given to {other} at {moved_ns:s} while {process}, which had it, stood still."
    )
}
_LOST = {"lost": "{process} lost {place} at {lost_ns:s} with {message} in hand, without {without}."}
_TWINS = {
    "fenced": "{process} was fenced: {other}, of the same name, was given {place} at {moved_ns:s}."
}

HAZARDS_OF_GROUPS: tuple[Hazard, ...] = (
    Hazard(
        name="partitions_moved",
        title="a partition went from one member of a group to another",
        fault_column=FaultColumn.REBALANCE,
        needs=Needed.NOTHING,
        sentences=_MOVED,
        find=partitions_moved,
    ),
    Hazard(
        name="lost_unfinished",
        title="a member lost a partition with a message of it unfinished",
        fault_column=FaultColumn.REBALANCE,
        needs=Needed.NOTHING,
        sentences=_LOST,
        find=lost_unfinished,
    ),
    Hazard(
        name="member_paused",
        title="a member stood still, and another got its partition meanwhile",
        fault_column=FaultColumn.WORKER_PAUSED,
        needs=Needed.WORKER,
        sentences=_REPLACED,
        find=member_paused,
    ),
    Hazard(
        name="member_fenced",
        title="a member was fenced by another one with its name, which had its partitions",
        fault_column=FaultColumn.REBALANCE,
        needs=Needed.NOTHING,
        sentences=_TWINS,
        find=member_fenced,
    ),
)
"""Of groups, in the order in which a report has them."""
