"""What is found in logs, and by readers of them."""

from deliverycheck.guarantees.kinds import AnomalyKind, Severity
from deliverycheck.guarantees.log.keeping_anomalies import KEEPING_ANOMALIES

_RESURRECTED = AnomalyKind(
    name="resurrected",
    meaning="A message is there although its publish provably failed, or was taken to have.",
    breaks=("exactly_once_in_log", "genuine_deliveries"),
    severity=Severity.CORRUPTION,
    sentences={
        "in_log": (
            "Publishing message {message} failed for good at {failed_ns:s} ({error}); it stands "
            "in {place} all the same."
        ),
        "handed": (
            "Publishing message {message} failed for good at {failed_ns:s} ({error}); at {ns:s} "
            "{process} was handed it all the same, from {place}."
        ),
        "taken_for_absent": (
            "Publishing message {message} ended in an error at {failed_ns:s} ({error}), which the "
            "application takes for its absence; it stands in {place} all the same."
        ),
        "handed_taken_for_absent": (
            "Publishing message {message} ended in an error at {failed_ns:s} ({error}), which the "
            "application takes for its absence; at {ns:s} {process} was handed it all the same, "
            "from {place}."
        ),
    },
    source="Adya's G1a read as a queue: a failed write was read",
    example="p1 publishes a, which fails for good; a fresh reader finds a.",
)
_PHANTOM = AnomalyKind(
    name="phantom",
    meaning="Something is there that this execution never published.",
    breaks=("exactly_once_in_log", "genuine_deliveries"),
    severity=Severity.CORRUPTION,
    sentences={
        "unpublished": "Message {message} stands in {place}; no process published it.",
        "not_ours": "A message that is not ours stands in {place}.",
        "other_execution": (
            "Message {message} in {place} belongs to execution {execution}, not to this one."
        ),
        "handed_unpublished": (
            "At {ns:s} {process} was handed message {message} from {place}; no process "
            "published it."
        ),
        "handed_not_ours": (
            "At {ns:s} {process} was handed a message that is not ours, from {place}."
        ),
        "handed_other_execution": (
            "At {ns:s} {process} was handed message {message} from {place}; it belongs to "
            "execution {execution}, not to this one."
        ),
    },
    source="total-queue checkers: dequeued, never attempted",
    example="p1 publishes a; a fresh reader finds a and z.",
)
_MISROUTED = AnomalyKind(
    name="misrouted",
    meaning="A message is in another topic, or partition, than it was published to.",
    breaks=("exactly_once_in_log", "genuine_deliveries", "routed_as_bound", "dead_lettering"),
    severity=Severity.CORRUPTION,
    sentences={
        "in_log": "Message {message} was published to {target} and stands in {place}.",
        "handed": (
            "Message {message} was published to {target}; at {ns:s} {process} was handed it from "
            "{place}."
        ),
        "unbound": (
            "Message {message} was published to {target} with key {key} and belongs in "
            "{belongs}; queue {source} handed it to {process} at {ns:s}."
        ),
        "dead_letter": (
            "Message {message} was published to {target} and died there because of {reason}; "
            "{process} was handed it from {source} at {ns:s}, and that was no place for the dead "
            "when it died."
        ),
    },
    source="docs/history-format.md: bodies name their target, so that a leak is visible",
    example="p1 publishes a to t1; a fresh reader finds it in t2.",
)
_MANGLED = AnomalyKind(
    name="mangled",
    meaning="A message came back changed.",
    breaks=("exactly_once_in_log", "genuine_deliveries"),
    severity=Severity.CORRUPTION,
    sentences={
        "in_log": "Message {message} in {place} came back with another {mangled}.",
        "handed": (
            "At {ns:s} {process} was handed message {message} from {place} with another {mangled}."
        ),
    },
    source="docs/history-format.md: key, headers, body and timestamp come back as sent",
    example="p1 publishes a with key k; a fresh reader finds a with key j.",
)
_REORDERED = AnomalyKind(
    name="reordered",
    meaning="A message stands behind one that the same producer sent after it.",
    breaks=(
        "per_partition_order",
        "per_key_order",
        "fifo_per_publisher",
        "dead_lettering",
        "effects_in_order",
    ),
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
        "split_between": (
            "{process} sent {message} and {second} sent {behind} with key {key}, and they stand in "
            "different partitions of {source}: {partitions}. No reader is given an order between "
            "them."
        ),
        "in_queue": (
            "{publisher} sent {behind} before {message}, and queue {source} handed {message} out "
            "first: to {ahead_by} at {ahead_ns:s}, and {behind} to {behind_by} at {behind_ns:s}."
        ),
        "effects": (
            "{publisher} sent {behind} before {message}, and {message} had its effect first: by "
            "{ahead_by} at {ahead_ns:s}, and {behind} by {behind_by} at {behind_ns:s}."
        ),
        "dead_letters": (
            "{behind} died before {message}, and {source} handed the dead letter {message} out "
            "first: to {ahead_by} at {ahead_ns:s}, and {behind} to {behind_by} at {behind_ns:s}."
        ),
    },
    details={"of_key": "Both have key {of_key}."},
    source="checkers of partitioned logs: nonmonotonic-send within one process",
    example="p1 publishes a, b, c; a fresh reader finds a c b, or a b c a.",
)
_BACKDATED = AnomalyKind(
    name="backdated",
    meaning="A message stands before one that had been confirmed when it was first sent.",
    breaks=("real_time_order",),
    severity=Severity.DISORDER,
    sentences={
        "in_log": (
            "Message {before} was confirmed at position {before_position} at {confirmed_ns:s}; "
            "after that, at {sent_ns:s}, {process} sent message {message}, which was put before "
            "it: {place}."
        ),
    },
    source="strict serializability of appends: an order that turns real time round",
    example="p1 publishes a, confirmed at position 1; then p2 publishes b, which lands at 0.",
)
_SKIPPED = AnomalyKind(
    name="skipped",
    meaning="A process was handed what stands behind a message and not the message.",
    breaks=("gapless_reading", "replay"),
    severity=Severity.LOSS,
    sentences={
        "within": (
            "One receive of {process} brought positions {before} and {after} at {after_ns:s} and "
            "left out message {message}, {place}."
        ),
        "across": (
            "{process} was handed position {before} and next, at {after_ns:s}, position {after}: "
            "message {message}, {place}, was left out. Nothing had moved the process."
        ),
        "replayed": (
            "{process} went to {asked} at {sought_ns:s} and read on to position {after}, at "
            "{after_ns:s}: message {message}, {place}, was left out."
        ),
        "to_the_end": (
            "{process} went to {asked} at {sought_ns:s} and read on to the end: message {message}, "
            "{place}, was left out."
        ),
    },
    details={"others": "Left out besides it: {others:count message}."},
    source="checkers of partitioned logs: poll-skip, within and across polls of one process",
    example="a, b, c stand at 0, 1, 2; c1 is handed 0 and then 2.",
)
_NONMONOTONIC = AnomalyKind(
    name="nonmonotonic",
    meaning="A process was handed a position that it had been handed, or had passed.",
    breaks=("gapless_reading",),
    severity=Severity.DISORDER,
    sentences={
        "back_within": (
            "One receive of {process} brought position {before} and behind it {place}, "
            "message {message}."
        ),
        "back_across": (
            "{process} was handed position {before} at {before_ns:s} and at {after_ns:s} went "
            "back: {place}, message {message}. Nothing had moved the process."
        ),
        "again_within": "One receive of {process} brought {place} twice: message {message}.",
        "again_across": (
            "{process} was handed {place} at {before_ns:s} and again at {after_ns:s}: message "
            "{message}. Nothing had moved the process."
        ),
    },
    source="checkers of partitioned logs: nonmonotonic-poll, within and across polls",
    example="a, b stand at 0, 1; c1 is handed 0, 1 and 0 again, without a rebalance or a seek.",
)

ANOMALIES = (
    _RESURRECTED,
    _PHANTOM,
    _MISROUTED,
    _MANGLED,
    _REORDERED,
    _BACKDATED,
    _SKIPPED,
    _NONMONOTONIC,
    *KEEPING_ANOMALIES,
)
