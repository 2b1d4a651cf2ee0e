"""Routing: what was confirmed and did not come back stands in some queue."""

from collections import defaultdict

from deliverycheck.guarantees.queues.fate import Fate, confirmed_ns, fates, seen, waits_anywhere
from deliverycheck.guarantees.queues.handing import Copy, SentHanding
from deliverycheck.guarantees.queues.handings import sure_publications
from deliverycheck.guarantees.queues.queue_history import concluded, queues, why_unfit
from deliverycheck.guarantees.reached import why_not_drained, why_not_scanned
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import History, Publication, indexed


def routed_confirms(history: History) -> Verdict:
    """A confirmed message is handed out by some queue, or came back as unroutable; never both.

    Sound: absence is a proof only in scanned and drained histories, of a message that no
    queue may drop and no reader may take without a trace. A message that came back and was
    handed out is one at any time.

    Complete for such histories and messages.
    """
    name = "routed_confirms"
    if reason := why_unfit(history):
        return unknown(name, reason)
    returned = _returned(history)
    both = [_both(one, by) for one, by in returned if by]
    reason = why_not_scanned(history) or why_not_drained(history)
    if reason and not both:
        return unknown(name, reason)
    owed = [one for one in fates(history)[Fate.STAYS] if waits_anywhere(history, one) is None]
    found = [*(_lost(one) for one in owed if one.message not in seen(history)), *both]
    nothing = "no confirmed message surely stays in a queue"
    return concluded(name, found, examined=len(owed) + len(returned), nothing=nothing)


def _returned(history: History) -> list[tuple[Publication, list[SentHanding] | None]]:
    """Every message that came back as unroutable, with what handings there are of it."""
    return [
        (publication, _handings(history).get(copy))
        for copy, publication in sure_publications(history).items()
        if history.by_op[publication.op].returned_unroutable
    ]


@indexed
def _handings(history: History) -> dict[Copy, list[SentHanding]]:
    found: dict[Copy, list[SentHanding]] = defaultdict(list)
    for queue in queues(history).values():
        for copy, handings in queue.by_copy.items():
            found[copy] += handings
    return dict(found)


def _lost(publication: Publication) -> Anomaly:
    return Anomaly(
        name="lost",
        message=publication.message,
        witnesses=(publication.op,),
        source=publication.target,
        facts={"kind": "nowhere", "confirmed_ns": confirmed_ns(publication)},
    )


def _both(publication: Publication, handings: list[SentHanding]) -> Anomaly:
    first = min(handings, key=lambda handing: (handing.handed_ns, handing.place))
    return Anomaly(
        name="returned_and_routed",
        message=publication.message,
        witnesses=(publication.op, first.op),
        source=first.delivery.source,
        facts={
            "kind": "in_queue",
            "returned_ns": publication.completed_ns or publication.invoked_ns,
            "handed_by": first.process,
            "handed_ns": first.handed_ns,
        },
    )
