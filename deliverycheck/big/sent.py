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
_SENT = """
    SELECT p.op, p.process, p.message, coalesce(p.attempt, 1) AS attempt,
        coalesce(p.target, '') AS target, p.key, p.partition AS asked, {relied} AS relied,
        c.what AS ended, coalesce(c.partition, p.partition) AS partition, c.position
    FROM (SELECT op, process, message, attempt, target, key, partition FROM lines
        WHERE what = 'publish' AND op BETWEEN $first AND $last) p
    LEFT JOIN (SELECT op, what, confirmed, partition, position FROM lines
        WHERE what IN ('ok', 'fail', 'info') AND number IS NULL AND op BETWEEN $first AND $last) c
        USING (op)
    {returned}
"""
_PART = """
    CREATE OR REPLACE TEMP TABLE part AS
    SELECT *, hash(target, partition) AS spot,
        coalesce(ended = 'ok' AND position IS NOT NULL AND attempt = 1
            AND (asked IS NULL OR asked = partition), false)
            AND message NOT IN (SELECT message FROM apart) AS plain
    FROM ({sent})
"""
_PAIRED = """
    SELECT op, message, relied, spot, position, hash(process, spot) AS row,
        CASE WHEN key IS NOT NULL THEN hash(process, key, target) END AS keyed,
        asked IS NULL AS free, plain
    FROM part WHERE plain
"""
_OTHERS = "SELECT * EXCLUDE (plain) FROM part WHERE NOT plain"
_REPEATED = """
    INSERT INTO apart SELECT message FROM lines WHERE what = 'publish' AND message % $1 = $2
    GROUP BY message HAVING count(*) > 1
"""


def sent(header: Header) -> str:
    """The publishes of a range, as a query."""
    relies = header.relies_on if header.relies_on in _RELIED else "confirm"
    returned = _RETURNED if relies == "call_returned" else ""
    return _SENT.format(relied=_RELIED[relies], returned=returned)


def read_sent(connected: "duckdb.DuckDBPyConnection", query: str) -> None:
    """Plain publishes into `paired`, the rest into `others`; their messages join `apart`."""
    bounds = "SELECT min(op), max(op), count(*) FROM lines WHERE what = 'publish'"
    lowest, highest, count = connected.execute(bounds).fetchone() or (None, None, 0)
    slices = 1 + count // _MESSAGES_A_SLICE
    for number in range(slices):
        connected.execute(_REPEATED, [slices, number])
    width = 1 + ((highest or 0) - (lowest or 0)) // (1 + count // _OPS_A_RANGE)
    first = lowest or 0
    into = "CREATE TEMP TABLE {} AS {}"
    while True:
        connected.execute(_PART.format(sent=query), {"first": first, "last": first + width - 1})
        connected.execute(into.format("paired", _PAIRED))
        connected.execute(into.format("others", _OTHERS))
        into = "INSERT INTO {} {}"
        first += width
        if first > (highest or 0):
            break
    connected.execute(
        """DROP TABLE part; INSERT INTO apart SELECT message FROM others;
        CREATE TEMP VIEW told AS SELECT message, spot, position FROM paired
            UNION ALL SELECT message, spot, position FROM others"""
    )
