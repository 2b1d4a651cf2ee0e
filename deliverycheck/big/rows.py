"""The rows of the packed form, as a query on the lines.

A row for each line, or for each delivery of a line that has some. Of a message its hash of
64 bits is kept: it only tells who is suspect, and the text is read from the lines again.
"""

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
_HANDS = "len(deliveries) > 0 AND type IN ('ok', 'fail', 'info')"
_SPECIAL = f"""
    count IS NOT NULL OR transaction IS NOT NULL OR tombstone OR runs IS NOT NULL
    OR delivery_runs IS NOT NULL OR (message IS NULL AND action = 'publish' AND type = 'invoke')
    OR (deliveries IS NOT NULL AND action = 'receive' AND type = 'invoke')
    OR ({_HANDS} AND (message IS NOT NULL OR target IS NOT NULL
        OR partition IS NOT NULL OR position IS NOT NULL OR attempt IS NOT NULL))
"""
_MALFORMED = """
    type IN ('invoke', 'returned', 'ok', 'fail', 'info')
    AND (op IS NULL OR number IS NOT NULL AND (d.message IS NULL OR d.source IS NULL))
"""
_FLAGS = {
    "malformed": _MALFORMED,
    "special": _SPECIAL,
    "confirmed": "confirmed",
    "odd": """d.message = '' OR len(d.mangled) > 0 OR d.target IS NOT NULL
        OR d.execution <> {execution}""",
    "again": "d.redelivered OR d.deliveries > 1",
    "has_epoch": "d.epoch IS NOT NULL",
}
_SET = " + ".join(
    f"{1 << bit} * coalesce({rule}, false)::UTINYINT" for bit, rule in enumerate(_FLAGS.values())
)
# All rows but those of plain publishes, confirms and deliveries; to look so first is cheap.
_MAY_HAVE_FLAGS = """
    op IS NULL OR confirmed OR count IS NOT NULL OR transaction IS NOT NULL OR tombstone
    OR runs IS NOT NULL OR delivery_runs IS NOT NULL OR (message IS NULL AND action IS NOT NULL)
    OR (number IS NOT NULL AND (d.message IS NULL OR d.message = '' OR d.source IS NULL
        OR d.mangled IS NOT NULL OR d.target IS NOT NULL OR d.execution IS NOT NULL
        OR d.redelivered OR d.deliveries > 1 OR d.epoch IS NOT NULL OR message IS NOT NULL
        OR target IS NOT NULL OR partition IS NOT NULL OR position IS NOT NULL
        OR attempt IS NOT NULL))
"""
FLAGS = ", ".join(f"coalesce(flags & {1 << bit} > 0, false) AS {n}" for bit, n in enumerate(_FLAGS))
"""The flags of a row, of which most have none, as columns."""
# Each column costs time, so `detail` is the group of a receive and the whole mark of a phase.
ROWS = f"""
    SELECT
        CASE WHEN type = 'invoke' THEN action ELSE type END AS what, op, number, process,
        CASE WHEN any_message IS NOT NULL THEN hash(any_message) END AS message,
        coalesce(d.attempt, attempt) AS attempt, coalesce(d.source, target) AS target, key,
        coalesce(d.partition, partition) AS partition, coalesce(d.position, position) AS position,
        CASE WHEN phase IS NULL THEN "group" ELSE to_json(
            {{{{phase: phase, ns: ns, drained: coalesce(drained, false),
              scanned: coalesce(scanned, false), reason: reason}}}})::VARCHAR END AS detail,
        CASE WHEN message IS NULL AND position IS NULL AND coalesce(number, 1) = 1 THEN ns END
            AS ns,
        CASE WHEN {_MAY_HAVE_FLAGS} THEN nullif({_SET}, 0) END AS flags
    FROM (SELECT *, coalesce(d.message, message) AS any_message FROM (
        SELECT *,
            unnest(CASE WHEN {_HANDS} THEN deliveries ELSE [NULL] END) AS d,
            unnest(CASE WHEN {_HANDS} THEN range(1, len(deliveries) + 1) ELSE [NULL] END) AS number
        FROM {{lines}}))
"""  # noqa: S608 - constants of this file
