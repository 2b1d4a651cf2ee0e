"""What the sources of a scanned history may have dropped without breaking a promise."""

from deliverycheck.guarantees.log.keys import keys
from deliverycheck.guarantees.log.sources import (
    compacted,
    deleted_below,
    fresh_until_ns,
    promised_ms,
    starts_at_most,
)
from deliverycheck.history import History, Publication

_NS_PER_MS = 1_000_000


def may_have_dropped(history: History, publication: Publication) -> bool:
    """Whether the absence of a message from its log proves nothing.

    A log that keeps for a time drops what lies below its start. A compacted one drops what a
    later message of the same key replaced, and tombstones in time. Any drops what somebody asked
    it to delete.
    """
    if is_replaced(history, publication) or may_be_deleted(history, publication):
        return True
    kept_for_a_time = publication.target in promised_ms(history)
    return kept_for_a_time and may_be_below_the_start(history, publication)


def may_be_deleted(history: History, publication: Publication) -> bool:
    """Whether somebody asked to delete it, or may have, if its place is not known."""
    if publication.partition is None:
        return any(source == publication.target for source, _ in deleted_below(history))
    below = deleted_below(history).get((publication.target, publication.partition))
    return below is not None and (publication.position is None or publication.position < below)


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
    promised = promised_ms(history)
    if publication.target not in promised:
        return False
    age_ns = fresh_until_ns(history) - publication.invoked_ns
    return age_ns < promised[publication.target] * _NS_PER_MS


def is_replaced(history: History, publication: Publication) -> bool:
    """Whether a later write of its key may have taken its place, if its log is compacted."""
    if publication.key is None or publication.target not in compacted(history):
        return False
    if history.by_op[publication.op].tombstone:
        return True
    key = keys(history).get((publication.target, publication.key))
    return key is not None and key.may_have_replaced(publication)
