"""The rows of the packed form, as a query on the lines.

A row for each line, or for each delivery of a line that has some. Of a text its hash of 64 bits
is kept: it only tells who is suspect, and the text is read from the lines again. What a line is
stands there as a number.
"""

from collections.abc import Iterable

from deliverycheck.history import Action

# What a line may say that these guarantees look at. A type that does not fit is an error.
COLUMNS = {
    "type": "VARCHAR",
    "op": "BIGINT",
    "process": "VARCHAR",
    "action": "VARCHAR",
    "message": "VARCHAR",
    "attempt": "BIGINT",
    "count": "BIGINT",
    "target": "VARCHAR",
    "partition": "BIGINT",
    "key": "VARCHAR",
    "transaction": "VARCHAR",
    "tombstone": "BOOLEAN",
    "position": "BIGINT",
    "confirmed": "BOOLEAN",
    "runs": "JSON",
    "delivery_runs": "JSON",
    "phase": "VARCHAR",
    "fault": "VARCHAR",
    "lane": "VARCHAR",
    "moment": "VARCHAR",
    "ns": "BIGINT",
    "drained": "BOOLEAN",
    "scanned": "BOOLEAN",
    "reason": "VARCHAR",
    "group": "VARCHAR",
    "deliveries": (
        "STRUCT(redelivered BOOLEAN, deliveries BIGINT, epoch BIGINT, "
        "message VARCHAR, source VARCHAR, partition BIGINT, position BIGINT, "
        "attempt BIGINT, mangled VARCHAR[], target VARCHAR, execution VARCHAR)[]"
    ),
}

_COMPLETIONS = ("ok", "fail", "info")
_OTHERS = ("header", "fault", "broker", "process", "phase")
_NUMBERS = {
    what: number
    for number, what in enumerate((*Action, "returned", *_COMPLETIONS, *_OTHERS), start=1)
}
UNKNOWN = 0
"""Of a line that says what no line may be."""


def coded(*names: str) -> str:
    """Such lines as a list of SQL: actions for their `invoke`, else the type."""
    return f"IN ({', '.join(str(_NUMBERS[name]) for name in names)})"


def _between(first: str, last: str) -> str:
    """A range is looked up faster than a list."""
    return f"BETWEEN {_NUMBERS[first]} AND {_NUMBERS[last]}"


PUBLISH, RECEIVE, RETURNED, OK, FAIL, INFO, HEADER, FAULT, PHASE = (
    _NUMBERS[name]
    for name in (
        *("publish", "receive", "returned", "ok", "fail", "info"),
        *("header", "fault", "phase"),
    )
)
_CALLS = tuple(Action)
CALLS = _between(_CALLS[0], _CALLS[-1])
ENDED = _between(_COMPLETIONS[0], _COMPLETIONS[-1])
OF_OPERATIONS = _between(_CALLS[0], _COMPLETIONS[-1])


def _numbered(column: str, names: Iterable[str]) -> str:
    return " ".join(f"WHEN {column} = '{name}' THEN {_NUMBERS[name]}" for name in names)


# The most frequent come first.
_ACTIONS = ("publish", "receive", *(name for name in Action if name not in ("publish", "receive")))
_WHAT = f"""
    CASE WHEN type = 'invoke' THEN CASE {_numbered("action", _ACTIONS)} ELSE {UNKNOWN} END
        {_numbered("type", (*_COMPLETIONS, "returned", *_OTHERS))}
        WHEN type IS NOT NULL THEN {UNKNOWN} END
"""
_HANDS = "deliveries IS NOT NULL AND len(deliveries) > 0 AND type IN ('ok', 'fail', 'info')"
_BITS = {
    name: 1 << bit
    for bit, name in enumerate(("malformed", "special", "confirmed", "odd", "again", "has_epoch"))
}
MALFORMED = _BITS["malformed"]
# What the reader of histories asks of a call, as far as these columns tell it.
_BAD_CALL = """
    type = 'invoke' AND (process IS NULL OR CASE
        WHEN message IS NULL THEN action = 'publish' OR action = 'request'
            OR (action = 'delete' AND target IS NULL)
            OR (action = 'effect' AND "group" IS NULL)
        WHEN action = 'publish' THEN target IS NULL OR message = ''
        ELSE action = 'effect' AND ("group" IS NULL OR len(coalesce(deliveries, [])) = 0) END)
"""
# No test stands here twice: DuckDB would make it for each row, beforehand.
_FLAG_OF_LINE = f"""
    CASE WHEN op IS NULL OR ns IS NULL THEN
            CASE WHEN type IN ('invoke', 'returned', 'ok', 'fail', 'info') THEN {MALFORMED} END
        WHEN {_BAD_CALL} THEN {MALFORMED}
        WHEN count IS NOT NULL OR transaction IS NOT NULL OR tombstone OR runs IS NOT NULL
            OR delivery_runs IS NOT NULL OR action = 'delete'
            THEN CASE WHEN count < 1 THEN {MALFORMED} ELSE {_BITS["special"]} END
        WHEN hands THEN CASE
            WHEN message IS NOT NULL OR target IS NOT NULL OR partition IS NOT NULL
                OR position IS NOT NULL OR attempt IS NOT NULL THEN {_BITS["special"]}
            WHEN confirmed THEN {_BITS["confirmed"]} END
        WHEN deliveries IS NOT NULL AND action = 'receive' THEN {_BITS["special"]}
        WHEN confirmed THEN {_BITS["confirmed"]}
    END::UTINYINT
"""
_FLAGS_OF_DELIVERY = " | ".join(
    f"CASE WHEN {rule} THEN {_BITS[name]} ELSE 0 END"
    for name, rule in {
        "malformed": "d.message IS NULL OR d.source IS NULL",
        "odd": "len(d.mangled) > 0 OR d.target IS NOT NULL OR d.execution <> {execution}",
        "again": "d.redelivered OR d.deliveries > 1",
        "has_epoch": "d.epoch IS NOT NULL",
    }.items()
)
_DELIVERY_MAY_HAVE_FLAGS = """
    number IS NOT NULL AND (d.message IS NULL OR d.source IS NULL
        OR d.mangled IS NOT NULL OR d.target IS NOT NULL OR d.execution IS NOT NULL
        OR d.redelivered IS NOT NULL OR d.deliveries IS NOT NULL OR d.epoch IS NOT NULL)
"""
FLAGS = ", ".join(f"coalesce(flags & {bit} > 0, false) AS {name}" for name, bit in _BITS.items())
"""The flags of a row, of which most have none, as columns."""
# Each column costs time: `detail` is the group of a call, the whole mark of a phase or the moment
# of a fault, and what can be said of a line is said before its deliveries are unfolded.
_LINES = f"""
    SELECT ({_WHAT})::UTINYINT AS what, op, message, target, partition, position, attempt, ns,
        hash(process) AS producer,
        CASE WHEN action = 'publish' THEN NULL ELSE process END AS process,
        CASE WHEN key IS NOT NULL THEN hash(key) END AS key,
        CASE WHEN type = 'phase' THEN to_json(
            {{{{phase: phase, ns: ns, drained: coalesce(drained, false),
              scanned: coalesce(scanned, false), reason: reason}}}})::VARCHAR
            WHEN type = 'fault' THEN to_json(
            {{{{fault: fault, lane: lane, moment: moment}}}})::VARCHAR ELSE "group" END AS detail,
        {_FLAG_OF_LINE} AS flags,
        unnest(CASE WHEN hands THEN deliveries ELSE [NULL] END) AS d,
        unnest(CASE WHEN hands THEN range(1, len(deliveries) + 1) ELSE [NULL] END) AS number
    FROM (SELECT *, {_HANDS} AS hands FROM {{lines}})
"""  # noqa: S608 - constants of this file
ROWS = f"""
    SELECT what, op, number, producer, process, detail, ns, key,
        hash(coalesce(d.message, message)) AS message,
        hash(coalesce(d.source, target, '')) AS target,
        coalesce(d.attempt, attempt) AS attempt,
        coalesce(d.partition, partition) AS partition,
        coalesce(d.position, position) AS position,
        CASE WHEN {_DELIVERY_MAY_HAVE_FLAGS}
            THEN nullif(coalesce(flags, 0) | {_FLAGS_OF_DELIVERY}, 0) ELSE flags
            END::UTINYINT AS flags
    FROM ({_LINES})
"""  # noqa: S608 - constants of this file
