"""Hazards of transactions: what became of one that held something."""

from operator import attrgetter

from deliverycheck.guarantees.hazard import Evidence, ops_of
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
