"""A broker that has no memory left, and blocks who publishes."""

from math import inf

from deliverycheck.guarantees.hazard import Evidence, ops_of
from deliverycheck.guarantees.queue_hazards import by_number
from deliverycheck.history import Action, History, NodeEvent, NodeState

_OVER = frozenset({NodeState.RESUMED, NodeState.READY})


def broker_starved(history: History) -> tuple[Evidence, ...]:
    """Messages were published while a node had no memory left, and had no answer before it had."""
    found: list[Evidence] = []
    for event in history.nodes:
        if event.state is not NodeState.STARVED:
            continue
        end_ns = _end_ns(history, event)
        waited = [
            one
            for one in by_number(history, Action.PUBLISH)
            if event.ns <= one.invoked_ns <= end_ns
            and (one.completed_ns is None or one.completed_ns >= end_ns)
        ]
        if waited:
            facts: dict[str, str | int] = {
                "node": event.node,
                "down_ns": event.ns,
                "messages": len(waited),
            }
            witnesses = ops_of(waited)
            found.append(Evidence(kind="starved", ns=event.ns, facts=facts, witnesses=witnesses))
    return tuple(found)


def _end_ns(history: History, starved: NodeEvent) -> float:
    later = (
        event.ns
        for event in history.nodes
        if event.node == starved.node and event.state in _OVER and event.ns >= starved.ns
    )
    return min(later, default=inf)
