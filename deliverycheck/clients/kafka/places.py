"""Messages, places and answers as the library names them, and as we do."""

from deliverycheck.clients.kafka.library import TIMESTAMP_CREATE_TIME, KafkaError, TopicPartition
from deliverycheck.clients.kafka.library import Message as Received
from deliverycheck.clients.protocol import ClientErrorEvent, SourcePartition
from deliverycheck.history import Delivery, Position, delivery_of


def place_of(message: Received) -> tuple[str, int]:
    """Source and partition of a message that came from the broker; such a one has both."""
    return message.topic(), message.partition()  # type: ignore[return-value]


def delivery_of_message(message: Received, deliveries: int | None = None) -> Delivery:
    """What the library handed over, with the broker's count of its deliveries if it has one."""
    key = message.key()
    kind, timestamp_ms = message.timestamp()
    return delivery_of(
        deliveries=deliveries,
        value=message.value(),
        source=place_of(message)[0],
        partition=message.partition(),
        position=message.offset(),
        key=key.encode() if isinstance(key, str) else key,
        epoch=message.leader_epoch(),
        headers=message.headers() or (),  # type: ignore[arg-type]  # A list, or None.
        timestamp_ms=timestamp_ms if kind == TIMESTAMP_CREATE_TIME else None,
    )


def topic_partition(position: Position) -> TopicPartition:
    """The position as the library names it."""
    source, partition = place_at(position)
    return TopicPartition(source, partition, position.position)


def position_of(partition: TopicPartition) -> Position:
    """What the library says of a partition, as a position."""
    return Position(
        source=partition.topic, partition=partition.partition, position=partition.offset
    )


def place_at(position: Position) -> tuple[str, int]:
    """Source and partition of it."""
    return position.source, position.partition or 0


def client_error_of(error: KafkaError) -> ClientErrorEvent:
    """The error as an event; a fatal one is told by the name of its reason, if it is a known one.

    The library says of it that it is fatal, and its reason in words alone.
    """
    fatal = error.fatal() or error.code() == KafkaError._FATAL  # noqa: SLF001  # The library's name for it.
    reasons = (one for one in map(KafkaError, _FATAL_REASONS) if one.str() in error.str())
    named = next(reasons, error) if fatal else error
    return ClientErrorEvent(error=named.name(), text=error.str(), fatal=fatal)


_FATAL_REASONS = (KafkaError.FENCED_INSTANCE_ID,)


def sources_of(partitions: list[TopicPartition]) -> tuple[SourcePartition, ...]:
    """The partitions as they stand in events."""
    return tuple(SourcePartition(source=one.topic, partition=one.partition) for one in partitions)


def first_error(answers: list[TopicPartition]) -> str | None:
    """The first partition's error that is one."""
    return next((one.error.name() for one in answers if one.error is not None), None)
