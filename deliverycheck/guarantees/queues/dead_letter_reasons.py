"""Why a dead letter says that it died, against what can have happened to it."""

from collections.abc import Iterator
from itertools import chain

from deliverycheck.guarantees.became import is_told, was
from deliverycheck.guarantees.queues.fate import waits_ms
from deliverycheck.guarantees.queues.handing import SentHanding
from deliverycheck.guarantees.queues.handings import settlements_by_tag
from deliverycheck.guarantees.queues.queue_history import Queue, queues, queues_before
from deliverycheck.guarantees.verdict import Anomaly
from deliverycheck.history import Action, History, indexed

_REJECTED = "rejected"


def reasoned(history: History) -> Iterator[tuple[Queue, SentHanding, str]]:
    """Every dead letter that says why it is one, with the queue in which it stands."""
    for queue in queues(history).values():
        for handing in chain.from_iterable(queue.by_copy.values()) if queue.feeds else ():
            if (reason := handing.delivery.reason) is not None:
                yield queue, handing, reason


def wrong_reasons(history: History) -> list[Anomaly]:
    """Every dead letter that cannot have died of what it says."""
    return [
        _anomaly(handing, {**why, "reason": said}, ops)
        for queue, handing, said in reasoned(history)
        for why, ops in _contradictions(history, queue, handing, said)
    ]


def _contradictions(
    history: History, queue: Queue, handing: SentHanding, said: str
) -> Iterator[tuple[dict[str, str], tuple[int, ...]]]:
    """What proves that the reason is another one: the first thing that does."""
    rejections = _rejections(history, queue, handing)
    if said != _REJECTED and rejections and len(queue.feeds) == 1:
        one = rejections[0]
        yield {"kind": "was_rejected", "by": one.process}, (one.op,)
    elif said == _REJECTED and not _may_be_rejected(history, queue, handing):
        yield {"kind": "nobody_rejected"}, ()
    elif said in _no_limits(history, queue, handing):
        yield {"kind": "no_such_limit"}, ()


def _rejections(history: History, queue: Queue, handing: SentHanding) -> list[SentHanding]:
    """Its handings from the queues before that surely ended with a rejection."""
    return [
        one
        for each in queues_before(history, queue)
        for one in each.by_copy.get(handing.copy, ())
        if one.rejected
    ]


def _may_be_rejected(history: History, queue: Queue, handing: SentHanding) -> bool:
    """Whether anybody was handed it before, or may have been without that being recorded."""
    before = queues_before(history, queue)
    handed = any(handing.delivery.message in each.messages for each in before)
    return handed or rejects_unseen(history)


def _no_limits(history: History, queue: Queue, handing: SentHanding) -> Iterator[str]:
    """The reasons for which nothing can have died on its way here."""
    if not all(is_told(history, name) for name in queue.feeds):
        return
    limits = [each for name in queue.feeds for each in was(history, name)]
    if all(waits_ms(each, history.by_op[handing.publication.op]) is None for each in limits):
        yield "expired"
    if all(each.length_max is None for each in limits):
        yield "maxlen"


@indexed
def rejects_unseen(history: History) -> bool:
    """Whether anybody gave up a delivery that no receive of the history brought."""
    known = {
        (reading.process, reading.delivery.source, reading.delivery.position)
        for reading in (*history.receipts, *history.log)
    }
    return any(
        tag not in known and any(one.action is not Action.ACK for one in operations)
        for tag, operations in settlements_by_tag(history).items()
    )


def _anomaly(handing: SentHanding, facts: dict[str, str], ops: tuple[int, ...]) -> Anomaly:
    return Anomaly(
        name="wrong_reason",
        message=handing.delivery.message,
        witnesses=(handing.publication.op, *ops, handing.op),
        source=handing.delivery.source,
        position=handing.delivery.position,
        facts={**facts},
    )
