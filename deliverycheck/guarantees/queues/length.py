"""Length: how many messages a queue holds, and which it drops when it is full."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from deliverycheck.guarantees.queues.fifo import line_of, not_in_turn
from deliverycheck.guarantees.queues.handing import SentHanding
from deliverycheck.guarantees.queues.queue_history import (
    WITNESSES_MAX,
    Queue,
    concluded,
    queues,
    why_unfit,
)
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import History

_Row = tuple[list[SentHanding], list[SentHanding]]
"""Of one publisher what the queue handed out, and what it dropped."""
_Stand = tuple[int, int, SentHanding]
"""From when to when a message surely stood ready, and its handing."""


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
    limited = {
        queue.name: limit
        for queue in queues(history).values()
        if (limit := queue.source.length_max) is not None
    }
    ready = {name: _ready(queues(history)[name]) for name in limited}
    rows = [row for name in limited for row in _rows(history, queues(history)[name])]
    found = [
        *(each for name, stands in ready.items() for each in _over(name, limited[name], stands)),
        *(_dropped(*pair) for kept, dropped in rows for pair in not_in_turn(kept, dropped)),
    ]
    examined = sum(map(len, ready.values())) + sum(len(dropped) for _, dropped in rows)
    nothing = "no message of a queue with a limit has a known time in it"
    return concluded(name, found, examined=examined, nothing=nothing)


def _ready(queue: Queue) -> list[_Stand]:
    """What surely stood ready for a time that is known: from when to when, and its handing."""
    return [
        (ns, handing.taken_after_ns, handing)
        for handing in (() if queue.feeds else queue.firsts)
        if (ns := handing.confirmed_ns) is not None and ns < handing.taken_after_ns
    ]


def _over(name: str, limit: int, stands: list[_Stand]) -> Iterator[Anomaly]:
    """The first moment at which the queue surely held more than its limit."""
    moments = [(since_ns, True, handing.place) for since_ns, _, handing in stands]
    moments += [(until_ns, False, handing.place) for _, until_ns, handing in stands]
    by_place = {handing.place: handing for _, _, handing in stands}
    held: dict[tuple[int, int], SentHanding] = {}
    for ns, comes, place in sorted(moments):  # Who goes, goes first.
        if not comes:
            del held[place]
            continue
        held[place] = by_place[place]
        if len(held) > limit:
            yield _too_long(name, limit, list(held.values()), ns)
            return


def _rows(history: History, queue: Queue) -> Iterator[_Row]:
    """Older and newer messages of one publisher, where the queue drops from its head."""
    place = queue.source.dead_letter
    if queue.source.overflow != "drop_head" or place not in queues(history):
        return
    dead = queues(history)[place]
    rows: dict[tuple[object, ...], _Row] = defaultdict(lambda: ([], []))
    for handing in queue.firsts:
        rows[line_of(history, handing)][0].append(_untagged(handing))
    for handing in dead.firsts:
        here = handing.delivery.message in queue.messages
        if handing.delivery.reason == "maxlen" and not here and dead.feeds == {queue.name}:
            rows[line_of(history, handing)][1].append(_untagged(handing))
    yield from (row for row in rows.values() if row[1])


def _untagged(handing: SentHanding) -> SentHanding:
    """Tags of deliveries from two queues tell no order."""
    return replace(handing, tag=None)


def _too_long(name: str, limit: int, held: list[SentHanding], ns: int) -> Anomaly:
    sent = [each.publication.op for each in held]
    return Anomaly(
        name="over_length",
        witnesses=tuple(dict.fromkeys((*sent, *(each.op for each in held))))[:WITNESSES_MAX],
        source=name,
        facts={
            "kind": "in_queue",
            "length_max": limit,
            "held": len(held),
            "held_messages": [each.delivery.message for each in held[:WITNESSES_MAX]],
            "at_ns": ns,
        },
    )


def _dropped(newer: SentHanding, older: SentHanding) -> Anomaly:
    sent = (older.publication.op, newer.publication.op)
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
