"""What a RabbitMQ worker says of deliveries: acks, nacks and rejects, each as one operation."""

from collections.abc import Iterator, Mapping

from pika.exceptions import AMQPError

from deliverycheck.clients.commands import Settle, Settlement
from deliverycheck.clients.protocol import Remedy, Reply, ReturnedEvent
from deliverycheck.clients.rabbitmq.channels import TAGS_OF_A_CHANNEL, Channel, OpenSettlement
from deliverycheck.clients.rabbitmq.connecting import error_name
from deliverycheck.clients.rabbitmq.outcomes import Call, outcome_of
from deliverycheck.clients.rabbitmq.publishes import EVENTS
from deliverycheck.clients.worker_loop import Outbox
from deliverycheck.history import Position


def settle(
    outbox: Outbox,
    channels: Mapping[int, Channel],
    last: Channel | None,
    identity: int,
    command: Settle,
) -> Reply:
    """The calls were made; a later round trip on their channel completes the operation.

    Args:
        outbox: where events go.
        channels: every one that the process opened, by its ordinal.
        last: the consumer's, for what names no delivery.
        identity: of the command.
        command: what is settled, and how.
    """
    channel = _channel_of(channels, last, command)
    began = False
    covers: tuple[Position, ...] = ()
    if _is_one_call(command):
        covers = channel.up_to(_last_of(command))
    try:
        for position in _positions(channel, command):
            was_open = channel.is_open
            with channel.connection.bounded():
                _call(channel, command, position)
            began = began or was_open
            _forget(channel, command, position)
    except AMQPError as error:
        name = error_name(error)
        outcome = outcome_of(Call.SETTLEMENT if began else Call.BEFORE_SENDING, name)
        outbox.say(EVENTS[outcome](op=command.op, error=name))
        return Reply(re=identity, error=name, text=str(error)[:200], remedy=Remedy.DISCARD)
    channel.settling.append(OpenSettlement(op=command.op, covers=covers))
    outbox.say(ReturnedEvent(op=command.op))
    return Reply(re=identity, remedy=None if channel.is_open else Remedy.DISCARD)


def _channel_of(channels: Mapping[int, Channel], last: Channel | None, command: Settle) -> Channel:
    """The channel that the deliveries came by: no other knows their tags."""
    ordinals = {one.position // TAGS_OF_A_CHANNEL for one in command.covers}
    channel = channels.get(ordinals.pop()) if len(ordinals) == 1 else None
    channel = last if not command.covers else channel
    if channel is None:
        msg = "a settlement covers deliveries of exactly one channel of this worker"
        raise ValueError(msg)
    return channel


def _is_one_call(command: Settle) -> bool:
    return command.multiple and command.how is not Settlement.REJECT


def _last_of(command: Settle) -> int | None:
    return max((one.position for one in command.covers), default=None)


def _positions(channel: Channel, command: Settle) -> Iterator[int | None]:
    """What the calls name, one after the other; nothing means all that is unsettled."""
    if _is_one_call(command):
        yield _last_of(command)
    elif command.covers:
        yield from (one.position for one in command.covers)
    else:
        yield from list(channel.unsettled)


def _call(channel: Channel, command: Settle, position: int | None) -> None:
    tag = 0 if position is None else channel.tag_of(position)
    if command.how is Settlement.ACK:
        channel.blocking.basic_ack(tag, multiple=command.multiple)
    elif command.how is Settlement.NACK:
        channel.blocking.basic_nack(tag, multiple=command.multiple, requeue=command.requeue)
    else:
        channel.blocking.basic_reject(tag, requeue=command.requeue)


def _forget(channel: Channel, command: Settle, position: int | None) -> None:
    """What was settled is in hand no more."""
    if _is_one_call(command):
        for one in channel.up_to(position):
            del channel.unsettled[one.position]
    elif position is not None:
        channel.unsettled.pop(position, None)
