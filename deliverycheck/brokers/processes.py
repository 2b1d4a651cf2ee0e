"""A program that the harness runs: started, stopped, resumed and killed, each step verified."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deliverycheck.brokers.guardian import Guardian

# 5 s: a stop takes 1 ms; a process that does not stop hangs in the kernel.
_SIGNAL_S_MAX = 5.0
_POLL_S = 0.001
_TAIL_BYTES = 64 * 1024
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
_KEPT_PREFIXES = ("LC_", "LD_", "JAVA", "DELIVERYCHECK_")


class ProcessError(Exception):
    """A program could not be started or did not obey a signal."""


def limited_environment() -> dict[str, str]:
    """What of our environment a program gets: the marker, and nothing that changes what it does.

    A variable such as ``CLASSPATH``, ``KAFKA_OPTS`` or ``HTTP_PROXY`` of the
    user's shell must not make two machines run different brokers.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }


class Child:
    """A running program of ours, in a session of its own; its output goes to one log file."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", log: Path, log_start: int, guardian: Guardian
    ) -> None:
        """Use `spawn`."""
        self._process = process
        self._guardian = guardian
        self._log_start = log_start
        self.log = log
        self.pid = process.pid

    @classmethod
    def spawn(
        cls,
        command: Sequence[str],
        *,
        log: Path,
        guardian: Guardian,
        environment: Mapping[str, str] | None = None,
    ) -> "Child":
        """The program runs; what it prints is appended to `log`.

        Raises:
            ProcessError: the program is missing or cannot be executed, or `log` cannot be written.
        """
        try:
            with log.open("ab") as output:
                log_start = output.tell()
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={**limited_environment(), **(environment or {})},
                    cwd=log.parent,
                    start_new_session=True,
                )
        except OSError as error:
            name = error.filename or command[0]
            msg = f"cannot start {command[0]}: {name}: {error.strerror}"
            raise ProcessError(msg) from error
        guardian.register(process.pid)
        return cls(process, log, log_start, guardian)

    def exit_code(self) -> int | None:
        """How it ended, a signal as a negative number; ``None`` while it lives."""
        return self._process.poll()

    def kill(self) -> int:
        """SIGKILL, which also ends a stopped process; returns how it ended."""
        self._process.kill()
        return self.wait(_SIGNAL_S_MAX)

    def wait(self, timeout_s: float) -> int:
        """It has ended; returns how.

        Raises:
            ProcessError: it lives on after `timeout_s`.
        """
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            msg = f"pid {self.pid} still lives {timeout_s} s after it should have ended"
            raise ProcessError(msg) from error
        self._guardian.forget(self.pid)
        return code

    def pause(self) -> None:
        """SIGSTOP; every thread of it has stopped."""
        self._signal(signal.SIGSTOP, os.WSTOPPED)

    def resume(self) -> None:
        """SIGCONT; it runs again."""
        self._signal(signal.SIGCONT, os.WCONTINUED)

    def last_lines(self, count: int = 5) -> tuple[str, ...]:
        """The end of what it printed itself; nothing of those who wrote to its log before."""
        return lines_of(self.log, self._log_start, count)

    def _signal(self, number: signal.Signals, report: int) -> None:
        """Send it, and wait until the kernel reports the change for the whole process."""
        if self.exit_code() is None:
            os.kill(self.pid, number)
            if wait_until(lambda: self._reported(report), timeout_s=_SIGNAL_S_MAX):
                return
        code = self.exit_code()
        seen = "no change" if code is None else f"it is gone, {exit_text(code)}"
        msg = f"{number.name} for pid {self.pid}: {seen}"
        raise ProcessError(msg)

    def _reported(self, report: int) -> bool:
        """WSTOPPED is reported when every thread has stopped, unlike the state in /proc."""
        with suppress(ChildProcessError):
            return os.waitid(os.P_PID, self.pid, report | os.WNOHANG) is not None
        return False


def lines_of(log: Path, start: int, count: int) -> tuple[str, ...]:
    """The last lines of a log, of what was written behind `start`; none if it cannot be read."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(start, size - _TAIL_BYTES))
            text = file.read(_TAIL_BYTES).decode(errors="replace")
    except OSError:
        return ()
    return tuple(line for line in text.splitlines() if line.strip())[-count:]


def wait_until(condition: Callable[[], bool], *, timeout_s: float, poll_s: float = _POLL_S) -> bool:
    """Whether `condition` came true in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(poll_s)
    return True


def exit_text(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"
