"""JSON Lines to Parquet, once: what the guarantees on logs look at."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deliverycheck.big.format import ROWS_A_GROUP, require_format
from deliverycheck.big.malformed import ends_torn, find_too_big, first_malformed
from deliverycheck.big.rows import COLUMNS, ROWS
from deliverycheck.history import HistoryFormatError, read_header

if TYPE_CHECKING:
    import duckdb

MEMORY_MB_MAX = 700
THREADS = 2
ROOM_TIMES_FILE = 1.2
"""What the packed form and all that does not fit in memory take on the disk, as an upper bound.

Of a sound history of 10^8 messages it was 0.32.
"""
LINE_BYTES_MAX = 16 << 20  # DuckDB keeps a few buffers of this size: a longer line is refused.

_FULL = "No space left"  # In the words of the operating system.
_LAYOUT = 5  # Of the rows below; a packed form of another layout is made anew.


class MissingEngineError(Exception):
    """DuckDB is not installed; the message says how to get it."""


def connection(spill: Path) -> "duckdb.DuckDBPyConnection":
    """A DuckDB that holds no more than `MEMORY_MB_MAX` and puts the rest into `spill`.

    Raises:
        MissingEngineError: the extra `history` is not installed.
    """
    try:
        import duckdb  # noqa: PLC0415  # An extra: only big histories need it.
    except ImportError:
        msg = "this history is judged by DuckDB: pip install 'deliverycheck[history]'"
        raise MissingEngineError(msg) from None
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{MEMORY_MB_MAX}MB",
        "threads": THREADS,
        "temp_directory": str(spill),
        "preserve_insertion_order": False,
    }
    return duckdb.connect(config=settings)


@contextmanager
def within_bounds(path: Path) -> Iterator[None]:
    """What DuckDB finds no room for, or cannot read or write, is an error of the disk.

    Raises:
        OSError: the disk is full, or memory and spill are too small; says what is needed.
    """
    import duckdb  # noqa: PLC0415

    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        what = str(error).partition("\n")[0]
        if isinstance(error, duckdb.OutOfMemoryException) or _FULL in what:
            what = _no_room(path)
        msg = f"{path}: {what}"
        raise OSError(msg) from None


def _no_room(path: Path) -> str:
    needed, free = ROOM_TIMES_FILE * path.stat().st_size, shutil.disk_usage(path.parent).free
    return (
        f"no room: DuckDB holds {MEMORY_MB_MAX} MB and puts the rest beside the file, "
        f"up to {needed / 1e9:.2f} GB, where {free / 1e9:.2f} GB are free"
    )


def packed_path(path: Path) -> Path:
    """Where the packed form of a history lies: beside it."""
    return path.with_name(f"{path.name}.parquet")


def pack(path: Path) -> Path:
    """The packed form of the history, made if it is not there. It appears when it is whole.

    Raises:
        HistoryFormatError: a complete line breaks the format.
        MissingEngineError: the extra `history` is not installed.
        OSError: the disk is full, or the file cannot be read.
    """
    header = read_header(path)
    packed = packed_path(path)
    unfinished = packed.with_name(f"{packed.name}.part")
    spill = packed.with_name(f"{packed.name}.spill")
    try:
        with connection(spill) as connected, within_bounds(path):
            if _is_packed(connected, path):
                return packed
            rows = ROWS.format(execution=quoted(header.execution), lines=lines_of(path))
            _copy(connected, path, rows, unfinished)
            require_format(connected, path, unfinished)
        return unfinished.replace(packed)
    finally:
        unfinished.unlink(missing_ok=True)
        shutil.rmtree(spill, ignore_errors=True)


def _copy(connected: "duckdb.DuckDBPyConnection", path: Path, rows: str, unfinished: Path) -> None:
    import duckdb  # noqa: PLC0415

    try:
        connected.execute(
            f"COPY ({rows}) TO {quoted(unfinished)} (FORMAT parquet, COMPRESSION lz4, "
            f"ROW_GROUP_SIZE {ROWS_A_GROUP}, "
            f"PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1000, WRITE_BLOOM_FILTER false, "
            f"KV_METADATA {{layout: {quoted(_layout())}}})"
        )
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        if "maximum_object_size" in str(error):
            msg = f"{path}: a line is longer than {LINE_BYTES_MAX >> 20} MB"
            raise HistoryFormatError(msg) from None
        what = str(error).partition("\n")[0]
        raise (first_malformed(path) or find_too_big(path, what)) from None


def _is_packed(connected: "duckdb.DuckDBPyConnection", path: Path) -> bool:
    """Whether the packed form is there, of this layout, and not older than the history."""
    packed = packed_path(path)
    if not packed.exists() or packed.stat().st_mtime_ns < path.stat().st_mtime_ns:
        return False
    query = "SELECT value::VARCHAR FROM parquet_kv_metadata(?) WHERE key = 'layout'"
    return connected.execute(query, [str(packed)]).fetchone() == (_layout(),)


def _layout() -> str:
    """Another DuckDB may have other hashes."""
    import duckdb  # noqa: PLC0415

    return f"{_LAYOUT} of DuckDB {duckdb.__version__}"


def lines_of(path: Path) -> str:
    """The lines as a table; a torn last one has no values."""
    columns = ", ".join(f'"{name}": {quoted(kind)}' for name, kind in COLUMNS.items())
    torn = ", ignore_errors = true" if ends_torn(path) else ""
    return (
        f"read_json({quoted(path)}, format = 'newline_delimited', columns = {{{columns}}}, "
        f"maximum_object_size = {LINE_BYTES_MAX}{torn})"
    )


def quoted(text: object) -> str:
    """A string of SQL."""
    return "'" + str(text).replace("'", "''") + "'"
