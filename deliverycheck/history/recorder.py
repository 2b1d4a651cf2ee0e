"""Writes a history while it happens: one line, one write, so a kill loses nothing before it."""

import os
from collections.abc import Callable
from pathlib import Path

from deliverycheck.history.codec import encode
from deliverycheck.history.events import Event, Header

Clock = Callable[[], int]
"""Monotonic nanoseconds; only differences mean anything."""


class Recorder:
    """Appends events to the history of one execution.

    `now` is nanoseconds since the recorder was made. Numbers of operations rise
    over all processes, hence within each. One thread owns a recorder.
    """

    def __init__(self, path: Path, header: Header, clock: Clock) -> None:
        self._clock = clock
        self._start_ns = clock()
        self._next_op = 0
        self._broken: OSError | None = None
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
        self.write(header)

    def now(self) -> int:
        """Nanoseconds since the execution's start."""
        return self._clock() - self._start_ns

    def next_op(self) -> int:
        """A number that no operation of this execution had."""
        self._next_op += 1
        return self._next_op - 1

    def write(self, event: Event) -> None:
        """Hand the line to the operating system; it survives our own SIGKILL.

        Raises:
            OSError: the disk is full or gone. What was written before stays readable, and
            nothing is written any more: a line behind a torn one would spoil both.
        """
        if self._broken is not None:
            raise self._broken
        line = memoryview(encode(event))
        try:
            while line:  # A disk that fills up takes a part of it: the reader cuts that off.
                line = line[os.write(self._file, line) :]
        except OSError as error:
            self._broken = error
            raise

    def close(self) -> None:
        """No event follows."""
        os.close(self._file)
