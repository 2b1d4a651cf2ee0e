"""What is wrong with a file that could not be packed, in the words of the reader of histories."""

import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import msgspec

from deliverycheck.history import (
    Fail,
    FaultEvent,
    Header,
    HistoryFormatError,
    HistoryReader,
    Info,
    Invoke,
    Ok,
    Returned,
)

BLOCK_OPS = 64
"""Of so many operations one after the other it is remembered together what was said."""

_TAIL_BYTES = 1 << 16
_NUMBER_MAX = (1 << 63) - 1
_LONG_NUMBER = re.compile(rb"\d{19}")


def ends_torn(path: Path) -> bool:
    """Whether the last line has no line end and is no whole JSON."""
    return is_torn(_tail(path))


def is_torn(data: bytes) -> bool:
    """The same of bytes that hold the last line."""
    last = data.rpartition(b"\n")[2]
    try:
        if last:
            msgspec.json.decode(last)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True
    return False


def ends_blank(path: Path) -> bool:
    """Whether the last line is an empty one that has a line end."""
    *_, last, rest = (b"", *_tail(path).split(b"\n"))
    return not rest and not last.strip()


def find_malformed(path: Path, reason: str, blocks: Container[int] = ()) -> HistoryFormatError:
    """The first line that breaks the format, read one by one; else the `reason` given."""
    return first_malformed(path, blocks) or HistoryFormatError(f"{path}: {reason}")


def first_malformed(path: Path, blocks: Container[int] = ()) -> HistoryFormatError | None:
    """What the reader of histories says of the first line that it does not take.

    It remembers what was said of operations in these `blocks` of 64 numbers only.
    """
    reader = HistoryReader(str(path))
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n") or not is_torn(line):
                    _read(reader, number, line.removesuffix(b"\n"), blocks)
    except HistoryFormatError as error:
        return error
    return None


def _read(reader: HistoryReader, number: int, line: bytes, blocks: Container[int]) -> None:
    event, _ = reader.decode(number, line)
    if isinstance(event, Header | FaultEvent):
        reader.add(number, line)
    elif isinstance(event, Invoke | Returned | Ok | Fail | Info):
        remembered = event.op // BLOCK_OPS in blocks
        if remembered or isinstance(event, Invoke):
            reader.add(number, line)
        if not remembered:
            reader.operations.pop(event.op, None)


def find_too_big(path: Path, reason: str) -> HistoryFormatError:
    """The first line with a number beyond 64 bits; else the `reason` given."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not _LONG_NUMBER.search(line) or is_torn(line):
                continue
            raw = msgspec.json.decode(line)
            for field, value in _numbers(raw):
                if abs(value) > _NUMBER_MAX:
                    problem = f"field {field!r}: {value} is beyond 64 bits"
                    return HistoryFormatError(f"{path}, line {number}: {problem}")
    return HistoryFormatError(f"{path}: {reason}")


def _numbers(raw: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """The whole numbers of a line and of its deliveries, with the names of their fields."""
    for field, value in raw.items():
        if isinstance(value, int):
            yield field, value
    for place, delivery in enumerate(raw.get("deliveries", ())):
        for field, value in delivery.items():
            if isinstance(value, int):
                yield f"deliveries[{place}].{field}", value


def _tail(path: Path) -> bytes:
    """The end of the file, with the last line end."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        rest = b""
        while size and b"\n" not in rest:
            step = min(_TAIL_BYTES, size)
            size -= step
            file.seek(size)
            rest = file.read(step) + rest
    return rest
