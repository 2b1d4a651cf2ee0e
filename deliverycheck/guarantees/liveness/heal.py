"""When the last disturbance was over, and whose calls nobody can expect an answer to."""

from collections.abc import Iterator

import msgspec

from deliverycheck.guarantees.liveness.gone import is_by_the_tail, told, why_gone
from deliverycheck.guarantees.windows import is_on_link
from deliverycheck.history import (
    Action,
    FaultSpan,
    History,
    NodeState,
    Operation,
    Phase,
    incarnation_lane,
)

_NS_PER_MS = 1_000_000
_BACK = frozenset({NodeState.READY, NodeState.RESUMED})
_TAIL = frozenset({Phase.SETTLE, Phase.DRAIN, Phase.SCAN})
_KILLED = frozenset({"killed", "died"})
_ENDED = _KILLED | {"closed"}
_STOPPED = frozenset({"paused", "held"})
_GOING_ON = frozenset({"resumed", "released"})


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """The undisturbed end of an execution.

    Attributes:
        since_ns: when the last disturbance was over.
        within_ns: time within which everything must be resolved, and usable, from then on.
        end_ns: when the history ends.
        ended_ns: for each process that ended, since when.
        closing_ns: for each process that was told to close, since when.
    """

    since_ns: int
    within_ns: int
    end_ns: int
    ended_ns: dict[str, int]
    closing_ns: dict[str, int]

    def due_ns(self, operation: Operation) -> int:
        """When the operation must have its outcome."""
        return max(self.since_ns, operation.invoked_ns) + self.within_ns

    def is_excused(self, operation: Operation) -> bool:
        """Its process had ended before the operation was due, or was told to close."""
        due_ns = self.due_ns(operation)
        if _has_come(self.ended_ns.get(operation.process), due_ns):
            return True
        closing = _has_come(self.closing_ns.get(operation.process), due_ns)
        return closing and operation.action is not Action.CLOSE


def _has_come(moment_ns: int | None, by_ns: int) -> bool:
    return moment_ns is not None and moment_ns <= by_ns


def quiet_of(history: History) -> Quiet | str:
    """The undisturbed end, or why there is none to judge.

    A kill of a process is over at once, if another comes in its place; any other fault, and a
    node that is down, when it is healed. Without any disturbance the tail begins the quiet.
    """
    if history.header.within_ms is None:
        return "nothing to examine: the header promises no time"
    if history.cut or history.done is None:
        return "the history was cut before its end: a heal or an answer may have come later"
    if lasting := _lasting(history):
        return lasting
    moments = _moments(history) or _beginning_of_tail(history)
    if not moments:
        return "nothing to examine: no heal, and no beginning of the tail, is recorded"
    return Quiet(
        since_ns=max(moments),
        within_ns=history.header.within_ms * _NS_PER_MS,
        end_ns=history.done.ns,
        ended_ns=_first(_ends(history)),
        closing_ns=_first((each.process, each.invoked_ns) for each in history.select(Action.CLOSE)),
    )


def _lasting(history: History) -> str | None:
    """The first disturbance that nobody saw the end of."""
    for span in sorted(history.faults, key=lambda span: (span.inject_ns, span.lane)):
        if span.healed_ns is None and not _is_told_by_processes(history, span):
            return f"fault {span.fault} on {span.lane} was never healed"
    states = {node.node: node for node in sorted(history.nodes, key=lambda node: node.ns)}
    for name in sorted(states):
        if states[name].state not in _BACK:
            return f"node {name} {told(states[name].state)} and did not come back"
    return why_gone(history)


def _is_told_by_processes(history: History, span: FaultSpan) -> bool:
    """It ended or stopped a process: what became of that is told by events of its own."""
    return not is_on_link(span.lane) and any(
        event.what in _KILLED | _STOPPED
        and span.lane in {event.process, incarnation_lane(event.process)}
        for event in history.processes
    )


def _moments(history: History) -> list[int]:
    """When each disturbance was over."""
    ends = [span.healed_ns or span.inject_ns for span in history.faults]
    ends += [node.ns for node in history.nodes]
    return ends + [
        event.ns
        for event in history.processes
        if event.what in _KILLED | _GOING_ON and not is_by_the_tail(event)
    ]


def _beginning_of_tail(history: History) -> list[int]:
    marks = [mark.ns for mark in history.phases if mark.phase in _TAIL]
    return [min(marks)] if marks else []


def _ends(history: History) -> Iterator[tuple[str, int]]:
    return ((event.process, event.ns) for event in history.processes if event.what in _ENDED)


def _first(moments: Iterator[tuple[str, int]]) -> dict[str, int]:
    """The earliest moment of each process."""
    first: dict[str, int] = {}
    for process, ns in moments:
        first[process] = min(ns, first.get(process, ns))
    return first
