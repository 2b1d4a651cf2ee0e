"""Hazards of who asks and waits for a reply."""

from collections import defaultdict
from collections.abc import Iterator

from deliverycheck.guarantees.hazard import Evidence, FaultColumn, Hazard, Needed, ops_of
from deliverycheck.history import Action, History, Operation


def requester_cut(history: History) -> tuple[Evidence, ...]:
    """A process that waited for replies opened its client once more."""
    waiting = _requests(history)
    opened: dict[str, list[Operation]] = defaultdict(list)
    for one in sorted(history.select(Action.OPEN), key=lambda one: one.op):
        opened[one.process].append(one)
    return tuple(
        evidence
        for process, opens in sorted(opened.items())
        for again in opens[1:]
        for evidence in _waited("cut", waiting[process], process, again.invoked_ns)
    )


def requester_killed(history: History) -> tuple[Evidence, ...]:
    """A process was killed, or died, while it waited for replies."""
    waiting = _requests(history)
    return tuple(
        evidence
        for event in sorted(history.processes, key=lambda event: (event.ns, event.process))
        if event.what in {"killed", "died"}
        for evidence in _waited("killed", waiting[event.process], event.process, event.ns)
    )


def _requests(history: History) -> dict[str, list[Operation]]:
    found: dict[str, list[Operation]] = defaultdict(list)
    for one in sorted(history.select(Action.REQUEST), key=lambda one: one.op):
        found[one.process].append(one)
    return found


def _waited(kind: str, requests: list[Operation], process: str, down_ns: int) -> Iterator[Evidence]:
    """What of the requests was without a reply at that moment, if anything was."""
    waiting = [
        one
        for one in requests
        if one.invoked_ns <= down_ns and (one.completed_ns is None or one.completed_ns > down_ns)
    ]
    if waiting:
        yield Evidence(
            kind=kind,
            ns=down_ns,
            facts={"process": process, "down_ns": down_ns, "requests": len(waiting)},
            witnesses=ops_of(waiting),
        )


HAZARDS_OF_REQUESTS: tuple[Hazard, ...] = (
    Hazard(
        name="requester_cut",
        title="who waited for a reply lost its connection",
        fault_column=FaultColumn.LOST_REPLY,
        needs=Needed.LINK,
        sentences={
            "cut": "{process} connected again at {down_ns:s} and waited for {requests:count reply}."
        },
        find=requester_cut,
    ),
    Hazard(
        name="requester_killed",
        title="who waited for a reply was killed",
        fault_column=FaultColumn.WORKER_KILLED,
        needs=Needed.WORKER,
        sentences={
            "killed": "{process} was killed at {down_ns:s} and waited for {requests:count reply}."
        },
        find=requester_killed,
    ),
)
"""Each situation of requesters that a claim can be about."""
