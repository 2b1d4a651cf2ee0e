"""What we claim of topics that keep for a time, or so many bytes."""

from msgspec import structs

from deliverycheck.plans import Claim, Pace, Setting, Stance, Subject
from deliverycheck.plans.kafka_topic import RETENTION_BYTES, RETENTION_MS
from properties.kafka.claims.settings import AFTER

_TOPIC = "Kafka 4.3, topic configs, "


def _keeping(topic: dict[str, Setting]) -> Subject:
    """A group that works off a topic of which each batch is a segment, and goes as one."""
    return structs.replace(AFTER, partitions=1, topic=topic)


_A_MOMENT = _keeping({RETENTION_MS: 1500})

RETENTION: tuple[Claim, ...] = (
    Claim(
        id="kafka-retention-time",
        system="kafka",
        setting="retention.ms of 1.5 s",
        subject=_A_MOMENT,
        guarantee="retention",
        stance=Stance.HOLDS,
        hazards=("records_expired",),
        promise="a log is retained for that time before old segments are discarded",
        source=_TOPIC + "retention.ms",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-retention-nothing-else",
        system="kafka",
        setting="retention.ms of 1.5 s, acks=all",
        subject=_A_MOMENT,
        guarantee="at_least_once_in_log",
        stance=Stance.HOLDS,
        hazards=("records_expired",),
        promise="old segments are discarded, and nothing above them",
        source=_TOPIC + "retention.ms",
        pair="kafka-acks-0",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-retention-bytes",
        system="kafka",
        setting="retention.bytes of 1, acks=all",
        subject=_keeping({RETENTION_BYTES: 1}),
        guarantee="at_least_once_in_log",
        stance=Stance.HOLDS,
        hazards=("records_expired",),
        promise="a partition grows to that size before old segments are discarded",
        source=_TOPIC + "retention.bytes",
        pair="kafka-acks-0",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-retention-slow-reader",
        system="kafka",
        setting="commit after the effect, earliest, retention.ms of 1.5 s",
        subject=_A_MOMENT,
        guarantee="at_least_once_in_effect",
        stance=Stance.BREAKS,
        hazards=("expired_unread",),
        promise="this represents an SLA on how soon consumers must read their data",
        source=_TOPIC + "retention.ms",
        pair="kafka-commit-after-effect",
        pace=Pace.LONG,
    ),
)
