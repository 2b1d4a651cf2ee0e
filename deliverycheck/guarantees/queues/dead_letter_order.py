"""In which order dead letters stand, against the order in which they died."""

from collections import defaultdict
from math import inf

from deliverycheck.guarantees.queues.fifo import call_of, line_of
from deliverycheck.guarantees.queues.handing import SentHanding
from deliverycheck.guarantees.queues.overtaking import Turn, overtakings
from deliverycheck.guarantees.queues.queue_history import Queue, queues, queues_before
from deliverycheck.guarantees.verdict import Anomaly
from deliverycheck.history import History

Row = list[Turn]
_DROPPED = ("expired", "maxlen")


def orders(history: History) -> list[Row]:
    """First deliveries of dead letters of one queue whose deaths have an order, in rows.

    What one process rejected died in the order of its calls. What the queue dropped from its
    head without anybody having been handed it died in the order of its publisher's calls.
    """
    found: list[Row] = []
    for queue in queues(history).values():
        before = queues_before(history, queue)
        if len(queue.feeds) == len(before) == 1:
            found += _rows(history, queue, before[0])
    return found


def out_of_order(rows: list[Row]) -> list[Anomaly]:
    """Every dead letter that was handed out before one that had died earlier."""
    return [
        _reordered(ahead, behind)
        for row in rows
        for ahead, behind in overtakings(row, [_served(turn) for turn in row])
    ]


def _rows(history: History, queue: Queue, before: Queue) -> list[Row]:
    rows: dict[object, Row] = defaultdict(list)
    for handing in queue.firsts:
        if death := _death(history, handing, before):
            key, rank = death
            rows[key].append(Turn(rank=rank, since_ns=-inf, handing=handing))
    return list(rows.values())


def _death(
    history: History, handing: SentHanding, before: Queue
) -> tuple[object, tuple[int, ...]] | None:
    """Among what it has an order, and its place there: the earlier, the greater."""
    handed, reason = before.by_copy.get(handing.copy, ()), handing.delivery.reason
    for one in handed:
        if rejection := one.rejected:
            return rejection.process, (-rejection.op,)
    if handed or reason not in _DROPPED:
        return None
    expires_ms = history.by_op[handing.publication.op].expires_ms
    return (reason, expires_ms, line_of(history, handing)), call_of(handing)


def _served(turn: Turn) -> Turn:
    return Turn(rank=turn.rank, since_ns=inf, handing=turn.handing)


def _reordered(ahead: Turn, behind: Turn) -> Anomaly:
    died = (ahead.rank[0], behind.rank[0])
    return Anomaly(
        name="reordered",
        message=ahead.handing.delivery.message,
        witnesses=tuple(dict.fromkeys((*map(abs, died), ahead.handing.op, behind.handing.op))),
        source=ahead.handing.delivery.source,
        facts={
            "kind": "dead_letters",
            "behind": behind.handing.delivery.message,
            "ahead_by": ahead.handing.process,
            "ahead_ns": ahead.handing.handed_ns,
            "behind_by": behind.handing.process,
            "behind_ns": behind.handing.handed_ns,
        },
    )
