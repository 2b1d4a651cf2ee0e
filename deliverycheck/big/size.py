"""Which engine judges a history: the size of its file decides."""

from enum import StrEnum
from pathlib import Path

MEBIBYTE = 1 << 20
PYTHON_FILE_MB_MAX = 64
"""Of a file so big; the Python engine then holds about 1 GB, sixteen times the file."""
JUDGED_BY_DUCKDB = (
    "at_least_once_in_log",
    "exactly_once_in_log",
    "per_partition_order",
    "per_key_order",
    "gapless_reading",
    "one_log",
)


class Engine(StrEnum):
    """What judges."""

    PYTHON = "python"
    DUCKDB = "duckdb"


ENGINES = tuple(Engine)


def engine_for(path: Path) -> Engine:
    """The engine for this file.

    Raises:
        OSError: there is no such file.
    """
    small = path.stat().st_size <= PYTHON_FILE_MB_MAX * MEBIBYTE
    return Engine.PYTHON if small else Engine.DUCKDB
