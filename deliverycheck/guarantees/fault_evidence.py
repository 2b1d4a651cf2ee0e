"""Whether each fault of an execution acted: a fault that met nothing has tested nothing."""

import msgspec

from deliverycheck.guarantees.hazards import HAZARDS
from deliverycheck.guarantees.link_hazards import COMPLAINT_AFTER_HEAL_NS
from deliverycheck.guarantees.sentences import duration, seconds
from deliverycheck.guarantees.windows import (
    TRAFFIC,
    Reach,
    Window,
    is_on_link,
    may_act,
    waited_for_heal,
)
from deliverycheck.history import (
    FaultSpan,
    History,
    NodeEvent,
    NodeState,
    ProcessEvent,
    is_scanner,
)

PAUSE_NS_MIN = 50_000_000
"""50 ms: the driver dwells 60 ms before it resumes; one that is shorter stopped nobody."""

_LINK_HAZARDS = ("lost_reply", "lost_request", "black_hole", "stall", "delay", "refuse")
_DOWN = {"kill": NodeState.KILLED, "pause": NodeState.PAUSED, "restart": NodeState.KILLED}
_DOWN |= {"starve": NodeState.STARVED}
_HIT = {"kill": ("killed",), "pause": ("paused",)}


class FaultEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What the history shows of one fault: that it acted, or that nothing says so."""

    span: FaultSpan
    acted: bool
    why: str


def fault_evidence(history: History) -> tuple[FaultEvidence, ...]:
    """For each fault, in the order of the history, whether it acted and what shows it.

    Sound: that a fault was installed is no evidence. What is: a complaint, a call past
    its deadline, an operation that it met or that waited for the heal, a killed or
    stopped process with somebody to notice.
    """
    reach = Reach(history)
    hazards = _told_by_span(history)
    nodes = {event.node for event in history.nodes}
    found: list[FaultEvidence] = []
    for index, span in enumerate(history.faults):
        if is_on_link(span.lane):
            why = hazards.get(index) or _on_link(span, reach)
        elif span.lane in nodes:
            why = _on_node(history, span)
        else:
            why = _on_worker(span, reach)
        found.append(FaultEvidence(span=span, acted=bool(why), why=why or _why_not(span)))
    return tuple(found)


def _told_by_span(history: History) -> dict[int, str]:
    """For each fault on a link that made its hazard occur, the first sentence of it."""
    told: dict[int, str] = {}
    for name in _LINK_HAZARDS:
        hazard = HAZARDS[name]
        for evidence in hazard.find(history):
            if evidence.span is not None:
                told.setdefault(evidence.span, hazard.tell(evidence))
    return told


def _on_link(span: FaultSpan, reach: Reach) -> str | None:
    window = may_act(span, after_ns=COMPLAINT_AFTER_HEAL_NS)
    for event in reach.complaints(span, "error", "blocked"):
        if window.contains(event.ns):
            said = (
                f"reported {event.error or 'an error'}" if event.what == "error" else "was blocked"
            )
            return f"{event.process} {said} at {seconds(event.ns)}"
    was_in_place = span.injected_ns is not None
    for operation in reach.operations(span):
        if was_in_place and operation.action in TRAFFIC and waited_for_heal(operation, span):
            return f"op {operation.op} was not over before the heal"
    return None


def _on_node(history: History, span: FaultSpan) -> str | None:
    """A kill is evidence by itself; a node that stands still, or blocks, needs who spoke to it."""
    state = _DOWN.get(span.fault)
    window = may_act(span)
    for event in history.nodes:
        if event.node == span.lane and event.state is state and window.contains(event.ns):
            if state is NodeState.KILLED:
                return f"{event.node} was killed at {seconds(event.ns)}"
            return _met_pause(history, event)
    return None


def _met_pause(history: History, paused: NodeEvent) -> str | None:
    later = [each.ns for each in history.nodes if each.node == paused.node and each.ns > paused.ns]
    window = Window(start_ns=paused.ns, end_ns=min(later, default=None))
    for operation in history.operations:
        speaks = operation.action in TRAFFIC and not is_scanner(operation.process)
        if speaks and window.meets(operation):
            how = "out of memory" if paused.state is NodeState.STARVED else "stopped"
            return f"{paused.node} was {how} at {seconds(paused.ns)} and op {operation.op} met it"
    return None


def _on_worker(span: FaultSpan, reach: Reach) -> str | None:
    window = may_act(span)
    for event in reach.complaints(span, *_HIT.get(span.fault, ())):
        if window.contains(event.ns):
            if event.what == "paused" and (length_ns := _length_ns(event, span, reach)) is not None:
                if length_ns < PAUSE_NS_MIN:
                    continue
                return f"{event.process} was stopped for {duration(length_ns)}"
            return f"{event.process} was {event.what} at {seconds(event.ns)}"
    return None


def _length_ns(paused: ProcessEvent, span: FaultSpan, reach: Reach) -> int | None:
    ends = reach.complaints(span, "resumed", "killed")
    later = (each.ns for each in ends if each.process == paused.process and each.ns >= paused.ns)
    end_ns = next(later, None)
    return None if end_ns is None else end_ns - paused.ns


def _why_not(span: FaultSpan) -> str:
    until = "the end" if span.healed_ns is None else seconds(span.healed_ns)
    return (
        f"no evidence that {span.fault} on {span.lane} acted between {seconds(span.inject_ns)} "
        f"and {until}: no complaint, and no operation that it met"
    )
