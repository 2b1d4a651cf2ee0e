"""Connections that a broker gave up because it had heard nothing of them for too long."""

from collections.abc import Iterator
from typing import NamedTuple

from deliverycheck.guarantees.hazard import Evidence
from deliverycheck.guarantees.link_hazards import COMPLAINT_AFTER_HEAL_NS
from deliverycheck.guarantees.windows import Reach, is_on_link
from deliverycheck.history import FaultSpan, History, NodeState, ProcessEvent

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000

GIVEN_UP_AFTER = 2
"""Heartbeats: in so many intervals nothing came (rabbitmq-server, rabbit_heartbeat.erl)."""


class _Silence(NamedTuple):
    """From when to when nothing of the process can have come, and the fault that did it, if any."""

    kind: str
    since_ns: int
    until_ns: int
    span: FaultSpan | None = None


def heartbeats_missed(history: History) -> tuple[Evidence, ...]:
    """A client was silent for longer than its heartbeats allow, and its connection was lost.

    Sound: it said so while it was silent, or soon after, and nothing else had happened to node or
    link since the silence began that could have ended the connection.
    """
    reach = Reach(history)
    found: list[Evidence] = []
    for started in history.processes:
        seconds = started.evidence.get("heartbeat_s") if started.what == "started" else None
        if not isinstance(seconds, int):
            continue
        for silence in _silences(history, reach, started.process):
            long_ns = silence.until_ns - silence.since_ns
            error = _complaint(history, started.process, silence)
            alone = error is not None and not _other_reason(history, reach, silence, error)
            if error is not None and alone and long_ns >= GIVEN_UP_AFTER * seconds * _NS_PER_S:
                facts: dict[str, str | int] = {
                    "process": started.process,
                    "since_ns": silence.since_ns,
                    "silent_ms": long_ns // _NS_PER_MS,
                    "heartbeat_s": seconds,
                }
                found.append(Evidence(kind=silence.kind, ns=silence.since_ns, facts=facts))
    return tuple(found)


def _silences(history: History, reach: Reach, process: str) -> Iterator[_Silence]:
    own = [event for event in history.processes if event.process == process]
    for paused in (event for event in own if event.what == "paused"):
        ends = [event.ns for event in own if event.what == "resumed" and event.ns > paused.ns]
        if ends:
            yield _Silence("stopped", paused.ns, min(ends))
    for span in history.faults:
        upward = span.fault == "stall" and span.direction in {"upstream", "both"}
        if upward and reach.hits(span, process) and span.healed_ns is not None:
            yield _Silence("stalled", span.inject_ns, span.healed_ns, span)


def _complaint(history: History, process: str, silence: _Silence) -> ProcessEvent | None:
    until_ns = silence.until_ns + COMPLAINT_AFTER_HEAL_NS
    told = (
        event
        for event in history.processes
        if event.process == process
        and event.what == "error"
        and silence.since_ns < event.ns <= until_ns
    )
    return min(told, key=lambda event: event.ns, default=None)


def _other_reason(history: History, reach: Reach, silence: _Silence, error: ProcessEvent) -> bool:
    """Whether the connection may have been lost for something else."""
    faults = any(
        span is not silence.span
        and is_on_link(span.lane)
        and reach.hits(span, error.process)
        and span.inject_ns <= error.ns
        and (span.healed_ns is None or span.healed_ns >= silence.since_ns)
        for span in history.faults
    )
    nodes = any(
        event.state is not NodeState.READY and event.ns <= error.ns for event in history.nodes
    )
    return faults or nodes
