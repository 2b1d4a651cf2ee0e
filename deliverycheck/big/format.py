"""What the packed form tells of a broken format; what it suspects is read from the lines again."""

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deliverycheck.big.malformed import (
    ends_blank,
    ends_torn,
    find_malformed,
    first_malformed,
)
from deliverycheck.big.rows import (
    CALLS,
    FAULT,
    HEADER,
    MALFORMED,
    OF_OPERATIONS,
    PHASE,
    RETURNED,
    UNKNOWN,
)
from deliverycheck.history import FaultMoment, Phase

if TYPE_CHECKING:
    import duckdb

ROWS_A_GROUP = 122_880
"""Rows that DuckDB writes together; one thread took them, in the order of the file."""
BLOCKS_MAX = 1000
"""Of operations that are told twice so many blocks are looked at, to find the first line."""

_GROUPS_A_SLICE = 32
_PAIRS_MAX = 10_000

_MOMENTS = ", ".join(f"'{moment}'" for moment in FaultMoment)
_PHASES = ", ".join(f"'{phase}'" for phase in Phase)
# A line that is no JSON has no values at all; of a torn file the last one may be so.
_COUNTS = f"""
    SELECT greatest(0, coalesce(sum(n) FILTER (what IS NULL), 0) - CAST($2 AS INTEGER))
        + coalesce(sum(n) FILTER (what = {UNKNOWN} OR flags & {MALFORMED} > 0), 0),
        coalesce(sum(n) FILTER (what = {HEADER}), 0),
        coalesce(sum(n) FILTER (what IN ({FAULT}, {PHASE})), 0)
    FROM (SELECT what, flags, count(*) AS n FROM read_parquet($1) GROUP BY ALL)
"""  # noqa: S608 - constants of this package
_LOWEST = """
    SELECT coalesce(min(stats_min_value::BIGINT - (path_in_schema = 'attempt')::BIGINT), 0)
    FROM parquet_metadata($1)
    WHERE path_in_schema IN ('op', 'ns', 'partition', 'position', 'attempt')
"""
_MARKS = f"""
    WITH marks AS (
        SELECT what, ns, detail->>'phase' AS phase, detail->>'moment' AS moment,
            detail->>'fault' AS fault, detail->>'lane' AS lane
        FROM read_parquet($1) WHERE what IN ({FAULT}, {PHASE})
    )
    SELECT (SELECT count(*) FROM marks WHERE ns IS NULL OR CASE WHEN what = {PHASE}
            THEN coalesce(phase NOT IN ({_PHASES}), true)
            ELSE fault IS NULL OR lane IS NULL OR coalesce(moment NOT IN ({_MOMENTS}), true) END)
        + (SELECT count(*) FROM (SELECT fault, lane, moment, count(*) AS n FROM marks
                WHERE what = {FAULT} GROUP BY ALL) m
            LEFT JOIN (SELECT fault, lane, count(*) AS n FROM marks
                WHERE moment = 'inject' GROUP BY ALL) i USING (fault, lane)
            WHERE m.n > coalesce(i.n, 0))
"""  # noqa: S608 - constants of this package
# Sets of 64 numbers, as bits. A number that comes twice is one bit of two.
_REPEATED = f"""
    WITH said AS (
        SELECT op >> 6 AS block, CASE WHEN what {CALLS} THEN 0
            WHEN what = {RETURNED} THEN 1 ELSE 2 END AS moment,
            count(*) AS n, bit_or(1::UBIGINT << (op & 63)::UBIGINT) AS bits
        FROM read_parquet($1)
        WHERE op IS NOT NULL AND coalesce(number, 1) = 1 AND what {OF_OPERATIONS}
        GROUP BY ALL
    )
    SELECT block FROM said GROUP BY block
    HAVING bool_or(n <> bit_count(bits))
        OR bit_or(bits) <> coalesce(bit_or(bits) FILTER (moment = 0), 0)
    LIMIT {BLOCKS_MAX}
"""  # noqa: S608 - constants of this package
_GROUPS = """
    WITH groups AS (
        SELECT DISTINCT row_group_id AS id, row_group_num_rows AS n FROM parquet_metadata($1)
    ), placed AS (SELECT id, n, (sum(n) OVER (ORDER BY id))::BIGINT - n AS first FROM groups)
    SELECT first, first + n - 1 FROM placed WHERE n >= $2 OR (SELECT count(*) FROM groups) = 1
"""
# Calls of all processes together mostly rise; only where they do not, each process is looked at.
_FALLING = f"""
    SELECT before_place, place FROM (
        SELECT op, lag(op) OVER () AS before, file_row_number AS place,
            lag(file_row_number) OVER () AS before_place
        FROM read_parquet($1, file_row_number = true) WHERE what {CALLS}
    ) WHERE op < before AND place > before_place LIMIT {_PAIRS_MAX}
"""  # noqa: S608 - constants of this package
_FALLING_IN_A_PROCESS = f"""
    SELECT count(*) FROM (
        SELECT op, lag(op) OVER (PARTITION BY producer, first ORDER BY place) AS before
        FROM (SELECT op, producer, file_row_number AS place
            FROM read_parquet($1, file_row_number = true)
            WHERE what {CALLS} AND file_row_number BETWEEN $2 AND $3) p
        ASOF JOIN (SELECT unnest($4::BIGINT[]) AS first, unnest($5::BIGINT[]) AS last) g
            ON p.place >= g.first
        WHERE p.place <= g.last
    ) WHERE op < before
"""  # noqa: S608 - constants of this package


def require_format(connected: "duckdb.DuckDBPyConnection", path: Path, packed: Path) -> None:
    """Refuse what the reader of histories refuses, as far as the packed form shows it.

    Raises:
        HistoryFormatError: a line breaks the format.
    """
    told = str(packed)
    unreadable, headers, marks = _row(connected, _COUNTS, told, ends_torn(path))
    (lowest,) = _row(connected, _LOWEST, told)
    if unreadable or headers > 1 or lowest < 0 or ends_blank(path):
        raise find_malformed(path, "a line breaks the format")
    if marks and _row(connected, _MARKS, told) != (0,):
        raise find_malformed(path, "a line of a fault or a phase breaks the format")
    repeated = connected.execute(_REPEATED, [told]).fetchall()
    if repeated:
        blocks = {block for (block,) in repeated}
        raise find_malformed(path, "an operation is told twice", blocks)
    if _falls(connected, told) and (error := first_malformed(path)):
        raise error


def _falls(connected: "duckdb.DuckDBPyConnection", packed: str) -> bool:
    """Whether calls of one process fall, among rows that are known to stand as in the file."""
    groups = connected.execute(_GROUPS, [packed, ROWS_A_GROUP]).fetchall()
    pairs = connected.execute(_FALLING, [packed]).fetchall()
    if len(pairs) < _PAIRS_MAX and not any(_is_in_one_group(pair, groups) for pair in pairs):
        return False
    slices = (groups[at : at + _GROUPS_A_SLICE] for at in range(0, len(groups), _GROUPS_A_SLICE))
    for some in slices:
        firsts, lasts = (list(places) for places in zip(*some, strict=True))
        told = (packed, firsts[0], lasts[-1], firsts, lasts)
        if _row(connected, _FALLING_IN_A_PROCESS, *told) != (0,):
            return True
    return False


def _is_in_one_group(pair: tuple[int, int], groups: Sequence[tuple[int, int]]) -> bool:
    before, after = pair
    place = bisect_right(groups, before, key=lambda group: group[0]) - 1
    return place >= 0 and after <= groups[place][1]


def _row(connected: "duckdb.DuckDBPyConnection", query: str, *told: object) -> tuple[int, ...]:
    return connected.execute(query, list(told)).fetchone() or (0,)
