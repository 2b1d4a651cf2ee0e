"""How much a consumer may hold: the bound of its subscription."""

from collections.abc import Iterator
from heapq import heappop, heappush
from math import inf

from deliverycheck.guarantees.queues.handing import Handing
from deliverycheck.guarantees.queues.handings import Channel, subscriptions_of
from deliverycheck.guarantees.queues.queue_history import (
    WITNESSES_MAX,
    concluded,
    queues,
    why_unfit,
)
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import History


def prefetch_bound(history: History) -> Verdict:
    """What a process was handed from a queue and has not settled never exceeds its prefetch.

    Sound: a delivery counts as settled from the moment at which the process began to say so,
    whatever came of that. Several subscriptions of a process to one queue may hold the sum of
    their bounds. What may have been fetched by a call of its own is not bound, nor counted, and
    neither is a delivery without a tag of its own.

    Complete for whole histories, as far as the process was handed what its client held.
    """
    name = "prefetch_bound"
    if reason := why_unfit(history):
        return unknown(name, reason)
    bounds = _bounds(history)
    pushed: dict[Channel, list[Handing]] = {channel: [] for channel in bounds}
    for queue in queues(history).values():
        for handing in queue.handings:
            channel = (handing.process, queue.name)
            if channel in bounds and handing.pushed and handing.tag is not None:
                pushed[channel].append(handing)
    found = [
        anomaly
        for channel, handings in sorted(pushed.items())
        for anomaly in _over(handings, bounds[channel])
    ]
    examined = sum(len(handings) for handings in pushed.values())
    nothing = "no delivery with a tag to a subscription with a prefetch"
    return concluded(name, found, examined=examined, nothing=nothing)


def _bounds(history: History) -> dict[Channel, int]:
    """What each process may hold of each queue; one with a boundless subscription is left out."""
    subscriptions = subscriptions_of(history, frozenset(queues(history)))
    each = {
        channel: [operation.prefetch or 0 for operation in operations]
        for channel, operations in subscriptions.items()
    }
    return {channel: sum(bounds) for channel, bounds in each.items() if min(bounds) > 0}


def _over(handings: list[Handing], bound: int) -> Iterator[Anomaly]:
    """The first moment at which a process surely held more than its bound."""
    held: list[tuple[float, tuple[int, int], Handing]] = []  # By when each was settled.
    for handing in handings:  # In the order in which they were complete.
        heappush(held, (_settled_ns(handing), handing.place, handing))
        while held and held[0][0] <= handing.handed_ns:
            heappop(held)
        if len(held) > bound:
            yield _anomaly(handing, [each for _, _, each in sorted(held, key=_place)], bound)
            return


def _settled_ns(handing: Handing) -> float:
    return min((operation.invoked_ns for operation in handing.settlements), default=inf)


def _place(one: tuple[float, tuple[int, int], Handing]) -> tuple[int, int]:
    return one[1]


def _anomaly(handing: Handing, held: list[Handing], bound: int) -> Anomaly:
    return Anomaly(
        name="over_prefetch",
        message=handing.delivery.message,
        witnesses=tuple(dict.fromkeys(each.op for each in held))[:WITNESSES_MAX],
        source=handing.delivery.source,
        position=handing.delivery.position,
        facts={
            "kind": "in_queue",
            "process": handing.process,
            "prefetch": bound,
            "held": len(held),
            "held_messages": [each.delivery.message for each in held][:WITNESSES_MAX],
            "handed_ns": handing.handed_ns,
        },
    )
