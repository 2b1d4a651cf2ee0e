"""A history as stretches of time on lanes: phases, disturbances, calls, and how processes ended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deliverycheck.guarantees import describe_operation
from deliverycheck.history import (
    History,
    Operation,
    Phase,
    incarnation_lane,
    is_scanner,
)
from reports.columns import message_of
from reports.disturbances import disturbances_of
from reports.lanes import lane_of
from reports.visible import visible

PHASES = "phases"
NAME_CHARACTERS_MAX = 80

_ENDS = {"killed": "SIGKILL", "died": "died by itself"}
_LINK = "link "


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of one lane.

    Attributes:
        category: ``phase``, ``fault``, or the outcome of a call: ``ok``, ``fail``, ``info``,
            ``open``.
    """

    lane: str
    name: str
    category: str
    start_ns: int
    end_ns: int
    told: str
    witness: bool = False
    op: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The end of a process, on its lane."""

    lane: str
    name: str
    ns: int


def spans_of(
    history: History, operations: Sequence[Operation], witnesses: frozenset[int]
) -> tuple[Span, ...]:
    """All of them, each lane's together, in the order in which lanes should be read."""
    end_ns = _end_ns(history)
    ends = {one.process: one.ns for one in history.processes if one.what in _ENDS}
    calls = (_call(one, ends.get(one.process, end_ns), witnesses) for one in operations)
    spans = [*_phases(history, end_ns), *_disturbed(history, end_ns), *calls]
    return tuple(sorted(spans, key=lambda span: (_rank(span.lane), span.start_ns)))


def moments_of(history: History) -> tuple[Moment, ...]:
    """How processes ended that did not end in order."""
    return tuple(
        Moment(lane=visible(incarnation_lane(one.process)), name=_ENDS[one.what], ns=one.ns)
        for one in history.processes
        if one.what in _ENDS
    )


def _end_ns(history: History) -> int:
    """The last moment that the history knows of."""
    return max(
        (
            0,
            *(one.completed_ns or one.invoked_ns for one in history.operations),
            *(one.ns for one in history.nodes),
            *(one.ns for one in history.processes),
            *(one.ns for one in history.phases),
            *(one.healed_ns or one.inject_ns for one in history.faults),
        )
    )


def _phases(history: History, end_ns: int) -> Iterator[Span]:
    begins = [mark.ns for mark in history.phases]
    for mark, next_ns in zip(history.phases, [*begins[1:], end_ns], strict=False):
        if mark.phase is not Phase.DONE:
            yield Span(
                lane=PHASES,
                name=mark.phase.value,
                category="phase",
                start_ns=mark.ns,
                end_ns=max(mark.ns, next_ns - 1),  # So that they do not meet, and share a thread.
                told=f"the phase {mark.phase.value}",
            )


def _disturbed(history: History, end_ns: int) -> Iterator[Span]:
    for one in disturbances_of(history):
        yield Span(
            lane=one.lane,
            name=one.label,
            category="fault",
            start_ns=one.start_ns,
            end_ns=max(one.start_ns, end_ns if one.end_ns is None else one.end_ns),
            told=one.told,
        )


def _call(operation: Operation, end_ns: int, witnesses: frozenset[int]) -> Span:
    """From invocation to completion; an open one ends with its process, or the history."""
    done_ns = operation.completed_ns
    is_open = done_ns is None
    return Span(
        lane=lane_of(operation),
        name=_name(operation),
        category="open" if is_open else operation.outcome.value,
        start_ns=operation.invoked_ns,
        end_ns=max(operation.invoked_ns, end_ns if done_ns is None else done_ns),
        told=visible(describe_operation(operation)),
        witness=operation.op in witnesses,
        op=operation.op,
    )


def _name(operation: Operation) -> str:
    words = f"{operation.action.value.replace('_', ' ')} {message_of(operation)}"
    return visible(words.strip())[:NAME_CHARACTERS_MAX]


def _rank(lane: str) -> tuple[int, str, bool]:
    """Phases, nodes, then each process over the link to it; the harness's own last."""
    of = lane.removeprefix(_LINK)
    if lane == PHASES:
        return (0, "", False)
    return (2 if is_scanner(of) or of == "admin" else 1, of, lane != of)
