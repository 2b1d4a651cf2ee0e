"""The lines of the file that concern some messages, read by the reader of all histories."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from deliverycheck.big.malformed import ends_torn, find_malformed
from deliverycheck.big.pack import LINE_BYTES_MAX, quoted
from deliverycheck.big.rows import OK, PHASE, PUBLISH, RECEIVE, coded
from deliverycheck.history import (
    Action,
    Header,
    History,
    HistoryFormatError,
    Invoke,
    Ok,
    Operation,
    Phase,
    PhaseMark,
    encode,
    history_of,
)

if TYPE_CHECKING:
    import duckdb

_WANTED = f"""
    CREATE OR REPLACE TEMP TABLE wanted AS
    SELECT op FROM lines WHERE what = {PUBLISH} AND message IN (SELECT message FROM aside)
    UNION SELECT read_op FROM found WHERE message IN (SELECT message FROM aside)
    UNION SELECT op FROM receipts WHERE message IN (SELECT message FROM aside)
    UNION SELECT op FROM moving
    UNION SELECT op FROM scanning
    UNION SELECT op FROM lines
        WHERE what {coded("request", "reply")} AND message IN (SELECT message FROM aside)
"""  # noqa: S608 - constants of this package
# What proves that there was a scan, and when it began.
_SCANNING = f"""
    CREATE TEMP TABLE IF NOT EXISTS scanning AS
    WITH called AS (SELECT op, ns, process FROM lines SEMI JOIN scans USING (op)
            WHERE what = {RECEIVE}),
        ended AS (SELECT op, ns FROM lines SEMI JOIN scans USING (op)
            WHERE what = {OK} AND coalesce(number, 1) = 1)
    SELECT c.op, c.process, c.ns, e.ns AS ended_ns FROM called c LEFT JOIN ended e USING (op)
    WHERE c.op IN (SELECT arg_min(op, ns) FROM called UNION SELECT min(op) FROM ended)
"""  # noqa: S608 - constants of this package


def whole_operations(connected: "duckdb.DuckDBPyConnection", path: Path, header: Header) -> History:
    """The operations that concern what was set aside, whole, with the phases of the history."""
    marks = _marks(connected)
    torn = ends_torn(path)
    connected.execute(_SCANNING)
    lines = _scan(connected)
    looked_at = "SELECT (SELECT count(*) FROM aside) + (SELECT count(*) FROM moving)"
    if connected.execute(looked_at).fetchone() != (0,):
        connected.execute(_WANTED)
        found = connected.execute(
            f"""SELECT json::VARCHAR FROM read_ndjson_objects({quoted(path)},
                format = 'newline_delimited', maximum_object_size = {LINE_BYTES_MAX},
                ignore_errors = {str(torn).lower()})
            WHERE TRY_CAST(json->>'$.op' AS BIGINT) IN (SELECT op FROM wanted)
                AND json->>'$.type' IN ('invoke', 'returned', 'ok', 'fail', 'info')
            ORDER BY json->>'$.type' <> 'invoke', CAST(json->>'$.op' AS BIGINT)"""  # noqa: S608
        ).fetchall()
        lines = [row[0].encode() + b"\n" for row in found]
    data = b"".join([encode(header), *lines, *map(encode, marks), b"{" if torn else b""])
    try:
        return history_of(data, name=str(path))
    except HistoryFormatError as error:  # Its line number is one of a part.
        raise find_malformed(path, str(error).rpartition(f"{path}, ")[2]) from None


def _scan(connected: "duckdb.DuckDBPyConnection") -> list[bytes]:
    """Receives of fresh readers without what they found, for when nothing of it is looked at."""
    rows = connected.execute(
        "SELECT op, process, ns, ended_ns FROM scanning ORDER BY op"
    ).fetchall()
    calls = (
        encode(Invoke(op=op, process=process, action=Action.RECEIVE, ns=ns))
        for op, process, ns, _ in rows
    )
    ends = (encode(Ok(op=op, ns=ended_ns)) for op, *_, ended_ns in rows if ended_ns is not None)
    return [*calls, *ends]


def about(connected: "duckdb.DuckDBPyConnection", history: History) -> History:
    """The same operations with the deliveries of messages that were set aside only."""
    told = {each.message for one in history.operations for each in one.deliveries}
    query = """SELECT message FROM (SELECT unnest(?::VARCHAR[]) AS message)
        WHERE hash(message) IN (SELECT message FROM aside)"""
    messages = {row[0] for row in connected.execute(query, [list(told)]).fetchall()}
    return History(
        header=history.header,
        operations=tuple(_cut_down(one, messages) for one in history.operations),
        phases=history.phases,
        cut=history.cut,
    )


def _cut_down(operation: Operation, messages: Collection[str]) -> Operation:
    if operation.action is not Action.RECEIVE:
        return operation
    kept = tuple(one for one in operation.deliveries if one.message in messages)
    return msgspec.structs.replace(operation, deliveries=kept)


def _marks(connected: "duckdb.DuckDBPyConnection") -> list[PhaseMark]:
    query = f"SELECT detail FROM lines WHERE what = {PHASE}"  # noqa: S608
    rows = connected.execute(query).fetchall()
    marks = [msgspec.json.decode(row[0], type=_Mark) for row in rows]
    return [
        PhaseMark(
            phase=mark.phase,
            ns=mark.ns,
            drained=mark.drained,
            scanned=mark.scanned,
            reason=mark.reason,
        )
        for mark in sorted(marks, key=lambda mark: mark.ns)
    ]


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    phase: Phase
    ns: int
    drained: bool
    scanned: bool
    reason: str | None = None
