"""What the sources of a scanned history may have dropped without breaking a promise."""

from deliverycheck.guarantees.log.keys import keys
from deliverycheck.guarantees.log.sources import starts_at_most
from deliverycheck.history import History, Publication


def may_have_dropped(history: History, publication: Publication) -> bool:
    """Whether the absence of a message from its log proves nothing.

    A log that keeps for a time drops what lies below its start. A compacted one drops what a
    later message of the same key replaced, and tombstones in time.
    """
    source = history.header.sources.get(publication.target)
    if source is None:
        return False
    below = source.retention_ms is not None and is_below_the_start(history, publication)
    return below or (source.compacted and _is_replaced(history, publication))


def is_below_the_start(history: History, publication: Publication) -> bool:
    """Whether it may lie below the start of its partition; of what has no position nobody knows."""
    start = starts_at_most(history).get((publication.target, publication.partition))
    return publication.position is None or start is None or publication.position < start


def _is_replaced(history: History, publication: Publication) -> bool:
    if publication.key is None:
        return False
    if history.by_op[publication.op].tombstone:
        return True
    key = keys(history).get((publication.target, publication.key))
    return key is not None and key.may_have_replaced(publication)
