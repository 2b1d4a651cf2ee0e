"""What we claim of topics of which a setting is changed while they are in use."""

from deliverycheck.plans import Claim, CommitPolicy, Consumer, Pace, Setting, Stance, Subject
from deliverycheck.plans.kafka_topic import CHANGES, LARGEST, REPLICAS, STAMPS
from properties.kafka.claims.settings import ONE_MESSAGE_A_BATCH, RECORDS_GONE

_TOPIC = "Kafka 4.3, topic configs, "
_CHANGED = ("config_changed",)
_ALL_AT_ONCE: dict[str, Setting] = {"acks": "all", "retries": 0, **ONE_MESSAGE_A_BATCH}
"""What is refused is refused for good: it is not sent again."""


def _changing(name: str, producer: dict[str, Setting]) -> Subject:
    """A group that works off a topic of which this setting changes."""
    return Subject(
        producer=producer,
        topic={name: CHANGES[name][-1]},
        consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT),
    )


CHANGING: tuple[Claim, ...] = (
    Claim(
        id="kafka-largest-changed",
        system="kafka",
        setting="max.message.bytes made smaller in use, acks=all, retries=0",
        subject=_changing(LARGEST, _ALL_AT_ONCE),
        guarantee="genuine_deliveries",
        stance=Stance.HOLDS,
        hazards=(*_CHANGED, "definite_failure"),
        promise="a batch that is larger is refused, and never read",
        source=_TOPIC + LARGEST,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-replicas-changed",
        system="kafka",
        setting="min.insync.replicas raised above what is there in use, acks=all",
        subject=_changing(REPLICAS, {"acks": "all"}),
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=_CHANGED,
        unless=RECORDS_GONE,
        promise="what is confirmed was written by as many replicas; the rest waits, or fails",
        source=_TOPIC + REPLICAS,
        pair="kafka-commit-before-effect",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-stamps-changed",
        system="kafka",
        setting="message.timestamp.type changed to LogAppendTime in use",
        subject=_changing(STAMPS, {"acks": "all"}),
        guarantee="genuine_deliveries",
        stance=Stance.HOLDS,
        hazards=_CHANGED,
        promise="the timestamp is the broker's, and all else as it was written",
        source=_TOPIC + STAMPS,
        pace=Pace.LONG,
    ),
)
