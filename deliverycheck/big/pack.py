"""JSON Lines to Parquet, once: what the guarantees on logs look at, a row for each line."""

from pathlib import Path
from typing import TYPE_CHECKING

from deliverycheck.big.malformed import find_malformed, is_torn
from deliverycheck.history import Action

if TYPE_CHECKING:
    import duckdb

MEMORY_MB_MAX = 600
THREADS = 2
LINE_BYTES_MAX = 16 << 20  # DuckDB keeps a few buffers of this size: a longer line is refused.
_ROW_GROUP_BYTES = 16 << 20  # A thread holds one of them; a row may be a receive of thousands.

# What a line may say that these guarantees look at. A type that does not fit is an error.
_COLUMNS = {
    "type": "VARCHAR",
    "op": "BIGINT",
    "process": "VARCHAR",
    "action": "VARCHAR",
    "message": "VARCHAR",
    "attempt": "BIGINT",
    "count": "BIGINT",
    "target": "VARCHAR",
    "partition": "BIGINT",
    "key": "VARCHAR",
    "transaction": "VARCHAR",
    "tombstone": "BOOLEAN",
    "position": "BIGINT",
    "confirmed": "BOOLEAN",
    "runs": "JSON",
    "delivery_runs": "JSON",
    "phase": "VARCHAR",
    "ns": "BIGINT",
    "drained": "BOOLEAN",
    "scanned": "BOOLEAN",
    "reason": "VARCHAR",
    "group": "VARCHAR",
    "deliveries": (
        "STRUCT(redelivered BOOLEAN, deliveries BIGINT, epoch BIGINT, "
        "message VARCHAR, source VARCHAR, partition BIGINT, position BIGINT, "
        "attempt BIGINT, mangled VARCHAR[], target VARCHAR, execution VARCHAR)[]"
    ),
}
_SPECIAL = """
    count IS NOT NULL OR transaction IS NOT NULL OR tombstone OR runs IS NOT NULL
    OR delivery_runs IS NOT NULL OR (message IS NULL AND action = 'publish' AND type = 'invoke')
    OR (deliveries IS NOT NULL AND action = 'receive' AND type = 'invoke')
"""
_ROWS = f"""
    SELECT
        CASE WHEN op IS NULL AND type IN ('invoke', 'returned', 'ok', 'fail', 'info') THEN NULL
            WHEN type = 'invoke' THEN action ELSE type END AS what,
        op, process, message, attempt, target, key, partition, position, confirmed,
        coalesce({_SPECIAL}, false) AS special,
        CASE WHEN phase IS NOT NULL THEN to_json(
            {{phase: phase, ns: ns, drained: coalesce(drained, false),
              scanned: coalesce(scanned, false), reason: reason}}) END AS mark,
        "group",
        CASE WHEN message IS NULL AND position IS NULL THEN ns END AS ns,
        deliveries, CAST(len(deliveries) AS INTEGER) AS handed
"""

_WITH_OP = ("returned", "ok", "fail", "info", *Action)
_KNOWN = ", ".join(
    f"'{what}'" for what in (*_WITH_OP, "header", "fault", "broker", "process", "phase")
)
# A line that is no JSON has no values at all; of a torn file the last one may be so.
_UNREADABLE = f"""
    SELECT greatest(0, coalesce(sum(n) FILTER (what IS NULL), 0) - CAST($2 AS INTEGER))
        + coalesce(sum(n) FILTER (what NOT IN ({_KNOWN})), 0)
    FROM (SELECT what, count(*) AS n FROM read_parquet($1) GROUP BY what)
"""  # noqa: S608 - constants of this file


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


def packed_path(path: Path) -> Path:
    """Where the packed form of a history lies: beside it."""
    return path.with_name(f"{path.name}.parquet")


def is_packed(path: Path) -> bool:
    """Whether the packed form is there and not older than the history."""
    packed = packed_path(path)
    return packed.exists() and packed.stat().st_mtime_ns >= path.stat().st_mtime_ns


def pack(path: Path) -> Path:
    """The packed form of the history, made if it is not there. It appears when it is whole.

    Raises:
        HistoryFormatError: a complete line breaks the format.
        MissingEngineError: the extra `history` is not installed.
        OSError: the disk is full, or the file cannot be read.
    """
    packed = packed_path(path)
    if is_packed(path):
        return packed
    unfinished = packed.with_name(f"{packed.name}.part")
    import duckdb  # noqa: PLC0415

    with connection(packed.with_name(f"{packed.name}.spill")) as connected:
        try:
            connected.execute(
                f"COPY ({_ROWS} FROM {lines_of(path)}) TO {quoted(unfinished)} "
                "(FORMAT parquet, COMPRESSION lz4, DICTIONARY_SIZE_LIMIT 3000, "
                f"ROW_GROUP_SIZE_BYTES {_ROW_GROUP_BYTES})"
            )
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            raise find_malformed(path, str(error)) from None
        if connected.execute(_UNREADABLE, [str(unfinished), is_torn(path)]).fetchone() != (0,):
            raise find_malformed(path, "a line breaks the format")
    unfinished.replace(packed)
    return packed


def lines_of(path: Path) -> str:
    """The lines as a table; a torn last one has no values."""
    columns = ", ".join(f'"{name}": {quoted(kind)}' for name, kind in _COLUMNS.items())
    torn = ", ignore_errors = true" if is_torn(path) else ""
    return (
        f"read_json({quoted(path)}, format = 'newline_delimited', columns = {{{columns}}}, "
        f"maximum_object_size = {LINE_BYTES_MAX}{torn})"
    )


def quoted(text: object) -> str:
    """A string of SQL."""
    return "'" + str(text).replace("'", "''") + "'"
