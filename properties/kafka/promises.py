"""What the documentation promises of settings, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deliverycheck.plans import CommitPolicy, ErrorMeans, ReliesOn, Setting, Subject

_DESIGN = "Kafka 4.3, design, message delivery semantics"
_DEFAULTS: Mapping[str, str] = {
    "acks": "all",
    "enable.idempotence": "false",
    "max.in.flight.requests.per.connection": "1000000",
    "retries": "2147483647",
    "isolation.level": "read_committed",
    "enable.auto.commit": "true",
    "auto.offset.reset": "earliest",
}
"""Of the settings that a promise hangs on: librdkafka's, or what our profile says instead."""
_NAMES = {"-1": "all"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A guarantee, and the settings that promise it.

    Attributes:
        producer, consumer: the settings that it hangs on, each with the values that will do.
        commits: orders of the consumer's calls that will do; empty where none matters.
    """

    guarantee: str
    text: str
    source: str
    producer: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    consumer: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    commits: tuple[CommitPolicy, ...] = ()

    def missing(self, subject: Subject) -> tuple[str, ...]:
        """What keeps the subject from being promised it, each in a few words."""
        found = [
            f"{name} is {_told(subject.producer, name)}, not {' or '.join(values)}"
            for name, values in self.producer.items()
            if _told(subject.producer, name) not in values
        ]
        if subject.consumer is not None:
            found += [
                f"{name} is {_told(subject.consumer.settings, name)}, not {' or '.join(values)}"
                for name, values in self.consumer.items()
                if _told(subject.consumer.settings, name) not in values
            ]
            if self.commits and subject.consumer.commit not in self.commits:
                wanted = " or ".join(one.value for one in self.commits)
                found.append(f"the commit comes {subject.consumer.commit.value}, not {wanted}")
        if subject.relies_on is ReliesOn.CALL_RETURNED:
            found.append("the application relies on the call, not on the confirm")
        if subject.error_means is ErrorMeans.ABSENT:
            found.append("the application takes an error for absence")
        return tuple(found)


def _told(settings: Mapping[str, Setting], name: str) -> str:
    value = settings.get(name, _DEFAULTS.get(name, ""))
    said = str(value).lower()
    return _NAMES.get(said, said)


_CONFIRMED = {"acks": ("all",)}
_IDEMPOTENT = {"acks": ("all",), "enable.idempotence": ("true",)}

PROMISES: tuple[Promise, ...] = (
    Promise(
        guarantee="at_least_once_in_log",
        text="acks=all: what all in-sync replicas have is not lost while one of them lives",
        source="Kafka 4.3, producer configs, acks",
        producer=_CONFIRMED,
    ),
    Promise(
        guarantee="exactly_once_in_log",
        text="idempotence: the producer writes exactly one copy of each message",
        source="Kafka 4.3, producer configs, enable.idempotence",
        producer=_IDEMPOTENT,
    ),
    Promise(
        guarantee="per_partition_order",
        text="idempotence keeps the order for up to 5 requests in flight",
        source="Kafka 4.3, producer configs, max.in.flight.requests.per.connection",
        producer=_IDEMPOTENT,
    ),
    Promise(
        guarantee="per_partition_order",
        text="with one request in flight a retry cannot overtake",
        source="Kafka 4.3, producer configs, retries",
        producer={"max.in.flight.requests.per.connection": ("1",)},
    ),
    Promise(
        guarantee="at_least_once_in_effect",
        text="a position saved after processing: at least once",
        source=_DESIGN,
        producer=_CONFIRMED,
        consumer={"auto.offset.reset": ("earliest", "smallest", "beginning")},
        commits=(
            CommitPolicy.AFTER_EFFECT,
            CommitPolicy.STORE_AFTER_EFFECT,
            CommitPolicy.IN_TRANSACTION,
        ),
    ),
    Promise(
        guarantee="at_most_once_in_effect",
        text="a position saved before processing: at most once",
        source=_DESIGN,
        commits=(CommitPolicy.BEFORE_EFFECT, CommitPolicy.IN_TRANSACTION),
    ),
    Promise(
        guarantee="exactly_once_in_effect",
        text="position and output in one transaction: exactly once",
        source=_DESIGN,
        producer=_CONFIRMED,
        commits=(CommitPolicy.IN_TRANSACTION,),
    ),
    Promise(
        guarantee="read_committed",
        text="read_committed: poll() returns only what was committed",
        source="Kafka 4.3, consumer configs, isolation.level",
        consumer={"isolation.level": ("read_committed",)},
    ),
    Promise(
        guarantee="atomic_transactions",
        text="messages of a transaction are all written or none is",
        source=_DESIGN,
        consumer={"isolation.level": ("read_committed",)},
    ),
)
"""Who asks for a guarantee that is not here is told that nothing documents it for any settings."""


def promised(subject: Subject, guarantee: str) -> tuple[Promise | None, tuple[str, ...]]:
    """The promise that the subject's settings have, or what keeps them from the nearest."""
    offers = [(each.missing(subject), each) for each in PROMISES if each.guarantee == guarantee]
    if not offers:
        return None, ()
    missing, nearest = min(offers, key=lambda offer: len(offer[0]))
    return (None, missing) if missing else (nearest, ())
