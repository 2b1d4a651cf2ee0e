"""Hazards of groups: partitions that go from one member to another, in order or not."""

from collections.abc import Iterator
from itertools import pairwise
from math import inf

from deliverycheck.guarantees.crash_hazards import Cycle
from deliverycheck.guarantees.delivery.holdings import Holding, holdings
from deliverycheck.guarantees.delivery.members import place_at
from deliverycheck.guarantees.hazard import Evidence
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
