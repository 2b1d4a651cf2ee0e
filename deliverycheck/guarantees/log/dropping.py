"""What the sources of a scanned history may have dropped without breaking a promise."""

from deliverycheck.guarantees.log.keys import keys
from deliverycheck.guarantees.log.sources import fresh_until_ns, starts_at_most
from deliverycheck.history import History, Publication

_NS_PER_MS = 1_000_000


def may_have_dropped(history: History, publication: Publication) -> bool:
    """Whether the absence of a message from its log proves nothing.

    A log that keeps for a time drops what lies below its start. A compacted one drops what a
    later message of the same key replaced, and tombstones in time.
    """
    source = history.header.sources.get(publication.target)
    if source is None:
        return False
    if source.compacted and is_replaced(history, publication):
        return True
    return source.retention_ms is not None and may_be_below_the_start(history, publication)


def may_be_below_the_start(history: History, publication: Publication) -> bool:
    """Whether the start of its partition may have passed it; if that is not known, its age says."""
    if publication.position is None or start_of(history, publication) is None:
        return not is_young(history, publication)
    return is_below_the_start(history, publication)


def is_below_the_start(history: History, publication: Publication) -> bool:
    """Whether it is known to stand below the start of its partition."""
    start = start_of(history, publication)
    return publication.position is not None and start is not None and publication.position < start


def start_of(history: History, publication: Publication) -> int | None:
    """Where its partition begins, or the first position that was read of it."""
    return starts_at_most(history).get((publication.target, publication.partition))


def is_young(history: History, publication: Publication) -> bool:
    """Whether its log had to keep it until the last fresh reader ended."""
    source = history.header.sources.get(publication.target)
    if source is None or source.retention_ms is None:
        return False
    return fresh_until_ns(history) - publication.invoked_ns < source.retention_ms * _NS_PER_MS


def is_replaced(history: History, publication: Publication) -> bool:
    """Whether a later write of its key may have taken its place in a compacted log."""
    if publication.key is None:
        return False
    if history.by_op[publication.op].tombstone:
        return True
    key = keys(history).get((publication.target, publication.key))
    return key is not None and key.may_have_replaced(publication)
