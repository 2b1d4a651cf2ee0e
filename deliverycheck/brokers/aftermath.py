"""A harness in a process of its own, ended in the middle of its work; what it left behind."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from deliverycheck.brokers import sweep
from deliverycheck.brokers.ports import listeners, pids_behind
from deliverycheck.brokers.processes import wait_until
from deliverycheck.history import HistoryFormatError, read_history

GONE_S_MAX = 2.0
"""With a core for each process that is ready to run; a multiple where they queue for one, as the
kernel runs each thread of a killed process once more before it is gone."""

INTO_START_S_MAX = 6.0
INTO_RUN_S_MAX = 5.0
"""Past it a smoke run does more of the same: hundreds of executions, some with a dead broker."""

_OUR_PORTS = range(10_240, 32_768)
_FIRST_EXECUTION_S_MAX = 90.0
_WORDS_MAX = 20_000
_COMMAND_MAX = 120
PROGRAM = "from deliverycheck.cli import main; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What was found after a harness was killed.

    Attributes:
        processes: how many it had when it was killed, itself left out.
        ports: how many of ours they listened on.
        histories: how many it left; each is readable unless `left` says otherwise.
        left: what should not be there; empty if all is well.
    """

    processes: int
    ports: int
    histories: int
    left: tuple[str, ...]


class Harness:
    """A real `deliverycheck run` in a process of its own, to be ended from outside."""

    def __init__(self, folder: Path, arguments: Sequence[str] = ()) -> None:
        """It runs; its campaign goes to `folder`, what it prints to a log beside it."""
        self.folder = folder
        self.log = folder.with_suffix(".log")
        folder.parent.mkdir(parents=True, exist_ok=True)
        # One system, unless the arguments name another: several have a folder each.
        run = ("run", "--profile", "smoke", "--systems", "kafka")
        command = [sys.executable, "-c", PROGRAM, *run, *arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--out", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def await_execution(self) -> None:
        """It has begun to execute plans.

        Raises:
            RuntimeError: it ended before, or did not in time.
        """

        def over() -> bool:
            return bool(self.histories()) or self.process.poll() is not None

        if not wait_until(over, timeout_s=_FIRST_EXECUTION_S_MAX, poll_s=0.02) or (
            self.process.poll() is not None
        ):
            msg = f"the run did not come to an execution; it printed, in {self.log}: {self.words()}"
            raise RuntimeError(msg)

    def await_moment(self, chance: Random, *, in_start: bool) -> str:
        """A random moment has come: while it starts, or while it executes plans; which one."""
        if not in_start:
            self.await_execution()
        wait_s = chance.uniform(0.0, INTO_START_S_MAX if in_start else INTO_RUN_S_MAX)
        time.sleep(wait_s)  # The one wait that is about time: its end is the moment.
        return f"{wait_s:.2f} s into its {'start' if in_start else 'executions'}"

    def histories(self) -> list[Path]:
        """The files of all executions so far."""
        return sorted(self.folder.glob("executions/*/history.jsonl"))

    def words(self) -> str:
        """What it printed, or the end of it."""
        return self.log.read_text(errors="replace")[-_WORDS_MAX:]

    def pids(self) -> frozenset[int]:
        """Processes that carry its marker."""
        prefix = f"{self.process.pid}-"
        marked = sweep.marked_processes()
        return frozenset(pid for pid, marker in marked if marker.startswith(prefix))

    def kill(self) -> Aftermath:
        """SIGKILL; what is there of it 2 s later, or longer on a machine that is overloaded."""
        pids = self.pids()
        behind = pids_behind(_OUR_PORTS, likely=pids)
        ports = {port for port, pid in behind.items() if pid in pids}
        sockets = listeners(ports)
        self.process.kill()
        began_s = time.monotonic()
        self.process.wait()
        wait_until(
            lambda: not self._remains(pids, sockets),
            timeout_s=GONE_S_MAX * _overload() - (time.monotonic() - began_s),
            poll_s=0.02,
        )
        histories = self.histories()
        unreadable = [words for path in histories if (words := _unreadable(path)) is not None]
        return Aftermath(
            processes=len(pids),
            ports=len(ports),
            histories=len(histories),
            left=(*self._remains(pids, sockets), *unreadable),
        )

    def _remains(self, pids: frozenset[int], sockets: Mapping[str, int]) -> tuple[str, ...]:
        """Ports are told by their sockets: a freed block is another harness's within the 2 s."""
        living = self.pids() | {pid for pid in pids if _lives(pid)}
        taken = sorted(listeners(set(sockets.values())).items() & sockets.items())
        data = sweep.data_root().glob(f"{sweep.data_folder('').name}{self.process.pid}-*")
        return (
            *(f"process {pid} lives{_described(pid)}" for pid in sorted(living)),
            *(f"port {port} is taken" for _, port in taken),
            *(f"{folder} is there" for folder in data),
        )


def _overload() -> float:
    """How many processes were ready to run for each core, over the last minute; at least 1."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def _lives(pid: int) -> bool:
    """A zombie does not: it waits for a new parent to notice, and holds nothing."""
    return _state(pid) not in {"", "Z", "X"}


def _state(pid: int) -> str:
    """One letter, as proc(5) has them; empty if there is no such process."""
    try:
        stat = Path("/proc", str(pid), "stat").read_text(errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[0]


def _described(pid: int) -> str:
    """Its state and its program; empty if it is gone by now."""
    try:
        command = Path("/proc", str(pid), "cmdline").read_text(errors="replace")
    except OSError:
        return ""
    return f" ({_state(pid)}: {command.replace(chr(0), ' ')[:_COMMAND_MAX]})"


def _unreadable(path: Path) -> str | None:
    """Why the history cannot be read as far as it goes; ``None`` if it can."""
    if not path.stat().st_size:
        return None  # Cut before its first byte.
    try:
        read_history(path)
    except HistoryFormatError as error:
        return str(error)
    return None
