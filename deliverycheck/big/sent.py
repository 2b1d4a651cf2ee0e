"""Every publish with what became of it, in ranges of operations that fit in memory."""

from typing import TYPE_CHECKING

from deliverycheck.history import Header

if TYPE_CHECKING:
    import duckdb

_OPS_A_RANGE = 2_000_000
_MESSAGES_A_SLICE = 8_000_000

_RELIED = {
    "confirm": "coalesce(c.what = 'ok' OR c.confirmed, false)",
    "call_returned": "coalesce(c.what = 'ok' OR c.confirmed OR r.op IS NOT NULL, false)",
}
_RETURNED = "LEFT JOIN (SELECT op FROM lines WHERE what = 'returned') r USING (op)"
# Text is told by its hash, here and in what is compared with it.
_PART = """
    CREATE OR REPLACE TEMP TABLE part AS
    SELECT p.op, hash(p.process) AS process, p.message, coalesce(p.attempt, 1) AS attempt,
        hash(coalesce(p.target, '')) AS target,
        CASE WHEN p.key IS NOT NULL THEN hash(p.key) END AS key,
        p.partition AS asked, {relied} AS relied, coalesce(c.what = 'fail', false) AS failed,
        coalesce(c.partition, p.partition) AS partition, c.position,
        hash(coalesce(p.target, ''), coalesce(c.partition, p.partition)) AS spot,
        coalesce(c.what = 'ok' AND c.position IS NOT NULL AND coalesce(p.attempt, 1) = 1
            AND (p.partition IS NULL OR p.partition = c.partition), false)
            AND p.message NOT IN (SELECT message FROM apart) AS plain
    FROM (SELECT op, process, message, attempt, target, key, partition FROM lines
        WHERE what = 'publish' AND op BETWEEN $first AND $last) p
    LEFT JOIN (SELECT op, what, confirmed, partition, position FROM lines
        WHERE what IN ('ok', 'fail', 'info') AND number IS NULL AND op BETWEEN $first AND $last) c
        USING (op)
    {returned}
"""
_PAIRED = """
    SELECT op, message, relied, spot, position, hash(process, spot) AS row,
        CASE WHEN key IS NOT NULL THEN hash(process, key, target) END AS keyed,
        asked IS NULL AS free, plain
    FROM part WHERE plain
"""
_OTHERS = "SELECT * EXCLUDE (plain) FROM part WHERE NOT plain"
_REPEATED = """
    INSERT INTO apart SELECT message FROM lines WHERE what = 'publish'{slice}
    GROUP BY message HAVING count(*) > 1
"""


def sent(header: Header) -> str:
    """The publishes of a range of operations, as a statement that makes the table `part`."""
    relies = header.relies_on if header.relies_on in _RELIED else "confirm"
    returned = _RETURNED if relies == "call_returned" else ""
    return _PART.format(relied=_RELIED[relies], returned=returned)


def read_sent(connected: "duckdb.DuckDBPyConnection", query: str) -> None:
    """Plain publishes into `paired`, the rest into `others`; their messages join `apart`."""
    bounds = "SELECT min(op), max(op), count(*) FROM lines WHERE what = 'publish'"
    lowest, highest, count = connected.execute(bounds).fetchone() or (None, None, 0)
    slices = 1 + count // _MESSAGES_A_SLICE
    for number in range(slices):
        of_slice = f" AND message % {slices} = {number}" if slices > 1 else ""
        connected.execute(_REPEATED.format(slice=of_slice))
    width = 1 + ((highest or 0) - (lowest or 0)) // (1 + count // _OPS_A_RANGE)
    first = lowest or 0
    into = "CREATE TEMP TABLE {} AS {}"
    while True:
        connected.execute(query, {"first": first, "last": first + width - 1})
        connected.execute(into.format("paired", _PAIRED))
        connected.execute(into.format("others", _OTHERS))
        into = "INSERT INTO {} {}"
        first += width
        if first > (highest or 0):
            break
    connected.execute(
        """DROP TABLE part; INSERT INTO apart SELECT message FROM others;
        CREATE TEMP VIEW told AS SELECT op, message, relied, spot, position FROM paired WHERE plain
            UNION ALL SELECT op, message, relied, spot, position FROM others"""
    )
