"""Routing: a message comes to the queues that its bindings lead to, to each once, to no other."""

from collections.abc import Iterator

from deliverycheck.guarantees.queues.fate import Fate, fates
from deliverycheck.guarantees.queues.handing import SentHanding
from deliverycheck.guarantees.queues.queue_history import Queue, concluded, queues, why_unfit
from deliverycheck.guarantees.queues.reached import routes_of
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import History, Publication


def routed_as_bound(history: History) -> Verdict:
    """A message is handed out by the queues that its bindings lead to, once as new, and no other.

    Sound: a queue that hands out what no binding leads there, and takes in no dead letters of one
    that it does lead to, is a proof at any time; so are two deliveries that the broker calls the
    first. That it is missing is a proof only in scanned and drained histories, of a confirmed
    message that surely stays. What was published while bindings were being changed is left out.

    Complete for such histories, as far as the queues of a message are known.
    """
    name = "routed_as_bound"
    if reason := why_unfit(history):
        return unknown(name, reason)
    handed = [
        (queue, handings, routes)
        for queue in queues(history).values()
        for handings in queue.by_copy.values()
        if (routes := routes_of(history, handings[0].publication)) is not None
    ]
    owed = list(_owed(history))
    found = [
        *(
            _astray(queue, handings[0], routes)
            for queue, handings, routes in handed
            if not _belongs(queue, routes)
        ),
        *(anomaly for queue, handings, _ in handed for anomaly in _twice(queue, handings)),
        *(_missing(queue, one) for queue, one in owed if one.message not in queue.messages),
    ]
    nothing = "no message whose queues are known"
    return concluded(name, found, examined=len(handed) + len(owed), nothing=nothing)


def _belongs(queue: Queue, routes: tuple[str, ...]) -> bool:
    return queue.name in routes or bool(queue.feeds & set(routes))


def _owed(history: History) -> Iterator[tuple[Queue, Publication]]:
    """What must be found, in each queue that it belongs in."""
    for publication in fates(history)[Fate.STAYS]:
        for name in routes_of(history, publication) or ():
            if name in queues(history):
                yield queues(history)[name], publication


def _twice(queue: Queue, handings: list[SentHanding]) -> Iterator[Anomaly]:
    """Two first deliveries of what can have come there only once."""
    fresh = [each for each in handings if each.is_fresh] if not queue.feeds else []
    if len(fresh) > 1:
        first, second, *_ = fresh
        yield Anomaly(
            name="duplicate",
            message=first.delivery.message,
            witnesses=tuple(dict.fromkeys((first.publication.op, first.op, second.op))),
            source=queue.name,
            facts={
                "kind": "in_queue",
                "first_by": first.process,
                "first_ns": first.handed_ns,
                "again_by": second.process,
                "again_ns": second.handed_ns,
            },
        )


def _astray(queue: Queue, handing: SentHanding, routes: tuple[str, ...]) -> Anomaly:
    return Anomaly(
        name="misrouted",
        message=handing.delivery.message,
        witnesses=(handing.publication.op, handing.op),
        source=queue.name,
        facts={
            "kind": "unbound",
            "target": handing.publication.target,
            "key": handing.publication.key or "",
            "process": handing.process,
            "ns": handing.handed_ns,
            "belongs": ", ".join(routes) or "no queue",
        },
    )


def _missing(queue: Queue, publication: Publication) -> Anomaly:
    return Anomaly(
        name="lost",
        message=publication.message,
        witnesses=(publication.op,),
        source=queue.name,
        facts={
            "kind": "not_in_queue",
            "relied": "confirmed",
            "relied_ns": publication.completed_ns or publication.invoked_ns,
            "target": publication.target,
        },
    )
