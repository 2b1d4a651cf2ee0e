"""Finds what the application's own readers were handed otherwise than the log holds it."""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from deliverycheck.big.rows import ENDED, OK, RECEIVE, coded
from deliverycheck.big.suspects import SUSPECTS_MAX
from deliverycheck.guarantees.log.moves import moves
from deliverycheck.history import Action, Delivery, History, Operation, Outcome

if TYPE_CHECKING:
    import duckdb

_ROWS_A_FETCH = 10_000
_MOVING = coded("subscribe", "assign", "revoke", "lost", "seek", "nack", "reject")
_RECEIPTS = f"""
    CREATE TEMP TABLE receives AS
        SELECT i.op, i.process, i.detail AS "group", i.ns AS invoked_ns, c.ns AS ended_ns,
            coalesce(c.what = {OK}, false) AS ok
        FROM (SELECT * FROM lines WHERE what = {RECEIVE} AND NOT starts_with(process, 'scan')) i
        LEFT JOIN (SELECT op, what, ns FROM lines
            WHERE what {ENDED} AND coalesce(number, 1) = 1) c USING (op);
    CREATE TEMP TABLE receipts AS
        SELECT op, r.process, coalesce(r."group", '') AS "group", r.ok, number, message,
            target AS source, partition, position, hash(target, partition) AS spot,
            again
        FROM (SELECT op, number, message, target, partition, position, again FROM lines
            WHERE number IS NOT NULL) d
        JOIN receives r USING (op);
    CREATE TEMP TABLE moving AS
        SELECT op FROM lines WHERE what {_MOVING}
        UNION SELECT op FROM receives WHERE NOT ok;
"""  # noqa: S608 - constants of this file
_RECEIPTS_A_SLICE = 1_000_000
"""What is looked at at once: a range of places, or of operations."""
_BOUNDS = "SELECT approx_quantile({column}, {shares}::FLOAT[]) FROM receipts"
_ELSEWHERE = """
    {into} SELECT DISTINCT message, spot, position
    FROM (SELECT message, spot, position FROM receipts WHERE {here}) r
    ANTI JOIN (SELECT message, spot, position FROM found WHERE {here}) f
        USING (message, spot, position)
"""
_AT_THE_SAME_PLACE = """
    SELECT o.message FROM {table} o
    SEMI JOIN elsewhere e ON o.spot = e.spot AND o.position = e.position
"""
# Each range of operations goes on from the latest receipts of those before it.
_LATEST = "CREATE TEMP TABLE latest AS FROM receipts LIMIT 0"
_ROWS = """(FROM latest UNION ALL
        SELECT * FROM receipts WHERE position IS NOT NULL AND ok AND {here})"""
_STEPS = f"""
    {{into}} SELECT source, partition, spot, before_op, op, before, position, held, message
    FROM (SELECT *, lag(op) OVER row AS before_op, lag(position) OVER row AS before,
            lag(again) OVER row AS before_again, lag(message) OVER row AS held
        FROM {_ROWS} WINDOW row AS (PARTITION BY process, "group", spot ORDER BY op, number))
    WHERE before_op IS NOT NULL AND NOT again AND NOT before_again
"""  # noqa: S608 - constants of this file
_GO_ON = f"""
    CREATE OR REPLACE TEMP TABLE latest AS
    WITH rows AS {_ROWS},
        calls AS (SELECT process, "group", spot, max(op) AS op FROM rows GROUP BY ALL)
    SELECT * FROM rows SEMI JOIN calls USING (process, "group", spot, op)
    QUALIFY number = max(number) OVER (PARTITION BY process, "group", spot)
"""  # noqa: S608 - constants of this file
_PAIRS = """
    SELECT s.spot, s.source, s.partition, s.n, b.op, b.process, b."group", b.invoked_ns, b.ended_ns,
        a.op, a.process, a."group", a.invoked_ns, a.ended_ns
    FROM (SELECT spot, source, partition, before_op, op, count(*) AS n FROM steps GROUP BY ALL) s
    JOIN receives b ON b.op = s.before_op JOIN receives a ON a.op = s.op
"""
_JUMPS = """
    CREATE TEMP TABLE jumps AS
    SELECT steps.* FROM steps WHERE position <> before + 1 AND NOT EXISTS (
        SELECT 1 FROM moved m WHERE m.before_op = steps.before_op AND m.op = steps.op
            AND m.spot = steps.spot)
"""
_BETWEEN = """
    SELECT o.message FROM {table} o
    SEMI JOIN jumps j ON o.spot = j.spot AND o.position > j.before AND o.position < j.position
"""
_TABLES = ("found", "receipts", "told")


class Readers:
    """What the application's own readers were handed."""

    def __init__(self, connected: "duckdb.DuckDBPyConnection") -> None:
        self._ask = connected
        self._ask.execute(_RECEIPTS)

    def strangers(self) -> set[int]:
        """Messages that readers were handed where the log has them not, and what it has there."""
        into = "CREATE TEMP TABLE elsewhere AS"
        for here in self._ranges("position"):
            self._ask.execute(_ELSEWHERE.format(into=into, here=here))
            into = "INSERT INTO elsewhere"
        found = self._messages("SELECT message FROM elsewhere")
        return found | self._by_place("elsewhere", _AT_THE_SAME_PLACE)

    def steps(self, skeleton: History) -> tuple[int, set[int]]:
        """How many steps no move explains, and the messages at those that are no plain ones."""
        self._follow()
        count = 0
        moved: list[dict[str, int]] = []
        names = self._names(skeleton)
        for spot, source, partition, number, before, after in self._pairs():
            delivery = Delivery(message="", source=names.get(source, ""), partition=partition)
            if moves(skeleton).of(before, delivery).between(before, after):
                moved.append({"before_op": before.op, "op": after.op, "spot": spot})
            else:
                count += number
        self._ask.execute(
            """CREATE TEMP TABLE moved AS SELECT m.* FROM (SELECT unnest(?::STRUCT(
                before_op BIGINT, op BIGINT, spot UBIGINT)[]) AS m)""",
            [moved],
        )
        self._ask.execute(_JUMPS)
        found = self._messages("SELECT held FROM jumps UNION SELECT message FROM jumps")
        return count, found | self._by_place("jumps", _BETWEEN)

    def have_epochs(self) -> bool:
        """Whether anybody was told of leader epochs."""
        query = "SELECT count(*) FROM lines WHERE flags IS NOT NULL AND has_epoch"
        return self._ask.execute(query).fetchone() != (0,)

    def _follow(self) -> None:
        """Each receipt and the one before it of the same reader and partition, into `steps`."""
        self._ask.execute(_LATEST)
        into = "CREATE TEMP TABLE steps AS"
        for here in self._ranges("op"):
            self._ask.execute(_STEPS.format(into=into, here=here))
            self._ask.execute(_GO_ON.format(here=here))
            into = "INSERT INTO steps"

    def _ranges(self, column: str) -> Iterator[str]:
        """Conditions that part all receipts with a place, rising, about as many in each."""
        (count,) = self._ask.execute("SELECT count(position) FROM receipts").fetchone() or (0,)
        slices = 1 + count // _RECEIPTS_A_SLICE
        shares = [number / slices for number in range(1, slices)]
        bounds = _BOUNDS.format(column=column, shares=shares)
        (lasts,) = self._ask.execute(bounds).fetchone() or ([],)
        for after, last in pairwise((None, *(lasts or ()), None)):
            above = f"{column} IS NOT NULL" if after is None else f"{column} > {after}"
            yield above if last is None else f"{above} AND {column} <= {last}"

    def _by_place(self, places: str, query: str) -> set[int]:
        """Whatever was found, handed out or confirmed there; of no places nothing is asked."""
        if self._ask.execute(f"SELECT count(*) FROM {places}").fetchone() == (0,):  # noqa: S608
            return set()
        asked = (query.format(table=table) for table in _TABLES)
        return {message for each in asked for message in self._messages(each)}

    def _names(self, skeleton: History) -> dict[int, str]:
        """The sources that moves name, by their hash; of no other one a move tells anything."""
        named = {each.source for one in skeleton.operations for each in one.covers}
        query = "SELECT hash(name), name FROM (SELECT unnest(?::VARCHAR[]) AS name)"
        return dict(self._ask.execute(query, [list(named)]).fetchall())

    def _pairs(self) -> Iterator[tuple[int, int, int | None, int, Operation, Operation]]:
        asked = self._ask.execute(_PAIRS)
        while rows := asked.fetchmany(_ROWS_A_FETCH):
            for spot, source, partition, number, *both in rows:
                before, after = _receive(*both[:5]), _receive(*both[5:])
                yield spot, source, partition, number, before, before if after == before else after

    def _messages(self, query: str) -> set[int]:
        return {row[0] for row in self._ask.execute(query).fetchmany(SUSPECTS_MAX + 1)}


def _receive(op: int, process: str, group: str | None, invoked_ns: int, ended_ns: int) -> Operation:
    return Operation(
        op=op,
        process=process,
        group=group,
        action=Action.RECEIVE,
        outcome=Outcome.OK,
        invoked_ns=invoked_ns,
        completed_ns=ended_ns,
    )
