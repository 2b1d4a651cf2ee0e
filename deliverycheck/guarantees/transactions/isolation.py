"""What a reader asked to see, and what each isolation level is entitled to let happen."""

from enum import StrEnum

from deliverycheck.history import Action, History, Operation, Reading, indexed


class Level(StrEnum):
    """How far transactions are kept apart; each level forbids more than the one before."""

    READ_UNCOMMITTED = "read_uncommitted"
    READ_COMMITTED = "read_committed"
    STRICT_SERIALIZABLE = "strict_serializable"


_NEEDS_WRITES = frozenset({"write_cycle", "mixed_cycle"})
_NEEDS_READS = frozenset(
    {
        "aborted_read",
        "own_uncommitted_read",
        "uncommitted_read",
        "torn",
        "offsets_apart",
        "read_cycle",
    }
)

ENTITLED: dict[Level, frozenset[str]] = {
    Level.READ_UNCOMMITTED: _NEEDS_READS | _NEEDS_WRITES,
    Level.READ_COMMITTED: _NEEDS_WRITES,
    Level.STRICT_SERIALIZABLE: frozenset(),
}
"""By level the anomalies that break no promise of it.

Logs let concurrent transactions interleave their writes, so a reader of committed messages is
entitled to cycles that need such writes. Only a strict system promises that there are none.
"""


def forbids(level: Level | None, anomaly: str) -> bool:
    """Whether a reader of this level was promised not to meet the anomaly.

    A reader whose level is not known was promised nothing that could be proven.
    """
    return level is not None and anomaly not in ENTITLED[level]


@indexed
def levels(history: History) -> dict[int, Level]:
    """By the number of each operation the level of its process; an unknown one is left out.

    What a process states holds for it from there on, until it states something else.
    """
    known = {level.value: level for level in Level}
    stated: dict[str, Level | None] = {}
    found: dict[int, Level] = {}
    for operation in history.operations:
        if operation.isolation is not None:
            stated[operation.process] = known.get(operation.isolation)
        level = stated.get(operation.process)
        if level is not None:
            found[operation.op] = level
    return found


@indexed
def committed_readings(history: History) -> list[Reading]:
    """All that was handed to readers of committed messages, by the number of the operation."""
    asking = {receive.op for receive in committed_receives(history)}
    read = (reading for reading in (*history.log, *history.receipts) if reading.op in asking)
    return sorted(read, key=lambda reading: reading.op)


@indexed
def committed_receives(history: History) -> list[Operation]:
    """The receives that are known to ask for committed messages."""
    known = levels(history)
    receives = history.select(Action.RECEIVE)
    return [each for each in receives if forbids(known.get(each.op), "aborted_read")]
