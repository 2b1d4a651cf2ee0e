"""Other programs that a set-up runs: their output kept for the error, none left behind."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from deliverycheck.brokers.provision.errors import ProvisionError

_guard = threading.Lock()
_running: set[subprocess.Popen[str]] = set()
_stopped = threading.Event()

_TAIL_LINES_MAX = 12


def output_of(  # noqa: PLR0913  # All but the command are named; most have one user each.
    command: Sequence[str | Path],
    *,
    component: str,
    fix: str,
    timeout_s_max: float,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Everything that `command` printed; a ProvisionError with its last lines if it failed."""
    words = [str(word) for word in command]
    try:
        process = _started(words, environment, folder)
    except OSError as error:
        raise ProvisionError(component, f"cannot run {words[0]}: {error.strerror}", fix) from error
    try:
        output, _ = process.communicate(timeout=timeout_s_max)
    except subprocess.TimeoutExpired as error:
        message = f"{_short(words)} did not end within {timeout_s_max:.0f} s"
        raise ProvisionError(component, message, fix) from error
    finally:
        _ended(process)
    if process.returncode != 0:
        message = f"{_short(words)} ended with {process.returncode} and said:\n    {_tail(output)}"
        raise ProvisionError(component, message, fix)
    return output


@contextmanager
def spawned(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """`command` runs for the with-block, writes to `log`, and is gone afterwards."""
    with log.open("w") as output:
        process = _started(list(command), None, log.parent, output)
        try:
            yield process
        finally:
            _ended(process)


def stop_commands() -> None:
    """End every command that still runs and let no other start: the set-up has failed."""
    _stopped.set()
    with _guard:
        for process in _running:
            process.kill()


def allow_commands() -> None:
    """A new set-up begins in this process."""
    _stopped.clear()


def _started(
    words: list[str],
    environment: Mapping[str, str] | None,
    folder: Path | None,
    output: IO[str] | int = subprocess.PIPE,
) -> subprocess.Popen[str]:
    with _guard:
        if _stopped.is_set():
            raise ProvisionError("set-up", "stopped", "see the first error")
        process = subprocess.Popen(
            [*_tether(), *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **(environment or {})},
            cwd=folder,
        )
        _running.add(process)
    return process


# Runs a command so that the kernel kills it when this process dies, however it
# dies: a broker in training or a compiler must not outlive a killed set-up.
# 1 is PR_SET_PDEATHSIG; the parent may be gone before that call.
_TETHER = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the set-up is gone")
try:
    os.execv(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.exit(f"cannot run {sys.argv[2]}: {error.strerror}")
"""


def _tether() -> list[str]:
    """Words before a command; none where the kernel offers no such service (macOS)."""
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", "-c", _TETHER, str(os.getpid())]


def _ended(process: subprocess.Popen[str]) -> None:
    """Whatever happened, `process` is gone and forgotten."""
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
    with _guard:
        _running.discard(process)


def _tail(output: str) -> str:
    """The last lines; of a traceback only what was raised."""
    lines = output.strip().splitlines()
    kept = 1 if "Traceback (most recent call last):" in output else _TAIL_LINES_MAX
    return "\n    ".join(lines[-kept:])


def _short(words: Sequence[str]) -> str:
    return " ".join([Path(words[0]).name, *words[1:4]])
