"""Competing consumers: each message of a queue belongs to one of them."""

from collections.abc import Iterator
from itertools import pairwise

from deliverycheck.guarantees.queues.excuses import Excuses
from deliverycheck.guarantees.queues.handing import Handing, SentHanding
from deliverycheck.guarantees.queues.queue_history import Queue, concluded, queues, why_unfit
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import History, is_scanner

_Held = tuple[Handing, tuple[int, ...]]
"""A handing, and the ack that shows that it was held to its end."""


def disjoint_consumers(history: History) -> Verdict:
    """No two consumers of a queue are handed the same message, unless one let go of it.

    Sound: two deliveries of one message to two processes are a proof if the broker calls both
    the first one, or if an ack of both took effect, so that both held it to its end. Any nack
    or reject of either, any end, pause or complaint of either process, a fault that could reach
    it, or a node that was not well, is reason enough to hand it out again. A message that was
    sent twice is judged by its attempt. Queues that take in dead letters are left out: one
    message may come there from several queues.

    Complete for whole histories without such events.
    """
    name = "disjoint_consumers"
    if reason := why_unfit(history):
        return unknown(name, reason)
    judged = [queue for queue in queues(history).values() if not queue.feeds]
    excuses = Excuses(history)
    handed = [handings for queue in judged if _compete(queue) for handings in _handed(queue)]
    found = [anomaly for handings in handed for anomaly in _shared(handings, excuses)]
    nothing = "no queue was handed out to two consumers"
    return concluded(name, found, examined=len(handed), nothing=nothing)


def _handed(queue: Queue) -> Iterator[list[SentHanding]]:
    """The deliveries of each copy to the subject's own consumers."""
    for handings in queue.by_copy.values():
        if own := [handing for handing in handings if not is_scanner(handing.process)]:
            yield own


def _compete(queue: Queue) -> bool:
    return len({one.process for one in queue.handings if not is_scanner(one.process)}) > 1


def _shared(handings: list[SentHanding], excuses: Excuses) -> Iterator[Anomaly]:
    """Of one copy the first two deliveries of each kind that no two processes may both have."""
    fresh: list[_Held] = [(each, ()) for each in handings if each.is_fresh]
    acked: list[_Held] = [(each, (ack.op,)) for each in handings if (ack := each.acked)]
    for kind, alone in (("both_first", fresh), ("both_acked", acked)):
        for (one, its), (other, others) in pairwise(alone):
            if one.process != other.process and not excuses.explain(one, other):
                yield _anomaly(kind, one, other, (*its, *others))
                return


def _anomaly(kind: str, one: Handing, other: Handing, acks: tuple[int, ...]) -> Anomaly:
    return Anomaly(
        name="shared_delivery",
        message=one.delivery.message,
        witnesses=(one.op, other.op, *acks),
        source=one.delivery.source,
        facts={
            "kind": kind,
            "one": one.process,
            "one_ns": one.handed_ns,
            "other": other.process,
            "other_ns": other.handed_ns,
        },
    )
