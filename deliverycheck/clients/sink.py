"""A database that effects go to: rows, and with them the positions from which to read on.

SQLite, one file an execution. What a killed process had not committed is rolled back by whoever
opens the file next; the page cache outlives the process, so nothing waits for the disk.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from deliverycheck.history import Delivery, Position

_BUSY_S = 5.0
"""A row takes well under a millisecond; nobody is stopped while a transaction of it is open."""

_TABLES = """
CREATE TABLE IF NOT EXISTS effects (
    op INTEGER, message TEXT, source TEXT, part INTEGER, at INTEGER
);
CREATE TABLE IF NOT EXISTS positions (
    source TEXT, part INTEGER, next INTEGER NOT NULL, PRIMARY KEY (source, part)
);
"""
_MOVE = """
INSERT INTO positions VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET next = excluded.next WHERE next <= ?
"""


class StaleError(Exception):
    """Somebody else has gone on from there: the row was not written."""


class SinkFile:
    """An open database; one connection, calls one after the other."""

    def __init__(self, path: str) -> None:
        self._open = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        self._open.execute("PRAGMA synchronous = OFF")
        self._open.executescript(_TABLES)

    def write(self, op: int, delivery: Delivery, covers: Sequence[Position]) -> None:
        """The row is there, and with it the positions that go on behind the delivery.

        Raises:
            StaleError: a position is beyond the delivery already; nothing was written.
        """
        self._open.execute("BEGIN IMMEDIATE")
        try:
            self._write(op, delivery, covers)
        except BaseException:
            self._open.execute("ROLLBACK")
            raise
        self._open.execute("COMMIT")

    def _write(self, op: int, delivery: Delivery, covers: Sequence[Position]) -> None:
        here = (delivery.source, delivery.partition, delivery.position)
        self._open.execute(
            "INSERT INTO effects VALUES (?, ?, ?, ?, ?)", (op, delivery.message, *here)
        )
        for one in covers:
            moved = (one.source, one.partition, one.position, delivery.position)
            if self._open.execute(_MOVE, moved).rowcount == 0:
                raise StaleError

    def position(self, source: str, partition: int) -> int | None:
        """From where to read on; ``None`` if nothing of the partition was worked off."""
        query = "SELECT next FROM positions WHERE source = ? AND part = ?"
        row = self._open.execute(query, (source, partition)).fetchone()
        return None if row is None else int(row[0])

    def close(self) -> None:
        self._open.close()


def operations_in(path: Path) -> frozenset[int]:
    """The operations whose rows are in the database; none if there is no database."""
    if not path.exists():
        return frozenset()
    with closing(sqlite3.connect(path, timeout=_BUSY_S)) as opened:
        return frozenset(int(op) for (op,) in opened.execute("SELECT op FROM effects"))
