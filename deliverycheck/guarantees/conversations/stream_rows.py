"""Streams as each reader was handed them: rows of items, from where the reader began."""

from bisect import bisect_left
from collections import Counter, defaultdict

import msgspec

from deliverycheck.guarantees.sentences import place
from deliverycheck.history import Action, Delivery, History, Operation, Outcome, is_scanner

StreamKey = tuple[str, int | None, str | None]
"""Source, partition, and the request that the stream answers; ``None`` if it answers none."""

_BEGINNING = frozenset({Action.ASSIGN, Action.SEEK, Action.SUBSCRIBE, Action.REVOKE, Action.LOST})
_BEFORE_ALL = -1


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One item of a stream, as it was handed to a reader."""

    op: int
    message: str
    attempt: int
    position: int | None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What one reader was handed of one stream, from where it began, in the order of its calls.

    Attributes:
        group: the consumer group that it reads for, if any.
        begins_at: the position at which the reader was told to begin; ``None`` if nobody did.
        begun_by: the operation that told it.
        unknown: receives of this reader of which nobody knows what they handed over, by number.
    """

    process: str
    source: str
    partition: int | None
    correlation: str | None
    group: str | None
    begins_at: int | None
    begun_by: int | None
    items: list[Item]
    unknown: list[int]

    @property
    def key(self) -> StreamKey:
        return (self.source, self.partition, self.correlation)

    @property
    def placed(self) -> list[tuple[int, Item]]:
        """The items that have a position, each behind it."""
        return [(item.position, item) for item in self.items if item.position is not None]

    @property
    def is_placed(self) -> bool:
        """Whether every item has a position."""
        return len(self.placed) == len(self.items)

    @property
    def name(self) -> str:
        where = place(self.source, self.partition)
        return where if self.correlation is None else f"{where} in answer to {self.correlation}"

    def unknown_around(self, items: list[Item]) -> bool:
        """Whether such a receive lies between two items, or before the only one."""
        ops = sorted(item.op for item in items)
        before_first = 0 if len(ops) == 1 else bisect_left(self.unknown, ops[0])
        return before_first < bisect_left(self.unknown, ops[-1])


def rows_of(history: History, streams: set[str]) -> list[Row]:
    """Every row that has to be in order, by reader and by the order of its calls.

    Not so are the answers to a request that was sent again, and in a history that was cut any.
    """
    handed = _handed(history, streams)
    requests = Counter(request.message for request in history.select(Action.REQUEST))
    by_process: dict[str, list[Operation]] = defaultdict(list)
    for operation in history.operations:
        if not is_scanner(operation.process):
            by_process[operation.process].append(operation)
    rows: list[Row] = []
    for process in sorted(by_process):
        reader = _Reader(process, handed)
        for operation in by_process[process]:
            reader.follow(operation)
        rows += reader.rows
    shared = _shared(rows, members_max=0 if history.cut else 1)
    return [
        row
        for row in rows
        if (row.group, row.source, row.partition) not in shared
        and (row.correlation is None or (requests[row.correlation] <= 1 and not history.cut))
    ]


def _shared(rows: list[Row], *, members_max: int) -> set[tuple[str | None, str, int | None]]:
    """What several members of one group were handed items of: none of them is to have all.

    In a history that was cut, the others may have been cut off.
    """
    readers: dict[tuple[str | None, str, int | None], set[str]] = defaultdict(set)
    for row in rows:
        if row.group is not None:
            readers[row.group, row.source, row.partition].add(row.process)
    return {stream for stream, processes in readers.items() if len(processes) > members_max}


def _handed(history: History, streams: set[str]) -> dict[int, list[Delivery]]:
    """What each receive and each request brought of the streams, in its order."""
    handed: dict[int, list[Delivery]] = defaultdict(list)
    for reading in history.receipts:
        if reading.delivery.source in streams:
            handed[reading.op].append(reading.delivery)
    for request in history.select(Action.REQUEST):
        handed[request.op] = [one for one in request.deliveries if one.source in streams]
    return handed


class _Reader:
    """Follows the calls of one process and keeps the row that each stream is in."""

    def __init__(self, process: str, handed: dict[int, list[Delivery]]) -> None:
        self.rows: list[Row] = []
        self._process = process
        self._handed = handed
        self._open: dict[StreamKey, Row] = {}
        self._told: dict[tuple[str, int | None], tuple[int, int]] = {}
        self._unknown: list[int] = []

    def follow(self, operation: Operation) -> None:
        if operation.action in _BEGINNING and operation.outcome is not Outcome.FAIL:
            self._begin(operation)
        elif operation.action is Action.REQUEST:
            self._take_alone(operation, unknown=[])
        elif operation.action is Action.RECEIVE and operation.outcome is Outcome.OK:
            for delivery in self._handed.get(operation.op, ()):
                self._take(self._open, operation, delivery, self._unknown)
        elif operation.action is Action.RECEIVE and operation.outcome is Outcome.INFO:
            self._unknown.append(operation.op)
            self._take_alone(operation, unknown=[_BEFORE_ALL])

    def _begin(self, operation: Operation) -> None:
        """The reader goes on elsewhere: what follows is compared with nothing before it."""
        touched = {(to.source, to.partition) for to in operation.covers}
        for key in [key for key in self._open if not touched or key[:2] in touched]:
            del self._open[key]
        for place_ in [one for one in self._told if not touched or one in touched]:
            del self._told[place_]
        if operation.outcome is Outcome.OK and operation.action in {Action.ASSIGN, Action.SEEK}:
            self._told |= {
                (to.source, to.partition): (to.position, operation.op) for to in operation.covers
            }

    def _take_alone(self, operation: Operation, *, unknown: list[int]) -> None:
        """Its items are in order among themselves: an answer, or a receive that may come again."""
        rows: dict[StreamKey, Row] = {}
        for delivery in self._handed.get(operation.op, ()):
            self._take(rows, operation, delivery, unknown)

    def _take(
        self,
        rows: dict[StreamKey, Row],
        operation: Operation,
        delivery: Delivery,
        unknown: list[int],
    ) -> None:
        where = (delivery.source, delivery.partition)
        key = (*where, delivery.correlation or operation.message)
        if key not in rows:
            begins_at, begun_by = self._told.get(where, (None, None))
            row = Row(
                process=self._process,
                source=delivery.source,
                partition=delivery.partition,
                correlation=key[2],
                group=operation.group,
                begins_at=begins_at,
                begun_by=begun_by,
                items=[],
                unknown=unknown,
            )
            rows[key] = row
            self.rows.append(row)
        rows[key].items.append(
            Item(
                op=operation.op,
                message=delivery.message,
                attempt=delivery.attempt,
                position=delivery.position,
            )
        )
