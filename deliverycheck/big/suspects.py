"""Finds, in the packed form, every message with which anything may be wrong.

Nothing is judged here: who is suspect is looked at by the checkers, who is not is only counted.
A hash of 64 bits stands for a row of messages that have an order; a message is compared whole.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from deliverycheck.big.pack import quoted
from deliverycheck.history import Header

if TYPE_CHECKING:
    import duckdb

_RELIED = {
    "confirm": "coalesce(c.what = 'ok' OR c.confirmed, false)",
    "call_returned": "coalesce(c.what = 'ok' OR c.confirmed OR r.op IS NOT NULL, false)",
}
_BASE = """
    CREATE TEMP VIEW lines AS SELECT * FROM read_parquet({packed});
    CREATE TEMP VIEW sent AS
        SELECT p.op, p.process, coalesce(p.message, '') AS message,
            coalesce(p.attempt, 1) AS attempt, coalesce(p.target, '') AS target, p.key,
            p.partition AS asked, {relied} AS relied, coalesce(c.what = 'fail', false) AS failed,
            coalesce(c.partition, p.partition) AS partition, c.position
        FROM (SELECT * FROM lines WHERE what = 'publish') p
        LEFT JOIN (SELECT op, what, confirmed, partition, position FROM lines
            WHERE what IN ('ok', 'fail', 'info')) c USING (op)
        {returned};
    CREATE TEMP VIEW scans AS
        SELECT op, handed, deliveries FROM (SELECT op, handed, deliveries FROM lines
            WHERE handed > 0 AND what IN ('ok', 'fail', 'info'))
        JOIN (SELECT op FROM lines WHERE what = 'receive' AND starts_with(process, 'scan'))
            USING (op);
    CREATE TEMP VIEW found AS
        SELECT op AS read_op, coalesce(d.message, '') AS message, coalesce(d.attempt, 1) AS attempt,
            d.source AS source, d.partition AS partition, d.position AS position,
            d.epoch IS NOT NULL AS has_epoch,
            len(coalesce(d.mangled, [])) > 0 OR d.target IS NOT NULL OR d.execution IS NOT NULL
                AND d.execution <> {execution}
                OR d.message IS NULL OR d.source IS NULL OR d.message = '' AS odd
        FROM (SELECT op, unnest(deliveries) AS d FROM scans);
"""
_JOINED = """
    CREATE OR REPLACE TEMP TABLE joined AS
    SELECT s.op, d.read_op, s.relied,
        hash(d.source, d.partition) AS spot,
        hash(d.message, d.source, d.partition, d.position) AS copy, d.partition, d.position,
        s.asked IS NULL AS free, d.has_epoch,
        s.op IS NOT NULL AS is_sent, d.read_op IS NOT NULL AS is_found,
        hash(s.process, d.source, d.partition) AS row,
        CASE WHEN s.key IS NOT NULL THEN hash(s.process, s.key, d.source) END AS keyed,
        CASE
            WHEN s.op IS NULL THEN d.message
            WHEN d.read_op IS NULL THEN CASE WHEN s.relied THEN s.message END
            WHEN s.failed OR d.odd OR d.attempt <> s.attempt OR d.source <> s.target
                OR (s.position IS NOT NULL AND (s.position IS DISTINCT FROM d.position
                    OR s.partition IS DISTINCT FROM d.partition))
                OR (s.asked IS NOT NULL AND s.asked IS DISTINCT FROM d.partition)
            THEN s.message
        END AS suspect
    FROM sent s FULL JOIN found d ON s.message = d.message
"""
_REPEATED = """
    SELECT message FROM sent GROUP BY message HAVING count(*) > 1
    UNION SELECT message FROM found GROUP BY message HAVING count(*) > 1
"""


class Suspects:
    """Asks the packed form of one history. All answers are sets of messages."""

    def __init__(
        self, connected: "duckdb.DuckDBPyConnection", packed: Path, header: Header
    ) -> None:
        self._ask = connected
        relies = header.relies_on if header.relies_on in _RELIED else "confirm"
        returned = "LEFT JOIN (SELECT op FROM lines WHERE what = 'returned') r USING (op)"
        self._ask.execute(
            _BASE.format(
                packed=quoted(packed),
                relied=_RELIED[relies],
                returned=returned if relies == "call_returned" else "",
                execution=quoted(header.execution),
            )
        )

    def find(self) -> set[str]:
        """What may be lost, repeated, a stranger, or not as it was sent."""
        self._ask.execute(_JOINED)
        suspects = self._messages("SELECT DISTINCT suspect FROM joined WHERE suspect IS NOT NULL")
        if self._is_any_repeated():
            suspects |= self._messages(_REPEATED)
        return suspects

    def _is_any_repeated(self) -> bool:
        """A message sent or found twice makes more pairs than there are of either."""
        pairs, sent, found = self._numbers(
            """SELECT count(*) FILTER (is_sent AND is_found),
                (SELECT count(*) FROM lines WHERE what = 'publish')
                    - count(*) FILTER (is_sent AND NOT is_found),
                (SELECT sum(handed) FROM scans)
                    - count(*) FILTER (is_found AND NOT is_sent) FROM joined"""
        )
        return pairs != sent or pairs != found

    def around_the_missing(self) -> set[str]:
        """What stands where a missing message should, and at both ends of every partition."""
        ends = """SELECT unnest([arg_min(message, position), arg_max(message, position)])
            FROM found WHERE position IS NOT NULL GROUP BY source, partition"""
        places = """SELECT d.message FROM found d JOIN (
                SELECT target, partition, position FROM sent WHERE position IS NOT NULL
                    AND message IN (SELECT suspect FROM joined)
            ) s ON d.source = s.target AND d.position = s.position
                AND d.partition IS NOT DISTINCT FROM s.partition"""
        return self._messages(ends) | self._messages(places)

    def set_aside(self, messages: Iterable[str]) -> None:
        """These are judged by the checkers; `sound` holds the rest from here on."""
        self._ask.execute(
            "CREATE OR REPLACE TEMP TABLE aside AS SELECT unnest(?) AS message", [list(messages)]
        )
        self._ask.execute(
            """CREATE OR REPLACE TEMP TABLE aside_ops AS
                SELECT op FROM lines WHERE what = 'publish'
                    AND coalesce(message, '') IN (SELECT message FROM aside);
            CREATE OR REPLACE TEMP VIEW sound AS SELECT * FROM joined WHERE is_sent AND is_found
                AND suspect IS NULL AND op NOT IN (SELECT op FROM aside_ops)"""
        )

    def relied(self) -> int:
        """How many sound messages were relied upon."""
        return self._numbers("SELECT count(*) FILTER (relied) FROM sound")[0]

    def sound(self) -> int:
        """How many sound messages stand in the log."""
        return self._numbers("SELECT count(*) FROM sound")[0]

    def placed(self) -> int:
        """How many sound messages have a position."""
        return self._numbers("SELECT count(position) FROM sound")[0]

    def sizes(self) -> Counter[str]:
        """How many sound messages stand in each source."""
        rows = self._ask.execute(
            """SELECT source, count(*) FROM found
                WHERE message NOT IN (SELECT message FROM aside) GROUP BY source"""
        ).fetchall()
        return Counter(dict(rows))

    def _messages(self, query: str) -> set[str]:
        return {row[0] for row in self._ask.execute(query).fetchall()}

    def _numbers(self, query: str) -> tuple[int, ...]:
        row = self._ask.execute(query).fetchone()
        return tuple(int(number or 0) for number in row or ())
