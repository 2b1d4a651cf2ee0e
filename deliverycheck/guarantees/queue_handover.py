"""A queue went from one consumer to another because the first one closed in order."""

from deliverycheck.guarantees.hazard import Evidence
from deliverycheck.history import Action, History, Operation, Reading, is_scanner

_QUEUE = "queue"


def handed_over(history: History) -> tuple[Evidence, ...]:
    """A consumer closed in order, and a queue's next message went to another one.

    What the first one held, or what was on its way to it, comes back to the queue only after that.
    """
    found: list[Evidence] = []
    for close in sorted(history.select(Action.CLOSE), key=lambda one: one.op):
        if is_scanner(close.process):
            continue
        for queue in _read_by(history, close):
            after = [one for one in _of_queue(history, queue) if one.ns > close.invoked_ns]
            heir = min(after, key=lambda one: (one.ns, one.op), default=None)
            if heir is not None and _lane(heir.process) != _lane(close.process):
                found.append(
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
                )
    return tuple(found)


def _read_by(history: History, close: Operation) -> list[str]:
    """The queues of which the process had been handed messages when it closed."""
    return sorted(
        {
            one.delivery.source
            for one in history.receipts
            if one.process == close.process
            and one.ns <= close.invoked_ns
            and (source := history.header.sources.get(one.delivery.source)) is not None
            and source.kind == _QUEUE
        }
    )


def _of_queue(history: History, queue: str) -> list[Reading]:
    return [one for one in history.receipts if one.delivery.source == queue]


def _lane(process: str) -> str:
    return process.partition("#")[0]
