"""The transactions of a channel: publishes and settlements that take effect together, or not."""

from pika.exceptions import AMQPError

from deliverycheck.clients.commands import AbortTransaction, BeginTransaction, CommitTransaction
from deliverycheck.clients.protocol import OkEvent, Remedy, Reply, WorkerEvent
from deliverycheck.clients.rabbitmq.channels import Channel
from deliverycheck.clients.rabbitmq.connecting import error_name
from deliverycheck.clients.rabbitmq.outcomes import ROLLED_BACK, Call, outcome_of
from deliverycheck.clients.rabbitmq.publishes import EVENTS
from deliverycheck.clients.worker_loop import Outbox

_MS_PER_S = 1000


def begin_transaction(outbox: Outbox, identity: int, command: BeginTransaction) -> Reply:
    """Only a matter of the application: a channel in this mode is always inside one."""
    outbox.say(OkEvent(op=command.op))
    return Reply(re=identity)


def commit_transaction(
    outbox: Outbox, channel: Channel, identity: int, command: CommitTransaction
) -> Reply:
    """The broker has taken over all of it; unless it did not say so in time."""
    try:
        with channel.connection.bounded(command.timeout_ms / _MS_PER_S):
            channel.blocking.tx_commit()
    except AMQPError as error:
        return _failed(outbox, identity, command.op, error)
    over: list[WorkerEvent] = [one.answered() for one in channel.publishes.take_unnumbered()]
    over += [one.settled() for one in channel.take_settling()]
    outbox.say_all([*over, OkEvent(op=command.op, confirmed=True)])
    return Reply(re=identity)


def abort_transaction(
    outbox: Outbox, channel: Channel, identity: int, command: AbortTransaction
) -> Reply:
    """Nothing of it takes effect; deliveries that were settled in it are unsettled again."""
    try:
        with channel.connection.bounded(command.timeout_ms / _MS_PER_S):
            channel.blocking.tx_rollback()
    except AMQPError as error:
        return _failed(outbox, identity, command.op, error)
    ops = [one.op for one in channel.publishes.take_unnumbered()]
    ops += [one.op for one in channel.take_settling()]
    abandoned = EVENTS[outcome_of(Call.ROLLBACK, ROLLED_BACK)]
    over: list[WorkerEvent] = [abandoned(op=op, error=ROLLED_BACK) for op in ops]
    outbox.say_all([*over, OkEvent(op=command.op, confirmed=True)])
    return Reply(re=identity)


def _failed(outbox: Outbox, identity: int, op: int, error: AMQPError) -> Reply:
    """What was in it is told by the end of the channel; no error proves how it ended."""
    name = error_name(error)
    outbox.say(EVENTS[outcome_of(Call.TRANSACTION, name)](op=op, error=name))
    return Reply(re=identity, error=name, text=str(error)[:200], remedy=Remedy.DISCARD)
