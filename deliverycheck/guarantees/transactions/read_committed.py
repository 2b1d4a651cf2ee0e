"""Readers of committed messages are handed nothing else."""

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from deliverycheck.guarantees.copies import Place, place_of
from deliverycheck.guarantees.transactions.isolation import (
    committed_readings,
    committed_receives,
)
from deliverycheck.guarantees.transactions.transactions import (
    NO_TRANSACTIONS,
    State,
    Transaction,
    Transactions,
    transactions_of,
    why_not_ended,
)
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Action, History, Outcome, Reading


class _Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """One handing that should not have been, and what became of its transaction."""

    name: str
    transaction: Transaction
    reading: Reading
    fate: dict[str, str | int]


def read_committed(history: History) -> Verdict:
    """No reader of committed messages is handed one whose transaction was not committed.

    Sound: only readers are judged that said what they ask to see, whatever became of their own
    operation. A transaction is aborted if its abort ended ``ok``, or if the history is whole and
    every commit failed for good or nobody asked for one. Until somebody asks for the commit,
    nobody can have been handed its messages rightly; a commit whose outcome is unknown accuses
    nobody after that. A message that was sent again, and may be the other copy, is not judged.

    Complete for histories told to their end; any other without an anomaly is UNKNOWN.
    """
    name = "read_committed"
    index = transactions_of(history)
    if not index.by_id:
        return unknown(name, NO_TRANSACTIONS)
    if not committed_receives(history):
        return unknown(name, "nothing to examine: no reader is known to ask for read_committed")
    anomalies = list(_anomalies(history, index))
    reason = why_not_ended(history)
    if reason and not anomalies:
        return unknown(name, reason)
    examined = _examined(history, index)
    if not examined:
        return unknown(name, "nothing to examine: of no transaction is it known what became of it")
    return judge(name, anomalies, examined=examined)


def _examined(history: History, index: Transactions) -> int:
    """Messages that nobody may be handed, and handings of others of known transactions."""
    hidden = sum(
        len(transaction.publications)
        for transaction in index.by_id.values()
        if transaction.state is State.ABORTED
    )
    read = (index.of(reading.delivery) for reading in committed_readings(history))
    return hidden + sum(found is not None and found.state is not State.ABORTED for found in read)


def _anomalies(history: History, index: Transactions) -> Iterator[Anomaly]:
    """One for every copy that was handed out too early or should never have been."""
    handed: dict[tuple[str, str, str, Place], list[_Wrong]] = defaultdict(list)
    for reading in committed_readings(history):
        transaction, delivery = index.of(reading.delivery), reading.delivery
        wrong = transaction and _wrong(transaction, reading)
        if wrong:
            key = (wrong.name, wrong.transaction.id, delivery.message, place_of(delivery))
            handed[key].append(wrong)
    for wrongs in handed.values():
        yield _anomaly(history, index, wrongs)


def _wrong(transaction: Transaction, reading: Reading) -> _Wrong | None:
    """What is wrong with handing this over; ``None`` if nothing surely is."""
    if transaction.state is State.ABORTED:
        fate = _fate(transaction)
        return _Wrong(name="aborted_read", transaction=transaction, reading=reading, fate=fate)
    asked_ns = transaction.commit_asked_ns
    if asked_ns is None or reading.ns >= asked_ns:
        return None
    own = reading.process == transaction.process
    return _Wrong(
        name="own_uncommitted_read" if own else "uncommitted_read",
        transaction=transaction,
        reading=reading,
        fate={"kind": "before_commit", "commit_ns": asked_ns},
    )


def _anomaly(history: History, index: Transactions, wrongs: list[_Wrong]) -> Anomaly:
    wrong = wrongs[0]
    transaction, first, delivery = wrong.transaction, wrong.reading, wrong.reading.delivery
    ended = history.by_op[first.op].outcome
    facts: dict[str, str | int | list[str] | list[int]] = {
        **wrong.fate,
        "transaction": transaction.id,
        "process": transaction.process,
        "reader": first.process,
        "read_ns": first.ns,
    }
    if ended is not Outcome.OK:
        facts["receive_ended"] = ended.value
    if len(wrongs) > 1:
        facts["handings"] = len(wrongs)
    sent = [origin.op for origin in index.origins(delivery)]
    deciding = [operation.op for operation in transaction.deciding]
    return Anomaly(
        name=wrong.name,
        message=delivery.message or None,
        witnesses=(*sent, *deciding, first.op),
        source=delivery.source,
        partition=delivery.partition,
        position=delivery.position,
        facts=facts,
    )


def _fate(transaction: Transaction) -> dict[str, str | int]:
    """What became of a transaction that did not commit, as a sentence needs it."""
    if not transaction.deciding:
        return {"kind": "never_committed"}
    call = transaction.deciding[0]
    ended_ns = call.completed_ns or call.invoked_ns
    if call.action is Action.ABORT_TRANSACTION:
        return {"kind": "aborted", "ended_ns": ended_ns}
    error = {} if call.error is None else {"error": call.error}
    return {"kind": "commit_failed", "ended_ns": ended_ns, **error}
