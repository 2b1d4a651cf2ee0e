"""What only the checkers in memory understand."""

from typing import TYPE_CHECKING

from deliverycheck.big.rows import PUBLISH, RECEIVE
from deliverycheck.history import Header

if TYPE_CHECKING:
    import duckdb


_SPECIAL = "SELECT count(*) FROM lines WHERE flags IS NOT NULL AND special"
# A publish whose completion has deliveries is of no kind that is known here.
_HANDING = f"""
    SELECT op FROM lines WHERE number = 1
    AND op NOT IN (SELECT op FROM lines WHERE what = {RECEIVE})
"""  # noqa: S608 - a constant of this package
_PUBLISHING = f"SELECT count(*) FROM lines WHERE what = {PUBLISH} AND op IN ({_HANDING})"  # noqa: S608


def why_not_plain(connected: "duckdb.DuckDBPyConnection", header: Header) -> str | None:
    """Why a big history cannot be judged by its suspects alone; ``None`` if it can."""
    if header.sources:
        return "a big history is judged only if its sources are plain logs"
    special = connected.execute(_SPECIAL).fetchone() != (0,)
    if not special and connected.execute(f"{_HANDING} LIMIT 1").fetchone():
        special = connected.execute(_PUBLISHING).fetchone() != (0,)
    if special:
        return (
            "a big history is judged only without transactions, tombstones, bulk operations and "
            "deleted topics"
        )
    return None
