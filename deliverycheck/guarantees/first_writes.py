"""Hazard: a node goes down while a producer's first messages to a partition are on their way."""

from collections.abc import Iterator

from deliverycheck.guarantees.hazard import Evidence, ops_of
from deliverycheck.guarantees.windows import Window
from deliverycheck.history import Action, History, NodeEvent, NodeState, Operation, Outcome

_Place = tuple[str, str | None, int | None]
"""Process, target, partition."""

_DOWN = frozenset({NodeState.KILLED, NodeState.DIED})


def first_write_broker_killed(history: History) -> tuple[Evidence, ...]:
    """Partitions of which a process had no confirm when the node that it wrote to went down.

    Such a partition knows nothing of the producer when its leader is back. Where the client chose
    the partition and never told it, the message counts: it may be the first of any.
    """
    nodes = sorted(history.nodes, key=lambda event: event.ns)
    return tuple(
        evidence
        for number, event in enumerate(nodes)
        if event.state in _DOWN
        for evidence in _unconfirmed(history, event, nodes[number + 1 :])
    )


def _unconfirmed(history: History, down: NodeEvent, later: list[NodeEvent]) -> Iterator[Evidence]:
    back = (one.ns for one in later if one.node == down.node and one.state is NodeState.READY)
    window = Window(start_ns=down.ns, end_ns=next(back, None))
    publishes = sorted(history.select(Action.PUBLISH), key=lambda operation: operation.op)
    known = {_place(one) for one in publishes if _confirmed_by(one, down.ns)}
    met: dict[_Place, list[Operation]] = {}
    for publish in publishes:
        place = _place(publish)
        if window.meets(publish) and (place[2] is None or place not in known):
            met.setdefault(place, []).append(publish)
    for (process, target, partition), first in met.items():
        facts: dict[str, str | int] = {
            "node": down.node,
            "down_ns": down.ns,
            "process": process,
            "place": f"{target}/{'?' if partition is None else partition}",
            "messages": sum(operation.count for operation in first),
        }
        yield Evidence(kind="first", ns=down.ns, facts=facts, witnesses=ops_of(first))


def _place(publish: Operation) -> _Place:
    return publish.process, publish.target, publish.partition


def _confirmed_by(publish: Operation, ns: int) -> bool:
    if publish.outcome is not Outcome.OK or publish.completed_ns is None:
        return False
    return publish.completed_ns < ns
