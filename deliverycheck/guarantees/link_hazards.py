"""Hazards on links: what the network did to operations that were on their way."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from deliverycheck.guarantees.copies import copies, rank
from deliverycheck.guarantees.hazard import Evidence, ops_of
from deliverycheck.guarantees.windows import (
    TRAFFIC,
    Reach,
    Window,
    may_act,
    surely_in_place,
    waited_for_heal,
)
from deliverycheck.history import Action, FaultSpan, History, Operation, Outcome

COMPLAINT_AFTER_HEAL_NS = 1_500_000_000
"""1.5 s, the deadline of a call: so late may a library report what it met before the heal."""

Finder = Callable[[History], tuple[Evidence, ...]]


def lost(*faults: str) -> Finder:
    """Finds publishes that were open while `faults` acted, and something shows the cut.

    Sound: a fault in place is not enough, since it may have met no bytes. One of three shows
    that it did: the process complained while the publish was open, one attempt stands twice in
    the log, or the publish was completed only after the heal.
    """

    def find(history: History) -> tuple[Evidence, ...]:
        doubled = _doubled(history)
        reach = Reach(history)
        return tuple(
            evidence
            for index, span in _spans(history, faults)
            for evidence in _lost_on(span, index, reach, doubled)
        )

    return find


def silence(*faults: str) -> Finder:
    """Finds operations that were open while `faults` were surely in place.

    Sound: where a confirm proves nothing, as when no reply is asked for, the bytes may have
    left at any moment until it: such an operation counts if it lies inside from invocation
    to confirm, and if the fault is on the way up.
    """

    def find(history: History) -> tuple[Evidence, ...]:
        reach = Reach(history)
        return tuple(
            evidence
            for index, span in _spans(history, faults)
            for evidence in _open_in(span, index, reach)
        )

    return find


def refused(history: History) -> tuple[Evidence, ...]:
    """Finds complaints, and operations that were open, while a link refused connections."""
    reach = Reach(history)
    found: list[Evidence] = []
    for index, span in _spans(history, ("refuse",)):
        errors = reach.complaints(span, "error")
        found += [
            Evidence(
                kind="complaint",
                ns=event.ns,
                facts={
                    "process": event.process,
                    "error": event.error or "an error",
                    "error_ns": event.ns,
                },
                span=index,
            )
            for event in errors
            if may_act(span).contains(event.ns)
        ][:1]
        found += _open_in(span, index, reach)
    return tuple(found)


def _spans(history: History, faults: tuple[str, ...]) -> Iterator[tuple[int, FaultSpan]]:
    return ((i, span) for i, span in enumerate(history.faults) if span.fault in faults)


def _doubled(history: History) -> frozenset[int]:
    """Publish operations of which one attempt at one message stands twice in the log."""
    counts = Counter((one.delivery.message, one.delivery.attempt) for one in copies(history))
    ranks = rank(history)
    return frozenset(
        ranks[key][1].op for key, count in counts.items() if count > 1 and key in ranks
    )


def _lost_on(
    span: FaultSpan, index: int, reach: Reach, doubled: frozenset[int]
) -> Iterator[Evidence]:
    """For each process and kind of evidence, the publishes that it shows."""
    window = may_act(span)
    errors = _errors(span, reach)
    shown: dict[tuple[str, str], list[Operation]] = defaultdict(list)
    for operation in reach.operations(span):
        if operation.action is Action.PUBLISH and window.meets(operation):
            kind = _cut(operation, span, errors.get(operation.process, []), doubled)
            if kind is not None:
                shown[operation.process, kind].append(operation)
    for (process, kind), operations in sorted(shown.items()):
        yield Evidence(
            kind=kind,
            ns=max(operations[0].invoked_ns, span.inject_ns),
            facts={"process": process, "lane": span.lane, "publishes": len(operations)},
            witnesses=ops_of(operations),
            span=index,
        )


def _errors(span: FaultSpan, reach: Reach) -> dict[str, list[int]]:
    """When each process complained, from the inject until the complaints of it are over."""
    window = may_act(span, after_ns=COMPLAINT_AFTER_HEAL_NS)
    errors: dict[str, list[int]] = defaultdict(list)
    for event in reach.complaints(span, "error"):
        if window.contains(event.ns):
            errors[event.process].append(event.ns)
    return errors


def _cut(
    operation: Operation, span: FaultSpan, errors: list[int], doubled: frozenset[int]
) -> str | None:
    """What shows that this publish was cut off; ``None`` if nothing does."""
    completed_ns = operation.completed_ns
    first = bisect_left(errors, operation.invoked_ns)
    if first < len(errors) and (completed_ns is None or errors[first] <= completed_ns):
        return "complaint"
    if operation.op in doubled:
        return "twice"
    if completed_ns is not None and waited_for_heal(operation, span):
        return "late"
    return None


def _open_in(span: FaultSpan, index: int, reach: Reach) -> Iterator[Evidence]:
    """For each process the operations that the fault met on their way."""
    window = surely_in_place(span)
    met: dict[str, list[Operation]] = defaultdict(list)
    for operation in reach.operations(span):
        if window and operation.action in TRAFFIC and _met(operation, window, span):
            met[operation.process].append(operation)
    for process, operations in sorted(met.items()):
        yield Evidence(
            kind="open",
            ns=max(operations[0].invoked_ns, span.inject_ns),
            facts={"process": process, "lane": span.lane, "operations": len(operations)},
            witnesses=ops_of(operations),
            span=index,
        )


def _met(operation: Operation, window: Window, span: FaultSpan) -> bool:
    hollow = operation.confirmed and operation.outcome is Outcome.INFO
    if hollow:
        return span.direction != "downstream" and window.holds(operation)
    return window.meets(operation)
