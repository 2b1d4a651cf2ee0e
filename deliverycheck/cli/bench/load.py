"""How busy the machine is, and with whose work."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deliverycheck.brokers.sweep import VARIABLE, marked_processes

OTHERS_MAX = 0.25
"""Cores. Below it a load above the limit is that of the measurement itself."""

_PROC = Path("/proc")
_IDLE_COLUMNS = (4, 5)  # Of the line `cpu` of /proc/stat: idle and iowait.
_OWN_COLUMNS = slice(11, 15)  # Of /proc/<pid>/stat behind the name: utime, stime, cutime, cstime.


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The machine while something was measured.

    Attributes:
        load: the 1-minute load, our own share included.
        others: cores that programs other than ours kept busy.
    """

    load: float
    others: float

    def is_loaded(self, load_max: float) -> bool:
        """Whether the work of others was in the way."""
        return self.load > load_max and self.others > OTHERS_MAX


class Meter:
    """Measures from its making to each `read`."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._began = _others_ticks()

    def read(self) -> Moment:
        """The load now, and what others used since the last reading."""
        now_s, ticks = time.monotonic(), _others_ticks()
        passed_s = max(0.01, now_s - self._began_s)
        cores = (ticks - self._began) / os.sysconf("SC_CLK_TCK") / passed_s
        self._began_s, self._began = now_s, ticks
        return Moment(load=os.getloadavg()[0], others=max(0.0, cores))


def _others_ticks() -> int:
    """Busy ticks of the whole machine but for us and what we started."""
    with suppress(OSError, ValueError, IndexError):
        fields = [int(each) for each in (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]]
        idle = sum(fields[column - 1] for column in _IDLE_COLUMNS)
        return sum(fields) - idle - sum(_ticks_of(pid) for pid in _our_pids())
    return 0


def _our_pids() -> Iterator[int]:
    yield os.getpid()
    marker = os.environ.get(VARIABLE)
    yield from (pid for pid, carried in marked_processes() if carried == marker)


def _ticks_of(pid: int) -> int:
    """What the process has used, and those of its children that it has reaped."""
    with suppress(OSError, ValueError):
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
        return sum(int(each) for each in stat.rpartition(")")[2].split()[_OWN_COLUMNS])
    return 0
