"""What is found where a log does not keep what it held."""

from deliverycheck.guarantees.kinds import AnomalyKind, Severity

_CONFLICTING_POSITION = AnomalyKind(
    name="conflicting_position",
    meaning="One position holds two different messages.",
    breaks=("one_log", "replay"),
    severity=Severity.CORRUPTION,
    sentences={
        "replayed": (
            "{process} went to {asked} at {sought_ns:s} and was handed message {message} in "
            "{place} at {ns:s}; at {read_ns:s} {read_by} read message {holds} there."
        ),
        "read": (
            "At {read_ns:s} {read_by} read message {holds} in {place}; at {ns:s} {process} read "
            "message {message} there."
        ),
        "confirmed": (
            "Message {message} was confirmed in {place}; at {read_ns:s} {read_by} read message "
            "{holds} there."
        ),
    },
    source="checkers of partitioned logs: inconsistent-offsets",
    example="c1 reads a at position 0; a fresh reader finds b there.",
)
_EPOCH_REGRESSED = AnomalyKind(
    name="epoch_regressed",
    meaning="A message stands behind one that was written in a later leader epoch.",
    breaks=("one_log",),
    severity=Severity.CORRUPTION,
    sentences={
        "in_log": (
            "Message {message} in {place} was written in leader epoch {epoch}; position {before} "
            "before it was written in the later epoch {earlier}."
        ),
    },
    source="replication protocols with leader epochs: along a log they never fall",
    example="a fresh reader finds a at 0 with leader epoch 2 and b at 1 with leader epoch 1.",
)
_VANISHED = AnomalyKind(
    name="vanished",
    meaning="What was read is not there any more.",
    breaks=("one_log",),
    severity=Severity.LOSS,
    sentences={
        "in_log": (
            "At {read_ns:s} {read_by} read message {message} in {place}; reading the log from the "
            "start finds nothing there any more."
        ),
    },
    source="set checkers with timelines: an element that was read, and later is not",
    example="c1 reads a at position 0; a fresh reader finds the log empty.",
)

_COMPACTED_AWAY = AnomalyKind(
    name="compacted_away",
    meaning="A compacted log does not hold the latest value of a key.",
    breaks=("compaction",),
    severity=Severity.LOSS,
    sentences={
        "latest": (
            "Message {message}, confirmed in {place}, is the latest value of key {key}; reading "
            "the log from the start does not find it."
        ),
    },
    details={
        "older": "What stands there of the key is older: {older}.",
    },
    source="the promise of compacted logs: at least the last state of each key",
    example="p1 publishes a and then b with key k, both confirmed; a fresh reader finds a only.",
)
_UNDELETED = AnomalyKind(
    name="undeleted",
    meaning="A compacted log has forgotten that a key was deleted, and not its value.",
    breaks=("compaction",),
    severity=Severity.CORRUPTION,
    sentences={
        "in_log": (
            "Key {key} was deleted at position {deleted}; reading the log from the start finds "
            "message {message}, an older value of it, in {place}, and no tombstone behind it."
        ),
    },
    source="the promise of compacted logs: a tombstone goes after what it deletes",
    example="p1 publishes a with key k and deletes k; a fresh reader finds a and no tombstone.",
)
_DROPPED_EARLY = AnomalyKind(
    name="dropped_early",
    meaning="A log dropped a message from its start before its time was over.",
    breaks=("retention",),
    severity=Severity.LOSS,
    sentences={
        "in_log": (
            "Message {message} was sent at {called_ns:s} and confirmed in {place}. At {until_ns:s} "
            "nothing below position {start} was left, though the log keeps messages for "
            "{promised_ms} ms."
        ),
    },
    source="the promise of logs with a retention: kept for that time, read or not",
    example="t keeps for an hour; a stands at 0, a minute later t begins at 1.",
)

_STALE_VIEW = AnomalyKind(
    name="stale_view",
    meaning="A group still has a value whose key was deleted, and was never told.",
    breaks=("current_view",),
    severity=Severity.CORRUPTION,
    sentences={
        "gone": (
            "Group {group} acted on message {message} in {place} ({effect_by}), a value of key "
            "{key}, which was deleted at position {deleted}; the tombstone is gone, and the group "
            "never acted on it."
        ),
        "still_stands": (
            "Group {group} acted on message {message} in {place} ({effect_by}), a value of key "
            "{key}, which was deleted at position {deleted}; it never acted on the tombstone."
        ),
    },
    source="the promise of compacted logs to readers that come to the head in time",
    example="c1 acts on a of key k; k is deleted, and the tombstone goes before c1 reads on.",
)
KEEPING_ANOMALIES = (
    _CONFLICTING_POSITION,
    _EPOCH_REGRESSED,
    _VANISHED,
    _COMPACTED_AWAY,
    _UNDELETED,
    _DROPPED_EARLY,
    _STALE_VIEW,
)
