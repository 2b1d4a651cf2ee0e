"""The transactions of a Kafka worker: each call as one operation, and what to do after an error."""

from collections.abc import Callable

from deliverycheck.clients.commands import (
    AbortTransaction,
    BeginTransaction,
    CommitTransaction,
    InitTransactions,
    SendOffsets,
)
from deliverycheck.clients.kafka.consuming import Consuming
from deliverycheck.clients.kafka.library import KafkaError, KafkaException
from deliverycheck.clients.kafka.outcomes import Call, outcome_of
from deliverycheck.clients.kafka.places import topic_partition
from deliverycheck.clients.kafka.producing import EVENTS, Producing, error_name
from deliverycheck.clients.protocol import Remedy, Reply
from deliverycheck.history import Position
from deliverycheck.plans import Member

_MS_PER_S = 1000


def init_transactions(producing: Producing, identity: int, command: InitTransactions) -> Reply:
    """The transactional id is this producer's, as far as the broker answered in time."""
    timeout_s = command.timeout_ms / _MS_PER_S
    return _called(
        producing, identity, command.op, lambda: producing.producer.init_transactions(timeout_s)
    )


def begin_transaction(producing: Producing, identity: int, command: BeginTransaction) -> Reply:
    """Only a matter of the client: the broker hears of it with the first message."""
    return _called(producing, identity, command.op, producing.producer.begin_transaction)


def send_offsets(
    producing: Producing, consuming: Consuming, identity: int, command: SendOffsets
) -> Reply:
    """The positions belong to the open transaction, if the group still knows the member."""
    timeout_s = command.timeout_ms / _MS_PER_S
    offsets = [topic_partition(one) for one in command.covers]
    asking = consuming.consumer if command.member is Member.PRESENT else consuming.namesake()
    metadata = asking.consumer_group_metadata()
    return _called(
        producing,
        identity,
        command.op,
        lambda: producing.producer.send_offsets_to_transaction(offsets, metadata, timeout_s),
        covers=command.covers,
    )


def commit_transaction(producing: Producing, identity: int, command: CommitTransaction) -> Reply:
    """Ended, with everything confirmed before; after a timeout it may still be, either way."""
    timeout_s = command.timeout_ms / _MS_PER_S
    return _called(
        producing, identity, command.op, lambda: producing.producer.commit_transaction(timeout_s)
    )


def abort_transaction(producing: Producing, identity: int, command: AbortTransaction) -> Reply:
    """Ended without effect; messages without a confirm are purged, which their reports say."""
    timeout_s = command.timeout_ms / _MS_PER_S
    return _called(
        producing, identity, command.op, lambda: producing.producer.abort_transaction(timeout_s)
    )


def _called(
    producing: Producing,
    identity: int,
    op: int,
    call: Callable[[], object],
    *,
    covers: tuple[Position, ...] = (),
) -> Reply:
    """The call is made, its operation completed. No error proves that it had no effect."""
    try:
        call()
    except KafkaException as error:
        name = error_name(error)
        outcome = outcome_of(Call.TRANSACTION, name)
        producing.say(EVENTS[outcome](op=op, covers=covers, error=name))
        return Reply(re=identity, error=name, text=str(error), remedy=_remedy(error.args[0]))
    completed = EVENTS[outcome_of(Call.TRANSACTION, None)]
    producing.say(completed(op=op, confirmed=True, covers=covers))
    return Reply(re=identity)


def _remedy(error: object) -> Remedy | None:
    """In the order in which librdkafka asks to look: INTRODUCTION.md, Transactional producer."""
    if not isinstance(error, KafkaError):
        return None
    if error.fatal():
        return Remedy.DISCARD
    if error.txn_requires_abort():
        return Remedy.ABORT
    return Remedy.AGAIN if error.retriable() else None
