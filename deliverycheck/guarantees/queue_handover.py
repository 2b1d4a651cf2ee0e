"""A queue went from one consumer to another because the first one closed in order."""

from deliverycheck.guarantees.delivery.queued import is_queue
from deliverycheck.guarantees.hazard import Evidence
from deliverycheck.history import (
    Action,
    History,
    Operation,
    Reading,
    incarnation_lane,
    is_scanner,
)


def handed_over(history: History) -> tuple[Evidence, ...]:
    """A consumer closed in order, and a queue's next message went to another one.

    What the first one held, or what was on its way to it, comes back to the queue only after that.
    """
    closes = sorted(history.select(Action.CLOSE), key=lambda one: one.op)
    return tuple(
        Evidence(
            kind="heir",
            ns=close.invoked_ns,
            facts={
                "process": close.process,
                "closed_ns": close.invoked_ns,
                "queue": queue,
                "other": heir.process,
            },
            witnesses=(close.op, heir.op),
        )
        for close in closes
        if not is_scanner(close.process)
        for queue in _read_by(history, close)
        if (heir := _heir(history, queue, close)) is not None
    )


def _heir(history: History, queue: str, close: Operation) -> Reading | None:
    """The next message of the queue, if it went to another consumer."""
    after = (
        one
        for one in history.receipts
        if one.delivery.source == queue and one.ns > close.invoked_ns
    )
    first = min(after, key=lambda one: (one.ns, one.op), default=None)
    if first is None or incarnation_lane(first.process) == incarnation_lane(close.process):
        return None
    return first


def _read_by(history: History, close: Operation) -> list[str]:
    """The queues of which the process had been handed messages when it closed."""
    return sorted(
        {
            one.delivery.source
            for one in history.receipts
            if one.process == close.process
            and one.ns <= close.invoked_ns
            and is_queue(history, one.delivery.source)
        }
    )
