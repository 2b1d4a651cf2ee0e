"""Where dead letters stand, against where their queue sent its dead when they died."""

from collections.abc import Iterable
from math import inf

from deliverycheck.guarantees.became import dead_letter_places
from deliverycheck.guarantees.queues.dead_letter_reasons import reasoned, rejects_unseen
from deliverycheck.guarantees.queues.handing import SentHanding
from deliverycheck.guarantees.queues.queue_history import Queue, queues_before
from deliverycheck.guarantees.queues.reached import routes_of
from deliverycheck.guarantees.verdict import Anomaly
from deliverycheck.history import Action, History, Operation, Outcome

_REJECTED = "rejected"


def wrong_places(history: History) -> list[Anomaly]:
    """Every dead letter in a queue to which nothing sent its dead when it can have died."""
    return [
        _anomaly(history, queue, handing, said)
        for queue, handing, said in reasoned(history)
        if (passed := _passed(history, queue, handing))
        and not any(_may_have_sent(history, each, queue, handing, said) for each in passed)
    ]


def places_of_rejected(
    history: History, name: str, rejections: Iterable[Operation], until_ns: float = inf
) -> frozenset[str | None]:
    """Where what was refused in that queue may have gone: it died with one of these calls."""
    calls = list(rejections)
    ends = [
        inf if one.outcome is not Outcome.OK or one.completed_ns is None else one.completed_ns
        for one in calls
    ]
    since_ns = min(one.invoked_ns for one in calls)
    return dead_letter_places(history, name, since_ns, min(max(ends), until_ns))


def _passed(history: History, queue: Queue, handing: SentHanding) -> list[Queue]:
    """The queues in which it may have died on its way here; none where it was published to it."""
    routes = set(routes_of(history, handing.publication) or ())
    if queue.name in routes:
        return []
    return [each for each in queues_before(history, queue) if {each.name, *each.feeds} & routes]


def _may_have_sent(
    history: History, before: Queue, queue: Queue, handing: SentHanding, said: str
) -> bool:
    """Whether that queue's dead may have come here when it may have died there."""
    rejections = [
        one
        for handed in before.by_copy.get(handing.copy, ())
        for one in handed.settlements
        if one.action is not Action.ACK and not one.requeue
    ]
    if said == _REJECTED and rejections and not rejects_unseen(history):
        places = places_of_rejected(history, before.name, rejections, handing.handed_ns)
    else:
        sent_ns = handing.publication.invoked_ns
        places = dead_letter_places(history, before.name, sent_ns, handing.handed_ns)
    declared = history.header.sources
    return any(place == queue.name or place not in declared for place in places - {None})


def _anomaly(history: History, queue: Queue, handing: SentHanding, said: str) -> Anomaly:
    changes = [
        one.op
        for one in history.select(Action.SET_LIMITS)
        if one.target in queue.feeds and one.invoked_ns <= handing.handed_ns
    ]
    return Anomaly(
        name="misrouted",
        message=handing.delivery.message,
        witnesses=(handing.publication.op, *changes, handing.op),
        source=queue.name,
        position=handing.delivery.position,
        facts={
            "kind": "dead_letter",
            "reason": said,
            "target": handing.publication.target,
            "process": handing.process,
            "ns": handing.handed_ns,
        },
    )
