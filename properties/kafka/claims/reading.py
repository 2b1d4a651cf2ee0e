"""What we claim of readers of logs that drop what they hold."""

from msgspec import structs

from deliverycheck.plans import Claim, CommitPolicy, Pace, Setting, Stance, Subject
from deliverycheck.plans.kafka_topic import CLEANUP, TOMBSTONES_MS
from properties.kafka.claims.settings import AFTER, RECORDS_GONE, consuming

_RESET = "Kafka 4.3, consumer configs, auto.offset.reset"
_DELETE = "Kafka 4.3, admin javadoc, deleteRecords"

PATIENT: dict[str, Setting] = {"session.timeout.ms": 3000}
"""A member whose connection was cut for a moment is still one: it reads on from where it was."""

_COMPACTION = "Kafka 4.3, design, Log Compaction"


def _compacting(topic: dict[str, Setting]) -> Subject:
    """A group that works off a compacted topic, where each write closes what is before it."""
    return structs.replace(AFTER, partitions=1, topic={CLEANUP: "compact", **topic})


READING: tuple[Claim, ...] = (
    Claim(
        id="kafka-read-records-deleted",
        system="kafka",
        setting="commit after the effect, earliest, records deleted that were worked off",
        subject=AFTER,
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("read_records_deleted",),
        unless=RECORDS_GONE,
        promise="records below the given offset are deleted, and no others",
        source=_DELETE,
        pair="kafka-records-deleted",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-records-deleted",
        system="kafka",
        setting="commit after the effect, earliest, records deleted past the position",
        subject=AFTER,
        guarantee="at_least_once_in_effect",
        stance=Stance.BREAKS,
        hazards=("records_deleted",),
        promise="records below the given offset are deleted, whoever has read them or not",
        source=_DELETE,
        pair="kafka-read-records-deleted",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-no-gaps-records-deleted",
        system="kafka",
        setting="commit after the effect, earliest, records deleted past the position",
        subject=consuming(CommitPolicy.AFTER_EFFECT, PATIENT),
        guarantee="gapless_reading",
        stance=Stance.HOLDS,
        hazards=("records_deleted",),
        promise="out of range: earliest goes on at the first record that is there",
        source=_RESET,
        pair="kafka-latest-records-deleted",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-latest-records-deleted",
        system="kafka",
        setting="commit after the effect, latest, records deleted past the position",
        subject=consuming(CommitPolicy.AFTER_EFFECT, {**PATIENT, "auto.offset.reset": "latest"}),
        guarantee="gapless_reading",
        stance=Stance.BREAKS,
        hazards=("records_deleted",),
        promise="out of range: latest goes on behind all that is there by then",
        source=_RESET,
        pair="kafka-no-gaps-records-deleted",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-compaction",
        system="kafka",
        setting="cleanup.policy=compact",
        subject=_compacting({}),
        guarantee="compaction",
        stance=Stance.HOLDS,
        hazards=("compacted",),
        promise="the log retains at least the last known value of each key",
        source=_COMPACTION,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-compaction-nothing-else",
        system="kafka",
        setting="cleanup.policy=compact, acks=all",
        subject=_compacting({}),
        guarantee="at_least_once_in_log",
        stance=Stance.HOLDS,
        hazards=("compacted",),
        promise="compaction removes a record only if a later one has its key",
        source=_COMPACTION,
        pair="kafka-acks-0",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-compaction-one-log",
        system="kafka",
        setting="cleanup.policy=compact",
        subject=_compacting({}),
        guarantee="one_log",
        stance=Stance.HOLDS,
        hazards=("compacted",),
        promise="compaction never changes the order of messages, nor the offset of one",
        source=_COMPACTION,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-tombstones-kept",
        system="kafka",
        setting="cleanup.policy=compact, delete.retention.ms of a day",
        subject=_compacting({}),
        guarantee="current_view",
        stance=Stance.HOLDS,
        hazards=("compacted",),
        promise="who reaches the head within delete.retention.ms sees all delete markers",
        source=_COMPACTION,
        pair="kafka-tombstones-gone",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-tombstones-gone",
        system="kafka",
        setting="cleanup.policy=compact, delete.retention.ms=0",
        subject=_compacting({TOMBSTONES_MS: 0}),
        guarantee="current_view",
        stance=Stance.BREAKS,
        hazards=("tombstone_gone",),
        promise="who lags by more than delete.retention.ms may miss delete markers",
        source=_COMPACTION,
        pair="kafka-tombstones-kept",
        pace=Pace.LONG,
    ),
)
