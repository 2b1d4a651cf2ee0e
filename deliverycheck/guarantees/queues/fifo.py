"""Order from a queue: what one publisher sent first is handed out first."""

from collections import defaultdict
from collections.abc import Iterator
from math import inf

from deliverycheck.guarantees.queues.handing import SentHanding
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
    found = [_reordered(*pair) for row in rows for pair in not_in_turn(row, row)]
    nothing = "no two first deliveries of one publisher's messages from one queue"
    return concluded(name, found, examined=sum(len(row) - 1 for row in rows), nothing=nothing)


def call_of(handing: SentHanding) -> tuple[int, int]:
    """The place of the message's publish among all calls; the earlier, the greater."""
    return (-handing.publication.op, -handing.publication.sequence)


def line_of(history: History, handing: SentHanding) -> tuple[str, str, int | None]:
    """What messages have in common that stand in a queue in the order of their calls."""
    publication = handing.publication
    priority = history.by_op[publication.op].priority
    return (publication.process, publication.target, priority)


def not_in_turn(
    waiting: list[SentHanding], served: list[SentHanding]
) -> Iterator[tuple[SentHanding, SentHanding]]:
    """What was served ahead of one that was called earlier, whenever it was, with that one."""
    ahead = [Turn(rank=call_of(each), since_ns=inf, handing=each) for each in served]
    behind = [Turn(rank=call_of(each), since_ns=-inf, handing=each) for each in waiting]
    for one, other in overtakings(behind, ahead):
        yield one.handing, other.handing


def _rows(history: History, queue: Queue) -> list[list[SentHanding]]:
    """First deliveries that have an order among each other."""
    rows: dict[tuple[str, str, int | None], list[SentHanding]] = defaultdict(list)
    for handing in () if queue.feeds else queue.firsts:
        rows[line_of(history, handing)].append(handing)
    return list(rows.values())


def _reordered(ahead: SentHanding, behind: SentHanding) -> Anomaly:
    sent = behind.publication
    return Anomaly(
        name="reordered",
        message=ahead.delivery.message,
        witnesses=tuple(dict.fromkeys((sent.op, ahead.publication.op, ahead.op, behind.op))),
        source=ahead.delivery.source,
        facts={
            "kind": "in_queue",
            "publisher": sent.process,
            "behind": behind.delivery.message,
            "ahead_by": ahead.process,
            "ahead_ns": ahead.handed_ns,
            "behind_by": behind.process,
            "behind_ns": behind.handed_ns,
        },
    )
