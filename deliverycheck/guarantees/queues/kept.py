"""Publish to queue: what the application relied on comes to its queues, and is accounted for."""

from collections.abc import Iterator

from deliverycheck.guarantees.queues.dead_letter_places import places_of_rejected
from deliverycheck.guarantees.queues.fate import seen, tracked, waits_ms
from deliverycheck.guarantees.queues.handings import settlements_by_tag
from deliverycheck.guarantees.queues.queue_history import Queue, concluded, queues, why_unfit
from deliverycheck.guarantees.queues.reached import relied, routes_of
from deliverycheck.guarantees.reached import why_not_drained, why_not_scanned
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import Action, History, Outcome, Publication, indexed, is_scanner


def at_least_once_in_queue(history: History) -> Verdict:
    """What the application relied on is handed out by every queue that it was routed to.

    Sound: absence is a proof only in scanned and drained histories, of a message that no limit
    of the queue may have dropped, in a queue that no reader takes from without a trace. What no
    binding sent anywhere is lost, if its sender was not told so.

    Complete for such histories and messages, as far as the queues of a message are known.
    """
    name = "at_least_once_in_queue"
    if reason := why_unfit(history) or why_not_scanned(history) or why_not_drained(history):
        return unknown(name, reason)
    found: list[Anomaly] = []
    examined = 0
    for publication, routes in relied(history):
        kept = [queue for queue in _named(history, routes) if _keeps(history, queue, publication)]
        examined += len(kept) or not routes
        found += [] if routes else [_lost(history, publication, "unrouted", publication.target)]
        found += [
            _lost(history, publication, "not_in_queue", queue.name)
            for queue in kept
            if publication.message not in queue.messages
        ]
    nothing = "no message that was relied upon surely stays in a queue"
    return concluded(name, found, examined=examined, nothing=nothing)


def accounted_for(history: History) -> Verdict:
    """What the application relied on was worked off, is still there, or somebody was told.

    A consumer that refuses a message of a queue without a place for its dead wants it gone.
    Whatever else makes a queue give a message up (a limit of length, of time or of deliveries,
    a dead letter that nobody took) tells neither its sender nor any consumer.

    Sound: only in scanned and drained histories, and of queues that nobody takes from without a
    trace. An effect or a settlement that may have happened did.

    Complete for such histories, as far as the queues of a message are known.
    """
    name = "accounted_for"
    if reason := why_unfit(history) or why_not_scanned(history) or why_not_drained(history):
        return unknown(name, reason)
    found: list[Anomaly] = []
    examined = 0
    for publication, routes in relied(history):
        known = [queue for queue in _named(history, routes) if queue.name in tracked(history)]
        if routes and not known:
            continue
        examined += 1
        if publication.message not in _accounted(history):
            gone = publication.message in seen(history)
            kind = "given_up" if gone else "gone_untold"
            found.append(_lost(history, publication, kind, publication.target))
    nothing = "no message that was relied upon came to a queue that tells of its readers"
    return concluded(name, found, examined=examined, nothing=nothing)


def stays_in_queues(history: History, publication: Publication) -> bool:
    """Whether somebody surely finds it if its queues took it.

    Each keeps it until a consumer tells of it, and all has been read.
    """
    routes = routes_of(history, publication)
    if not routes or why_not_scanned(history) or why_not_drained(history):
        return False
    known = list(_named(history, routes))
    return len(known) == len(routes) and all(_keeps(history, each, publication) for each in known)


def _named(history: History, names: tuple[str, ...]) -> Iterator[Queue]:
    return (queues(history)[name] for name in names if name in queues(history))


def _keeps(history: History, queue: Queue, publication: Publication) -> bool:
    """Whether nothing but a consumer may take it out of the queue."""
    source = queue.source
    limited = source.length_max is not None and source.overflow != "reject_publish"
    return (
        queue.name in tracked(history)
        and not limited
        and source.delivery_limit is None
        and not source.limited_later
        and waits_ms(source, history.by_op[publication.op]) is None
    )


@indexed
def _accounted(history: History) -> frozenset[str]:
    """Every message that was worked off, or refused for good, or left where it was found."""
    found = {reading.delivery.message for reading in history.log}
    found |= {
        effect.delivery.message for effect in history.effects if effect.outcome is not Outcome.FAIL
    }
    return frozenset(found | set(_settled_for_good(history)))


def _settled_for_good(history: History) -> Iterator[str]:
    """What was acked, or refused where there is no place for the dead."""
    told = settlements_by_tag(history)
    for queue in queues(history).values():
        for handing in queue.handings:
            if is_scanner(handing.process):
                continue
            delivery = handing.delivery
            for one in told.get((handing.process, queue.name, delivery.position), ()):
                refused = one.action is not Action.ACK and not one.requeue
                places = places_of_rejected(history, queue.name, [one])
                if one.action is Action.ACK or (refused and None in places):
                    yield delivery.message


def _lost(history: History, publication: Publication, kind: str, source: str) -> Anomaly:
    operation = history.by_op[publication.op]
    relied_ns = operation.completed_ns if publication.confirmed else operation.returned_ns
    return Anomaly(
        name="lost",
        message=publication.message,
        witnesses=(publication.op,),
        source=source,
        facts={
            "kind": kind,
            "relied": "confirmed" if publication.confirmed else "handed over",
            "relied_ns": relied_ns or operation.invoked_ns,
            "target": publication.target,
        },
    )
