"""Hazards of crashes: what a process or a node had open when it was killed or stopped."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import inf

from deliverycheck.guarantees.copies import place_of
from deliverycheck.guarantees.hazard import WITNESSES_MAX, Evidence, ops_of
from deliverycheck.guarantees.windows import Window
from deliverycheck.history import (
    Action,
    Delivery,
    History,
    NodeState,
    Operation,
    Outcome,
    ProcessEvent,
    Reading,
    is_scanner,
)

_AT_THE_BROKER = frozenset({Action.PUBLISH, Action.COMMIT, Action.RECEIVE})
_COVERING = frozenset({Action.COMMIT, Action.STORE_OFFSET, Action.ACK})


def producer_killed(history: History) -> tuple[Evidence, ...]:
    """Killed processes that had published."""
    return tuple(_cut_short(event, published) for event, published in _killed_publishers(history))


def producer_killed_unflushed(history: History) -> tuple[Evidence, ...]:
    """Killed processes with messages that were handed over and never confirmed.

    A confirm that is read after the kill was given before it, so its message was safe.
    """
    return tuple(
        _cut_short(event, unflushed)
        for event, published in _killed_publishers(history)
        if (unflushed := [one for one in published if _is_unflushed(one, event.ns)])
    )


def consumer_killed(history: History) -> tuple[Evidence, ...]:
    """Killed processes that had been handed at least one delivery."""
    return tuple(
        Evidence(
            kind="killed",
            ns=event.ns,
            facts={"process": event.process, "killed_ns": event.ns, "deliveries": len(had)},
            witnesses=_ops(had),
        )
        for event, had in _killed_receivers(history)
    )


def consumer_killed_in_hand(history: History) -> tuple[Evidence, ...]:
    """Killed processes in the middle of their cycle: received, and not both effected and covered.

    Where no process of the group ever commits, stores or acknowledges by itself, the effect
    alone ends the cycle: what the library commits on its own cannot be seen.
    """
    found: list[Evidence] = []
    for event, had in _killed_receivers(history):
        cycle = Cycle(history, event.process)
        in_hand = [one for one in had if not cycle.is_over(one)]
        if in_hand:
            facts: dict[str, str | int] = {
                "process": event.process,
                "killed_ns": event.ns,
                "deliveries": len(in_hand),
                "message": in_hand[0].delivery.message,
                "without": cycle.missing(in_hand[0]),
            }
            found.append(Evidence(kind="killed", ns=event.ns, facts=facts, witnesses=_ops(in_hand)))
    return tuple(found)


def broker_killed(history: History) -> tuple[Evidence, ...]:
    """Nodes that were killed while somebody spoke to the broker, until they were ready."""
    return tuple(_node_down(history, NodeState.KILLED, {NodeState.READY}))


def broker_paused(history: History) -> tuple[Evidence, ...]:
    """Nodes that were stopped while somebody spoke to the broker, until they went on."""
    return tuple(_node_down(history, NodeState.PAUSED, {NodeState.RESUMED, NodeState.READY}))


def _killed(history: History) -> list[ProcessEvent]:
    killed = (event for event in history.processes if event.what == "killed")
    return sorted(killed, key=lambda event: (event.ns, event.process))


def _killed_publishers(history: History) -> Iterator[tuple[ProcessEvent, list[Operation]]]:
    """Each killed process that had published, with its publishes."""
    for event in _killed(history):
        published = [
            operation
            for operation in history.select(Action.PUBLISH)
            if operation.process == event.process and operation.invoked_ns <= event.ns
        ]
        if published:
            yield event, published


def _cut_short(event: ProcessEvent, publishes: list[Operation]) -> Evidence:
    return Evidence(
        kind="killed",
        ns=event.ns,
        facts={
            "process": event.process,
            "killed_ns": event.ns,
            "messages": sum(operation.count for operation in publishes),
        },
        witnesses=ops_of(publishes),
    )


def _is_unflushed(operation: Operation, killed_ns: int) -> bool:
    returned = operation.returned_ns is not None and operation.returned_ns <= killed_ns
    ended = operation.completed_ns is not None and operation.completed_ns <= killed_ns
    return returned and not ended and not operation.confirmed


def _killed_receivers(history: History) -> Iterator[tuple[ProcessEvent, list[Reading]]]:
    """Each killed process that had been handed anything, with what that was."""
    received: dict[str, list[Reading]] = defaultdict(list)
    for reading in history.receipts:
        received[reading.process].append(reading)
    for event in _killed(history):
        had = [one for one in received[event.process] if one.ns <= event.ns]
        if had:
            yield event, had


class Cycle:
    """What one process did with what it was handed, in what it called until a moment."""

    def __init__(self, history: History, process: str, until_ns: float = inf) -> None:
        own = [
            one
            for one in history.operations
            if one.process == process and one.invoked_ns <= until_ns
        ]
        self._effected = {
            place_of(delivery)
            for operation in own
            if operation.action is Action.EFFECT and operation.outcome is Outcome.OK
            for delivery in operation.deliveries
        }
        self._covering = [
            one for one in own if one.action in _COVERING and one.outcome is Outcome.OK
        ]
        self._next: dict[tuple[str, int | None], int] = {}
        self._acked: set[tuple[str, int | None, int]] = set()
        for operation in self._covering:
            self._cover(operation)
        self._all_before_ns = max(
            (one.invoked_ns for one in self._covering if not one.covers), default=-inf
        )
        self._is_explicit = _is_explicit(history, own)

    def is_over(self, reading: Reading) -> bool:
        return not self.missing(reading)

    def missing(self, reading: Reading) -> str:
        """What was still to be done with the delivery; ``""`` if nothing was."""
        effected = place_of(reading.delivery) in self._effected
        covered = not self._is_explicit or self._is_covered(reading.delivery, reading.ns)
        words = [
            *([] if effected else ["its effect"]),
            *([] if covered else ["its commit"]),
        ]
        return " and ".join(words)

    def _is_covered(self, delivery: Delivery, received_ns: int) -> bool:
        if received_ns <= self._all_before_ns:
            return True
        if delivery.position is None:
            return False
        place = (delivery.source, delivery.partition)
        acked = (*place, delivery.position) in self._acked
        return acked or delivery.position < self._next.get(place, 0)

    def _cover(self, operation: Operation) -> None:
        """An ack names positions; commits and stores name the next one to read."""
        for covered in operation.covers:
            place = (covered.source, covered.partition)
            if operation.action is Action.ACK:
                self._acked.add((*place, covered.position))
            else:
                self._next[place] = max(self._next.get(place, 0), covered.position)


def _is_explicit(history: History, own: list[Operation]) -> bool:
    """Whether anybody of the same group ends a cycle by a call of its own."""
    groups = {operation.group for operation in own if operation.group is not None}
    members = {one.process for one in history.operations if one.group in groups}
    return any(
        operation.action in _COVERING
        and not is_scanner(operation.process)
        and (not groups or operation.process in members)
        for operation in history.operations
    )


def _node_down(history: History, state: NodeState, back: Iterable[NodeState]) -> Iterator[Evidence]:
    nodes = sorted(history.nodes, key=lambda event: event.ns)
    ends = frozenset(back)
    for number, event in enumerate(nodes):
        if event.state is state:
            later = (one for one in nodes[number + 1 :] if one.node == event.node)
            end_ns = next((one.ns for one in later if one.state in ends), None)
            window = Window(start_ns=event.ns, end_ns=end_ns)
            met = [
                operation
                for operation in sorted(history.operations, key=lambda one: one.op)
                if operation.action in _AT_THE_BROKER
                and not is_scanner(operation.process)
                and window.meets(operation)
            ]
            if met:
                yield Evidence(
                    kind="down",
                    ns=event.ns,
                    facts={"node": event.node, "down_ns": event.ns, "operations": len(met)},
                    witnesses=ops_of(met),
                )


def _ops(readings: list[Reading]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(reading.op for reading in readings))[:WITNESSES_MAX]
