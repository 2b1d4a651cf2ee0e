"""Length: how many messages a queue holds, and which it drops when it is full."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from deliverycheck.guarantees.queues.fifo import call_of
from deliverycheck.guarantees.queues.handing import Handing
from deliverycheck.guarantees.queues.overtaking import Turn, overtakings
from deliverycheck.guarantees.queues.queue_history import (
    WITNESSES_MAX,
    Queue,
    concluded,
    queues,
    why_unfit,
)
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import History, Outcome

_Row = tuple[list[Handing], list[Handing]]
"""Of one publisher what the queue handed out, and what it dropped."""


def length_limit(history: History) -> Verdict:
    """A queue never holds more ready messages than its limit, and drops from its head.

    Sound: a message stood ready from its confirm to the moment before which the queue cannot
    have sent it, if that was its first delivery; what is unsettled with a consumer does not count.
    A dead letter that says ``maxlen`` was dropped before it was handed out; an older message of
    its publisher, with its priority, that surely left the queue later had stood before it.

    Complete for whole histories whose receives fetch.
    """
    name = "length_limit"
    if reason := why_unfit(history):
        return unknown(name, reason)
    limited = [each for each in queues(history).values() if each.source.length_max is not None]
    ready = [(queue, _ready(queue)) for queue in limited if not queue.feeds]
    rows = [row for queue in limited for row in _rows(history, queue)]
    found = [
        *(anomaly for queue, handings in ready for anomaly in _over(queue, handings)),
        *(anomaly for row in rows for anomaly in _newer(row)),
    ]
    examined = sum(len(handings) for _, handings in ready) + sum(len(row[1]) for row in rows)
    nothing = "no message of a queue with a limit has a known time in it"
    return concluded(name, found, examined=examined, nothing=nothing)


def _ready(queue: Queue) -> list[Handing]:
    """What surely stood ready for a time that is known."""
    return [
        handing
        for handing in queue.firsts
        if handing.publication is not None
        and handing.publication.outcome is Outcome.OK
        and _since_ns(handing) < (handing.taken_after_ns or 0)
    ]


def _since_ns(handing: Handing) -> int:
    return (handing.publication and handing.publication.completed_ns) or 0


def _over(queue: Queue, ready: list[Handing]) -> Iterator[Anomaly]:
    """The first moment at which the queue surely held more than its limit."""
    moments = [(_since_ns(handing), 1, handing.place, handing) for handing in ready]
    moments += [(handing.taken_after_ns or 0, 0, handing.place, handing) for handing in ready]
    held: dict[tuple[int, int], Handing] = {}
    for ns, comes, place, handing in sorted(moments, key=lambda moment: moment[:3]):
        if not comes:
            del held[place]
            continue
        held[place] = handing
        if len(held) > (queue.source.length_max or 0):
            yield _too_long(queue, list(held.values()), ns)
            return


def _rows(history: History, queue: Queue) -> Iterator[_Row]:
    """Older and newer messages of one publisher, where the queue drops from its head."""
    dead = queues(history).get(queue.source.dead_letter or "")
    if queue.source.overflow != "drop_head" or queue.feeds or dead is None:
        return
    rows: dict[tuple[object, ...], _Row] = defaultdict(lambda: ([], []))
    for handing in queue.firsts:
        rows[_key(history, handing)][0].append(handing)
    for handing in dead.firsts:
        here = handing.delivery.message in queue.messages
        if handing.delivery.reason == "maxlen" and not here and dead.feeds == {queue.name}:
            rows[_key(history, handing)][1].append(handing)
    yield from (row for row in rows.values() if row[1])


def _key(history: History, handing: Handing) -> tuple[object, ...]:
    publication = handing.publication
    if publication is None:
        return ()
    return (publication.process, publication.target, history.by_op[publication.op].priority)


def _newer(row: _Row) -> Iterator[Anomaly]:
    """Everything that was dropped though an older message stood before it."""
    kept, dropped = ([replace(each, tag=None) for each in handings] for handings in row)
    waiting = [Turn(rank=call_of(each), since_ns=0, handing=each) for each in kept]
    served = [Turn(rank=call_of(each), since_ns=1, handing=each) for each in dropped]
    for newer, older in overtakings(waiting, served):
        yield _dropped(newer.handing, older.handing)


def _too_long(queue: Queue, held: list[Handing], ns: int) -> Anomaly:
    sent = [each.publication.op for each in held if each.publication]
    shown = held[:WITNESSES_MAX]
    return Anomaly(
        name="over_length",
        witnesses=tuple(dict.fromkeys((*sent, *(each.op for each in held))))[:WITNESSES_MAX],
        source=queue.name,
        facts={
            "kind": "in_queue",
            "length_max": queue.source.length_max or 0,
            "held": len(held),
            "held_messages": [each.delivery.message for each in shown],
            "at_ns": ns,
        },
    )


def _dropped(newer: Handing, older: Handing) -> Anomaly:
    sent = [each.publication.op for each in (older, newer) if each.publication]
    return Anomaly(
        name="dropped_newer",
        message=newer.delivery.message,
        witnesses=tuple(dict.fromkeys((*sent, newer.op, older.op))),
        source=older.delivery.source,
        facts={
            "kind": "in_queue",
            "older": older.delivery.message,
            "dead_ns": newer.handed_ns,
            "older_by": older.process,
            "older_ns": older.handed_ns,
        },
    )
