"""Transactions of which one thing goes wrong; each flaw has writers and readers of its own."""

from typing import ClassVar

from deliverycheck.history import Position
from selftests.worlds.transaction_world import TransactionWorld
from selftests.worlds.world import Flaw

READER = "r9#1"
READ = {"read_committed"}


class FlawedTransactions(TransactionWorld):
    """Writers f1 and f2 begin when the flaw does."""

    flaws: ClassVar = {
        "shows_the_aborted": Flaw("aborted_read", READ),
        "shows_the_uncommitted": Flaw("uncommitted_read", READ),
        "shows_a_writer_its_own": Flaw("own_uncommitted_read", READ),
        "tears": Flaw("torn", {"atomic_transactions"}),
        "leaves_positions_behind": Flaw("offsets_apart", {"atomic_transactions"}),
        "commits_for_a_fenced_instance": Flaw("fenced_effect", {"fencing"}),
        "lets_two_read_of_each_other": Flaw(
            "read_cycle",
            {"read_order", "serializable_transactions"},
            besides={"read_committed": "uncommitted_read"},
        ),
        "weaves_writes": Flaw("write_cycle", {"serializable_transactions"}),
        "writes_behind_who_read_it": Flaw("mixed_cycle", {"serializable_transactions"}),
    }

    def _writer(self, lane, incarnation=1, isolation=None):
        self._start(lane, incarnation)
        writer = self.writers.pop(lane)
        if isolation is not None:
            op = self.story.invoke(writer.process, "open", isolation=isolation)
            self.story.ok(op)
        self._begin(writer)
        return writer

    def _strict(self):
        """Two writers that ask for the strictest isolation, each in a transaction."""
        return [self._writer(lane, isolation="strict_serializable") for lane in ("f1", "f2")]

    def _hand(self, process, delivery, **fields):
        op = self.story.invoke(process, "receive", target=delivery.source, **fields)
        self.story.ok(op, deliveries=(delivery,))

    def _show(self, delivery):
        self._hand(READER, delivery, isolation="read_committed")

    def shows_the_aborted(self, *_):
        writer = self._writer("f1")
        delivery = self._write(writer, "in")
        self._abort(writer)
        self._show(delivery)

    def shows_the_uncommitted(self, *_):
        writer = self._writer("f1")
        self._show(self._write(writer, "in"))
        self._commit(writer)

    def shows_a_writer_its_own(self, *_):
        writer = self._writer("f1", isolation="read_committed")
        self._hand(writer.process, self._write(writer, "in"))
        self._commit(writer)

    def tears(self, *_):
        """One part is still on its way when the commit is asked for, and never comes."""
        writer = self._writer("f1")
        self._write(writer, "in")
        op = self.story.publish(
            self._message(writer.process), target="out", transaction=writer.transaction
        )
        self._commit(writer)
        self.story.info(op, error="TimedOut")

    def leaves_positions_behind(self, *_):
        """A message of the input is copied and committed past, and handed to who joins then."""
        for open_one in self.writers.values():
            if open_one.transaction is not None:
                self._abort(open_one)
        self.plain(0, 0, 0)
        delivery = self._visible("in", 0)[-1]
        writer = self._writer("f1")
        self._hand(writer.process, delivery, group="f", isolation="read_committed")
        self._write(writer, "out")
        covers = (Position(source="in", partition=0, position=delivery.position + 1),)
        self._call(writer, "commit", transaction=writer.transaction, group="f", covers=covers)
        self._commit(writer)
        op = self.story.invoke(READER, "subscribe", target="in", group="f")
        self.story.ok(op)
        self._hand(READER, delivery, group="f", isolation="read_committed")

    def commits_for_a_fenced_instance(self, *_):
        old = self._writer("f1")
        self._write(old, "in")
        new = self._writer("f1", incarnation=2)
        self._commit(old)
        self._abort(new)

    def lets_two_read_of_each_other(self, *_):
        one, other = self._strict()
        of_one, of_other = self._write(one, "in"), self._write(other, "out")
        self._hand(one.process, of_other)
        self._hand(other.process, of_one)
        self._commit(one)
        self._commit(other)

    def weaves_writes(self, *_):
        one, other = self._strict()
        for writer, topic in ((one, "in"), (other, "in"), (other, "out"), (one, "out")):
            self._write(writer, topic)
        self._commit(one)
        self._commit(other)

    def writes_behind_who_read_it(self, *_):
        one, other = self._strict()
        read = self._write(one, "in")
        self._write(other, "out")
        self._write(one, "out")
        self._commit(one)
        self._hand(other.process, read)
        self._commit(other)
