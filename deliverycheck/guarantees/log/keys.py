"""What was written under each key of the compacted logs."""

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from deliverycheck.guarantees.copies import copies_by_message
from deliverycheck.guarantees.log.sources import compacted
from deliverycheck.guarantees.log.uncommitted import uncommitted
from deliverycheck.history import History, Outcome, Publication, indexed

_Place = tuple[int | None, int | None]
"""Partition and position."""


class Key(msgspec.Struct):
    """The writes of one key of one compacted log that took effect, or may have.

    A write of unknown outcome that no fresh reader found is left out: were it the latest it
    would stand there, and were it not it replaced nothing. One in a transaction that did not
    surely commit may have been the latest, and nobody could tell.

    Attributes:
        last: by partition the highest position of a write.
        is_unplaced: of one of them no position is known.
    """

    writes: list[Publication]
    last: dict[int | None, int]
    is_unplaced: bool = False

    def may_have_replaced(self, publication: Publication) -> bool:
        """Whether another write of the key may be the later one."""
        if publication.position is None:
            return any(_call(write) != _call(publication) for write in self.writes)
        if self.is_unplaced or self.last.keys() != {publication.partition}:
            return True
        return self.last[publication.partition] > publication.position


def _call(publication: Publication) -> tuple[int, int]:
    return (publication.op, publication.sequence)


@indexed
def keys(history: History) -> dict[tuple[str, str], Key]:
    """By source and key, what was written to compacted logs."""
    found: dict[tuple[str, str], Key] = defaultdict(lambda: Key(writes=[], last={}))
    for whose, publication, places in _writes(history):
        key = found[whose]
        key.writes.append(publication)
        known = [(partition, at) for partition, at in places if at is not None]
        key.is_unplaced |= not known
        for partition, position in known:
            key.last[partition] = max(position, key.last.get(partition, position))
    return dict(found)


def _writes(history: History) -> Iterator[tuple[tuple[str, str], Publication, list[_Place]]]:
    """Also where nobody sent them, and what failed and stands there all the same."""
    found = copies_by_message(history)
    for publication in history.publications:
        if publication.key is None:
            continue
        places: dict[str, list[_Place]] = defaultdict(list)
        for reading in found.get(publication.message, ()):
            delivery = reading.delivery
            places[delivery.source].append((delivery.partition, delivery.position))
        if publication.position is not None or _may_have_come_last_and_gone(history, publication):
            places[publication.target].append((publication.partition, publication.position))
        for source in places.keys() & compacted(history):
            yield (source, publication.key), publication, places[source]


def _may_have_come_last_and_gone(history: History, publication: Publication) -> bool:
    """A tombstone goes in time; what was confirmed surely was written, wherever that was."""
    if publication.outcome is not Outcome.INFO:
        return publication.outcome is Outcome.OK
    tombstone = history.by_op[publication.op].tombstone
    return tombstone or (publication.message, publication.attempt) in uncommitted(history)
