"""The guarantee that a delivery of a record is one member's, and a settled record nobody's."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from deliverycheck.guarantees.copies import Place, place_of
from deliverycheck.guarantees.delivery.members import group_of, told_ns
from deliverycheck.guarantees.delivery.queued import is_queue
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Action, History, NodeState, Operation, Outcome, Reading, indexed

SETTLING = (Action.ACK, Action.NACK, Action.REJECT)
_FINAL = (Action.ACK, Action.REJECT)
_GONE = frozenset({NodeState.KILLED, NodeState.DIED})
_Record = tuple[str, Place]
"""Group and place."""


def record_lock(history: History) -> Verdict:
    """Each delivery of a record is one member's; a record that was settled is nobody's any more.

    The broker counts deliveries of a record: each time that a member acquires it the count rises.

    Sound: two handings with one count are one acquisition that was handed out twice. After an
    accept or reject that ended ``ok`` nobody acquires the record: a handing with a higher count
    that ended later is a proof. A member may be handed late what it had acquired before: its
    count is lower. That a settlement ended ``ok`` does not prove that its member held the record
    until then: a broker may confirm one that comes too late, if another member settled it.

    Complete for histories with counts in which no node died: a broker may forget counts then.
    """
    name = "record_lock"
    handings = _handings(history)
    judged = {record: row for record, row in handings.items() if _tells(history, record, row)}
    if not judged:
        return unknown(name, "nothing to examine: no share group was handed a record twice")
    if any(event.state in _GONE for event in history.nodes):
        return unknown(name, "a node died: its counts of deliveries may have begun again")
    anomalies = [one for record, row in judged.items() for one in _found(history, record, row)]
    if history.cut and not anomalies:
        return unknown(name, "the history does not go on to its end", examined=len(judged))
    return judge(name, anomalies, examined=len(judged))


@indexed
def _handings(history: History) -> dict[_Record, list[Reading]]:
    """What groups were handed of logs with a count, by record, in the order of answers."""
    found: dict[_Record, list[Reading]] = defaultdict(list)
    for reading in history.receipts:
        group = group_of(history, history.by_op[reading.op])
        judged = reading.delivery.deliveries is not None and not is_queue(
            history, reading.delivery.source
        )
        if group is not None and judged:
            found[group, place_of(reading.delivery)].append(reading)
    for row in found.values():
        row.sort(key=lambda one: (one.ns, one.op))
    return dict(sorted(found.items(), key=lambda each: str(each[0])))


@indexed
def _settled(history: History) -> dict[_Record, list[Operation]]:
    """Accepts and rejects that ended ``ok``, by record."""
    found: dict[_Record, list[Operation]] = defaultdict(list)
    for operation in sorted(
        (one for action in _FINAL for one in history.select(action)), key=lambda one: one.op
    ):
        group = group_of(history, operation)
        if group is not None and operation.outcome is Outcome.OK:
            for one in operation.covers:
                found[group, (one.source, one.partition, one.position)].append(operation)
    return dict(found)


def _tells(history: History, record: _Record, row: list[Reading]) -> bool:
    return len(row) > 1 or record in _settled(history)


def _found(history: History, record: _Record, row: list[Reading]) -> Iterator[Anomaly]:
    for one, other in combinations(row, 2):
        if _count(one) == _count(other):
            yield _anomaly("one_count", one, other, ())
    for operation in _settled(history).get(record, ()):
        own = [one for one in row if one.process == operation.process]
        held = [one for one in own if one.ns <= operation.invoked_ns]
        before = [one for one in row if one.ns <= operation.invoked_ns]
        if held:
            yield from _of_settled(held[-1], operation, row, max(map(_count, before)))


def _of_settled(
    held: Reading, operation: Operation, row: list[Reading], count: int
) -> Iterator[Anomaly]:
    """Handings that were acquired after it: with a count that nobody had been handed before."""
    for other in row:
        if _count(other) > count and other.ns > told_ns(operation):
            yield _anomaly("after_settled", held, other, (operation.op,))


def _count(reading: Reading) -> int:
    return reading.delivery.deliveries or 0


def _anomaly(kind: str, one: Reading, other: Reading, ops: tuple[int, ...]) -> Anomaly:
    delivery = other.delivery
    return Anomaly(
        name="shared_record",
        message=delivery.message or None,
        witnesses=tuple(dict.fromkeys((one.op, *ops, other.op))),
        source=delivery.source,
        partition=delivery.partition,
        position=delivery.position,
        facts={
            "kind": kind,
            "first_to": one.process,
            "first_ns": one.ns,
            "again_to": other.process,
            "again_ns": other.ns,
            "count": _count(other),
        },
    )


@indexed
def given_up(history: History) -> frozenset[_Record]:
    """Records that a member gave up, or may have: the group owes them nothing more."""
    found = set()
    for operation in history.select(Action.REJECT):
        group = group_of(history, operation)
        if group is not None and not operation.requeue and operation.outcome is not Outcome.FAIL:
            found |= {
                (group, (each.source, each.partition, each.position)) for each in operation.covers
            }
    return frozenset(found)
