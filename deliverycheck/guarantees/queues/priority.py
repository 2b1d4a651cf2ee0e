"""Priority: what is more urgent is handed out first."""

from deliverycheck.guarantees.queues.overtaking import Turn, overtakings
from deliverycheck.guarantees.queues.queue_history import Queue, concluded, queues, why_unfit
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import History


def priority_order(history: History) -> Verdict:
    """Of the messages that stand ready in a queue those of higher priority are handed out first.

    Sound: a message stands ready from its confirm to its first delivery. Only one that was
    ready before the queue can have sent another, of lower priority and for the first time too, and
    surely was sent after it, is a proof. Messages without a priority are left out, since their
    level is the broker's choice, and priorities above the highest level are that level.

    Complete for whole histories whose receives fetch, or of consumers that subscribed after the
    confirms.
    """
    name = "priority_order"
    if reason := why_unfit(history):
        return unknown(name, reason)
    rows = [_row(history, queue) for queue in queues(history).values()]
    found = [
        _inverted(ahead, behind)
        for row in rows
        for ahead, behind in overtakings(row, [_served(turn) for turn in row])
    ]
    examined = sum(len(row) - 1 for row in rows if len({turn.rank for turn in row}) > 1)
    nothing = "no messages of two priorities came from a queue that has any"
    return concluded(name, found, examined=examined, nothing=nothing)


def _row(history: History, queue: Queue) -> list[Turn]:
    levels = queue.source.priorities
    if levels is None or queue.feeds:
        return []
    row: list[Turn] = []
    for handing in queue.firsts:
        priority, ready_ns = history.by_op[handing.publication.op].priority, handing.confirmed_ns
        if priority is not None and ready_ns is not None:
            rank = (min(priority, levels - 1),)
            row.append(Turn(rank=rank, since_ns=ready_ns, handing=handing))
    return row


def _served(turn: Turn) -> Turn:
    """When it was chosen, not before what is known."""
    return Turn(rank=turn.rank, since_ns=turn.handing.taken_after_ns, handing=turn.handing)


def _inverted(ahead: Turn, behind: Turn) -> Anomaly:
    one, other = ahead.handing, behind.handing
    sent = (one.publication.op, other.publication.op)
    return Anomaly(
        name="priority_inverted",
        message=one.delivery.message,
        witnesses=tuple(dict.fromkeys((*sent, one.op, other.op))),
        source=one.delivery.source,
        facts={
            "kind": "in_queue",
            "behind": other.delivery.message,
            "priority": ahead.rank[0],
            "behind_priority": behind.rank[0],
            "ready_ns": int(behind.since_ns),
            "ahead_ns": one.handed_ns,
            "behind_ns": other.handed_ns,
        },
    )
