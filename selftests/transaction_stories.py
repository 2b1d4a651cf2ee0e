"""Stories of transactions, and what the catalogue finds in them."""

from deliverycheck.guarantees import check
from deliverycheck.history import Position
from selftests.story import Story, at


def verdict_of(history, guarantee):
    """Its verdict; a checker that raised says UNKNOWN, which no test may take for peace."""
    (verdict,) = check(history, [guarantee])
    assert "the checker raised" not in (verdict.reason or "")
    return verdict


def found(history, guarantee):
    return [anomaly.name for anomaly in verdict_of(history, guarantee).anomalies]


class Told(Story):
    """A story whose processes write in transactions and say what they ask to see."""

    def call(self, process, action, outcome="ok", **fields):
        op = self.invoke(process, action, **fields)
        if outcome != "open":
            getattr(self, outcome)(op)
        return op

    def begin(self, process, transaction, **fields):
        return self.call(process, "begin_transaction", transaction=transaction, **fields)

    def end(self, process, transaction, action="commit", outcome="ok"):
        return self.call(process, f"{action}_transaction", outcome, transaction=transaction)

    def wrote(self, process, transaction, *messages):
        """It begins a transaction and writes these, each with its position."""
        self.begin(process, transaction)
        for message, position in messages:
            self.published(message, position, process=process, transaction=transaction)

    def whole(self, process, transaction, *messages):
        """A transaction that writes these and commits."""
        self.wrote(process, transaction, *messages)
        self.end(process, transaction)

    def read(self, process, *deliveries, level="read_committed", outcome="ok", **fields):
        op = self.invoke(process, "receive", isolation=level, **fields)
        getattr(self, outcome)(op, deliveries=deliveries)
        return op

    def covered(self, process, transaction, position, outcome="ok", action="commit"):
        """It commits the next position of partition 0 of `in` for group g."""
        covers = (Position(source="in", partition=0, position=position),)
        return self.call(
            process, action, outcome, transaction=transaction, group="g", covers=covers
        )

    def joined(self, process, *positions, level="read_committed"):
        """A new member of group g is handed these positions of partition 0 of `in`."""
        self.call(process, "subscribe", group="g", isolation=level)
        deliveries = [at(f"q#1-{position}", position, source="in") for position in positions]
        self.received(process, *deliveries)
