"""Length: how many messages a queue holds, and which it drops when it is full."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from deliverycheck.guarantees.became import dead_letter_places, is_told, was
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
from deliverycheck.history import Action, History

_Row = tuple[list[SentHanding], list[SentHanding]]
"""Of one publisher what the queue handed out, and what it dropped."""
_Stand = tuple[int, int, SentHanding]
"""From when to when a message surely stood ready, and its handing."""

_GOES, _COMES, _CHANGES = range(3)  # Who goes at a moment goes first, and what changes comes last.


def length_limit(history: History) -> Verdict:
    """A queue never holds more ready messages than its limit, and drops from its head.

    Sound: a message stood ready from its confirm to the moment before which the queue cannot
    have sent it, if that was its first delivery; what is unsettled with a consumer does not count.
    The limit of a moment is the greatest that the queue can have had then, by its declaration or
    by what it became: one that was lowered counts once that was done. A dead letter that says
    ``maxlen`` was dropped before it was handed out; an older message of its publisher, with its
    priority, that surely left the queue later had stood before it.

    Complete for whole histories whose receives fetch, and that tell what their queues became.
    """
    name = "length_limit"
    if reason := why_unfit(history):
        return unknown(name, reason)
    limited = [queue for queue in queues(history).values() if _is_limited(history, queue)]
    ready = [(queue, _ready(queue)) for queue in limited]
    rows = [row for queue in limited for row in _rows(history, queue)]
    found = [
        *(each for queue, stands in ready for each in _over(history, queue, stands)),
        *(_dropped(*pair) for kept, dropped in rows for pair in not_in_turn(kept, dropped)),
    ]
    examined = sum(len(stands) for _, stands in ready) + sum(len(dropped) for _, dropped in rows)
    nothing = "no message of a queue with a limit has a known time in it"
    return concluded(name, found, examined=examined, nothing=nothing)


def _is_limited(history: History, queue: Queue) -> bool:
    """Whether it ever surely had a limit, and all that it had is told."""
    limits = [source.length_max for source in was(history, queue.name)]
    return is_told(history, queue.name) and any(limit is not None for limit in limits)


def _limit_at(history: History, queue: Queue, ns: int) -> int | None:
    """The greatest limit that it can have had then; ``None`` for any number."""
    limits = [source.length_max for source in was(history, queue.name, ns, ns)]
    known = [limit for limit in limits if limit is not None]
    return max(known) if len(known) == len(limits) else None


def _ready(queue: Queue) -> list[_Stand]:
    """What surely stood ready for a time that is known: from when to when, and its handing."""
    return [
        (ns, handing.taken_after_ns, handing)
        for handing in (() if queue.feeds else queue.firsts)
        if (ns := handing.confirmed_ns) is not None and ns < handing.taken_after_ns
    ]


def _over(history: History, queue: Queue, stands: list[_Stand]) -> Iterator[Anomaly]:
    """The first moment at which the queue surely held more than its limit."""
    by_place = {handing.place: handing for _, _, handing in stands}
    moments = [(since_ns, _COMES, handing.place) for since_ns, _, handing in stands]
    moments += [(until_ns, _GOES, handing.place) for _, until_ns, handing in stands]
    moments += [(ns, _CHANGES, (0, 0)) for ns in _changes(history, queue)]
    held: dict[tuple[int, int], SentHanding] = {}
    for ns, what, place in sorted(moments):
        if what == _GOES:
            del held[place]
            continue
        if what == _COMES:
            held[place] = by_place[place]
        limit = _limit_at(history, queue, ns)
        if limit is not None and len(held) > limit:
            yield _too_long(queue.name, limit, list(held.values()), ns)
            return


def _changes(history: History, queue: Queue) -> Iterator[int]:
    """The moments from which limits that were set are surely there."""
    for one in history.select(Action.SET_LIMITS):
        if one.target == queue.name and one.completed_ns is not None:
            yield one.completed_ns + 1


def _rows(history: History, queue: Queue) -> Iterator[_Row]:
    """Older and newer messages of one publisher, where the queue drops from its head."""
    had = [source for source in was(history, queue.name) if source.length_max is not None]
    if any(source.overflow != "drop_head" for source in had):
        return
    rows: dict[tuple[object, ...], _Row] = defaultdict(lambda: ([], []))
    for handing in queue.firsts:
        rows[line_of(history, handing)][0].append(_untagged(handing))
    places = dead_letter_places(history, queue.name)
    for dead in (each for each in queues(history).values() if each.name in places):
        for handing in dead.firsts if dead.feeds == {queue.name} else ():
            here = handing.delivery.message in queue.messages
            if handing.delivery.reason == "maxlen" and not here:
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
