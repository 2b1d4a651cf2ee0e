"""What we claim of producers and the log: loss, copies, order, new topics."""

from deliverycheck.plans import (
    AfterError,
    Claim,
    ErrorMeans,
    Pace,
    ReliesOn,
    Setting,
    Stance,
    Subject,
    TopicReady,
)
from properties.kafka.claims.settings import FIRST_WRITE, NETWORK, ONE_MESSAGE_A_BATCH

IDEMPOTENT: dict[str, Setting] = {
    "enable.idempotence": True,
    "max.in.flight.requests.per.connection": 5,
    **ONE_MESSAGE_A_BATCH,
}
PLAIN: dict[str, Setting] = {"acks": "all", "enable.idempotence": False, **ONE_MESSAGE_A_BATCH}

_ACKS_ALL = Subject(producer={"acks": "all"})
_IDEMPOTENT = Subject(producer=IDEMPOTENT)
_PLAIN = Subject(producer=PLAIN)

SOON_GIVEN_UP: dict[str, Setting] = {"message.timeout.ms": 1000}
"""librdkafka reports the error while the fault that caused it may still be there."""

SMALL_QUEUE: dict[str, Setting] = {"queue.buffering.max.messages": 2}
"""What comes on top is refused by produce(), which proves that it was never sent."""


def _sends_again(producer: dict[str, Setting]) -> Subject:
    """An application that takes an error for absence, and publishes the message once more."""
    return Subject(
        producer=producer, error_means=ErrorMeans.ABSENT, after_error=AfterError.SEND_AGAIN
    )


LOG: tuple[Claim, ...] = (
    Claim(
        id="kafka-acks-all",
        system="kafka",
        setting="acks=all, flushed",
        subject=_ACKS_ALL,
        guarantee="at_least_once_in_log",
        stance=Stance.HOLDS,
        hazards=(
            "none",
            "lost_reply",
            "lost_request",
            "black_hole",
            "producer_killed",
            "broker_killed",
        ),
        promise="acks=all: the leader waits for all in-sync replicas; "
        "a confirmed record is not lost",
        source="Kafka 4.3, producer configs, acks",
        pair="kafka-acks-0",
    ),
    Claim(
        id="kafka-acks-0",
        system="kafka",
        setting="acks=0",
        subject=Subject(producer={"acks": 0}),
        guarantee="at_least_once_in_log",
        stance=Stance.BREAKS,
        hazards=("black_hole",),
        promise="acks=0 promises nothing: the client does not wait for the broker",
        source="Kafka 4.3, producer configs, acks",
        pair="kafka-acks-all",
    ),
    Claim(
        id="kafka-fire-and-forget",
        system="kafka",
        setting="the call relied on, not flushed",
        subject=Subject(
            producer={"acks": "all", "linger.ms": 50}, relies_on=ReliesOn.CALL_RETURNED
        ),
        guarantee="at_least_once_in_log",
        stance=Stance.BREAKS,
        hazards=("producer_killed_unflushed",),
        promise="produce() only puts the message into a queue of the process; "
        "the delivery report confirms it",
        source="librdkafka 2.16, INTRODUCTION.md, Asynchronous Producer API",
        pair="kafka-acks-all",
    ),
    Claim(
        id="kafka-idempotent-exactly-once",
        system="kafka",
        setting="idempotent, 5 in flight",
        subject=_IDEMPOTENT,
        guarantee="exactly_once_in_log",
        stance=Stance.HOLDS,
        hazards=("none", *NETWORK, "broker_killed", "broker_paused"),
        unless=FIRST_WRITE,
        promise="an idempotent producer writes exactly one copy of each message",
        source="Kafka 4.3, producer configs, enable.idempotence",
        pair="kafka-plain-exactly-once",
    ),
    Claim(
        id="kafka-plain-exactly-once",
        system="kafka",
        setting="not idempotent",
        subject=_PLAIN,
        guarantee="exactly_once_in_log",
        stance=Stance.BREAKS,
        hazards=("lost_reply",),
        promise="without idempotence a retry may write a second copy",
        source="Kafka 4.3, producer configs, enable.idempotence",
        pair="kafka-idempotent-exactly-once",
    ),
    Claim(
        id="kafka-idempotent-order",
        system="kafka",
        setting="idempotent, 5 in flight",
        subject=_IDEMPOTENT,
        guarantee="per_partition_order",
        stance=Stance.HOLDS,
        hazards=("none", *NETWORK, "broker_killed", "broker_paused"),
        unless=FIRST_WRITE,
        promise="idempotence preserves the order for up to 5 requests in flight",
        source="Kafka 4.3, producer configs, max.in.flight.requests.per.connection",
        pair="kafka-plain-order",
    ),
    Claim(
        id="kafka-plain-order",
        system="kafka",
        setting="not idempotent, many in flight",
        subject=_PLAIN,
        guarantee="per_partition_order",
        stance=Stance.BREAKS,
        hazards=("lost_reply",),
        promise="retries without idempotence and with more than one request in flight may reorder",
        source="Kafka 4.3, producer configs, retries",
        pair="kafka-idempotent-order",
    ),
    Claim(
        id="kafka-new-topic-one-in-flight",
        system="kafka",
        setting="idempotent, 1 in flight, topic just created",
        subject=Subject(
            producer={**IDEMPOTENT, "max.in.flight.requests.per.connection": 1},
            topic_ready=TopicReady.CREATED,
        ),
        guarantee="at_least_once_in_log",
        stance=Stance.HOLDS,
        hazards=("topic_just_created",),
        promise="a confirmed record is in the log",
        source="Kafka 4.3, producer configs, acks",
        pair="kafka-new-topic",
    ),
    Claim(
        id="kafka-new-topic-answered",
        system="kafka",
        setting="idempotent, 5 in flight, new topic that answers",
        subject=_IDEMPOTENT,
        guarantee="at_least_once_in_log",
        stance=Stance.HOLDS,
        hazards=("topic_answered",),
        unless=FIRST_WRITE,
        promise="a confirmed record is in the log",
        source="Kafka 4.3, producer configs, acks",
        pair="kafka-new-topic",
    ),
    Claim(
        id="kafka-new-topic",
        system="kafka",
        setting="idempotent, 5 in flight, topic just created",
        subject=Subject(producer=IDEMPOTENT, topic_ready=TopicReady.CREATED),
        guarantee="at_least_once_in_log",
        stance=Stance.BREAKS,
        hazards=("topic_just_created",),
        promise="nobody documents this loss: the client reports the messages as delivered",
        source="docs/findings/new-topic-loses-confirmed-messages.md",
        pair="kafka-new-topic-one-in-flight",
    ),
    Claim(
        id="kafka-first-write-one-in-flight",
        system="kafka",
        setting="idempotent, 1 in flight, no confirm from the partition yet",
        subject=Subject(producer={**IDEMPOTENT, "max.in.flight.requests.per.connection": 1}),
        guarantee="at_least_once_in_log",
        stance=Stance.HOLDS,
        hazards=FIRST_WRITE,
        promise="a confirmed record is in the log",
        source="Kafka 4.3, producer configs, acks",
        pair="kafka-first-write",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-first-write",
        system="kafka",
        setting="idempotent, 5 in flight, no confirm from the partition yet",
        subject=_IDEMPOTENT,
        guarantee="at_least_once_in_log",
        stance=Stance.BREAKS,
        hazards=FIRST_WRITE,
        promise="nobody documents this loss: the client reports the messages as delivered",
        source="docs/findings/new-topic-loses-confirmed-messages.md",
        pair="kafka-first-write-one-in-flight",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-definite-failures",
        system="kafka",
        setting="idempotent, queue of 2 messages, sends again what was refused",
        subject=_sends_again(IDEMPOTENT | SMALL_QUEUE),
        guarantee="exactly_once_in_log",
        stance=Stance.HOLDS,
        hazards=("definite_failure",),
        unless=(*NETWORK, "black_hole", "stall", "delay", "broker_killed", "broker_paused"),
        promise="what produce() refuses is not in the queue and never sent",
        source="librdkafka 2.16, src/rdkafka_msg.c rd_kafka_msg_new0",
        pair="kafka-send-again",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-send-again",
        system="kafka",
        setting="idempotent, sends again after an error",
        subject=_sends_again(IDEMPOTENT | SOON_GIVEN_UP),
        guarantee="exactly_once_in_log",
        stance=Stance.BREAKS,
        hazards=("lost_reply", "black_hole", "stall", "delay", "broker_paused"),
        promise="idempotence removes the copies that the library makes, not those that the "
        "application makes",
        source="Kafka 4.3, producer javadoc, idempotent producer",
        pair="kafka-definite-failures",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-plain-send-again",
        system="kafka",
        setting="retries=0, sends again after an error",
        subject=_sends_again({**PLAIN, "retries": 0}),
        guarantee="exactly_once_in_log",
        stance=Stance.BREAKS,
        hazards=("lost_reply",),
        promise="without a reply the library reports an error, and the message may be there",
        source="librdkafka 2.16, INTRODUCTION.md, Message reliability",
        pair="kafka-definite-failures",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-send-again-broker-paused",
        system="kafka",
        setting="idempotent, sends again after an error, broker stopped",
        subject=_sends_again(IDEMPOTENT | SOON_GIVEN_UP),
        guarantee="exactly_once_in_log",
        stance=Stance.BREAKS,
        hazards=("broker_paused",),
        promise="a message timeout says nothing of what the broker does with the request",
        source="librdkafka 2.16, INTRODUCTION.md, Message reliability",
        pair="kafka-definite-failures",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-error-means-absent",
        system="kafka",
        setting="idempotent, an error taken for absence",
        subject=Subject(producer=IDEMPOTENT | SOON_GIVEN_UP, error_means=ErrorMeans.ABSENT),
        guarantee="exactly_once_in_log",
        stance=Stance.BREAKS,
        hazards=("lost_reply", "black_hole", "stall", "delay", "broker_paused"),
        promise="a message timeout says nothing of what the broker does with the request",
        source="librdkafka 2.16, INTRODUCTION.md, Message reliability",
        pair="kafka-definite-failures",
        pace=Pace.MEDIUM,
    ),
)
