"""What is wrong with a file that could not be packed, in the words of the reader of lines."""

from collections.abc import Container
from pathlib import Path

import msgspec

from deliverycheck.history import (
    Fail,
    HistoryFormatError,
    Info,
    Invoke,
    Ok,
    Returned,
    events_in,
)

_TAIL_BYTES = 1 << 16


def ends_torn(path: Path) -> bool:
    """Whether the last line has no line end and is no whole JSON."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        rest = b""
        while size and b"\n" not in rest:
            step = min(_TAIL_BYTES, size)
            size -= step
            file.seek(size)
            rest = file.read(step) + rest
    return is_torn(rest)


def is_torn(data: bytes) -> bool:
    """The same of bytes that hold the last line."""
    last = data.rpartition(b"\n")[2]
    try:
        if last:
            msgspec.json.decode(last)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True
    return False


def find_malformed(path: Path, reason: str) -> HistoryFormatError:
    """The first line that breaks the format, read one by one; else the `reason` given."""
    try:
        with path.open("rb") as file:
            for _ in events_in(file, name=str(path)):  # Whole lines only: no cut is an error.
                pass
    except HistoryFormatError as error:
        return error
    return HistoryFormatError(f"{path}: {reason}")


def find_repeated(path: Path, ops: Container[int]) -> HistoryFormatError:
    """The first line that says again of one of these operations what was said, or too early."""
    said: set[tuple[int, str]] = set()
    with path.open("rb") as file:
        for number, event in enumerate(events_in(file, name=str(path)), start=1):
            if not isinstance(event, Invoke | Returned | Ok | Fail | Info) or event.op not in ops:
                continue
            what = {Invoke: "invoked", Returned: "returned"}.get(type(event), "completed")
            if (event.op, what) in said:
                problem = f"{event.op} was {what} before"
            elif what != "invoked" and (event.op, "invoked") not in said:
                problem = f"{event.op} has no invoke line before this one"
            else:
                said.add((event.op, what))
                continue
            return HistoryFormatError(f"{path}, line {number}: field 'op': {problem}")
    return HistoryFormatError(f"{path}: an operation is told twice")
