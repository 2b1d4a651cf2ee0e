"""Finds who stands behind a later call of its producer, and keys that stand in two partitions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from deliverycheck.big.rows import PUBLISH
from deliverycheck.big.suspects import SUSPECTS_MAX

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
    SELECT op, NULL AS read_op, row, keyed, spot, position, free, NULL AS message
        FROM sound WHERE position IS NOT NULL
    UNION ALL BY NAME SELECT * FROM copies
"""
_COPIES = """
    CREATE OR REPLACE TEMP TABLE copies AS
    SELECT c.op, c.read_op, hash(hash(c.process), hash(hash(c.source), c.partition)) AS row,
        CASE WHEN c.key IS NOT NULL THEN hash(hash(c.key), hash(c.source)) END AS keyed,
        hash(hash(c.source), c.partition) AS spot, c.position, c.free, c.message
    FROM (SELECT unnest(?::STRUCT(op BIGINT, read_op BIGINT, process VARCHAR, source VARCHAR,
        partition BIGINT, position BIGINT, key VARCHAR, free BOOLEAN, message VARCHAR)[]) AS c)
"""
# Behind whom it stands. What stands at one place with others is set aside: only there
# do the receives that found it, and then its name, tell what stands first.
_BACK = """
    {into} SELECT op, before, row FROM (
        SELECT op, row, lag(op) OVER stand AS before
        FROM placed WHERE row % {slices} = {slice}
        WINDOW stand AS (PARTITION BY row ORDER BY position{ties})
    ) WHERE before > op
"""
_ROWS_A_SLICE = 4_000_000
"""What is sorted at once: more of them do not fit in memory, and cost twice the time."""
_GOING_BACK = """
    SELECT op FROM back UNION SELECT before FROM back
    UNION SELECT arg_min(op, position) FROM placed WHERE row IN (SELECT row FROM back) GROUP BY row
"""
_GOING_BACK_IN_KEYS = """
    WITH going AS (
        SELECT op, keyed, row, lag(op) OVER stand AS before
        FROM placed WHERE row IN (SELECT row FROM back) AND keyed IS NOT NULL
        WINDOW stand AS (PARTITION BY keyed, row ORDER BY position, read_op, message)
    ), back_keys AS (SELECT * FROM going WHERE before > op)
    SELECT op FROM back_keys UNION SELECT before FROM back_keys
    UNION SELECT arg_min(p.op, p.position) FROM placed p
        JOIN (SELECT DISTINCT keyed FROM back_keys) k USING (keyed) GROUP BY p.keyed, p.row
"""
_KEYS = """
    CREATE OR REPLACE TEMP TABLE keys AS
    SELECT keyed, count(*) AS n, min(spot) FILTER (free) <> max(spot) FILTER (free) AS split
    FROM placed WHERE keyed IS NOT NULL GROUP BY keyed
"""
_SPLIT = """
    WITH theirs AS (SELECT p.* FROM placed p SEMI JOIN (FROM keys WHERE split) USING (keyed))
    SELECT arg_min(op, position) FROM theirs GROUP BY keyed, spot
    UNION SELECT arg_min(op, position) FROM theirs WHERE free GROUP BY keyed, spot
"""
_EXTENT = """
    SELECT (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM placed GROUP BY row)),
        (SELECT coalesce(sum(n - 1), 0) FROM keys)
"""


class Order:
    """All copies that have a place, in the rows in which their order is promised."""

    def __init__(self, connected: "duckdb.DuckDBPyConnection", copies: Sequence[Copy]) -> None:
        self._ask = connected
        self._ask.execute(_COPIES, [[msgspec.structs.asdict(copy) for copy in copies]])
        self._ask.execute(_PLACED)
        self._look_back(ties=", read_op, message" if copies else "")
        self._ask.execute(_KEYS)

    def _look_back(self, ties: str) -> None:
        """`back` has everyone who stands behind a later call; whole rows at a time, in slices."""
        (count,) = self._ask.execute("SELECT count(*) FROM placed").fetchone() or (0,)
        slices = 1 + count // _ROWS_A_SLICE
        into = "CREATE OR REPLACE TEMP TABLE back AS"
        for number in range(slices):
            self._ask.execute(_BACK.format(into=into, slices=slices, slice=number, ties=ties))
            into = "INSERT INTO back"

    def disordered(self) -> set[int]:
        """All that a proof of a wrong order, of the right kind and in its place, needs."""
        found = self._messages(_SPLIT)
        if self._ask.execute("SELECT count(*) FROM back").fetchone() != (0,):
            found |= self._messages(_GOING_BACK) | self._messages(_GOING_BACK_IN_KEYS)
        return found

    def extent(self) -> Extent:
        """How much was compared."""
        row = self._ask.execute(_EXTENT).fetchone() or (0, 0)
        return Extent(in_partitions=int(row[0]), in_keys=int(row[1]))

    def _messages(self, ops: str) -> set[int]:
        query = f"""SELECT DISTINCT message FROM lines
            WHERE what = {PUBLISH} AND op IN ({ops})"""  # noqa: S608 - a query of this file
        return {row[0] for row in self._ask.execute(query).fetchmany(SUSPECTS_MAX + 1)}
