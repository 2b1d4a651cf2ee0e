"""What disturbed an execution, as stretches of time on the lanes that they hit."""

from collections.abc import Iterator
from dataclasses import dataclass

from deliverycheck.guarantees import fault_evidence
from deliverycheck.history import (
    FaultSpan,
    History,
    NodeEvent,
    NodeState,
    incarnation_lane,
    indexed,
    is_scanner,
)
from reports.axis import moment
from reports.visible import visible

_LINK = "link "
_DOWN = {
    NodeState.KILLED: "✕ SIGKILL, down",
    NodeState.DIED: "✕ died by itself, down",
    NodeState.PAUSED: "SIGSTOP, stopped",
    NodeState.STARVED: "no memory left",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """A fault on a link, or the time that a node or process was down or stopped.

    Attributes:
        lane: what it was done to.
        hit: the lanes of the processes that it hits; empty is all but the harness's own.
    """

    lane: str
    label: str
    told: str
    start_ns: int
    end_ns: int | None
    hit: frozenset[str] = frozenset()

    def hits(self, lane: str) -> bool:
        if self.hit:
            return lane in self.hit
        return not is_scanner(lane) and lane not in {"admin", self.lane}


@indexed
def disturbances_of(history: History) -> tuple[Disturbance, ...]:
    """All of them, in the order of their beginning."""
    found = [*_on_links(history), *_of_nodes(history), *_of_processes(history)]
    return tuple(sorted(found, key=lambda one: one.start_ns))


def _on_links(history: History) -> Iterator[Disturbance]:
    links = {event.link: event.process for event in history.processes if event.link}
    for evidence in fault_evidence(history):
        span = evidence.span
        if not span.lane.startswith(_LINK):
            continue
        named = {incarnation_lane(process) for process in span.processes}
        named |= {incarnation_lane(process) for link, process in links.items() if link == span.lane}
        label = _label(span)
        until = "the end" if span.healed_ns is None else moment(span.healed_ns)
        why = (
            f"It acted: {evidence.why}."
            if evidence.acted
            else f"It may not have acted: {evidence.why}."
        )
        yield Disturbance(
            lane=visible(span.lane),
            label=label,
            told=visible(f"{label} on {span.lane}, {moment(span.inject_ns)} to {until}. {why}"),
            start_ns=span.inject_ns,
            end_ns=span.healed_ns,
            hit=frozenset(visible(lane) for lane in named | {span.lane.removeprefix(_LINK)}),
        )


def _label(span: FaultSpan) -> str:
    words = visible(span.fault.replace("_", " "))
    return f"{words}, {visible(span.direction)}" if span.direction else words


def _of_nodes(history: History) -> Iterator[Disturbance]:
    """From each fall of a node to the next time it is ready or goes on."""
    for index, event in enumerate(history.nodes):
        if event.state not in _DOWN:
            continue
        back = (each.ns for each in history.nodes[index + 1 :] if _is_back(each, event.node))
        end_ns = next(back, None)
        label = _DOWN[event.state]
        until = "the end" if end_ns is None else moment(end_ns)
        yield Disturbance(
            lane=visible(event.node),
            label=label,
            told=f"{visible(event.node)}: {label}, {moment(event.ns)} to {until}.",
            start_ns=event.ns,
            end_ns=end_ns,
        )


def _is_back(event: NodeEvent, node: str) -> bool:
    return event.node == node and event.state in {NodeState.READY, NodeState.RESUMED}


def _of_processes(history: History) -> Iterator[Disturbance]:
    """From each SIGSTOP of a process to its SIGCONT or end."""
    for index, event in enumerate(history.processes):
        if event.what != "paused":
            continue
        later = history.processes[index + 1 :]
        over = (
            each.ns
            for each in later
            if each.process == event.process and each.what in {"resumed", "killed", "died"}
        )
        lane = visible(incarnation_lane(event.process))
        end_ns = next(over, None)
        until = "the end" if end_ns is None else moment(end_ns)
        yield Disturbance(
            lane=lane,
            label="SIGSTOP, stopped",
            told=f"{lane} stopped, {moment(event.ns)} to {until}.",
            start_ns=event.ns,
            end_ns=end_ns,
            hit=frozenset({lane}),
        )
