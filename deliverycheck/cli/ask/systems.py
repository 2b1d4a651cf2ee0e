"""What differs between systems in what can be asked about them, and how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deliverycheck.cli.ask.kafka_subject import kafka_subject
from deliverycheck.cli.ask.queue_subject import queue_subject
from deliverycheck.cli.systems import UsageError
from deliverycheck.plans import CommitPolicy, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The settings that the user named: files, and words on the queue.

    Attributes:
        commit: the order of the consumer's calls; ``None`` as the settings say.
        queue: fields of the queue, ``kind=quorum,length_max=3``.
    """

    producer: Path | None
    consumer: Path | None
    commit: CommitPolicy | None
    queue: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One system's words.

    Attributes:
        subject: what the user's settings put to the test, and what was said otherwise there.
        with_: what plans are tried with, in a sentence.
        families: short forms, each for all guarantees of its kind.
        changes: of settings, those that are tried to mend what broke.
        hazards: by fault, further hazards that it is to bring about.
    """

    subject: Callable[[Asked], tuple[Subject, tuple[str, ...]]]
    with_: str
    families: Mapping[str, tuple[str, ...]]
    changes: tuple[str, ...]
    hazards: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def asking_of(system: str) -> Asking:
    """How this system is asked about.

    Raises:
        UsageError: there is no such system.
    """
    if system not in _ASKINGS:
        msg = f"no system {system!r}; there are: {', '.join(_ASKINGS)}"
        raise UsageError(msg)
    return _ASKINGS[system]


def _of_kafka(asked: Asked) -> tuple[Subject, tuple[str, ...]]:
    if asked.queue is not None:
        msg = "--queue: Kafka has none; it is for systems of queues"
        raise UsageError(msg)
    return kafka_subject(asked.producer, asked.consumer, asked.commit)


def _of_rabbitmq(asked: Asked) -> tuple[Subject, tuple[str, ...]]:
    return queue_subject(asked.producer, asked.consumer, asked.commit, asked.queue)


_ASKINGS = {
    "kafka": Asking(
        subject=_of_kafka,
        with_="Tried with librdkafka, whichever client the files are for.",
        families={
            "at-least-once": ("at_least_once_in_log", "at_least_once_in_effect"),
            "at-most-once": ("at_most_once_in_effect",),
            "exactly-once": ("exactly_once_in_log", "exactly_once_in_effect"),
            "order": ("per_partition_order",),
            "transactions": ("read_committed", "atomic_transactions"),
        },
        changes=(
            "producer.acks=all",
            "producer.enable.idempotence=true",
            "producer.max.in.flight.requests.per.connection=1",
            "consumer.commit=after_effect",
            "consumer.commit=before_effect",
            "consumer.commit=store_after_effect",
            "consumer.auto.offset.reset=earliest",
            "consumer.isolation.level=read_committed",
            "relies_on=confirm",
            "error_means=unknown",
        ),
    ),
    "rabbitmq": Asking(
        subject=_of_rabbitmq,
        with_="Tried with pika.",
        families={
            "at-least-once": ("at_least_once_in_queue", "at_least_once_in_effect"),
            "at-most-once": ("at_most_once_in_effect",),
            "nothing-lost": ("accounted_for",),
            "order": ("fifo_per_publisher", "effects_in_order"),
            "transactions": ("read_committed",),
        },
        changes=(
            "producer.confirms=pipelined",
            "producer.persistent=true",
            "producer.mandatory=true",
            "queue.durable=true",
            "queue.kind=quorum",
            "queue.length_max=",
            "queue.expires_ms=",
            "queue.overflow=reject_publish",
            "queue.delivery_limit=",
            "queue.single_active=true",
            "queue.priorities_max=",
            "consumer.prefetch=1",
            "consumer.commit=after_effect",
            "consumer.commit=before_effect",
            "relies_on=confirm",
            "error_means=unknown",
        ),
        hazards={
            "kill:broker": ("broker_killed_holding",),
            "kill:worker": ("consumer_killed",),
        },
    ),
}
