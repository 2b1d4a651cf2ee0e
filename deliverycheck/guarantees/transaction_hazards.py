"""Hazards of transactions: what became of one that held something."""

from operator import attrgetter

from deliverycheck.guarantees.hazard import Evidence, ops_of
from deliverycheck.guarantees.transactions.fencing import LateCommit, late_commits
from deliverycheck.history import Action, History, Operation, Outcome

_NUMBER = attrgetter("op")


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
