"""Why a dead letter says that it died, against what can have happened to it."""

from collections.abc import Iterator

from deliverycheck.guarantees.queues.handing import Handing
from deliverycheck.guarantees.queues.handings import settlements_by_tag
from deliverycheck.guarantees.queues.queue_history import Queue, queues
from deliverycheck.guarantees.verdict import Anomaly
from deliverycheck.history import Action, History, indexed

_REJECTED = "rejected"


def reasoned(history: History) -> Iterator[tuple[Queue, Handing]]:
    """Every dead letter that says why it is one, with the queue in which it stands."""
    for queue in queues(history).values():
        for handings in queue.by_copy.values() if queue.feeds else ():
            yield from ((queue, one) for one in handings if one.delivery.reason is not None)


def wrong_reasons(history: History) -> list[Anomaly]:
    """Every dead letter that cannot have died of what it says."""
    return [
        _anomaly(handing, why)
        for queue, handing in reasoned(history)
        for why in _contradictions(history, queue, handing)
    ]


def _contradictions(
    history: History, queue: Queue, handing: Handing
) -> Iterator[dict[str, str | int]]:
    """What proves that the reason is another one: the first thing that does."""
    said = handing.delivery.reason
    rejections = _rejections(history, queue, handing)
    if said != _REJECTED and rejections and len(queue.feeds) == 1:
        yield {"kind": "was_rejected", "by": rejections[0].process, "op": rejections[0].op}
    elif said == _REJECTED and not _may_be_rejected(history, queue, handing):
        yield {"kind": "nobody_rejected"}
    elif said in list(_no_limits(history, queue, handing)):
        yield {"kind": "no_such_limit"}


def _rejections(history: History, queue: Queue, handing: Handing) -> list[Handing]:
    """Its handings from the queues before that surely ended with a rejection."""
    return [
        one
        for name in sorted(queue.feeds & queues(history).keys())
        for one in queues(history)[name].by_copy.get(handing.copy, [])
        if one.rejected
    ]


def _may_be_rejected(history: History, queue: Queue, handing: Handing) -> bool:
    """Whether anybody was handed it before, or may have been without that being recorded."""
    before = [queues(history)[name] for name in queue.feeds & queues(history).keys()]
    handed = any(handing.delivery.message in each.messages for each in before)
    return handed or _rejects_unseen(history)


def _no_limits(history: History, queue: Queue, handing: Handing) -> Iterator[str]:
    """The reasons for which nothing can have died on its way here."""
    sources = [history.header.sources[name] for name in queue.feeds]
    publication = handing.publication
    own = history.by_op[publication.op].expires_ms if publication else None
    if own is None and all(source.expires_ms is None for source in sources):
        yield "expired"
    if all(source.length_max is None for source in sources):
        yield "maxlen"


@indexed
def _rejects_unseen(history: History) -> bool:
    """Whether anybody gave up a delivery that no receive of the history brought."""
    known = {
        (reading.process, reading.delivery.source, reading.delivery.position)
        for reading in (*history.receipts, *history.log)
    }
    return any(
        tag not in known and any(one.action is not Action.ACK for one in operations)
        for tag, operations in settlements_by_tag(history).items()
    )


def _anomaly(handing: Handing, facts: dict[str, str | int]) -> Anomaly:
    sent = (handing.publication.op,) if handing.publication else ()
    by = facts.pop("op", None)
    return Anomaly(
        name="wrong_reason",
        message=handing.delivery.message,
        witnesses=(*sent, *((by,) if isinstance(by, int) else ()), handing.op),
        source=handing.delivery.source,
        position=handing.delivery.position,
        facts={**facts, "reason": handing.delivery.reason or ""},
    )
