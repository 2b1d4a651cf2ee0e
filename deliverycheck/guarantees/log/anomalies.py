"""What is found in logs, and by readers of them."""

from deliverycheck.guarantees.kinds import AnomalyKind, Severity

_RESURRECTED = AnomalyKind(
    name="resurrected",
    meaning="A message is there although its publish provably failed.",
    breaks=("exactly_once_in_log",),
    severity=Severity.CORRUPTION,
    sentences={
        "in_log": (
            "Publishing message {message} failed for good at {failed_ns:s} ({error}); it stands "
            "in {place} all the same."
        )
    },
    source="Adya's G1a read as a queue: a failed write was read",
    example="p1 publishes a, which fails for good; a fresh reader finds a.",
)
_PHANTOM = AnomalyKind(
    name="phantom",
    meaning="Something is there that this execution never published.",
    breaks=("exactly_once_in_log",),
    severity=Severity.CORRUPTION,
    sentences={
        "unpublished": "Message {message} stands in {place}; no process published it.",
        "not_ours": "A message that is not ours stands in {place}.",
        "other_execution": (
            "Message {message} in {place} belongs to execution {execution}, not to this one."
        ),
    },
    source="total-queue checkers: dequeued, never attempted",
    example="p1 publishes a; a fresh reader finds a and z.",
)
_MISROUTED = AnomalyKind(
    name="misrouted",
    meaning="A message is in another topic, or partition, than it was published to.",
    breaks=("exactly_once_in_log",),
    severity=Severity.CORRUPTION,
    sentences={"in_log": "Message {message} was published to {target} and stands in {place}."},
    source="docs/history-format.md: bodies name their target, so that a leak is visible",
    example="p1 publishes a to t1; a fresh reader finds it in t2.",
)
_MANGLED = AnomalyKind(
    name="mangled",
    meaning="A message came back changed.",
    breaks=("exactly_once_in_log",),
    severity=Severity.CORRUPTION,
    sentences={"in_log": "Message {message} in {place} came back with another {mangled}."},
    source="docs/history-format.md: key, headers, body and timestamp come back as sent",
    example="p1 publishes a with key k; a fresh reader finds a with key j.",
)
_REORDERED = AnomalyKind(
    name="reordered",
    meaning="A message stands behind one that the same producer sent after it.",
    breaks=("per_partition_order", "per_key_order"),
    severity=Severity.DISORDER,
    sentences={
        "first_copy": (
            "{process} sent {message} before {behind}, and {message} stands behind it: "
            "{place} after position {behind_position}."
        ),
        "second_copy": (
            "{process} sent {message} before {behind}, and a second copy of {message} stands "
            "behind it: {place} after position {behind_position}; the first is at position "
            "{first_position}."
        ),
        "split_key": (
            "{process} sent {message} and {behind} with key {key}, and they stand in different "
            "partitions of {source}: {partitions}. No reader is given an order between them."
        ),
    },
    details={"of_key": "Both have key {of_key}."},
    source="checkers of partitioned logs: nonmonotonic-send within one process",
    example="p1 publishes a, b, c; a fresh reader finds a c b, or a b c a.",
)

ANOMALIES = (_RESURRECTED, _PHANTOM, _MISROUTED, _MANGLED, _REORDERED)
