"""Guarantee that every call is answered in time, once nothing is disturbed any more."""

from deliverycheck.guarantees.liveness.heal import Quiet, quiet_of
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Action, History, Operation, is_scanner

_TAKES_ITS_TIME = frozenset(
    {Action.RECEIVE, Action.EFFECT, Action.ASSIGN, Action.REVOKE, Action.LOST}
)
"""A receive waits as long as its caller lets it; the others are the application's own work."""


def resolved_in_time(history: History) -> Verdict:
    """Every operation has an outcome within the promised time of the last heal.

    Of an operation that was invoked after the heal, within that time of its own invocation. Any
    outcome resolves, ``info`` too: that the client says so in time is the promise.

    Sound: operations of a process that ended, or was told to close, before they were due are
    excused. Receives, effects and what is done in a rebalance are not examined: the
    application takes its time for them. While a disturbance lasts, or a process is gone for
    which nobody came, nothing is promised: UNKNOWN.

    Complete for whole histories that last until everything is due; any other without an
    anomaly is UNKNOWN.
    """
    name = "resolved_in_time"
    quiet = quiet_of(history)
    if isinstance(quiet, str):
        return unknown(name, quiet)
    examined = [each for each in _in_order(history) if _is_owed(quiet, each)]
    late = [each for each in examined if _is_late(quiet, each)]
    pending = sum(_is_pending(quiet, each) for each in examined)
    due = len(examined) - pending
    if pending and not late:
        reason = f"the history ends before the promised time does, with {pending} still open"
        return unknown(name, reason, examined=due)
    if not examined:
        return unknown(name, "nothing to examine: no call was open, or made, after the last heal")
    return judge(name, [_unresolved(quiet, each) for each in late], examined=due)


def _in_order(history: History) -> list[Operation]:
    return sorted(history.operations, key=lambda operation: operation.op)


def _is_owed(quiet: Quiet, operation: Operation) -> bool:
    """Whether it was open in the quiet, and an answer was promised."""
    if operation.action in _TAKES_ITS_TIME or is_scanner(operation.process):
        return False
    completed_ns = operation.completed_ns
    if completed_ns is None or completed_ns > quiet.due_ns(operation):
        return not quiet.is_excused(operation)
    return completed_ns >= quiet.since_ns


def _is_pending(quiet: Quiet, operation: Operation) -> bool:
    """It was open when the history ended, and its time was not over."""
    return operation.completed_ns is None and not _is_late(quiet, operation)


def _is_late(quiet: Quiet, operation: Operation) -> bool:
    end_ns = quiet.end_ns if operation.completed_ns is None else operation.completed_ns
    return end_ns > quiet.due_ns(operation)


def _unresolved(quiet: Quiet, operation: Operation) -> Anomaly:
    facts: dict[str, str | int | list[str] | list[int]] = {
        "kind": "never" if operation.completed_ns is None else "late",
        "process": operation.process,
        "action": operation.action.value.replace("_", " "),
        "invoked_ns": operation.invoked_ns,
        "since_ns": quiet.since_ns,
        "due_ns": quiet.due_ns(operation),
    }
    if operation.completed_ns is not None:
        facts["completed_ns"] = operation.completed_ns
    return Anomaly(
        name="unresolved",
        message=operation.message,
        witnesses=(operation.op,),
        source=operation.target,
        partition=operation.partition,
        facts=facts,
    )
