"""Guarantees on logs."""

from deliverycheck.guarantees.guarantee import DRAINED, SCANNED, Guarantee
from deliverycheck.guarantees.log.compaction import compaction
from deliverycheck.guarantees.log.gapless import gapless_reading
from deliverycheck.guarantees.log.genuine import genuine_deliveries
from deliverycheck.guarantees.log.one_log import one_log
from deliverycheck.guarantees.log.order import per_key_order, per_partition_order
from deliverycheck.guarantees.log.presence import at_least_once_in_log, exactly_once_in_log
from deliverycheck.guarantees.log.real_time import real_time_order
from deliverycheck.guarantees.log.retention import retention
from deliverycheck.guarantees.log.view import current_view

GUARANTEES = (
    Guarantee(
        name="at_least_once_in_log",
        title="at least once, in the log",
        promise="Every message that the application relied on can be read afterwards.",
        needs=SCANNED,
        check=at_least_once_in_log,
    ),
    Guarantee(
        name="exactly_once_in_log",
        title="exactly once, in the log",
        promise=(
            "Every message that the application relied on can be read afterwards, once and "
            "unchanged, where it was published to, and nothing else can."
        ),
        needs=SCANNED,
        check=exactly_once_in_log,
    ),
    Guarantee(
        name="per_partition_order",
        title="order per partition",
        promise=(
            "Reading a partition, copies included, never goes back to an earlier call of the "
            "same producer."
        ),
        needs=SCANNED,
        check=per_partition_order,
    ),
    Guarantee(
        name="per_key_order",
        title="order per key",
        promise=(
            "The messages with one key stand in one partition, and reading those of one producer "
            "never goes back to an earlier call."
        ),
        needs=SCANNED,
        check=per_key_order,
    ),
    Guarantee(
        name="real_time_order",
        title="order in real time",
        promise=(
            "What was confirmed with a position before another message was sent, by whomever, "
            "stands before it in the same partition."
        ),
        needs=SCANNED,
        check=real_time_order,
    ),
    Guarantee(
        name="gapless_reading",
        title="reading without gaps",
        promise=(
            "What one process is handed from a partition has rising positions and leaves no "
            "message out, unless the process was moved."
        ),
        needs=SCANNED,
        check=gapless_reading,
    ),
    Guarantee(
        name="one_log",
        title="one log",
        promise=(
            "Whoever speaks of a position speaks of the same message, leader epochs never fall "
            "along positions, and what was read stays."
        ),
        needs=SCANNED,
        check=one_log,
    ),
    Guarantee(
        name="genuine_deliveries",
        title="genuine deliveries",
        promise=(
            "Consumers are handed what was published, unchanged and from where it was published "
            "to, and nothing else."
        ),
        needs=DRAINED,
        check=genuine_deliveries,
    ),
    Guarantee(
        name="compaction",
        title="compaction",
        promise=(
            "Of each key of a compacted log the latest value can be read afterwards, and of a "
            "deleted key none without the tombstone behind it."
        ),
        needs=SCANNED,
        check=compaction,
    ),
    Guarantee(
        name="current_view",
        title="current view",
        promise=(
            "Who acted on a value of a key in a compacted log, and came to its end, has acted on "
            "the deletion of that key, too."
        ),
        needs=SCANNED | DRAINED,
        check=current_view,
    ),
    Guarantee(
        name="retention",
        title="retention",
        promise=(
            "A log that keeps messages for a time drops none that the application relied on "
            "from its start before that time is over."
        ),
        needs=SCANNED,
        check=retention,
    ),
)
