"""Dead letters: what a queue gives up stands where it should, in order, and says why."""

from collections import defaultdict

from deliverycheck.guarantees.queues.dead_letter_order import orders, out_of_order
from deliverycheck.guarantees.queues.dead_letter_places import (
    places_of_rejected,
    wrong_places,
)
from deliverycheck.guarantees.queues.dead_letter_reasons import reasoned, wrong_reasons
from deliverycheck.guarantees.queues.fate import Fate, confirmed_ns, fates, keep_dead, seen
from deliverycheck.guarantees.queues.handing import Handing
from deliverycheck.guarantees.queues.queue_history import Queue, concluded, queues, why_unfit
from deliverycheck.guarantees.reached import why_not_drained, why_not_scanned
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import History, Operation, Publication, indexed


def dead_lettering(history: History) -> Verdict:
    """What a queue gives up otherwise than by an ack stands among its dead letters.

    Messages given up in some order stand there in that order, their reason is the one for which
    they died, and the place is one to which their queue sent its dead when they did.

    Sound: a message was given up if a reject or nack of it surely took effect and asked for no
    requeue, or if the queue confirmed it, may drop it, and nobody ever was handed it. It must
    be found only where nothing may drop it again or take it without a trace. Order and reasons
    are proofs by themselves; they are compared only where one queue's dead letters arrive.

    Complete for scanned and drained histories; any other without an anomaly is UNKNOWN.
    """
    name = "dead_lettering"
    if reason := why_unfit(history):
        return unknown(name, reason)
    reason = why_not_scanned(history) or why_not_drained(history)
    given_up, dropped = [] if reason else _given_up(history), _dropped(history)
    rows = orders(history)
    found = [
        *(_rejected(*one) for one in given_up if not _stands(history, one[0])),
        *(
            _unburied(publication)
            for publication in dropped
            if publication.message not in seen(history)
        ),
        *wrong_reasons(history),
        *wrong_places(history),
        *out_of_order(rows),
    ]
    if reason and not found:
        return unknown(name, reason)
    examined = len(given_up) + len(dropped) + len(list(reasoned(history)))
    examined += sum(len(row) - 1 for row in rows)
    return concluded(name, found, examined=examined, nothing="no message became a dead letter")


def _given_up(history: History) -> list[tuple[Handing, Operation]]:
    """The handings whose message surely was given up, and how, where it must be found."""
    return [
        (handing, rejection)
        for queue in queues(history).values()
        for handings in queue.by_copy.values()
        for handing in handings
        if (rejection := handing.rejected)
        and keep_dead(history, places_of_rejected(history, queue.name, [rejection]))
    ]


def _dropped(history: History) -> list[Publication]:
    """What nobody was handed from the queue that took it, and can have died there."""
    return [
        publication
        for publication in fates(history)[Fate.DIES]
        if publication.message not in queues(history)[publication.target].messages
    ]


def _stands(history: History, handing: Handing) -> bool:
    """Whether the message was found in any queue to which the dead of its queue come."""
    after = _queues_after(history)[handing.delivery.source]
    return any(handing.delivery.message in queue.messages for queue in after)


@indexed
def _queues_after(history: History) -> dict[str, list[Queue]]:
    found: dict[str, list[Queue]] = defaultdict(list)
    for queue in queues(history).values():
        for name in queue.feeds:
            found[name].append(queue)
    return dict(found)


def _rejected(handing: Handing, rejection: Operation) -> Anomaly:
    return Anomaly(
        name="lost",
        message=handing.delivery.message,
        witnesses=(handing.op, rejection.op),
        source=handing.delivery.source,
        facts={
            "kind": "rejected",
            "rejected_by": handing.process,
            "rejected_ns": rejection.invoked_ns,
        },
    )


def _unburied(publication: Publication) -> Anomaly:
    return Anomaly(
        name="lost",
        message=publication.message,
        witnesses=(publication.op,),
        source=publication.target,
        facts={"kind": "dropped", "confirmed_ns": confirmed_ns(publication)},
    )
