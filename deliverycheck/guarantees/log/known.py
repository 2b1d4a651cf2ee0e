"""Which positions of a partition are known to hold a message that readers have to be handed."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from deliverycheck.guarantees.copies import rank
from deliverycheck.guarantees.log.sources import (
    Partition,
    dropping,
    fresh_since_ns,
    goes_on_dropping,
    may_be_no_log,
)
from deliverycheck.guarantees.log.uncommitted import uncommitted
from deliverycheck.history import History, indexed


class Standing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A message at a position, and the operation that tells so."""

    message: str
    op: int


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of one partition.

    Attributes:
        positions: rising.
        standing: by position.
        until_ns: what stands here surely stood there until then; ``None`` for ever.
    """

    positions: list[int]
    standing: dict[int, Standing]
    until_ns: float | None

    def standing_in(self, gap: range) -> range:
        """Which of the positions lie in a gap."""
        return range(*(bisect_left(self.positions, end) for end in (gap.start, gap.stop)))


@indexed
def known(history: History) -> dict[Partition, Known]:
    """By partition, what readers found there or confirms put there for good.

    Left out is what this execution did not publish, and what was sent in a transaction that did
    not surely commit. Of a source that drops what it holds only what fresh readers found counts:
    it stood there until they began.
    """
    found: dict[Partition, dict[int, Standing]] = defaultdict(dict)
    for partition, position, standing in _told(history):
        known_here = found[partition]
        if position not in known_here or standing.op < known_here[position].op:
            known_here[position] = standing
    return {
        partition: Known(
            positions=sorted(standing),
            standing=standing,
            until_ns=fresh_since_ns(history) if partition[0] in goes_on_dropping(history) else None,
        )
        for partition, standing in found.items()
    }


def _told(history: History) -> Iterator[tuple[Partition, int, Standing]]:
    ours, spared, some_go = rank(history), uncommitted(history), dropping(history)
    lasting = (one for one in history.receipts if one.delivery.source not in some_go)
    for reading in (*history.log, *lasting):
        delivery = reading.delivery
        key = (delivery.message, delivery.attempt)
        if delivery.position is not None and key in ours and key not in spared:
            standing = Standing(message=delivery.message, op=reading.op)
            yield (delivery.source, delivery.partition), delivery.position, standing
    for publication in history.publications:
        target, position = publication.target, publication.position
        if position is None or not publication.confirmed:
            continue
        if target in some_go or may_be_no_log(history, target):
            continue
        if (publication.message, publication.attempt) not in spared:
            standing = Standing(message=publication.message, op=publication.op)
            yield (target, publication.partition), position, standing
