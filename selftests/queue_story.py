"""Histories of queues told call by call, for tests."""

from deliverycheck.guarantees import Validity, check
from deliverycheck.history import Delivery, Position, Source
from selftests.story import Story


def queue(kind="queue", **fields):
    """What a header says of a queue."""
    return Source(kind=kind, **fields)


def tagged(message, tag=None, *, source="q", redelivered=False, **fields):
    """A delivery from a queue; the broker calls it the first one unless told otherwise."""
    return Delivery(message=message, source=source, position=tag, redelivered=redelivered, **fields)


def verdict_of(history, guarantee):
    """What one guarantee says, which must be its own verdict, of operations that are there."""
    (verdict,) = check(history, [guarantee])
    assert verdict.guarantee == guarantee
    assert "raised" not in (verdict.reason or "")
    assert all(anomaly.witnesses for anomaly in verdict.anomalies)
    assert {op for one in verdict.anomalies for op in one.witnesses} <= history.by_op.keys()
    return verdict


def is_broken(history, guarantee):
    return verdict_of(history, guarantee).validity is Validity.INVALID


class QueueStory(Story):
    """Everything goes to, and comes from, queue q, unless told otherwise."""

    def __init__(self, *, sources=None, **header):
        super().__init__(sources={"q": queue()} if sources is None else sources, **header)

    def published(self, message, *, target="q", **fields):
        op = self.publish(message, target=target, **fields)
        self.ok(op)
        return op

    def subscribed(self, process, *, target="q", **fields):
        op = self.invoke(process, "subscribe", target=target, **fields)
        self.ok(op)
        return op

    def fetched(self, process, *deliveries, target="q"):
        """The call itself asks the queue."""
        op = self.invoke(process, "receive", target=target)
        self.ok(op, deliveries=deliveries)
        return op

    def pushed(self, process, *deliveries):
        """The client hands over what the queue had sent ahead."""
        op = self.invoke(process, "receive")
        self.ok(op, deliveries=deliveries)
        return op

    def settled(self, process, action, *tags, source="q", outcome="ok", **fields):
        covers = tuple(Position(source=source, position=tag) for tag in tags)
        op = self.invoke(process, action, covers=covers, **fields)
        getattr(self, outcome)(op)
        return op
