"""Guarantees on order: what a reader of the log sees, against the order of the calls."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

import msgspec

from deliverycheck.guarantees.copies import call_of, copies
from deliverycheck.guarantees.log.sources import not_logs
from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import History, Publication, Reading


class _Copy(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A copy in the log, with the call that it comes from.

    Attributes:
        rank: its call's place in the order of all calls.
    """

    reading: Reading
    publication: Publication
    rank: int
    position: int

    @property
    def partition(self) -> int | None:
        return self.reading.delivery.partition


_Row = list[_Copy]


def per_partition_order(history: History) -> Verdict:
    """In each partition the messages of one producer stand in the order of its calls.

    All copies count, not only first ones, because a reader sees them all: 1 2 3 1 goes back to
    an earlier call and is ``reordered``, 1 1 2 3 never does. A repeated batch that hurts nobody's
    order is the business of `exactly_once_in_log`.

    Sound: only messages that one incarnation called one after the other are compared; of a
    message that was sent again only copies whose call is known (`call_of`). Two copies out of
    order are a proof even of a part of the log.

    Complete for scanned histories; any other without an anomaly is UNKNOWN.
    """
    rows = _rows(history, lambda publication, reading: (publication.process, _partition(reading)))
    pairs = sum(len(row) - 1 for row in rows)
    return _ordered("per_partition_order", history, _all_going_back(rows), examined=pairs)


def per_key_order(history: History) -> Verdict:
    """The messages with one key stand in one partition, in the order of each producer's calls.

    All copies count, as in `per_partition_order`. A key whose messages stand in two partitions
    has no order that a reader could see, whoever sent them: ``reordered``, of the kind
    ``split_key``, or ``split_between`` where no producer alone split it.

    Sound: only messages with a key are compared, in one topic; their order only within one
    incarnation. An application that names the partition of a keyed message has chosen by hand,
    so such a message splits no key.

    Complete for scanned histories; any other without an anomaly is UNKNOWN.
    """
    rows = _rows(history, _by_key)
    anomalies = [*_all_going_back(rows), *_split_keys(history, rows)]
    pairs = sum(len(keyed) - 1 for keyed in _joined(rows).values())
    return _ordered("per_key_order", history, anomalies, examined=pairs)


def _ordered(name: str, history: History, found: list[Anomaly], *, examined: int) -> Verdict:
    reason = why_not_scanned(history)
    if reason and not found:
        return unknown(name, reason)
    if not examined and not found:
        return unknown(name, "no two messages that have an order stand in the log")
    return judge(name, found, examined=examined)


def _rows(
    history: History, group: Callable[[Publication, Reading], tuple[object, ...] | None]
) -> list[_Row]:
    """The copies of each group in the order in which they stand; what has no place is left out.

    So is what stands in no log: a queue hands out in another order what was given back, or died.
    """
    others = not_logs(history)
    rows: dict[tuple[object, ...], _Row] = defaultdict(list)
    for reading in copies(history):
        delivery = reading.delivery
        if delivery.position is None or delivery.source in others:
            continue
        call = call_of(history, delivery)
        if call is None:
            continue
        number, publication = call
        if (key := group(publication, reading)) is not None:
            at = delivery.position
            copy = _Copy(reading=reading, publication=publication, rank=number, position=at)
            rows[key].append(copy)
    return list(rows.values())


def _partition(reading: Reading) -> tuple[str, int | None]:
    return (reading.delivery.source, reading.delivery.partition)


def _by_key(publication: Publication, reading: Reading) -> tuple[object, ...] | None:
    if publication.key is None:
        return None
    return (publication.process, publication.key, _partition(reading))


def _joined(rows: list[_Row]) -> dict[tuple[str | None, str], _Row]:
    """Rows of one key and topic, of all processes and over all its partitions."""
    joined: dict[tuple[str | None, str], _Row] = defaultdict(list)
    for row in rows:
        publication, delivery = row[0].publication, row[0].reading.delivery
        joined[publication.key, delivery.source] += row
    return joined


def _all_going_back(rows: list[_Row]) -> list[Anomaly]:
    return [anomaly for row in rows for anomaly in _going_back(row)]


def _going_back(row: _Row) -> Iterator[Anomaly]:
    """Every place where the next copy comes from an earlier call than the one before it."""
    backwards = [(one, next_) for one, next_ in pairwise(row) if next_.rank < one.rank]
    if not backwards:
        return
    first: dict[str, _Copy] = {}
    for copy in row:
        first.setdefault(copy.publication.message, copy)
    for ahead, behind in backwards:
        original = first[behind.publication.message]
        yield _reordered(
            behind,
            ahead,
            "first_copy" if original is behind else "second_copy",
            behind_position=ahead.position,
            first_position=original.position,
        )


def _split_keys(history: History, rows: list[_Row]) -> Iterator[Anomaly]:
    for (key, _), keyed in _joined(rows).items():
        free = [
            copy for copy in keyed if history.by_op[copy.publication.op].asked_partition is None
        ]
        alone = _split_alone(free)
        first_in = _first_in_each(free if alone is None else alone)
        if len(first_in) > 1:
            one, other = sorted(first_in.values(), key=lambda copy: copy.rank)[:2]
            places: dict[str, str | list[int]] = {
                "key": str(key),
                "partitions": [each for each in first_in if each is not None],
            }
            if one.publication.process == other.publication.process:
                yield _reordered(one, other, "split_key", **places)
            else:
                second = other.publication.process
                yield _reordered(one, other, "split_between", second=second, **places)


def _split_alone(keyed: _Row) -> _Row | None:
    """The copies of the first process that alone has some in two partitions."""
    by_process: dict[str, _Row] = defaultdict(list)
    for copy in keyed:
        by_process[copy.publication.process].append(copy)
    split = (row for row in by_process.values() if len({copy.partition for copy in row}) > 1)
    return next(split, None)


def _first_in_each(keyed: _Row) -> dict[int | None, _Copy]:
    first_in: dict[int | None, _Copy] = {}
    for copy in sorted(keyed, key=lambda copy: copy.position):
        first_in.setdefault(copy.partition, copy)
    return {copy.partition: copy for copy in sorted(first_in.values(), key=_by_partition)}


def _by_partition(copy: _Copy) -> int:
    return -1 if copy.partition is None else copy.partition


def _reordered(
    copy: _Copy, other: _Copy, kind: str, **facts: str | int | list[str] | list[int]
) -> Anomaly:
    key = copy.publication.key
    goes_back = not kind.startswith("split") and key == other.publication.key
    operations = (copy.publication.op, other.publication.op, other.reading.op, copy.reading.op)
    return Anomaly(
        name="reordered",
        message=copy.publication.message,
        witnesses=tuple(dict.fromkeys(operations)),
        source=copy.reading.delivery.source,
        partition=copy.partition,
        position=copy.position,
        facts={
            "kind": kind,
            "process": copy.publication.process,
            "behind": other.publication.message,
            **({} if key is None or not goes_back else {"of_key": key}),
            **facts,
        },
    )
