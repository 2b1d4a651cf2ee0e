"""A worker's journal: what its application did with messages, kept beyond the worker's death."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from deliverycheck.history import Delivery


class JournalLine(msgspec.Struct, frozen=True, kw_only=True):
    """One effect: the operation that made it, and the delivery it was made of."""

    op: int
    delivery: Delivery


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(JournalLine)


def append_effects(descriptor: int, op: int, deliveries: Sequence[Delivery]) -> None:
    """All lines are in the file, by one write: they survive a SIGKILL of the writer."""
    lines = (_encoder.encode(JournalLine(op=op, delivery=one)) + b"\n" for one in deliveries)
    data = b"".join(lines)
    written = os.write(descriptor, data)
    if written < len(data):
        msg = f"the journal took {written} of {len(data)} bytes: is the disk full?"
        raise OSError(msg)


def read_journal(path: Path) -> list[JournalLine]:
    """The whole lines of a journal; a torn last one is no effect, a missing file is no effects."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    return [_decoder.decode(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]


class JournalFile:
    """The file that effects go to, opened with the first one."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor: int | None = None

    def descriptor(self) -> int:
        if self._descriptor is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._descriptor = os.open(self._path, flags, 0o600)
        return self._descriptor

    def empty(self) -> None:
        """Nothing was done yet."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
