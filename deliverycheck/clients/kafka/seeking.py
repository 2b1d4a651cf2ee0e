"""Seeks by an application's own wish: to the beginning, a position, a time, or the end."""

from deliverycheck.clients.commands import SeekTo
from deliverycheck.clients.kafka.consuming import OFFSET_BEGINNING, Consuming, topic_partition
from deliverycheck.clients.kafka.library import KafkaException, TopicPartition
from deliverycheck.clients.kafka.outcomes import Call, outcome_of
from deliverycheck.clients.kafka.producing import EVENTS, error_name
from deliverycheck.clients.protocol import Reply
from deliverycheck.history import Whence

OFFSET_END = -1  # RD_KAFKA_OFFSET_END


def seek_to(consuming: Consuming, identity: int, command: SeekTo) -> Reply:
    """The partition is read on from there, or, as the error says, from where it was."""
    name, told = None, None
    place = topic_partition(command.position)
    try:
        if command.to is Whence.TIME:
            told = place.offset = _at_the_time_of(consuming, place, command.timeout_ms / 1000)
        elif command.to is not Whence.POSITION:
            place.offset = OFFSET_BEGINNING if command.to is Whence.BEGINNING else OFFSET_END
        consuming.move(place)
    except KafkaException as error:
        name = error_name(error)
    outcome = outcome_of(Call.SEEK, name)
    consuming.say(EVENTS[outcome](op=command.op, position=told, error=name))
    return Reply(re=identity, error=name)


def _at_the_time_of(consuming: Consuming, place: TopicPartition, timeout_s: float) -> int:
    """Where the broker says that the time of the message begins; the end if it knows of none."""
    ms = consuming.stamps_ms[place.topic, place.partition][place.offset]
    asked = TopicPartition(place.topic, place.partition, ms)
    (found,) = consuming.consumer.offsets_for_times([asked], timeout_s)
    if found.error is not None:
        raise KafkaException(found.error)
    if found.offset >= 0:
        return found.offset
    _, end = consuming.consumer.get_watermark_offsets(asked, timeout_s)
    return end
