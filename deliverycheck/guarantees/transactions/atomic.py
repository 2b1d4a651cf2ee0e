"""Transactions take effect as a whole or not at all."""

from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.guarantees.transactions.isolation import committed_receives
from deliverycheck.guarantees.transactions.offsets import offsets_apart
from deliverycheck.guarantees.transactions.transactions import (
    NO_TRANSACTIONS,
    State,
    Transaction,
    transactions_of,
)
from deliverycheck.guarantees.transactions.views import Views, views_of
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import History, Publication, is_scanner


def atomic_transactions(history: History) -> Verdict:
    """Of a transaction all messages and committed positions take effect, or none.

    Sound: a transaction is torn if a reader of committed messages was handed a part of it, or its
    commit ended ``ok`` and a scan found a part, and another part is not in the scanned log, with
    or without a known position. A part is what was confirmed, or still on its way when the end
    was asked for. A commit whose outcome is unknown obliges nobody before a part was read. What
    scans of uncommitted messages found is missing only where a scan of committed ones passed.

    Complete for scanned histories whose scan reads committed messages only; of committed
    positions as far as fresh members of groups show where they began.
    """
    name = "atomic_transactions"
    transactions = transactions_of(history).by_id.values()
    if not transactions:
        return unknown(name, NO_TRANSACTIONS)
    views = views_of(history)
    reason = why_not_scanned(history)
    torn = [] if reason else [_torn(each, views) for each in transactions if _shows(each, views)]
    anomalies = [*(each for each in torn if each is not None), *offsets_apart(history)]
    if not anomalies and reason:
        return unknown(name, reason)
    if not anomalies and not any(is_scanner(each.process) for each in committed_receives(history)):
        return unknown(name, "no scan is known to ask for read_committed")
    examined = sum(_is_judged(each, views) for each in transactions)
    return judge(name, anomalies, examined=max(examined, len(anomalies)))


def _shows(transaction: Transaction, views: Views) -> bool:
    """Whether a part of it can be read that shows that it took effect."""
    if views.first_sight(transaction) is not None:
        return True
    committed = transaction.state is State.COMMITTED
    return committed and not all(views.is_missing(each) for each in transaction.publications)


def _is_judged(transaction: Transaction, views: Views) -> bool:
    """Whether it surely took effect or surely did not, and has parts to look for."""
    known = transaction.state is State.ABORTED or _shows(transaction, views)
    return known and bool(views.owed(transaction))


def _torn(transaction: Transaction, views: Views) -> Anomaly | None:
    """What is missing of a transaction that took effect."""
    owed = views.owed(transaction)
    missing = [publication for publication in owed if views.is_missing(publication)]
    if not missing:
        return None
    first = missing[0]
    hidden = {} if views.hidden_at(first) is None else {"hidden": 1}
    return Anomaly(
        name="torn",
        message=first.message,
        witnesses=_witnesses(transaction, first, views),
        source=first.target,
        partition=first.partition,
        position=first.position,
        facts={
            **_evidence(transaction, views),
            "transaction": transaction.id,
            "process": transaction.process,
            "owed": len(owed),
            "missing": len(missing),
            **hidden,
        },
    )


def _evidence(transaction: Transaction, views: Views) -> dict[str, str | int]:
    """How it is known that the transaction took effect."""
    seen = views.first_sight(transaction)
    if seen is None:
        return {"kind": "committed"}
    return {
        "kind": "read",
        "reader": seen.process,
        "read_ns": seen.ns,
        "seen": seen.delivery.message,
    }


def _witnesses(transaction: Transaction, missing: Publication, views: Views) -> tuple[int, ...]:
    seen, hidden = views.first_sight(transaction), views.hidden_at(missing)
    readings = (each.op for each in (seen, hidden) if each is not None)
    deciding = (each.op for each in transaction.deciding)
    return tuple(dict.fromkeys((missing.op, *deciding, *readings)))
