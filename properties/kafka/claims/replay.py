"""What we claim of readers that go back, to a beginning, a position, a time, or want nothing."""

from msgspec import structs

from deliverycheck.plans import (
    TRANSACTIONAL_ID,
    Claim,
    CommitPolicy,
    Consumer,
    Pace,
    Seeks,
    Setting,
    Stance,
    Subject,
)
from deliverycheck.plans.kafka_topic import CLEANUP
from properties.kafka.claims.settings import AFTER, RECORDS_GONE

_POSITIONS = "Kafka 4.3, consumer javadoc, Controlling The Consumer's Position; offsetsForTimes"
_RESET = "Kafka 4.3, consumer configs, auto.offset.reset"
_PAUSE = "Kafka 4.3, consumer javadoc, Consumption Flow Control; pause"
_LATEST: dict[str, Setting] = {"auto.offset.reset": "latest"}


def _seeking(settings: dict[str, Setting] | None = None) -> Subject:
    """A group that goes back at will, and commits after each effect."""
    consumer = Consumer(
        commit=CommitPolicy.AFTER_EFFECT, settings=settings or {}, seeks=Seeks.AT_WILL
    )
    return Subject(producer={"acks": "all"}, consumer=consumer)


_PROMISE = "a consumer may go back to any position and is given the records from there on"

REPLAY: tuple[Claim, ...] = (
    Claim(
        id="kafka-replay",
        system="kafka",
        setting="seek to a beginning, a position, a time, the end; earliest",
        subject=_seeking(),
        guarantee="replay",
        stance=Stance.HOLDS,
        hazards=("replayed", "sought_deleted"),
        promise=_PROMISE,
        source=_POSITIONS,
        pair="kafka-replay-latest",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-replay-latest",
        system="kafka",
        setting="seek to a beginning, a position, a time, the end; latest",
        subject=_seeking(_LATEST),
        guarantee="replay",
        stance=Stance.BREAKS,
        hazards=("sought_deleted",),
        promise="a position that the log has no more: latest goes on behind all that is there",
        source=_RESET,
        pair="kafka-replay",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-replay-transactions",
        system="kafka",
        setting="seek, read_committed, a transactional producer",
        subject=structs.replace(_seeking(), producer={TRANSACTIONAL_ID: "replay"}),
        guarantee="replay",
        stance=Stance.HOLDS,
        hazards=("replayed", "transaction_aborted"),
        promise=_PROMISE,
        source=_POSITIONS,
        pair="kafka-replay-latest",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-replay-compacted",
        system="kafka",
        setting="seek, cleanup.policy=compact",
        subject=structs.replace(_seeking(), partitions=1, topic={CLEANUP: "compact"}),
        guarantee="replay",
        stance=Stance.HOLDS,
        hazards=("replayed", "compacted"),
        promise="the offset of a record never changes, and all offsets stay valid positions",
        source="Kafka 4.3, design, Log Compaction",
        pair="kafka-replay-latest",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-paused-partitions",
        system="kafka",
        setting="pause() and resume() of partitions",
        subject=AFTER,
        guarantee="paused_partitions",
        stance=Stance.HOLDS,
        hazards=("partitions_paused",),
        promise="no records are returned of these partitions until they are resumed",
        source=_PAUSE,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-paused-loses-nothing",
        system="kafka",
        setting="commit after the effect, pause() and resume() of partitions",
        subject=AFTER,
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("partitions_paused",),
        unless=RECORDS_GONE,
        promise="what is resumed goes on where it was paused",
        source=_PAUSE,
        pair="kafka-commit-before-effect",
        pace=Pace.MEDIUM,
    ),
)
