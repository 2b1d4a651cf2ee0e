"""Where a broker keeps its data: in memory where there is room.

A broker syncs several files for every partition that it makes. On disk, a batch
of 50 topics took 0.4 to 2.4 s and a restart with them 1.7 to 5.1 s; in memory 0.15
to 0.4 s and 1.5 s (2 cores, load 1 to 3). What survives a SIGKILL is the same: a
process crash leaves the page cache as it leaves memory.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deliverycheck.brokers import sweep
from deliverycheck.brokers.guardian import Guardian

# 1 GiB free there and 2 GiB on the machine: a campaign of 1,000 executions a
# minute holds about 100 MB. Docker gives a container 64 MiB, which would fill up.
_ROOM_BYTES_MIN = 1 << 30
_AVAILABLE_KIB_MIN = 2 << 20
_MEMORY_TABLE = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """A folder for one broker's data.

    Attributes:
        in_memory: it is not where a broker installed by hand has its data.
    """

    folder: Path
    in_memory: bool


def storage_for(guardian: Guardian, beside: Path) -> Storage:
    """A new folder: under DELIVERYCHECK_DATA, else in memory, else in `beside`.

    The first two are removed with the harness, however that ends.
    """
    chosen = sweep.DATA_VARIABLE in os.environ
    if not chosen and not _has_room(sweep.data_root()):
        beside.mkdir(parents=True, exist_ok=True)
        return Storage(folder=Path(tempfile.mkdtemp(prefix="data-", dir=beside)), in_memory=False)
    root = sweep.data_folder(guardian.marker)
    root.mkdir(parents=True, exist_ok=True)
    return Storage(folder=Path(tempfile.mkdtemp(dir=root)), in_memory=not chosen)


def _has_room(root: Path) -> bool:
    """Files in memory can be written there, and nobody will miss the memory."""
    try:
        room = os.statvfs(root)
        if room.f_bavail * room.f_frsize < _ROOM_BYTES_MIN or not os.access(root, os.W_OK):
            return False
        return max(_available_kib(), default=0) >= _AVAILABLE_KIB_MIN
    except OSError:
        return False


def _available_kib() -> Iterator[int]:
    for line in _MEMORY_TABLE.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1])
