"""Confirms: each publish is answered, once."""

from collections.abc import Iterator

from deliverycheck.guarantees.queues.queue_history import concluded, queues, why_unfit
from deliverycheck.guarantees.reached import why_not_drained
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.guarantees.windows import is_on_link
from deliverycheck.history import Action, History, NodeState, Operation, ProcessEvent

_AGAIN = "confirmed_again"
_WELL = frozenset({NodeState.READY, NodeState.RESUMED})
_ENDS = frozenset({"killed", "died", "closed", "error"})


def confirms_resolved(history: History) -> Verdict:
    """Every publish by which a process may expect a confirm gets one answer, and only one.

    Sound: any outcome answers, ``info`` too. An open publish is a proof once the execution
    came to its quiet end with all faults healed, unless its process ended or had an error, which
    may have taken the channel with it. A second answer is a proof at any time.

    Complete for drained histories whose recorder notes second answers; any other without an
    anomaly is UNKNOWN.
    """
    name = "confirms_resolved"
    if reason := why_unfit(history):
        return unknown(name, reason)
    if history.header.relies_on != "confirm":
        return unknown(name, "nothing to examine: the application waits for no confirm")
    twice = [_twice(event, operation) for event, operation in _again(history)]
    reason = why_not_drained(history) or _why_not_healed(history)
    if reason and not twice:
        return unknown(name, reason)
    owed = [] if reason else list(_owed(history))
    found = [*(_unconfirmed(one) for one in owed if one.completed_ns is None), *twice]
    return concluded(name, found, examined=len(owed), nothing="no publish to a queue waits for it")


def _why_not_healed(history: History) -> str | None:
    if any(span.healed_ns is None and is_on_link(span.lane) for span in history.faults):
        return "a fault was not healed: a confirm may still be held by it"
    states = {event.node: event.state for event in sorted(history.nodes, key=lambda one: one.ns)}
    if any(state not in _WELL for state in states.values()):
        return "a node was not ready at the end: it may still hold a confirm"
    return None


def _owed(history: History) -> Iterator[Operation]:
    """The publishes to queues, and to what may route to them, whose processes lived on."""
    ended = {event.process for event in history.processes if event.what in _ENDS}
    ended |= {operation.process for operation in history.select(Action.CLOSE)}
    declared = history.header.sources
    for operation in sorted(history.select(Action.PUBLISH), key=lambda operation: operation.op):
        queued = operation.target in queues(history) or operation.target not in declared
        if queued and (operation.completed_ns is not None or operation.process not in ended):
            yield operation


def _again(history: History) -> list[tuple[ProcessEvent, Operation]]:
    """Second answers with their publishes, in the order of time."""
    noted = [
        (event, history.by_op[event.op])
        for event in history.processes
        if event.what == _AGAIN and event.op in history.by_op
    ]
    return sorted(noted, key=lambda one: (one[0].ns, one[1].op))


def _unconfirmed(operation: Operation) -> Anomaly:
    return Anomaly(
        name="unconfirmed",
        message=operation.message,
        witnesses=(operation.op,),
        source=operation.target,
        facts={
            "kind": "never",
            "process": operation.process,
            "invoked_ns": operation.invoked_ns,
        },
    )


def _twice(event: ProcessEvent, operation: Operation) -> Anomaly:
    return Anomaly(
        name="confirmed_twice",
        message=operation.message,
        witnesses=(operation.op,),
        source=operation.target,
        facts={
            "kind": "again",
            "process": event.process,
            "first": operation.outcome.value,
            "again_ns": event.ns,
        },
    )
