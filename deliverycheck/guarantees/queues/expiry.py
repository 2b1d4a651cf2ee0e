"""Expiry: no message is handed out after its time, and none is dropped before."""

from collections.abc import Iterator
from itertools import chain

from deliverycheck.guarantees.became import is_told, was
from deliverycheck.guarantees.queues.fate import (
    Fate,
    confirmed_ns,
    end_ns,
    fates,
    seen,
    waits_anywhere,
    waits_ms,
)
from deliverycheck.guarantees.queues.handing import SentHanding
from deliverycheck.guarantees.queues.queue_history import Queue, concluded, queues, why_unfit
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import History, Publication

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
        *(_late(*one) for one in timed if _is_late(*one)),
        *(_early(*one) for one in dead if _is_early(*one)),
        *(_lost(history, *one) for one in gone if one[0].message not in seen(history)),
    ]
    examined = len(timed) + len(dead) + len(gone)
    return concluded(name, found, examined=examined, nothing="no message with a time to wait")


def _timed(history: History, queue: Queue) -> Iterator[tuple[SentHanding, int, int]]:
    """Confirmed messages that the queue handed out: when, and how many ms they could wait."""
    for handing in () if queue.feeds else chain.from_iterable(queue.by_copy.values()):
        ms = waits_ms(queue.source, history.by_op[handing.publication.op])
        if ms is not None and (ns := handing.confirmed_ns) is not None:
            yield handing, ns, ms


def _expired(history: History, queue: Queue) -> Iterator[tuple[SentHanding, int]]:
    """Dead letters that say so, and the shortest time that they can have waited."""
    if not all(is_told(history, name) for name in queue.feeds):
        return  # It may have been given less time on the way.
    sources = [each for name in queue.feeds for each in was(history, name)]
    for handing in chain.from_iterable(queue.by_copy.values()):
        own = history.by_op[handing.publication.op]
        known = [ms for source in sources if (ms := waits_ms(source, own)) is not None]
        if handing.delivery.reason == "expired" and known:
            yield handing, min(known)


def _owed(history: History) -> list[tuple[Publication, int]]:
    """What cannot have expired when the history ended, and must be somewhere; its time to wait."""
    return [
        (one, ms)
        for one in fates(history)[Fate.STAYS]
        if (ms := waits_anywhere(history, one)) is not None
    ]


def _is_late(handing: SentHanding, confirmed_ns: int, ms: int) -> bool:
    return handing.taken_after_ns > confirmed_ns + (ms + _ROUNDING_MS) * _NS_PER_MS


def _is_early(handing: SentHanding, ms: int) -> bool:
    return handing.handed_ns < handing.publication.invoked_ns + (ms - _ROUNDING_MS) * _NS_PER_MS


def _late(handing: SentHanding, confirmed_ns: int, ms: int) -> Anomaly:
    asked_ns = handing.taken_after_ns
    return _anomaly("delivered_expired", handing, ms, confirmed_ns=confirmed_ns, asked_ns=asked_ns)


def _early(handing: SentHanding, ms: int) -> Anomaly:
    return _anomaly("expired_early", handing, ms, called_ns=handing.publication.invoked_ns)


def _anomaly(name: str, handing: SentHanding, ms: int, **facts: int) -> Anomaly:
    return Anomaly(
        name=name,
        message=handing.delivery.message,
        witnesses=(handing.publication.op, handing.op),
        source=handing.delivery.source,
        facts={
            "kind": "in_queue",
            "waits_ms": ms,
            "handed_by": handing.process,
            "handed_ns": handing.handed_ns,
            **facts,
        },
    )


def _lost(history: History, publication: Publication, ms: int) -> Anomaly:
    return Anomaly(
        name="lost",
        message=publication.message,
        witnesses=(publication.op,),
        source=publication.target,
        facts={
            "kind": "before_its_time",
            "confirmed_ns": confirmed_ns(publication),
            "waits_ms": ms,
            "end_ns": end_ns(history),
        },
    )
