"""Where, what, and whether a member reads on, by its application's own wish."""

from deliverycheck.clients.commands import (
    PausePartitions,
    ResumePartitions,
    SeekTo,
    Subscribe,
    Unsubscribe,
)
from deliverycheck.clients.kafka.consuming import Consuming
from deliverycheck.clients.kafka.library import KafkaException, TopicPartition
from deliverycheck.clients.kafka.outcomes import Call, outcome_of
from deliverycheck.clients.kafka.places import topic_partition
from deliverycheck.clients.kafka.producing import EVENTS, error_name
from deliverycheck.clients.kafka.whereabouts import OFFSET_BEGINNING, OFFSET_END
from deliverycheck.clients.protocol import Reply
from deliverycheck.history import Whence


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


def pause_partitions(consuming: Consuming, identity: int, command: PausePartitions) -> Reply:
    """Nothing comes from these partitions any more, not even what had come unasked."""
    name = None
    try:
        for one in consuming.give_back(command.covers):
            consuming.move(one)
        consuming.consumer.pause([topic_partition(one) for one in command.covers])
    except KafkaException as error:
        name = error_name(error)
    return _told(consuming, identity, command, name)


def resume_partitions(consuming: Consuming, identity: int, command: ResumePartitions) -> Reply:
    """They are read on from where they were."""
    name = None
    try:
        consuming.consumer.resume([topic_partition(one) for one in command.covers])
    except KafkaException as error:
        name = error_name(error)
    return _told(consuming, identity, command, name)


def unsubscribe(consuming: Consuming, identity: int, _: Unsubscribe) -> Reply:
    """No topic is wanted any more; what had come unasked is given back first."""
    try:
        for one in consuming.give_back():
            consuming.move(one)
        consuming.consumer.unsubscribe()
    except KafkaException as error:
        return Reply(re=identity, error=error_name(error))
    return Reply(re=identity)


def subscribe(consuming: Consuming, identity: int, command: Subscribe) -> Reply:
    """The topics are wanted again."""
    try:
        consuming.subscribe(command.topics, command.subscribes)
    except KafkaException as error:
        return Reply(re=identity, error=error_name(error))
    return Reply(re=identity)


def _told(
    consuming: Consuming,
    identity: int,
    command: PausePartitions | ResumePartitions,
    name: str | None,
) -> Reply:
    outcome = outcome_of(Call.PAUSE, name)
    consuming.say(EVENTS[outcome](op=command.op, covers=command.covers, error=name))
    return Reply(re=identity, error=name)
