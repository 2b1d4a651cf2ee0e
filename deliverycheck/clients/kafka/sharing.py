"""The consumer of a share group in a Kafka worker: records are acquired, then settled one by one.

confluent-kafka calls its `ShareConsumer` a preview (2.15 to 2.16): `acknowledge` notes how a record
is to be settled, `commit_sync` tells the broker and brings its answer.
"""

from collections.abc import Mapping, Sequence

from deliverycheck.clients.commands import Acquire, OpenShare, SettleRecords
from deliverycheck.clients.kafka.library import (
    IllegalStateException,
    KafkaError,
    KafkaException,
    ShareConsumer,
    TopicPartition,
)
from deliverycheck.clients.kafka.library import Message as Received
from deliverycheck.clients.kafka.places import delivery_of_message
from deliverycheck.clients.kafka.producing import error_name
from deliverycheck.clients.protocol import ClientErrorEvent, InfoEvent, OkEvent, Reply
from deliverycheck.clients.worker_loop import WorkerLoop
from deliverycheck.history import Delivery, Position
from deliverycheck.plans import Settling

_ACKNOWLEDGE = {Settling.ACCEPT: 1, Settling.RELEASE: 2, Settling.REJECT: 3}
"""The values of confluent_kafka.AcknowledgeType, which are those of the protocol (KIP-932)."""


class Sharing:
    """An open member of a share group."""

    def __init__(self, loop: WorkerLoop, command: OpenShare) -> None:
        self.say = loop.outbox.say
        self.consumer = ShareConsumer({**command.settings, "error_cb": self._client_error})
        self.consumer.subscribe(list(command.topics))

    def acquire(self, identity: int, command: Acquire) -> Reply:
        """What was acquired is told; nothing, if nothing came in time."""
        try:
            polled = list(self.consumer.poll(command.timeout_ms / 1000))
        except (KafkaException, IllegalStateException) as error:
            name = error_name(error)
            self.say(InfoEvent(op=command.op, error=name))
            return Reply(re=identity, error=name, text=str(error), count=0)
        taken = tuple(_delivery(message) for message in polled if self._is_one(message))
        self.say(OkEvent(op=command.op, deliveries=taken))
        return Reply(re=identity, count=len(taken))

    def settle(self, identity: int, command: SettleRecords) -> Reply:
        """The broker has answered for each of the records, or nothing is known of them."""
        how = _ACKNOWLEDGE[command.how]
        try:
            for one in command.covers:
                partition = one.partition or 0
                self.consumer.acknowledge_offset(one.source, partition, one.position, how)
            answers = self.consumer.commit_sync(command.timeout_ms / 1000)
            name = _trouble(answers, command.covers)
        except (KafkaException, IllegalStateException) as error:
            name = error_name(error)
        ending = OkEvent if name is None else InfoEvent
        self.say(ending(op=command.op, confirmed=name is None, covers=command.covers, error=name))
        return Reply(re=identity, error=name)

    def close(self) -> None:
        """Left the group; what was not settled is another member's soon."""
        self.consumer.close()

    def _is_one(self, message: Received) -> bool:
        error = message.error()
        if error is not None:
            self._client_error(error)
        return error is None

    def _client_error(self, error: KafkaError) -> None:
        self.say(ClientErrorEvent(error=error.name(), text=error.str()))


def _trouble(
    answers: Mapping[TopicPartition, KafkaException | None], covers: Sequence[Position]
) -> str | None:
    """The first error; no answer is one: of what a member has no more nothing is sent."""
    known = {(one.topic, one.partition): error for one, error in answers.items()}
    for one in covers:
        place = (one.source, one.partition or 0)
        if place not in known:
            return "_NO_ANSWER"
        if (error := known[place]) is not None:
            return error_name(error)
    return None


def _delivery(message: Received) -> Delivery:
    """With the broker's count of deliveries; the place is that of the log."""
    return delivery_of_message(message, message.delivery_count())
