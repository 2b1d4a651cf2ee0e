"""More suspects than fit in memory: the first are judged, and what is lost or twice is counted."""

from typing import TYPE_CHECKING

import msgspec

from deliverycheck.guarantees import Validity, Verdict, check, unknown
from deliverycheck.history import History

if TYPE_CHECKING:
    import duckdb

_JUDGED_MAX = 1000
_FIRST = f"""
    SELECT message FROM (SELECT message FROM told SEMI JOIN suspects USING (message)
        ORDER BY op LIMIT {_JUDGED_MAX})
    UNION SELECT message FROM (SELECT message FROM suspects ANTI JOIN told USING (message)
        ORDER BY message LIMIT {_JUDGED_MAX})
"""  # noqa: S608 - a constant of this file
_LOST = """
    SELECT count(DISTINCT message) FROM told SEMI JOIN suspects USING (message)
    WHERE relied AND message NOT IN (SELECT message FROM found)
"""
_TWICE = """
    SELECT count(*) FROM (SELECT message FROM found SEMI JOIN {among} USING (message)
        WHERE message <> hash('') GROUP BY message
        HAVING count(DISTINCT (spot, position)) > 1)
"""


class Excess:
    """What is true of a history with more suspects than can be looked at."""

    def __init__(self, connected: "duckdb.DuckDBPyConnection") -> None:
        self._ask = connected

    def first(self) -> set[int]:
        """Those that were sent first, and some that nobody sent."""
        return {row[0] for row in self._ask.execute(_FIRST).fetchall()}

    def verdict(self, name: str, part: History, examined: int) -> Verdict:
        """INVALID by what the first ones prove; all that is lost or there twice is counted.

        An anomaly of a message is proved by the operations that concern this message. So it
        is one of the whole history too, whatever else is wrong there.
        """
        if name not in ("at_least_once_in_log", "exactly_once_in_log"):
            return unknown(name, f"{self._too_many()} that are looked at in memory")
        lost, found = (check(part, [one])[0] for one in ("at_least_once_in_log", name))
        if found.validity is not Validity.INVALID:
            return unknown(name, f"{self._too_many()} that are looked at in memory")
        count = found.count + (self._number(_LOST) - lost.count if lost.count else 0)
        if name == "exactly_once_in_log":
            count += self._twice("suspects") - self._twice("aside")
        return msgspec.structs.replace(
            found,
            examined=examined,
            count=count,
            reason=f"{self._too_many()} of which others than lost and duplicate ones are counted",
        )

    def _too_many(self) -> str:
        number = self._number("SELECT count(*) FROM suspects")
        return f"{number} messages of this big history are suspicious, more than the {_JUDGED_MAX}"

    def _twice(self, among: str) -> int:
        return self._number(_TWICE.format(among=among))

    def _number(self, query: str) -> int:
        return int((self._ask.execute(query).fetchone() or (0,))[0])
