"""Where a message comes again that a consumer gave back."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from deliverycheck.guarantees.queues.excuses import Excuses
from deliverycheck.guarantees.queues.fifo import call_of, line_of
from deliverycheck.guarantees.queues.handing import SentHanding
from deliverycheck.guarantees.queues.overtaking import Turn, overtakings
from deliverycheck.guarantees.queues.queue_history import Queue, concluded, queues, why_unfit
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import History, Operation

ORIGINAL = "original"
BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Return:
    """A message that was given back: its handing, the nack or reject, and its next handing."""

    handing: SentHanding
    nack: Operation
    again: SentHanding


_Row = tuple[str, list[_Return], list[SentHanding]]
"""Where what was given back belongs, what was, and the handings that it has an order with."""


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
    returned: dict[object, list[_Return]] = defaultdict(list)
    others: dict[object, list[SentHanding]] = defaultdict(list)
    for handings in queue.by_copy.values():
        line = line_of(history, handings[0])
        key: object = line if where == ORIGINAL else line[-1]  # Its priority.
        others[key] += handings
        for one, again in pairwise(handings):
            if (nack := one.returned) and _is_next(one, again, quiet_ns):
                returned[key].append(_Return(handing=one, nack=nack, again=again))
    firsts = {handing.place for handing in queue.firsts}
    for among, row in returned.items():
        if where == ORIGINAL:
            yield where, row, others[among]
        else:
            yield where, row, [one for one in others[among] if one.place in firsts]


def _is_next(one: SentHanding, again: SentHanding, quiet_ns: float) -> bool:
    """Whether nobody else was handed it between these two."""
    before, after = one.delivery.deliveries, again.delivery.deliveries
    counted = before is not None and after == before + 1
    return counted or again.handed_ns < quiet_ns


def _out_of_place(row: _Row) -> Iterator[Anomaly]:
    where, returned, others = row
    given_back = {each.again.place: each for each in returned}
    if where == ORIGINAL:
        for ahead, behind in overtakings(map(_as_waiting, returned), map(_as_served, others)):
            yield _anomaly(where, given_back[behind.handing.place], ahead.handing)
    else:
        for ahead, behind in overtakings(_ready(others), map(_as_last, returned)):
            yield _anomaly(where, given_back[ahead.handing.place], behind.handing)


def _as_waiting(each: _Return) -> Turn:
    """It stands in its old place from the end of the nack on."""
    since_ns = each.nack.completed_ns or each.again.handed_ns
    return Turn(rank=call_of(each.again), since_ns=since_ns, handing=each.again)


def _as_served(handing: SentHanding) -> Turn:
    return Turn(rank=call_of(handing), since_ns=handing.taken_after_ns, handing=handing)


def _as_last(each: _Return) -> Turn:
    """It goes after all that stood there when the nack began."""
    return Turn(rank=(False,), since_ns=each.nack.invoked_ns, handing=each.again)


def _ready(firsts: list[SentHanding]) -> Iterator[Turn]:
    """Messages that nobody had been handed, from their confirm on."""
    for handing in firsts:
        if (ns := handing.confirmed_ns) is not None:
            yield Turn(rank=(True,), since_ns=ns, handing=handing)


def _anomaly(where: str, returned: _Return, other: SentHanding) -> Anomaly:
    one, nack, again = returned.handing, returned.nack, returned.again
    return Anomaly(
        name="requeued_out_of_place",
        message=one.delivery.message,
        witnesses=tuple(dict.fromkeys((one.op, nack.op, other.op, again.op))),
        source=one.delivery.source,
        facts={
            "kind": where,
            "process": one.process,
            "returned_ns": nack.invoked_ns,
            "other": other.delivery.message,
            "again_by": again.process,
            "again_ns": again.handed_ns,
            "other_by": other.process,
            "other_ns": other.handed_ns,
        },
    )
