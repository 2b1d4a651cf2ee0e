"""Finds, in the packed form, every message with which anything may be wrong.

Nothing is judged here: who is suspect is looked at by the checkers, who is not is only counted.

Most messages are plain: confirmed with a place, sent once, found as they were sent. These are
not paired one by one. For each block of 64 places the plain ones that were sent and those that
were found must be equally many, with equal fingerprints; only blocks that differ are compared
row by row. All others are paired by their message.

A hash of 64 bits stands for a message and for its place. Two different ones with the same hash
make one more suspect, or hide an anomaly, with a chance of 2^-64 for each two.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from deliverycheck.big.pack import quoted
from deliverycheck.big.rows import FLAGS, RECEIVE
from deliverycheck.big.sent import others_sent, read_sent
from deliverycheck.history import Header

if TYPE_CHECKING:
    import duckdb

SUSPECTS_MAX = 100_000
"""Messages that the checkers look at in memory, about 1 kB each."""

_BASE = """
    CREATE TEMP VIEW lines AS SELECT *, {flags} FROM read_parquet({packed});
    CREATE TEMP TABLE scans AS
        SELECT op FROM lines WHERE what = {receive} AND starts_with(process, 'scan');
    CREATE TEMP VIEW found AS
        SELECT op AS read_op, message, coalesce(attempt, 1) AS attempt, target AS source, partition,
            position, hash(target, partition) AS spot, odd OR message = hash('') AS odd
        FROM lines SEMI JOIN scans USING (op) WHERE number IS NOT NULL;
    CREATE TEMP TABLE apart AS SELECT DISTINCT message FROM found
        WHERE odd OR attempt <> 1 OR position IS NULL;
"""
_PAIRS = """
    CREATE TEMP TABLE pairs AS
    SELECT s.*, d.spot AS found_spot, d.position AS found_position,
        d.read_op IS NOT NULL AS is_found, d.source,
        CASE
            WHEN s.op IS NULL THEN d.message
            WHEN d.read_op IS NULL THEN CASE WHEN s.relied THEN s.message END
            WHEN s.failed OR d.odd OR d.attempt <> s.attempt
                OR d.source <> s.target
                OR (s.position IS NOT NULL AND (s.position IS DISTINCT FROM d.position
                    OR s.partition IS DISTINCT FROM d.partition))
                OR (s.asked IS NOT NULL AND s.asked IS DISTINCT FROM d.partition)
            THEN s.message
        END AS suspect
    FROM others s FULL JOIN (SELECT * FROM found WHERE message IN (SELECT message FROM apart)) d
        ON s.message = d.message;
    INSERT INTO settled SELECT op, message, relied, found_position, found_spot,
        hash(process, found_spot),
        CASE WHEN key IS NOT NULL THEN hash(key, source) END,
        asked IS NULL, false
    FROM pairs WHERE op IS NOT NULL AND is_found AND suspect IS NULL;
"""
_BLOCKS = """
    CREATE TEMP TABLE blocks AS
    WITH plainly_sent AS (
        SELECT spot, position >> 6 AS block, count(*) AS n,
            bit_xor(hash(message, spot, position)) AS print
        FROM sent WHERE plain GROUP BY ALL
    ), all_found AS (
        SELECT spot, position >> 6 AS block, count(*) FILTER (plain) AS n,
            bit_xor(hash(message, spot, position)) FILTER (plain) AS print,
            count(*) > bit_count(bit_or(1::UBIGINT << (position & 63)::UBIGINT)) AS crowded
        FROM (SELECT *, message NOT IN (SELECT message FROM apart) AS plain FROM found)
        WHERE position IS NOT NULL GROUP BY spot, block
    )
    SELECT spot, block, coalesce(f.crowded, false) AS crowded,
        coalesce(s.n, 0) <> coalesce(f.n, 0) OR coalesce(s.print, 0) <> coalesce(f.print, 0)
            AS differ
    FROM plainly_sent s FULL JOIN all_found f USING (spot, block) WHERE crowded OR differ
"""
_UNLIKE = """
    SELECT message FROM (
        SELECT message, spot, position, 1 AS side FROM sent p
            SEMI JOIN (FROM blocks WHERE differ) b ON p.spot = b.spot AND p.position >> 6 = b.block
        WHERE plain
        UNION ALL
        SELECT message, spot, position, -1 AS side FROM found p
            SEMI JOIN (FROM blocks WHERE differ) b ON p.spot = b.spot AND p.position >> 6 = b.block
        WHERE message NOT IN (SELECT message FROM apart)
    ) GROUP BY message, spot, position HAVING sum(side) <> 0
"""
_CROWDED = """
    SELECT p.message FROM found p
    SEMI JOIN (FROM blocks WHERE crowded) b ON p.spot = b.spot AND p.position >> 6 = b.block
"""
_SUSPECTS = f"""
    CREATE TEMP TABLE suspects AS
    SELECT suspect AS message FROM pairs WHERE suspect IS NOT NULL
    UNION SELECT coalesce(message, suspect) FROM pairs WHERE message IS NOT NULL
        GROUP BY ALL HAVING count(*) > 1
    UNION {_UNLIKE} UNION {_CROWDED}
"""  # noqa: S608 - constants of this file


class Suspects:
    """Asks the packed form of one history. Messages are told by their hash."""

    def __init__(
        self, connected: "duckdb.DuckDBPyConnection", packed: Path, header: Header
    ) -> None:
        self._ask = connected
        self._others = others_sent(header)
        self._ask.execute(_BASE.format(packed=quoted(packed), flags=FLAGS, receive=RECEIVE))

    def find(self) -> set[int]:
        """What may be lost, repeated, a stranger, or not as it was sent."""
        read_sent(self._ask, self._others)
        for step in (_PAIRS, _BLOCKS, _SUSPECTS):
            self._ask.execute(step)
        return self._messages("SELECT message FROM suspects")

    def around_the_missing(self, missing: str = "suspects") -> set[int]:
        """What stands where a missing message should, and at both ends of every partition."""
        ends = """SELECT unnest([arg_min(message, position), arg_max(message, position)])
            FROM found WHERE position IS NOT NULL GROUP BY spot"""
        places = f"""SELECT d.message FROM found d JOIN (
                SELECT spot, position FROM told WHERE message IN (SELECT message FROM {missing})
            ) s ON d.spot = s.spot AND d.position = s.position"""  # noqa: S608 - a table of this package
        return self._messages(ends) | self._messages(places)

    def set_aside(self, messages: Iterable[int]) -> None:
        """These are judged by the checkers; `sound` holds the rest from here on."""
        self._ask.execute(
            "CREATE OR REPLACE TEMP TABLE aside AS SELECT unnest(?::UBIGINT[]) AS message",
            [list(messages)],
        )
        self._ask.execute(
            """CREATE OR REPLACE TEMP VIEW sound AS SELECT * FROM paired
                WHERE message NOT IN (SELECT message FROM aside)"""
        )

    def number(self) -> int:
        """How many messages were relied upon, wherever they are."""
        query = "SELECT count(DISTINCT message) FROM told WHERE relied"
        return int((self._ask.execute(query).fetchone() or (0,))[0])

    def counts(self) -> tuple[int, int, int]:
        """How many sound messages were relied upon, stand in the log, have a position there."""
        row = self._ask.execute(
            "SELECT count(*) FILTER (relied), count(*), count(position) FROM sound"
        ).fetchone()
        return row or (0, 0, 0)

    def sizes(self, sources: Iterable[str]) -> Counter[str]:
        """How many sound messages stand in each of these sources."""
        rows = self._ask.execute(
            """SELECT any_value(name), count(*) FROM found
                JOIN (SELECT unnest(?::VARCHAR[]) AS name) ON source = hash(name)
                WHERE message NOT IN (SELECT message FROM aside) GROUP BY source""",
            [sorted(set(sources))],
        ).fetchall()
        return Counter(dict(rows))

    def _messages(self, query: str) -> set[int]:
        return {row[0] for row in self._ask.execute(query).fetchmany(SUSPECTS_MAX + 1)}
