"""Stretches of time in a history, and which operations and processes fall into them."""

from dataclasses import dataclass

from deliverycheck.history import (
    Action,
    FaultSpan,
    History,
    Operation,
    ProcessEvent,
    incarnation_lane,
    is_scanner,
)

_LINK = "link "

TRAFFIC = frozenset(
    {
        Action.PUBLISH,
        Action.RECEIVE,
        Action.COMMIT,
        Action.ACK,
        Action.NACK,
        Action.REJECT,
        Action.COMMIT_TRANSACTION,
        Action.ABORT_TRANSACTION,
        Action.REQUEST,
        Action.REPLY,
    }
)
"""What cannot be done without talking to the broker while it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `start_ns` to `end_ns`, both included; ``None`` is an end that never came."""

    start_ns: int
    end_ns: int | None

    def contains(self, ns: int) -> bool:
        return self.start_ns <= ns and (self.end_ns is None or ns <= self.end_ns)

    def meets(self, operation: Operation) -> bool:
        """Whether the operation was open at some moment of it; an open one ends never."""
        begun = self.end_ns is None or operation.invoked_ns <= self.end_ns
        ended = operation.completed_ns is not None and operation.completed_ns < self.start_ns
        return begun and not ended

    def holds(self, operation: Operation) -> bool:
        """Whether the operation lies in it from invocation to completion; an open one does not."""
        ends = (operation.invoked_ns, operation.completed_ns)
        return all(ns is not None and self.contains(ns) for ns in ends)


def may_act(span: FaultSpan, *, after_ns: int = 0) -> Window:
    """From the wish to inject to the knowledge that it is healed, and `after_ns` longer."""
    end_ns = None if span.healed_ns is None else span.healed_ns + after_ns
    return Window(start_ns=span.inject_ns, end_ns=end_ns)


def surely_in_place(span: FaultSpan) -> Window | None:
    """From the knowledge that it is injected to the wish to heal; ``None`` if never known."""
    if span.injected_ns is None:
        return None
    return Window(start_ns=span.injected_ns, end_ns=span.heal_ns)


def waited_for_heal(operation: Operation, span: FaultSpan) -> bool:
    """Whether the operation was called before the wish to heal, and not over before it."""
    if span.heal_ns is None or operation.invoked_ns >= span.heal_ns:
        return False
    return operation.completed_ns is None or operation.completed_ns >= span.heal_ns


def is_on_link(lane: str) -> bool:
    """Whether a fault's lane is a link."""
    return lane.startswith(_LINK)


class Reach:
    """Which operations and complaints belong to the processes that a fault can hit."""

    def __init__(self, history: History) -> None:
        self._operations = sorted(
            (each for each in history.operations if not is_scanner(each.process)),
            key=lambda operation: operation.op,
        )
        self._events = sorted(history.processes, key=lambda event: (event.ns, event.process))
        self._links = {
            event.process: event.link.removeprefix(_LINK)
            for event in self._events
            if event.link is not None
        }

    def hits(self, span: FaultSpan, process: str) -> bool:
        """Whether the fault names the process, or hits the link that it speaks over."""
        if process in span.processes:
            return True
        if is_on_link(span.lane):  # It also hits who starts while it lasts.
            lane = span.lane.removeprefix(_LINK)
            return self._links.get(process, incarnation_lane(process)) == lane
        return not span.processes and incarnation_lane(process) == span.lane

    def operations(self, span: FaultSpan) -> list[Operation]:
        """Operations of processes that the fault can hit, by number."""
        return [each for each in self._operations if self.hits(span, each.process)]

    def complaints(self, span: FaultSpan, *whats: str) -> list[ProcessEvent]:
        """Events of these kinds, of processes that the fault can hit, by time."""
        return [
            event
            for event in self._events
            if event.what in whats and self.hits(span, event.process)
        ]
