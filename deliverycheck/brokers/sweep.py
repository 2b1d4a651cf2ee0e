"""Ends every process that carries a harness's marker; the guardian runs this file.

Standard library only, so that it starts in 20 ms and needs no environment.

A marker is ``DELIVERYCHECK_HARNESS=<pid>-<start time>-<random>`` in a process's
environment. The environment is inherited, so it marks grandchildren that
nobody registered, and the kernel keeps it when the parent is long gone.

As a program it waits for the end of its standard input, which only the death of
the harness (or its orderly close) can bring, then sweeps::

    python -I -S sweep.py <marker>      stdin lines: "+<pid>" registers, "-<pid>" forgets

A line "!<words as JSON>" names a command that cleans up besides, "~<words>" forgets it: what
holds no process of ours, such as a container, is removed by who can speak with its engine.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

VARIABLE = "DELIVERYCHECK_HARNESS"
DATA_VARIABLE = "DELIVERYCHECK_DATA"
_DATA_PREFIX = "deliverycheck-data-"
_PROC = Path("/proc")
# A process between fork and exec still shows its parent's environment or none;
# it shows its own one sweep later. 200 ms without a find is ten sweeps.
_QUIET_S = 0.2
_POLL_S = 0.02
# 10 s: a process that outlives SIGKILL for so long hangs in the kernel, and
# nothing that we do ends it.
_SWEEP_S_MAX = 10.0
_START_TIME_FIELD = 21  # Of /proc/<pid>/stat, counted from 0 (proc(5) counts from 1).


def start_time(pid: int) -> str:
    """When the process started, in clock ticks since boot; with the pid it names one process.

    ``0`` where /proc cannot tell.
    """
    fields = _stat_fields(pid)
    return fields[_START_TIME_FIELD] if len(fields) > _START_TIME_FIELD else "0"


def _stat_fields(pid: int) -> list[str]:
    try:
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return []
    # The program's name may hold spaces and parentheses: count from the last one.
    name_end = stat.rfind(")")
    return [str(pid), stat[: name_end + 1], *stat[name_end + 1 :].split()]


def marker_of(pid: int) -> str | None:
    """The marker that the process was started with; ``None`` for none, a zombie or a stranger."""
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return None
    prefix = VARIABLE.encode() + b"="
    for entry in environment.split(b"\0"):
        if entry.startswith(prefix):
            return entry[len(prefix) :].decode(errors="replace")
    return None


def marked_processes() -> Iterator[tuple[int, str]]:
    """Every process with a marker, this one left out."""
    with suppress(OSError):
        for name in (entry.name for entry in _PROC.iterdir()):
            if name.isdigit() and int(name) != os.getpid():
                marker = marker_of(int(name))
                if marker is not None:
                    yield int(name), marker


def end_marked(wanted: Callable[[int, str], bool]) -> frozenset[int]:
    """No process lives for which `wanted` (of pid, marker) is true; returns the pids ended."""
    ended: set[int] = set()
    now = time.monotonic()
    deadline, quiet_since = now + _SWEEP_S_MAX, now
    while now < deadline and now - quiet_since < _QUIET_S:
        found = {pid for pid, marker in marked_processes() if wanted(pid, marker)}
        for pid in found:
            end_process(pid)
        ended |= found
        time.sleep(_POLL_S)
        now = time.monotonic()
        if found:
            quiet_since = now
    return frozenset(ended)


def end_process(pid: int) -> None:
    """SIGKILL, which also ends a stopped process. Gone already is fine."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def data_root() -> Path:
    """Where brokers keep their data while they live: as the user says, or with temporary files."""
    chosen = os.environ.get(DATA_VARIABLE)
    return Path(chosen).absolute() if chosen else Path(tempfile.gettempdir())


def data_folder(marker: str) -> Path:
    """The folder of one harness under the root, named so that it is found without the harness.

    The pid namespace is part of the name: containers may share the memory of
    their host, and a pid of one means nothing in the other.
    """
    namespace = (pid_namespace(os.getpid()) or "").strip("pid:[]")
    return data_root() / f"{_DATA_PREFIX}{namespace}-{marker}"


def _leftover_data() -> Iterator[Path]:
    prefix = data_folder("").name
    with suppress(OSError):
        for folder in data_root().glob(f"{prefix}*"):
            if not harness_lives(folder.name.removeprefix(prefix)):
                yield folder


def end_leftovers() -> frozenset[int]:
    """No process and no data of a dead harness is left; returns the pids that were ended.

    Only processes of our own pid namespace count: elsewhere the harness's pid,
    as its marker names it, means another process here.
    """
    ours = pid_namespace(os.getpid())

    def orphaned(pid: int, marker: str) -> bool:
        return pid_namespace(pid) == ours and not harness_lives(marker)

    ended: frozenset[int] = frozenset()
    if any(orphaned(pid, marker) for pid, marker in marked_processes()):
        ended = end_marked(orphaned)
    for folder in _leftover_data():
        shutil.rmtree(folder, ignore_errors=True)  # It may be another user's.
    return ended


def harness_lives(marker: str) -> bool:
    """Whether the harness with this marker is still there."""
    pid, _, rest = marker.partition("-")
    started = rest.partition("-")[0]
    # A marker that is not of our form is not ours to judge.
    return not pid.isdigit() or not started.isdigit() or start_time(int(pid)) == started


def pid_namespace(pid: int | str) -> str | None:
    """The namespace in which a process has its pid; ``None`` if it is gone or not ours to see."""
    try:
        return str((_PROC / str(pid) / "ns" / "pid").readlink())
    except OSError:
        return None


def _registered_until_end(lines: Iterator[str]) -> tuple[set[int], set[str]]:
    """The pids and the cleaners that were registered and not forgotten when the input ended."""
    pids: set[int] = set()
    cleaners: Counter[str] = Counter()
    for line in lines:
        sign, rest = line[:1], line[1:].strip()
        if sign in "!~":
            cleaners[rest] += 1 if sign == "!" else -1
        elif rest.isdigit():
            (pids.add if sign == "+" else pids.discard)(int(rest))
    return pids, {words for words, users in cleaners.items() if users > 0}


def _begun(words: str) -> "subprocess.Popen[bytes] | None":
    """The cleaner runs, unmarked: a harness that starts meanwhile must not take it for a child.

    ``None`` if it cannot be started.
    """
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    nowhere = subprocess.DEVNULL
    with suppress(OSError, ValueError):  # Without it, what are processes is ended all the same.
        return subprocess.Popen(
            json.loads(words), stdin=nowhere, stdout=nowhere, stderr=nowhere, env=environment
        )
    return None


def main() -> None:
    """Guard one harness until it is gone, then end what it left."""
    marker = sys.argv[1]
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    registered, cleaners = _registered_until_end(iter(sys.stdin.readline, ""))
    begun = [cleaner for words in cleaners if (cleaner := _begun(words))]
    if _PROC.joinpath("self", "environ").exists():
        end_marked(lambda _pid, carried: carried == marker)
    else:
        # Where no /proc names the marked ones (macOS), the registered ones must do.
        for pid in registered:
            end_process(pid)
    shutil.rmtree(data_folder(marker), ignore_errors=True)
    for cleaner in begun:
        with suppress(subprocess.TimeoutExpired):
            cleaner.wait(_SWEEP_S_MAX)


if __name__ == "__main__":
    main()
