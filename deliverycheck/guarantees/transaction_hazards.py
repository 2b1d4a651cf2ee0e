"""Hazards of transactions: what became of one that held something."""

from collections.abc import Iterator
from operator import attrgetter

from deliverycheck.guarantees.hazard import Evidence, FaultColumn, Hazard, Needed, ops_of
from deliverycheck.guarantees.transactions.fencing import LateCommit, late_commits
from deliverycheck.guarantees.transactions.transactions import Transaction, transactions_of
from deliverycheck.history import Action, History, Operation, Outcome, Publication

_NUMBER = attrgetter("op")
_NS_PER_MS = 1_000_000


def transaction_aborted(history: History) -> tuple[Evidence, ...]:
    """Transactions that were aborted after messages of theirs had been confirmed."""
    confirmed: dict[str, list[Operation]] = {}
    for publish in sorted(history.select(Action.PUBLISH), key=_NUMBER):
        if publish.transaction is not None and publish.outcome is Outcome.OK:
            confirmed.setdefault(publish.transaction, []).append(publish)
    aborts = sorted(history.select(Action.ABORT_TRANSACTION), key=_NUMBER)
    return tuple(
        Evidence(
            kind="aborted",
            ns=abort.invoked_ns,
            facts={
                "process": abort.process,
                "aborted_ns": abort.invoked_ns,
                "messages": len(confirmed[abort.transaction]),
            },
            witnesses=ops_of([*confirmed[abort.transaction], abort]),
        )
        for abort in aborts
        if abort.outcome is Outcome.OK and abort.transaction in confirmed
    )


def transaction_timed_out(history: History) -> tuple[Evidence, ...]:
    """Commits that were first asked for when their transaction had been open for its timeout.

    It is open from the first confirm of a part of it, at the latest. That its process says how
    long a transaction may take is an event ``transactional`` of the history.
    """
    timeouts = _told(history, "timeout_ms")
    found = []
    for transaction in transactions_of(history).by_id.values():
        open_ns, asked_ns = _known_open_ns(transaction), transaction.commit_asked_ns
        timeout_ms = timeouts.get(transaction.process)
        if open_ns is None or asked_ns is None or timeout_ms is None:
            continue
        if asked_ns - open_ns >= timeout_ms * _NS_PER_MS:
            found.append(_timed_out(transaction, open_ns, asked_ns, timeout_ms))
    return tuple(found)


def end_late(history: History) -> tuple[Evidence, ...]:
    """Ends of transactions that were open for longer than a request may take.

    The library has given the request up by then and sent another one; the first may still arrive.
    """
    timeouts = _told(history, "request_ms")
    ends = (*history.select(Action.COMMIT_TRANSACTION), *history.select(Action.ABORT_TRANSACTION))
    return tuple(
        Evidence(
            kind="late",
            ns=end.invoked_ns,
            facts={
                "process": end.process,
                "asked_ns": end.invoked_ns,
                "request_ms": timeouts[end.process],
            },
            witnesses=(end.op,),
        )
        for end in sorted(ends, key=_NUMBER)
        if end.process in timeouts and _took_longer(end, timeouts[end.process])
    )


def _told(history: History, what: str) -> dict[str, int]:
    """What each transactional process says that it may take."""
    return {
        event.process: int(str(event.evidence[what]))
        for event in history.processes
        if event.what == "transactional" and what in event.evidence
    }


def _known_open_ns(transaction: Transaction) -> int | None:
    """From when on the coordinator surely knew of it."""
    return min(_confirmed_ns(transaction), default=None)


def _confirmed_ns(transaction: Transaction) -> Iterator[int]:
    parts: tuple[Publication | Operation, ...] = (*transaction.publications, *transaction.offsets)
    for part in parts:
        if part.outcome is Outcome.OK and part.completed_ns is not None:
            yield part.completed_ns


def _timed_out(transaction: Transaction, open_ns: int, asked_ns: int, timeout_ms: int) -> Evidence:
    return Evidence(
        kind="timed_out",
        ns=asked_ns,
        facts={
            "process": transaction.process,
            "transaction": transaction.id,
            "asked_ns": asked_ns,
            "open_ns": open_ns,
            "timeout_ms": timeout_ms,
        },
        witnesses=tuple(each.op for each in transaction.commits[:1]),
    )


def _took_longer(end: Operation, request_ms: int) -> bool:
    return end.completed_ns is None or end.completed_ns - end.invoked_ns >= request_ms * _NS_PER_MS


def instance_fenced(history: History) -> tuple[Evidence, ...]:
    """Instances that asked to commit what they had sent, after a newer one had taken over."""
    return tuple(_fenced(late) for late in late_commits(history) if late.transaction.publications)


def _fenced(late: LateCommit) -> Evidence:
    transaction = late.transaction
    return Evidence(
        kind="fenced",
        ns=late.asked_ns,
        facts={
            "process": transaction.process,
            "transaction": transaction.id,
            "asked_ns": late.asked_ns,
            "newer": late.fence.process,
            "fenced_ns": late.fenced_ns,
        },
        witnesses=(late.fence.op, *(each.op for each in transaction.deciding)),
    )


_TIMED_OUT = {
    "timed_out": (
        "{process} asked to commit {transaction} at {asked_ns:s}, when it had been open since "
        "{open_ns:s}: longer than its timeout of {timeout_ms} ms."
    )
}
_END_LATE = {
    "late": (
        "{process} asked for the end of a transaction at {asked_ns:s} and had no answer for "
        "{request_ms} ms, when the request is sent again."
    )
}

HAZARDS_IN_TIME: tuple[Hazard, ...] = (
    Hazard(
        name="transaction_timed_out",
        title="a commit was asked for when the transaction had been open for its timeout",
        fault_column=FaultColumn.WORKER_PAUSED,
        needs=Needed.WORKER,
        sentences=_TIMED_OUT,
        find=transaction_timed_out,
    ),
    Hazard(
        name="end_late",
        title="the end of a transaction was not answered in time, and asked for again",
        fault_column=FaultColumn.STALL,
        needs=Needed.LINK,
        sentences=_END_LATE,
        find=end_late,
    ),
)
"""Of transactions that take their time."""
