"""The guarantee that what was settled does not come again, and what comes again says so."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import msgspec

from deliverycheck.guarantees.copies import standing
from deliverycheck.guarantees.delivery.members import begins, group_of, told_ns
from deliverycheck.guarantees.delivery.queued import is_queue, sent_once, takes_dead_letters
from deliverycheck.guarantees.reached import why_not_drained
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import (
    Action,
    Delivery,
    History,
    Operation,
    Outcome,
    Position,
    Reading,
    indexed,
)

_Work = tuple[str, tuple[str, *tuple[int, ...]], str]
"""Group (``""`` of a queue), source with partition and position of a log, message."""
_Tag = tuple[str | None, str, int | None, int | None]
"""Who may settle (the process on a queue, else the group), source, partition, position."""


class Handing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One handing of a message, from the call that asked for it to the answer.

    Attributes:
        since_ns: the process surely read nothing of the source before.
        tag: what an ack of it names.
    """

    process: str
    op: int
    since_ns: int
    invoked_ns: int
    ended_ns: int
    delivery: Delivery
    tag: _Tag


def settlement(history: History) -> Verdict:
    """What a consumer acknowledged is not handed out again, and a second handing is flagged.

    Sound: an ack counts from its answer. A handing surely follows it, or another handing, if its
    process began to read only then; one that was reading already may have had the message in
    hand, or under way. On a queue only messages that one call sent are judged, in queues that
    take no dead letters; a delivery tag that a process was given twice says nothing. The flag is
    judged where the broker sets one, between two handings to one process too, if call and tag
    both follow.

    Complete for drained histories with acks that are known to be done, in the limits above. A
    history that was cut is UNKNOWN.
    """
    name = "settlement"
    anomalies: list[Anomaly] = []
    examined = 0
    for work, row in sorted(_handings(history).items()):
        ack = _first_ack(history, row)
        anomalies += _redelivered(work, row, ack)
        anomalies += _unflagged(work, row)
        examined += ack is not None or any(one.delivery.redelivered is not None for one in row)
    if not examined:
        return unknown(name, "nothing to examine: no message was acknowledged, none is flagged")
    reason = why_not_drained(history)
    if reason and (history.cut or not anomalies):
        return unknown(name, reason, examined=examined)
    return judge(name, anomalies, examined=examined)


@indexed
def _handings(history: History) -> dict[_Work, list[Handing]]:
    """By message, in the order of answers; of a queue what fresh readers were handed too."""
    if not _tells_of_settling(history):
        return {}
    found: dict[_Work, list[Handing]] = defaultdict(list)
    for reading in _all_read(history):
        work = _work(history, reading)
        if work is not None:
            found[work].append(_handing(history, reading))
    for row in found.values():
        row.sort(key=lambda one: (one.ended_ns, one.op))
    return dict(found)


def _all_read(history: History) -> tuple[Reading, ...]:
    return (*history.receipts, *history.log)


def _tells_of_settling(history: History) -> bool:
    """Whether anything was acknowledged, or flagged."""
    flagged = any(one.delivery.redelivered is not None for one in _all_read(history))
    return flagged or any(history.select(Action.ACK))


def _work(history: History, reading: Reading) -> _Work | None:
    delivery = reading.delivery
    if is_queue(history, delivery.source):
        dead_letters = takes_dead_letters(history, delivery.source)
        judged = sent_once(history, delivery.message) and not dead_letters
        return ("", (delivery.source,), delivery.message) if judged else None
    group = group_of(history, history.by_op[reading.op])
    if group is None or delivery.position is None:
        return None
    return (group, standing(delivery), delivery.message)


def _handing(history: History, reading: Reading) -> Handing:
    operation, delivery = history.by_op[reading.op], reading.delivery
    since_ns = begins(history)[reading.process]
    return Handing(
        process=reading.process,
        op=reading.op,
        since_ns=_subscribed(history).get((reading.process, delivery.source), since_ns),
        invoked_ns=operation.invoked_ns,
        ended_ns=reading.ns,
        delivery=delivery,
        tag=_tag(history, operation, delivery),
    )


@indexed
def _subscribed(history: History) -> dict[tuple[str, str | None], int]:
    """When each process first subscribed to each source that it named, or first read anything."""
    found: dict[tuple[str, str | None], int] = {}
    for operation in history.select(Action.SUBSCRIBE):
        key = (operation.process, operation.target)
        found[key] = min(operation.invoked_ns, found.get(key, operation.invoked_ns))
    read: dict[str, int] = {}
    for operation in history.select(Action.RECEIVE):
        first_ns = read.get(operation.process, operation.invoked_ns)
        read[operation.process] = min(operation.invoked_ns, first_ns)
    return {key: min(ns, read.get(key[0], ns)) for key, ns in found.items()}


def _tag(history: History, operation: Operation, at: Delivery | Position) -> _Tag:
    who = operation.process if is_queue(history, at.source) else group_of(history, operation)
    return (who, at.source, at.partition, at.position)


def _first_ack(history: History, row: list[Handing]) -> tuple[Handing, Operation] | None:
    """The handing that was acknowledged, and its ack; of several the one answered first."""
    acks = [
        (one, ack)
        for one in row
        if (ack := _acked(history).get(one.tag)) is not None and one.ended_ns <= ack.invoked_ns
    ]
    return min(acks, key=lambda pair: _answer(pair[1]), default=None)


@indexed
def _acked(history: History) -> dict[_Tag, Operation]:
    """By tag the ack that took effect; of a tag that was given twice nobody knows which."""
    queued = (one for one in _all_read(history) if is_queue(history, one.delivery.source))
    given = Counter(_tag(history, history.by_op[one.op], one.delivery) for one in queued)
    found: dict[_Tag, Operation] = {}
    for operation in sorted(history.select(Action.ACK), key=_answer, reverse=True):
        if operation.outcome is Outcome.OK:
            tags = (_tag(history, operation, position) for position in operation.covers)
            found |= {tag: operation for tag in tags if given[tag] <= 1}
    return found


def _answer(operation: Operation) -> tuple[int, int]:
    return (told_ns(operation), operation.op)


def _redelivered(
    work: _Work, row: list[Handing], acked: tuple[Handing, Operation] | None
) -> Iterator[Anomaly]:
    """Handings to processes that began to read after the ack."""
    if acked is None:
        return
    first, ack = acked
    done_ns, _ = _answer(ack)
    facts: dict[str, str | int] = {
        "kind": "after_ack",
        "acked_by": ack.process,
        "acked_ns": done_ns,
    }
    for handing in row:
        if handing.since_ns > done_ns:
            yield _anomaly("redelivered_after_ack", work, first, handing, facts, ack.op)


def _unflagged(work: _Work, row: list[Handing]) -> Iterator[Anomaly]:
    """Handings that surely follow the first and are flagged as if they did not."""
    own: dict[str, Handing] = {}
    for handing in row:
        for first in (row[0], own.setdefault(handing.process, handing)):
            if handing.delivery.redelivered is False and _follows(first, handing):
                yield _anomaly("unflagged_redelivery", work, first, handing, {"kind": "unflagged"})
                break


def _follows(first: Handing, second: Handing) -> bool:
    if first.process != second.process:
        return first.ended_ns < second.since_ns
    tag, later = first.delivery.position, second.delivery.position
    if tag is None or later is None:
        return False
    return tag < later and first.ended_ns < second.invoked_ns


def _anomaly(
    name: str,
    work: _Work,
    first: Handing,
    second: Handing,
    facts: dict[str, str | int],
    *witnesses: int,
) -> Anomaly:
    delivery = second.delivery
    return Anomaly(
        name=name,
        message=delivery.message or None,
        witnesses=tuple(dict.fromkeys((first.op, *witnesses, second.op))),
        source=delivery.source,
        partition=delivery.partition,
        position=delivery.position if work[0] else None,
        facts={
            **facts,
            "first_to": first.process,
            "first_ns": first.ended_ns,
            "again_to": second.process,
            "again_ns": second.ended_ns,
        },
    )
