"""Order from a queue: what one publisher sent first is handed out first."""

from collections import defaultdict

from deliverycheck.guarantees.queues.handing import Handing
from deliverycheck.guarantees.queues.overtaking import Turn, overtakings
from deliverycheck.guarantees.queues.queue_history import Queue, concluded, queues, why_unfit
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import History


def fifo_per_publisher(history: History) -> Verdict:
    """First deliveries of one publisher's messages from one queue come in the order of its calls.

    Sound: only what one incarnation sent to one target with one priority is compared, and only
    what the broker itself calls a first delivery. One delivery is before another if one process
    was handed them so and their tags agree, or if it was complete before the queue can have sent
    the other. A queue that takes in dead letters is left out: these come in the order of their
    death.

    Complete for whole histories with tags, or with receives that fetch, whose first deliveries
    are flagged as such.
    """
    name = "fifo_per_publisher"
    if reason := why_unfit(history):
        return unknown(name, reason)
    rows = [row for queue in queues(history).values() for row in _rows(history, queue)]
    found = [
        _reordered(ahead.handing, behind.handing) for row in rows for ahead, behind in in_turn(row)
    ]
    nothing = "no two first deliveries of one publisher's messages from one queue"
    return concluded(name, found, examined=sum(len(row) - 1 for row in rows), nothing=nothing)


def call_of(handing: Handing) -> tuple[int, int]:
    """The place of the message's publish among all calls; the earlier, the greater."""
    publication = handing.publication
    return (0, 0) if publication is None else (-publication.op, -publication.sequence)


def in_turn(row: list[Handing]) -> list[tuple[Turn, Turn]]:
    """What of one publisher's messages was handed out ahead of an earlier one."""
    waiting = [Turn(rank=call_of(handing), since_ns=0, handing=handing) for handing in row]
    served = [Turn(rank=call_of(handing), since_ns=1, handing=handing) for handing in row]
    return list(overtakings(waiting, served))


def _rows(history: History, queue: Queue) -> list[list[Handing]]:
    """First deliveries that have an order among each other."""
    rows: dict[tuple[str, str, int | None], list[Handing]] = defaultdict(list)
    for handing in () if queue.feeds else queue.firsts:
        publication = handing.publication
        if publication is not None:
            priority = history.by_op[publication.op].priority
            rows[publication.process, publication.target, priority].append(handing)
    return list(rows.values())


def _reordered(ahead: Handing, behind: Handing) -> Anomaly:
    sent = [each.publication for each in (behind, ahead) if each.publication]
    return Anomaly(
        name="reordered",
        message=ahead.delivery.message,
        witnesses=tuple(dict.fromkeys((*(each.op for each in sent), ahead.op, behind.op))),
        source=ahead.delivery.source,
        facts={
            "kind": "in_queue",
            "publisher": sent[0].process,
            "behind": behind.delivery.message,
            "ahead_by": ahead.process,
            "ahead_ns": ahead.handed_ns,
            "behind_by": behind.process,
            "behind_ns": behind.handed_ns,
        },
    )
