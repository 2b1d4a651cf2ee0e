"""Committed positions and outputs of a transaction move together: where fresh members begin."""

from bisect import bisect_left
from collections import defaultdict

from deliverycheck.guarantees.log.sources import dropping
from deliverycheck.guarantees.transactions.covers import Cover, Covers, covers_of
from deliverycheck.guarantees.transactions.isolation import forbids, levels
from deliverycheck.guarantees.transactions.members import Members, Place, Start
from deliverycheck.guarantees.verdict import Anomaly
from deliverycheck.history import History


def offsets_apart(history: History) -> list[Anomaly]:
    """Transactions whose positions and outputs have parted, one anomaly for each.

    Sound: a fresh member that asks for committed messages begins where its group stands. If it
    was handed what lies before a position that a transaction committed before it joined, that
    position did not move with the outputs. If it was handed nothing before a position that only
    an aborted transaction covered, though a message stands there that another member was handed,
    that position moved without them. Nothing is concluded where anybody else may have moved the
    group the same way; what a library commits without a record is not seen.
    """
    covers = covers_of(history)
    members, known = Members(history), levels(history)
    standing = _standing(history, members)
    found: dict[str, Anomaly] = {}
    for start in members.starts():
        asks = forbids(known.get(start.reading.op), "offsets_apart")
        row = covers.get(start.place) if asks else None
        if row is None:
            continue
        anomaly = _handed_again(start, row) or _moved_alone(start, row, standing[start.place])
        if anomaly is not None:
            found.setdefault(str(anomaly.facts["transaction"]), anomaly)
    return list(found.values())


def _handed_again(start: Start, covers: Covers) -> Anomaly | None:
    due = covers.due(start.joined_ns, start.reading.ns)
    if due is None or start.position >= due.position:
        return None
    return _anomaly("handed_again", start, due)


def _moved_alone(start: Start, covers: Covers, standing: list[int]) -> Anomaly | None:
    base = covers.base(start.joined_ns, start.reading.ns)
    void = covers.void_up_to(start.position)
    if base is None or void is None or void.operation.invoked_ns >= start.joined_ns:
        return None
    found = bisect_left(standing, base)
    if found == len(standing) or standing[found] >= void.position:
        return None
    return _anomaly("moved_alone", start, void, base=base, passed=standing[found])


def _standing(history: History, members: Members) -> dict[Place, list[int]]:
    """Where committed messages stand, as members of the group were handed them.

    Of sources that drop messages by themselves nothing is told: what stood there may be gone.
    """
    known, drops = levels(history), dropping(history)
    found: dict[Place, list[int]] = defaultdict(list)
    for place, position, reading in members.handed():
        if forbids(known.get(reading.op), "offsets_apart") and place[1] not in drops:
            found[place].append(position)
    for positions in found.values():
        positions.sort()
    return found


def _anomaly(kind: str, start: Start, cover: Cover, **facts: int) -> Anomaly:
    group, source, partition = start.place
    return Anomaly(
        name="offsets_apart",
        message=start.reading.delivery.message or None,
        witnesses=(cover.operation.op, *cover.deciding, start.reading.op),
        source=source,
        partition=partition,
        position=start.position,
        facts={
            "kind": kind,
            "transaction": cover.transaction,
            "process": cover.operation.process,
            "group": group,
            "covered": cover.position,
            "member": start.reading.process,
            "joined_ns": start.joined_ns,
            **facts,
        },
    )
