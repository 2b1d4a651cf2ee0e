"""Whatever happens to the harness, within 2 s nothing that it started lives.

Three layers, because none alone suffices. A parent-death signal is not among
them: it fires when the spawning *thread* ends, and skips grandchildren.

1. A marker in the environment is inherited by every descendant (`sweep`).
2. A guardian process waits on a pipe that the kernel closes when the harness
   ends in any way, SIGKILL included, then ends all that carry the marker.
3. The next harness ends what carries the marker of a harness that is gone: for
   the case that somebody killed the guardian too.
"""

import json
import os
import secrets
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, Self

from deliverycheck.brokers import sweep

# 5 s: an orderly close sweeps for 0.2 s; a machine at load 10 needs a multiple.
_CLOSE_S_MAX = 5.0


def sweep_leftovers() -> frozenset[int]:
    """No process of a harness that is gone lives; returns the pids that were ended."""
    return sweep.end_leftovers()


class Guardian:
    """The guardian of this harness. There is one; `start` again shares it.

    While one is up, the marker stands in ``os.environ``: whoever starts a process
    passes it on, or the process is not guarded.
    """

    _lock: ClassVar[threading.RLock] = threading.RLock()
    _current: ClassVar["Guardian | None"] = None

    def __init__(self, marker: str) -> None:
        """Use `start`."""
        self.marker = marker
        self._users = 0
        self._pids: set[int] = set()
        self._cleaners: Counter[tuple[str, ...]] = Counter()
        self._process = self._spawned()

    @classmethod
    def start(cls) -> "Guardian":
        """The harness is guarded, and leftovers of dead ones are ended."""
        with cls._lock:
            if cls._current is None:
                sweep_leftovers()
                marker = f"{os.getpid()}-{sweep.start_time(os.getpid())}-{secrets.token_hex(8)}"
                os.environ[sweep.VARIABLE] = marker
                cls._current = cls(marker)
            cls._current._users += 1  # noqa: SLF001  # Our own.
            return cls._current

    @property
    def pid(self) -> int:
        """Of the guardian process."""
        return self._process.pid

    def register(self, pid: int) -> None:
        """The process ends with the harness even where no /proc shows its marker."""
        with self._lock:
            self._pids.add(pid)
            self._tell(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        """The process was reaped: its number may soon be another's."""
        with self._lock:
            self._pids.discard(pid)
            self._tell(f"-{pid}\n")

    def clean_with(self, command: tuple[str, ...]) -> None:
        """The command is run when the harness ends, however, unless it is forgotten before."""
        with self._lock:
            self._cleaners[command] += 1
            self._tell(f"!{json.dumps(command)}\n")

    def forget_cleaner(self, command: tuple[str, ...]) -> None:
        """One user of the command has cleaned up."""
        with self._lock:
            self._cleaners[command] -= 1
            self._tell(f"~{json.dumps(command)}\n")

    def close(self) -> None:
        """For the last user: all that carries the marker is ended, the guardian too."""
        with self._lock:
            self._users -= 1
            if self._users > 0 or Guardian._current is not self:
                return
            Guardian._current = None
            if os.environ.get(sweep.VARIABLE) == self.marker:
                del os.environ[sweep.VARIABLE]
            with suppress(OSError):
                self._input().close()
            try:
                self._process.wait(_CLOSE_S_MAX)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _spawned(self) -> "subprocess.Popen[bytes]":
        """A session of its own, so that neither Ctrl-C nor a closed terminal reaches it."""
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(sweep.__file__)), self.marker],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            bufsize=0,
        )

    def _tell(self, line: str) -> None:
        """Write to the guardian; if somebody killed it, a new one takes its place."""
        if self._process.poll() is None:
            with suppress(BrokenPipeError):
                self._input().write(line.encode())
                return
        self._input().close()
        self._process.wait()
        self._process = self._spawned()
        registered = [f"+{pid}\n" for pid in self._pids]
        registered += [f"!{json.dumps(each)}\n" for each in self._cleaners.elements()]
        self._input().write("".join(registered).encode())

    def _input(self) -> IO[bytes]:
        pipe = self._process.stdin
        if pipe is None:
            raise AssertionError("the guardian was started without a pipe")
        return pipe
