"""The operations of a picture as columns of numbers, packed as small as a page can carry them.

A page that names each of 10^5 operations in its markup is heavy and slow to paint. Columns of
equal numbers almost vanish when they are compressed, so an operation costs a few bytes.
"""

import base64
import gzip
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from deliverycheck.history import Action, Operation
from reports.visible import visible

_MAX = 2**32 - 1
SHAPES = ("ok", "fail", "info", "open")
WITNESS = 4
"""Added to the shape of an operation that proves something."""

_NS_PER_US = 1000
_LEVEL = 6
"""9 takes 15 times as long for 2 % less."""


def _numbers() -> "array[int]":
    return array("I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Columns as a page carries them.

    Attributes:
        text: base64 of the compressed columns: of each the lowest bytes, then the next, and so on.
        ranks: how many bytes the numbers of each column have.
    """

    text: str
    ranks: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class Columns:
    """Each list has one number for each operation, in the order of their invocation.

    Attributes:
        names: the processes and the actions that numbers stand for, in the order of those.
        begun: microseconds since the operation before it.
        lasting: microseconds and 1 more; 0 of an operation without a recorded completion.
        shape: index in `SHAPES`, with `WITNESS` added.
        number: of the message, from 1 more than its own; 0 for none.
        count: messages of a bulk publish; else 1.
        left, right: places on an axis that was laid out beforehand; else empty.
    """

    processes: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    op: "array[int]" = field(default_factory=_numbers)
    begun: "array[int]" = field(default_factory=_numbers)
    lasting: "array[int]" = field(default_factory=_numbers)
    process: "array[int]" = field(default_factory=_numbers)
    action: "array[int]" = field(default_factory=_numbers)
    shape: "array[int]" = field(default_factory=_numbers)
    track: "array[int]" = field(default_factory=_numbers)
    number: "array[int]" = field(default_factory=_numbers)
    count: "array[int]" = field(default_factory=_numbers)
    left: "array[int]" = field(default_factory=_numbers)
    right: "array[int]" = field(default_factory=_numbers)

    def __len__(self) -> int:
        return len(self.op)

    def packed(self) -> Packed:
        """The columns, compressed.

        Numbers that rise are kept as their rise: operations, and messages of one process.
        """
        columns = [
            _rises(self.op),
            self.begun,
            self.lasting,
            self.process,
            self.action,
            self.shape,
            self.track,
            _rises_within(self.number, self.process),
            self.count,
            self.left,
            self.right,
        ]
        planes = [_planes(column) for column in columns]
        content = gzip.compress(b"".join(map(b"".join, planes)), _LEVEL, mtime=0)
        return Packed(
            text=base64.b64encode(content).decode(), ranks=tuple(len(each) for each in planes)
        )


def columns_of(
    operations: Sequence[Operation],
    *,
    witnesses: frozenset[int],
    tracks: Sequence[int],
    places: Sequence[tuple[int, int]] = (),
) -> Columns:
    """The columns of operations that are in the order of their invocation."""
    columns = Columns()
    processes: dict[str, int] = {}
    actions: dict[str, int] = {}
    before_us = 0
    for operation, track in zip(operations, tracks, strict=True):
        begun_us = operation.invoked_ns // _NS_PER_US
        columns.op.append(operation.op)
        columns.begun.append(_fitting(begun_us - before_us))
        columns.lasting.append(_lasting_us(operation))
        columns.process.append(processes.setdefault(operation.process, len(processes)))
        columns.action.append(actions.setdefault(operation.action.value, len(actions)))
        columns.shape.append(_shape(operation) + (WITNESS if operation.op in witnesses else 0))
        columns.track.append(track)
        columns.number.append(_number(operation))
        columns.count.append(_fitting(operation.count))
        before_us = begun_us
    for left, right in places:
        columns.left.append(left)
        columns.right.append(right)
    columns.processes = [visible(name) for name in processes]
    columns.actions = [name.replace("_", " ") for name in actions]
    return columns


def message_of(operation: Operation) -> str:
    """The id of the message that the operation is about, or nothing."""
    if operation.action is Action.EFFECT and operation.deliveries:
        return operation.deliveries[0].message or ""
    return operation.message or ""


def number_of(operation: Operation) -> str:
    """The number at the end of that id, or nothing."""
    number = message_of(operation).rpartition("-")[2]
    return number if number.isascii() and number.isdigit() else ""


def shape_of(operation: Operation) -> str:
    """Its outcome, or ``open`` if no completion was recorded."""
    return SHAPES[_shape(operation)]


def _shape(operation: Operation) -> int:
    return SHAPES.index("open" if operation.completed_ns is None else operation.outcome.value)


def _lasting_us(operation: Operation) -> int:
    if operation.completed_ns is None:
        return 0
    lasting_us = operation.completed_ns // _NS_PER_US - operation.invoked_ns // _NS_PER_US
    return _fitting(max(0, lasting_us) + 1)


def _number(operation: Operation) -> int:
    number = number_of(operation)
    return int(number) + 1 if number and len(number) < len(str(_MAX)) else 0


def _fitting(number: int) -> int:
    return min(max(0, number), _MAX)


def _rises(column: "array[int]") -> "array[int]":
    """Each number less the one before it, around 2^32."""
    return array("I", _rise(zip(column, [0, *column], strict=False)))


def _rises_within(column: "array[int]", groups: "array[int]") -> "array[int]":
    """Each number less the one before it of the same group, around 2^32."""
    before: dict[int, int] = {}
    pairs = []
    for number, group in zip(column, groups, strict=True):
        pairs.append((number, before.get(group, 0)))
        before[group] = number
    return array("I", _rise(pairs))


def _rise(pairs: Iterable[tuple[int, int]]) -> Iterator[int]:
    return ((number - before) % 2**32 for number, before in pairs)


def _planes(column: "array[int]") -> list[bytes]:
    """The bytes of a column by their rank; the ranks that no number has are left out."""
    whole = array("I", column)
    if sys.byteorder == "big":
        whole.byteswap()
    content = whole.tobytes()
    ranks = (max(column, default=0).bit_length() + 7) // 8
    return [content[rank :: whole.itemsize] for rank in range(ranks)]
