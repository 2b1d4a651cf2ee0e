"""What is wrong with a file that could not be packed, in the words of the reader of lines."""

from pathlib import Path

import msgspec

from deliverycheck.history import HistoryFormatError, events_in

_TAIL_BYTES = 1 << 16


def is_torn(path: Path) -> bool:
    """Whether the last line has no line end and is no whole JSON."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        rest = b""
        while size and b"\n" not in rest:
            step = min(_TAIL_BYTES, size)
            size -= step
            file.seek(size)
            rest = file.read(step) + rest
    last = rest.rpartition(b"\n")[2]
    if not last:
        return False
    try:
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
