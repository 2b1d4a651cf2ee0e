"""Hazards of compacted logs: what a later value replaced is gone, or a deletion is."""

from collections.abc import Iterator

from deliverycheck.guarantees.copies import copies, copies_by_message, in_order_of_call
from deliverycheck.guarantees.gone_messages import by_place
from deliverycheck.guarantees.hazard import Evidence, FaultColumn, Hazard, Needed
from deliverycheck.guarantees.log.dropping import is_replaced
from deliverycheck.guarantees.log.sources import compacted as compacted_sources
from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.history import History, Outcome, Publication


def compacted(history: History) -> tuple[Evidence, ...]:
    """Partitions of compacted logs from which a value went that a later one replaced."""
    found = copies_by_message(history)
    return by_place(
        history,
        "gone",
        (
            one
            for one in _confirmed(history, tombstones=False)
            if one.message not in found and is_replaced(history, one)
        ),
    )


def tombstone_gone(history: History) -> tuple[Evidence, ...]:
    """Partitions of compacted logs from which a tombstone went."""
    standing = {
        (one.delivery.source, one.delivery.partition, one.delivery.position)
        for one in copies(history)
    }
    return by_place(
        history,
        "gone",
        (
            one
            for one in _confirmed(history, tombstones=True)
            if (one.target, one.partition, one.position) not in standing
        ),
    )


def _confirmed(history: History, *, tombstones: bool) -> Iterator[Publication]:
    """What surely stood in a compacted log, if that was read to its end."""
    if why_not_scanned(history) is not None:
        return
    for one in in_order_of_call(history):
        placed = one.outcome is Outcome.OK and one.position is not None
        wanted = history.by_op[one.op].tombstone == tombstones
        if placed and wanted and one.target in compacted_sources(history):
            yield one


_COMPACTED = {
    "gone": (
        "{messages:count message} of {place} went since a later one of the same key replaced it, "
        "{message} among them."
    )
}
_TOMBSTONE_GONE = {"gone": "{messages:count tombstone} of {place} went, {message} among them."}

HAZARDS_OF_COMPACTION: tuple[Hazard, ...] = (
    Hazard(
        name="compacted",
        title="a compacted topic dropped what a later value had replaced",
        fault_column=FaultColumn.RECORDS_GONE,
        needs=Needed.NOTHING,
        sentences=_COMPACTED,
        find=compacted,
    ),
    Hazard(
        name="tombstone_gone",
        title="a compacted topic dropped a tombstone",
        fault_column=FaultColumn.RECORDS_GONE,
        needs=Needed.NOTHING,
        sentences=_TOMBSTONE_GONE,
        find=tombstone_gone,
    ),
)
"""Of compaction."""
