"""Where a message comes again that a consumer gave back."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from deliverycheck.guarantees.queues.excuses import Excuses
from deliverycheck.guarantees.queues.fifo import call_of
from deliverycheck.guarantees.queues.handing import Handing
from deliverycheck.guarantees.queues.overtaking import Turn, overtakings
from deliverycheck.guarantees.queues.queue_history import Queue, concluded, queues, why_unfit
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import History, Outcome

ORIGINAL = "original"
BACK = "back"
_Row = tuple[str, list[tuple[Handing, Handing]], list[Handing]]
"""Where what was given back belongs, what was, with its next handing, and all handings."""


def requeue_position(history: History) -> Verdict:
    """A message that was given back comes again where its queue says: in its place, or last.

    Sound for ``original``: nothing that its publisher sent later, with the same priority, is
    sent by the queue between the end of the nack and the next handing. For ``back``: what was
    confirmed before the nack began, and was handed to nobody yet, goes first. A nack counts if
    it surely took effect, and a handing as the next one if the broker counts so, or while nobody
    left, failed or was disturbed: else there may have been one that nobody recorded.

    Complete for such histories whose receives fetch, or are of one consumer with tags.
    """
    name = "requeue_position"
    if reason := why_unfit(history):
        return unknown(name, reason)
    quiet_ns = Excuses(history).until_ns()
    rows = [row for queue in queues(history).values() for row in _rows(history, queue, quiet_ns)]
    found = [anomaly for row in rows for anomaly in _out_of_place(row)]
    examined = sum(len(returned) for _, returned, _ in rows)
    nothing = "no message came again that was given back to a queue with a place for it"
    return concluded(name, found, examined=examined, nothing=nothing)


def _rows(history: History, queue: Queue, quiet_ns: float) -> Iterator[_Row]:
    """What was given back among what it has an order with."""
    where = queue.source.requeue
    if where not in {ORIGINAL, BACK} or queue.feeds:
        return
    returned: dict[tuple[object, ...], list[tuple[Handing, Handing]]] = defaultdict(list)
    others: dict[tuple[object, ...], list[Handing]] = defaultdict(list)
    for handings in queue.by_copy.values():
        key = _key(history, handings[0], where)
        others[key] += handings
        for one, again in pairwise(handings):
            if one.returned and _is_next(one, again, quiet_ns):
                returned[key].append((one, again))
    firsts = {handing.place for handing in queue.firsts}
    for key, pairs in returned.items():
        if where == ORIGINAL:
            yield where, pairs, others[key]
        else:
            yield where, pairs, [one for one in others[key] if one.place in firsts]


def _key(history: History, handing: Handing, where: str) -> tuple[object, ...]:
    publication = handing.publication
    if publication is None:
        return ()
    priority = history.by_op[publication.op].priority
    return (priority,) if where == BACK else (priority, publication.process, publication.target)


def _is_next(one: Handing, again: Handing, quiet_ns: float) -> bool:
    """Whether nobody else was handed it between these two."""
    before, after = one.delivery.deliveries, again.delivery.deliveries
    counted = before is not None and after == before + 1
    return counted or again.handed_ns < quiet_ns


def _out_of_place(row: _Row) -> Iterator[Anomaly]:
    where, returned, others = row
    given_back = {again.place: one for one, again in returned}
    turns = [_as_waiting(one, again) for one, again in returned]
    if where == ORIGINAL:
        for ahead, behind in overtakings(turns, [_as_served(one) for one in others]):
            given = given_back[behind.handing.place]
            yield _anomaly(where, given, behind.handing, ahead.handing)
        return
    served = [
        _last(again, (one.returned or one.settlements[0]).invoked_ns) for one, again in returned
    ]
    for ahead, behind in overtakings(_ready(others), served):
        yield _anomaly(where, given_back[ahead.handing.place], ahead.handing, behind.handing)


def _as_waiting(one: Handing, again: Handing) -> Turn:
    """It stands in its old place from the end of the nack on."""
    returned = one.returned
    since_ns = (returned and returned.completed_ns) or again.handed_ns
    return Turn(rank=call_of(again), since_ns=since_ns, handing=again)


def _as_served(handing: Handing) -> Turn:
    return Turn(rank=call_of(handing), since_ns=handing.taken_after_ns or 0, handing=handing)


def _last(again: Handing, since_ns: int) -> Turn:
    return Turn(rank=(0,), since_ns=since_ns, handing=again)


def _ready(firsts: list[Handing]) -> list[Turn]:
    """Messages that nobody had been handed, from their confirm on."""
    return [
        Turn(rank=(1,), since_ns=handing.publication.completed_ns or 0, handing=handing)
        for handing in firsts
        if handing.publication and handing.publication.outcome is Outcome.OK
    ]


def _anomaly(where: str, one: Handing, again: Handing, other: Handing) -> Anomaly:
    returned = one.settlements[0]
    return Anomaly(
        name="requeued_out_of_place",
        message=one.delivery.message,
        witnesses=tuple(dict.fromkeys((one.op, returned.op, other.op, again.op))),
        source=one.delivery.source,
        facts={
            "kind": where,
            "process": one.process,
            "returned_ns": returned.invoked_ns,
            "other": other.delivery.message,
            "again_by": again.process,
            "again_ns": again.handed_ns,
            "other_by": other.process,
            "other_ns": other.handed_ns,
        },
    )
