"""The harness's ends of a worker's pipes: they never block, and they never grow without limit."""

import os
from collections import deque

from deliverycheck.clients.errors import WorkerDeafError, WorkerRubbishError
from deliverycheck.clients.protocol import LINE_BYTES_MAX

UNSENT_BYTES_MAX = 32 * 1024 * 1024
# A publish of 10,000 messages answers with two lines each before its reply, in about 2 MB.
UNASKED_BYTES_MAX = 64 * 1024 * 1024
_READ_BYTES = 256 * 1024
_READS_MAX = 16  # A flood must not keep the driver in one call.
_SHOWN_BYTES = 200


class CommandPipe:
    """The write end of a worker's stdin; one that does not read costs memory, up to a limit."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self._unsent: deque[bytes] = deque()
        self._unsent_bytes = 0
        self.closed = False

    @property
    def unsent_bytes(self) -> int:
        return self._unsent_bytes

    def send(self, line: bytes) -> None:
        """The line is written, or kept until the pipe has room.

        Raises:
            WorkerDeafError: more than `UNSENT_BYTES_MAX` would wait.
        """
        if self._unsent_bytes + len(line) > UNSENT_BYTES_MAX:
            msg = (
                f"{self._unsent_bytes} bytes of commands wait unread (limit {UNSENT_BYTES_MAX}): "
                "it is paused, or hangs"
            )
            raise WorkerDeafError(msg)
        self._unsent.append(line)
        self._unsent_bytes += len(line)
        self.flush()

    def flush(self) -> None:
        """Write what the pipe takes now. A dead reader is no error here: its output tells."""
        while self._unsent and not self.closed:
            line = self._unsent.popleft()
            try:
                written = os.write(self.descriptor, line)
            except BlockingIOError:
                written = 0
            except BrokenPipeError:
                self._unsent.clear()
                self._unsent_bytes = 0
                return
            self._unsent_bytes -= written
            if written < len(line):
                self._unsent.appendleft(line[written:])
                return

    def close(self) -> None:
        """The worker sees the end of its input; what was unsent is dropped."""
        if not self.closed:
            self.closed = True
            os.close(self.descriptor)


class EventPipe:
    """The read end of a worker's stdout: whole lines, as they are there."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self.ended = False
        self.closed = False
        self._rest = b""
        self._unasked_bytes = 0

    def lines(self) -> list[bytes]:
        """All whole lines that are there now; `ended` says whether more can come.

        Raises:
            WorkerRubbishError: by the call before, there was a line longer than
                `LINE_BYTES_MAX`, or a flood.
        """
        self._refuse_too_much()
        chunks = [self._rest]
        for _ in range(_READS_MAX):
            chunk = self._read()
            if not chunk:
                break
            chunks.append(chunk)
            self._unasked_bytes += len(chunk)
        *whole, self._rest = b"".join(chunks).split(b"\n")
        return whole

    def answered(self) -> None:
        """A command was answered: what came until here was asked for."""
        self._unasked_bytes = 0

    def close(self) -> None:
        """Read no more."""
        if not self.closed:
            self.closed = self.ended = True
            os.close(self.descriptor)

    def _read(self) -> bytes:
        if self.closed or self.ended:
            return b""
        try:
            chunk = os.read(self.descriptor, _READ_BYTES)
        except BlockingIOError:
            return b""
        self.ended = not chunk
        return chunk

    def _refuse_too_much(self) -> None:
        if len(self._rest) > LINE_BYTES_MAX:
            msg = (
                f"a line of more than {LINE_BYTES_MAX} bytes without its end; "
                f"it begins with {self._rest[:_SHOWN_BYTES]!r}"
            )
            raise WorkerRubbishError(msg)
        if self._unasked_bytes > UNASKED_BYTES_MAX:
            msg = f"more than {UNASKED_BYTES_MAX} bytes of events since it last answered a command"
            raise WorkerRubbishError(msg)
