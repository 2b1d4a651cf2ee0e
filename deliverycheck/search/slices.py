"""The steps of a plan that a violation is about, by its history: a first guess for shrinking."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from deliverycheck.guarantees import Anomaly
from deliverycheck.history import History, Operation
from deliverycheck.plans import CreateTopic, Publish, Send, Settle, Step, Take, Work

_ORDINARY = (Publish, Send, Work, Take, Settle)
"""What clients do anyway; every other step disturbs or changes something."""


def operations_by_step(history: History) -> Mapping[int, list[Operation]]:
    """The operations of each step by its number, counted from 1; the quiet tail is none's."""
    marks = [event for event in history.processes if event.what == "step"]
    starts = [(event.ns, int(event.evidence["number"])) for event in marks]
    settled = [mark.ns for mark in history.phases if mark.phase == "settle"]
    end_ns = settled[0] if settled else None
    found: dict[int, list[Operation]] = defaultdict(list)
    for operation in history.operations:
        before = [number for ns, number in starts if ns <= operation.invoked_ns]
        if before and (end_ns is None or operation.invoked_ns < end_ns):
            found[before[-1]].append(operation)
    return found


def slices(steps: Sequence[Step], anomaly: Anomaly, history: History) -> Iterator[tuple[Step, ...]]:
    """Smaller step lists that may show the anomaly, the smallest first.

    The steps whose operations witness it and what they need, with the disturbance next before
    and after them; then with all disturbances. Work of others, and what came long before, is left
    out.
    """
    seen = {
        number
        for number, operations in operations_by_step(history).items()
        if any(operation.op in anomaly.witnesses for operation in operations)
    }
    disturbing = [
        number for number, step in enumerate(steps, start=1) if not isinstance(step, _ORDINARY)
    ]
    if not seen:
        return
    needed = seen | _making_places_of(steps, seen)
    before = [number for number in disturbing if number < max(seen)][-1:]
    after = [number for number in disturbing if number > min(seen)][:1]
    for kept in ({*needed, *after}, {*needed, *before, *after}, {*needed, *disturbing}):
        yield tuple(step for number, step in enumerate(steps, start=1) if number in kept)


def _making_places_of(steps: Sequence[Step], seen: set[int]) -> set[int]:
    """The steps that create what those seen publish to: without them there is no such place."""
    places = {step.topic for number in seen if isinstance(step := steps[number - 1], Publish)}
    return {
        number
        for number, step in enumerate(steps, start=1)
        if isinstance(step, CreateTopic) and step.topic in places
    }
