"""Finds who stands behind a later call of its producer, and keys that stand in two partitions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import duckdb


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """A copy in the log that the checkers look at, as a row of the table of all copies."""

    op: int
    read_op: int
    process: str
    source: str
    partition: int | None
    position: int
    key: str | None
    free: bool
    message: str


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """How many neighbours there are in the rows of one producer and partition, and of keys."""

    in_partitions: int
    in_keys: int


_PLACED = """
    CREATE OR REPLACE TEMP VIEW placed AS
    SELECT op, read_op, row, keyed, partition, position, free, NULL AS message
        FROM sound WHERE position IS NOT NULL
    UNION ALL BY NAME SELECT * FROM copies
"""
_COPIES = """
    CREATE OR REPLACE TEMP TABLE copies AS
    SELECT c.op, c.read_op, hash(c.process, c.source, c.partition) AS row,
        CASE WHEN c.key IS NOT NULL THEN hash(c.process, c.key, c.source) END AS keyed,
        c.partition, c.position, c.free, c.message
    FROM (SELECT unnest(?::STRUCT(op BIGINT, read_op BIGINT, process VARCHAR, source VARCHAR,
        partition BIGINT, position BIGINT, key VARCHAR, free BOOLEAN, message VARCHAR)[]) AS c)
"""
# Behind whom it stands. What stands at one place by one receive is told apart by its message,
# which only those that are set aside have here: until then it is tied.
_BACK = """
    CREATE OR REPLACE TEMP TABLE back AS
    SELECT op, before, row, partition, tied FROM (
        SELECT op, row, partition, lag(op) OVER stand AS before,
            lag(position) OVER stand = position AND lag(read_op) OVER stand = read_op
                AND (message IS NULL OR lag(message) OVER stand IS NULL) AS tied
        FROM placed WINDOW stand AS (PARTITION BY row ORDER BY position, read_op, message)
    ) WHERE before > op OR tied
"""
_GOING_BACK = """
    SELECT op FROM back UNION SELECT before FROM back
    UNION SELECT arg_min(op, position) FROM placed WHERE row IN (SELECT row FROM back) GROUP BY row
"""
_GOING_BACK_IN_KEYS = """
    WITH going AS (
        SELECT op, keyed, partition, lag(op) OVER stand AS before
        FROM placed WHERE row IN (SELECT row FROM back) AND keyed IS NOT NULL
        WINDOW stand AS (PARTITION BY keyed, partition ORDER BY position, read_op, message)
    ), back_keys AS (SELECT * FROM going WHERE before > op)
    SELECT op FROM back_keys UNION SELECT before FROM back_keys
    UNION SELECT arg_min(p.op, p.position) FROM placed p
        JOIN (SELECT DISTINCT keyed FROM back_keys) k USING (keyed) GROUP BY p.keyed, p.partition
"""
_SPLIT = """
    WITH split AS (
        SELECT keyed FROM placed WHERE keyed IS NOT NULL AND free GROUP BY keyed
        HAVING min(coalesce(partition, -1)) <> max(coalesce(partition, -1))
    ), theirs AS (SELECT p.* FROM placed p JOIN split USING (keyed))
    SELECT arg_min(op, position) FROM theirs GROUP BY keyed, partition
    UNION SELECT arg_min(op, position) FROM theirs WHERE free GROUP BY keyed, partition
"""
_EXTENT = """
    SELECT (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM placed GROUP BY row)),
        (SELECT coalesce(sum(n - 1), 0) FROM (
            SELECT count(*) AS n FROM placed WHERE keyed IS NOT NULL GROUP BY keyed))
"""


class Order:
    """All copies that have a place, in the rows in which their order is promised."""

    def __init__(self, connected: "duckdb.DuckDBPyConnection", copies: Sequence[Copy]) -> None:
        self._ask = connected
        self._ask.execute(_COPIES, [[msgspec.structs.asdict(copy) for copy in copies]])
        self._ask.execute(_PLACED)
        self._ask.execute(_BACK)

    def tied(self) -> set[str]:
        """Messages at one place, which only their names put in an order."""
        return self._messages(
            """SELECT op FROM back WHERE tied UNION SELECT before FROM back WHERE tied"""
        )

    def disordered(self) -> set[str]:
        """All that a proof of a wrong order, of the right kind and in its place, needs."""
        found = self._messages(_SPLIT)
        if self._ask.execute("SELECT count(*) FROM back").fetchone() != (0,):
            found |= self._messages(_GOING_BACK) | self._messages(_GOING_BACK_IN_KEYS)
        return found

    def extent(self) -> Extent:
        """How much was compared."""
        row = self._ask.execute(_EXTENT).fetchone() or (0, 0)
        return Extent(in_partitions=int(row[0]), in_keys=int(row[1]))

    def _messages(self, ops: str) -> set[str]:
        query = f"""SELECT DISTINCT coalesce(message, '') FROM lines
            WHERE what = 'publish' AND op IN ({ops})"""  # noqa: S608 - a query of this file
        return {row[0] for row in self._ask.execute(query).fetchall()}
