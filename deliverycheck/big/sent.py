"""Every publish with what became of it, in ranges of operations that fit in memory."""

from typing import TYPE_CHECKING

from deliverycheck.big.rows import ENDED, FAIL, INFO, OK, PUBLISH, RETURNED
from deliverycheck.history import Header

if TYPE_CHECKING:
    import duckdb

_OPS_A_RANGE = 2_000_000

_PUBLISHES = f"""(SELECT op, producer, message, attempt, target, key, partition FROM lines
        WHERE what = {PUBLISH} AND op BETWEEN $first AND $last)"""  # noqa: S608
# Text is told by its hash, here and in what is compared with it.
_SENT = f"""
    SELECT p.op, p.message, true AS relied, c.position, hash(p.target, c.partition) AS spot,
        hash(p.producer, hash(p.target, c.partition)) AS row,
        CASE WHEN p.key IS NOT NULL THEN hash(p.key, p.target) END AS keyed,
        p.partition IS NULL AS free,
        c.op IS NOT NULL AND (p.attempt IS NULL OR p.attempt = 1)
            AND (p.partition IS NULL OR p.partition = c.partition)
            AND p.message NOT IN (SELECT message FROM apart) AS plain
    FROM {_PUBLISHES} p
    LEFT JOIN (SELECT op, partition, position FROM lines WHERE what = {OK} AND number IS NULL
        AND position IS NOT NULL AND op BETWEEN $first AND $last) c USING (op)
"""  # noqa: S608 - constants of this package
_RELIED = {
    "confirm": f"coalesce(c.what = {OK} OR c.confirmed, false)",
    "call_returned": f"coalesce(c.what = {OK} OR c.confirmed OR r.op IS NOT NULL, false)",
}
_FAILED = {
    "unknown": f"c.what = {FAIL}",
    "absent": f"c.what = {FAIL} OR (c.what = {INFO} AND NOT c.confirmed)",
}
_RETURNED = f"LEFT JOIN (SELECT op FROM lines WHERE what = {RETURNED}) r USING (op)"  # noqa: S608
_OTHERS = f"""
    SELECT p.op, p.message, {{relied}} AS relied, c.position,
        hash(p.target, coalesce(c.partition, p.partition)) AS spot, p.producer AS process,
        coalesce(p.attempt, 1) AS attempt, p.target, p.key, p.partition AS asked,
        coalesce({{failed}}, false) AS failed,
        coalesce(c.partition, p.partition) AS partition
    FROM {_PUBLISHES} p
    SEMI JOIN (SELECT op FROM sent WHERE NOT plain AND op BETWEEN $first AND $last) USING (op)
    LEFT JOIN (SELECT op, what, confirmed, partition, position FROM lines
        WHERE what {ENDED} AND number IS NULL AND op BETWEEN $first AND $last) c USING (op)
    {{returned}}
"""  # noqa: S608 - constants of this package
_REPEATED = f"""
    INSERT INTO apart SELECT message FROM lines WHERE what = {PUBLISH}
    GROUP BY message HAVING count(*) > 1
"""  # noqa: S608 - constants of this package


def others_sent(header: Header) -> str:
    """The publishes of a range of operations that are not plain, as a query."""
    relies = header.relies_on if header.relies_on in _RELIED else "confirm"
    returned = _RETURNED if relies == "call_returned" else ""
    return _OTHERS.format(
        relied=_RELIED[relies], returned=returned, failed=_FAILED[header.error_means]
    )


def read_sent(connected: "duckdb.DuckDBPyConnection", others: str) -> None:
    """All publishes into `sent`, those that are not plain whole into `others`, and `apart`."""
    bounds = f"SELECT min(op), max(op), count(*) FROM lines WHERE what = {PUBLISH}"  # noqa: S608
    lowest, highest, count = connected.execute(bounds).fetchone() or (None, None, 0)
    connected.execute(_REPEATED)
    width = 1 + ((highest or 0) - (lowest or 0)) // (1 + count // _OPS_A_RANGE)
    first = lowest or 0
    into = "CREATE TEMP TABLE {} AS {}"
    while True:
        bounds_now = {"first": first, "last": first + width - 1}
        connected.execute(into.format("sent", _SENT), bounds_now)
        connected.execute(into.format("others", others), bounds_now)
        into = "INSERT INTO {} {}"
        first += width
        if first > (highest or 0):
            break
    connected.execute(
        """INSERT INTO apart SELECT message FROM others;
        CREATE TEMP TABLE settled AS FROM sent LIMIT 0;
        CREATE TEMP VIEW paired AS FROM sent WHERE plain UNION ALL FROM settled;
        CREATE TEMP VIEW told AS SELECT op, message, relied, spot, position FROM sent WHERE plain
            UNION ALL SELECT op, message, relied, spot, position FROM others"""
    )
