"""What a process is handed from a partition between a seek and whatever moves it next."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from math import inf
from operator import attrgetter

import msgspec

from deliverycheck.guarantees.log.moves import end_ns, is_about, is_moving
from deliverycheck.guarantees.log.sources import Partition, not_logs
from deliverycheck.history import (
    Action,
    History,
    Operation,
    Outcome,
    Position,
    Reading,
    Whence,
    indexed,
)

_Whose = tuple[str, str, int | None]
"""Process, source and partition."""


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """What one seek brought.

    Attributes:
        to: the place that it names.
        handed: what came from there, in the order of the receives.
        until_ns: when the process may have been moved again; endless if nothing did.
    """

    seek: Operation
    to: Position
    handed: tuple[Reading, ...]
    until_ns: float

    @property
    def whence(self) -> Whence:
        """From where; who goes back to where it was names the position."""
        return self.seek.whence or Whence.POSITION

    @property
    def place(self) -> Partition:
        return (self.to.source, self.to.partition)

    @property
    def is_cut_short(self) -> bool:
        return self.until_ns != inf


@indexed
def stretches(history: History) -> tuple[Stretch, ...]:
    """One for each seek that took effect and each place that it names, of logs that stayed.

    Of a topic that was deleted it is not known which log was read.
    """
    seeks = [one for one in history.select(Action.SEEK) if one.outcome is Outcome.OK]
    if not seeks:
        return ()
    left_out = not_logs(history) | {one.target for one in history.select(Action.DELETE)}
    moving, handed = _moving(history), _handed(history)
    found = []
    for seek in sorted(seeks, key=attrgetter("op")):
        for to in seek.covers:
            if to.source not in left_out:
                until_ns = _until_ns(moving[seek.process], seek, to)
                whose = (seek.process, to.source, to.partition)
                rows = tuple(_between(history, handed.get(whose, []), seek, until_ns))
                found.append(Stretch(seek=seek, to=to, handed=rows, until_ns=until_ns))
    return tuple(found)


def _moving(history: History) -> dict[str, list[Operation]]:
    found: dict[str, list[Operation]] = defaultdict(list)
    for operation in history.operations:
        if is_moving(operation) or operation.delivery_runs:
            found[operation.process].append(operation)
    return found


def _handed(history: History) -> dict[_Whose, list[Reading]]:
    """In the order of the calls."""
    found: dict[_Whose, list[Reading]] = defaultdict(list)
    for reading in sorted(history.receipts, key=attrgetter("op")):
        delivery = reading.delivery
        if delivery.position is not None:
            found[reading.process, delivery.source, delivery.partition].append(reading)
    return found


def _until_ns(moving: list[Operation], seek: Operation, to: Position) -> float:
    """The first moment from the seek on at which something else may have moved the process.

    So does a bulk receive, which does not tell the order of what it brought.
    """
    begun = [
        max(one.invoked_ns, seek.invoked_ns)
        for one in moving
        if one is not seek
        and end_ns(one) >= seek.invoked_ns
        and is_about(one, to.source, to.partition)
    ]
    return min(begun, default=inf)


def _between(
    history: History, handed: list[Reading], seek: Operation, until_ns: float
) -> Iterator[Reading]:
    """What receives brought that were called after the seek, and over before the next move."""
    first = bisect_left(handed, end_ns(seek), key=lambda one: history.by_op[one.op].invoked_ns)
    for reading in handed[first:]:
        receive = history.by_op[reading.op]
        if end_ns(receive) >= until_ns:
            return
        yield reading
