"""What the settings of a Kafka topic mean for what it holds."""

from collections.abc import Mapping

from deliverycheck.history import Source
from deliverycheck.plans.subject import Setting

CLEANUP = "cleanup.policy"
RETENTION_MS, RETENTION_BYTES = "retention.ms", "retention.bytes"
TOMBSTONES_MS = "delete.retention.ms"
LARGEST, REPLICAS, STAMPS = (
    "max.message.bytes",
    "min.insync.replicas",
    "message.timestamp.type",
)
SMALL_BYTES = 2000
CHANGES: Mapping[str, tuple[Setting, ...]] = {
    LARGEST: (SMALL_BYTES, 1_048_588),
    REPLICAS: (2, 1),
    STAMPS: ("LogAppendTime", "CreateTime"),
}
"""Settings that a plan may change while they are in use, each with its values, the default last.

Batches larger than the first one are refused (UnifiedLog.append, RecordTooLargeException). There
is one replica, so that two of them are never in sync: what wants ``acks=all`` is refused
(Partition.appendRecordsToLeader, NotEnoughReplicasException). Of a log that has the broker's
timestamps nobody says that they are those of who wrote.
"""

_DAY_MS = 86_400_000
_RETENTION_MS = 7 * _DAY_MS
_FOR_EVER = -1


def is_compacted(settings: Mapping[str, Setting]) -> bool:
    """Whether what a later value of its key replaced may go."""
    return "compact" in str(settings.get(CLEANUP, ""))


def takes_deletions(settings: Mapping[str, Setting]) -> bool:
    """Whether records of it may be deleted: of a topic that is only compacted Kafka refuses it.

    Kafka 4.3, core ReplicaManager.deleteRecordsOnLocalLog: a PolicyViolationException.
    """
    return "delete" in str(settings.get(CLEANUP, "delete"))


def source_of(settings: Mapping[str, Setting]) -> Source | None:
    """What a topic with these settings promises to keep; ``None`` if no plan lasts so long.

    A limit in bytes says nothing of time: what is older than it may go at any moment.
    """
    expires = is_timed(settings)
    if not expires and not is_compacted(settings):
        return None
    return Source(
        compacted=is_compacted(settings), retention_ms=kept_ms_of(settings) if expires else None
    )


def is_timed(settings: Mapping[str, Setting]) -> bool:
    """Whether its start may move on within a plan."""
    return takes_deletions(settings) and (
        kept_ms_of(settings) < _DAY_MS or RETENTION_BYTES in settings
    )


def kept_ms_of(settings: Mapping[str, Setting]) -> int:
    """How long the topic keeps what it holds at least; 0 with a limit in bytes."""
    if int(settings.get(RETENTION_BYTES, _FOR_EVER)) != _FOR_EVER:
        return 0
    kept_ms = int(settings.get(RETENTION_MS, _RETENTION_MS))
    return _RETENTION_MS if kept_ms == _FOR_EVER else kept_ms
