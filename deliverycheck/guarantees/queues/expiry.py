"""Expiry: no message is handed out after its time, and none is dropped before."""

from collections.abc import Iterator

from deliverycheck.guarantees.queues.fate import Fate, fates, seen, waits_anywhere, waits_ms
from deliverycheck.guarantees.queues.handing import Handing
from deliverycheck.guarantees.queues.queue_history import Queue, concluded, queues, why_unfit
from deliverycheck.guarantees.reached import why_not_drained, why_not_scanned
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import History, Outcome, Publication

_NS_PER_MS = 1_000_000
_ROUNDING_MS = 2
"""Brokers count in whole ms: each of the two moments that they compare may be off by one."""


def expiry(history: History) -> Verdict:
    """A message with a time to wait is not handed out after it, and not dropped before.

    Sound: it waits at the earliest from the call of its publish and at the latest from its
    confirm. Too late is only what the queue surely sent after that: what a call fetched, or a
    subscription that began later brought. Too early is a dead letter that says ``expired`` and
    was handed out before its time, or a message that is nowhere at the end of a scanned and
    drained history that ended before its time.

    Complete for histories whose receives fetch.
    """
    name = "expiry"
    if reason := why_unfit(history):
        return unknown(name, reason)
    timed = [one for queue in queues(history).values() for one in _timed(history, queue)]
    dead = [one for queue in queues(history).values() for one in _expired(history, queue)]
    gone = _owed(history)
    found = [
        *(_late(one, ms) for one, ms in timed if _is_late(one, ms)),
        *(_early(one, ms) for one, ms in dead if _is_early(one, ms)),
        *(_lost(history, one) for one in gone if one.message not in seen(history)),
    ]
    examined = len(timed) + len(dead) + len(gone)
    return concluded(name, found, examined=examined, nothing="no message with a time to wait")


def _timed(history: History, queue: Queue) -> Iterator[tuple[Handing, int]]:
    """Confirmed messages that the queue handed out, and how long they could wait there."""
    for handings in () if queue.feeds else queue.by_copy.values():
        publication = handings[0].publication
        if publication is not None and publication.outcome is Outcome.OK:
            ms = waits_ms(queue.source, history.by_op[publication.op])
            if ms is not None:
                yield from ((handing, ms) for handing in handings)


def _expired(history: History, queue: Queue) -> Iterator[tuple[Handing, int]]:
    """Dead letters that say so, and the shortest time that they can have waited."""
    sources = [history.header.sources[name] for name in sorted(queue.feeds)]
    for handings in queue.by_copy.values() if sources else ():
        for handing in handings:
            publication = handing.publication
            if publication is not None and handing.delivery.reason == "expired":
                own = history.by_op[publication.op]
                known = [ms for source in sources if (ms := waits_ms(source, own)) is not None]
                yield from ((handing, ms) for ms in sorted(known)[:1])


def _owed(history: History) -> list[Publication]:
    """What cannot have expired when the history ended, and must be somewhere."""
    if why_not_scanned(history) or why_not_drained(history):
        return []
    stays = fates(history).get(Fate.STAYS, [])
    return [one for one in stays if waits_anywhere(history, one) is not None]


def _is_late(handing: Handing, ms: int) -> bool:
    due_ns = _confirmed_ns(handing) + (ms + _ROUNDING_MS) * _NS_PER_MS
    return (handing.taken_after_ns or 0) > due_ns


def _is_early(handing: Handing, ms: int) -> bool:
    return handing.handed_ns < _called_ns(handing) + (ms - _ROUNDING_MS) * _NS_PER_MS


def _confirmed_ns(handing: Handing) -> int:
    return (handing.publication and handing.publication.completed_ns) or 0


def _called_ns(handing: Handing) -> int:
    return handing.publication.invoked_ns if handing.publication else 0


def _late(handing: Handing, ms: int) -> Anomaly:
    return _anomaly("delivered_expired", handing, ms, asked_ns=handing.taken_after_ns or 0)


def _early(handing: Handing, ms: int) -> Anomaly:
    return _anomaly("expired_early", handing, ms, called_ns=_called_ns(handing))


def _anomaly(name: str, handing: Handing, ms: int, **facts: int) -> Anomaly:
    sent = (handing.publication.op,) if handing.publication else ()
    return Anomaly(
        name=name,
        message=handing.delivery.message,
        witnesses=(*sent, handing.op),
        source=handing.delivery.source,
        facts={
            "kind": "in_queue",
            "waits_ms": ms,
            "confirmed_ns": _confirmed_ns(handing),
            "handed_by": handing.process,
            "handed_ns": handing.handed_ns,
            **facts,
        },
    )


def _lost(history: History, publication: Publication) -> Anomaly:
    return Anomaly(
        name="lost",
        message=publication.message,
        witnesses=(publication.op,),
        source=publication.target,
        facts={
            "kind": "before_its_time",
            "confirmed_ns": publication.completed_ns or 0,
            "waits_ms": waits_anywhere(history, publication) or 0,
            "end_ns": history.done.ns if history.done else 0,
        },
    )
