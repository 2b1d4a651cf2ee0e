"""Transactions that read from one log, write to another, and commit their positions with it."""

from collections import defaultdict

from deliverycheck.history import Delivery, Position, Source
from selftests.story import Story
from selftests.worlds.world import World

TOPICS = ("in", "out")
GROUP = "copier"


class Writer:
    """A transactional producer instance, and what its open transaction wrote."""

    def __init__(self, process, name):
        self.process, self.name = process, name
        self.transaction = None
        self.wrote = []
        self.read_to = None


class TransactionWorld(World):
    """Readers of committed data see whole transactions, in the order of the log, or nothing."""

    isolation = "read_committed"
    verbs = (
        "begin", "begin", "publish", "publish", "publish", "look", "look", "copy",
        "commit", "commit", "abort", "crash_writer", "take_over", "plain", "read", "read_all",
    )  # fmt: skip

    def __init__(self):
        super().__init__(Story(groups={}, sources={topic: Source() for topic in TOPICS}))
        # Each entry: delivery, and the transaction that it waits for or None.
        self.logs = {topic: [] for topic in TOPICS}
        self.state = {}
        self.transactions = 0
        self.sequences = defaultdict(int)
        self.committed = 0
        self.reads = defaultdict(int)
        self.writers = {}
        for lane in ("w1", "w2"):
            self._start(lane, 1)
        for process, isolation in (("r1#1", "read_committed"), ("r2#1", "read_uncommitted")):
            for topic in TOPICS:
                covers = (Position(source=topic, partition=0, position=0),)
                op = self.story.invoke(process, "assign", isolation=isolation, covers=covers)
                self.story.ok(op)

    def _start(self, lane, incarnation):
        writer = Writer(f"{lane}#{incarnation}", f"tx-{lane}")
        self.writers[lane] = writer
        self.story.process(writer.process, "started")
        self._call(writer, "init_transactions")

    def _call(self, writer, action, **fields):
        fields = {"transactional_id": writer.name, **fields}
        op = self.story.invoke(writer.process, action, **fields)
        self.story.ok(op)

    def _append(self, topic, message, transaction=None):
        log = self.logs[topic]
        log.append((self._delivery(topic, message, len(log)), transaction))
        return len(log) - 1

    def _delivery(self, topic, message, position):
        return Delivery(message=message, source=topic, partition=0, position=position)

    def _marker(self, writer):
        """The end of a transaction takes a position in each log that it wrote to."""
        for topic in sorted({topic for topic, _ in writer.wrote}):
            self.logs[topic].append((None, None))

    def _pick(self, number):
        return self.writers[("w1", "w2")[number % 2]]

    def begin(self, number, _, __):
        writer = self._pick(number)
        if writer.transaction is None:
            self._begin(writer)

    def _begin(self, writer):
        self.transactions += 1
        writer.transaction = f"x{self.transactions}"
        writer.wrote, writer.read_to = [], None
        self._call(writer, "begin_transaction", transaction=writer.transaction)

    def publish(self, number, topic, outcome):
        self.begin(number, 0, 0)
        writer = self._pick(number)
        if writer.transaction is not None:
            self._write(writer, TOPICS[topic % 2], outcome)

    def _message(self, process):
        self.sequences[process] += 1
        return f"{process}-{self.sequences[process]}"

    def _write(self, writer, topic, outcome=0):
        """A message of the open transaction; its place in the log comes back."""
        message = self._message(writer.process)
        op = self.story.publish(message, target=topic, transaction=writer.transaction)
        position = self._append(topic, message, writer.transaction)
        writer.wrote.append((topic, message))
        if outcome < 6:
            self.story.ok(op, partition=0, position=position)
        else:
            self.story.info(op, error="TimedOut")
        return self._delivery(topic, message, position)

    def copy(self, number, _, __):
        """Read one message of the input, write one to the output, commit the position with it."""
        writer = self._pick(number)
        if writer.transaction is None or number % 2:
            return
        start = self.committed if writer.read_to is None else writer.read_to
        found = self._visible("in", start)[:1]
        if found:
            op = self.story.invoke(writer.process, "receive", group=GROUP, isolation=self.isolation)
            self.story.ok(op, deliveries=tuple(found))
            self._write(writer, "out")
            writer.read_to = found[0].position + 1
            covers = (Position(source="in", partition=0, position=writer.read_to),)
            self._call(writer, "commit", transaction=writer.transaction, group=GROUP, covers=covers)

    def commit(self, number, outcome, _):
        writer = self._pick(number)
        if writer.transaction is not None:
            self._commit(writer, outcome)

    def _commit(self, writer, outcome=0):
        op = self.story.invoke(
            writer.process,
            "commit_transaction",
            transaction=writer.transaction,
            transactional_id=writer.name,
        )
        self.state[writer.transaction] = "committed"
        self._marker(writer)
        if writer.read_to is not None:
            self.committed = writer.read_to
        if outcome < 6:
            self.story.ok(op)
        else:
            self.story.info(op, error="TimedOut")
        writer.transaction = None

    def abort(self, number, _, __):
        writer = self._pick(number)
        if writer.transaction is not None:
            self._abort(writer)

    def _abort(self, writer):
        self._call(writer, "abort_transaction", transaction=writer.transaction)
        self._give_up(writer)

    def _give_up(self, writer):
        self.state[writer.transaction] = "aborted"
        self._marker(writer)
        writer.transaction = None

    def look(self, number, topic, most):
        """Reads what others committed, as a part of the open transaction."""
        writer = self._pick(number)
        if writer.transaction is not None:
            self._read(
                writer.process, TOPICS[topic % 2], most, self._visible, isolation=self.isolation
            )

    def crash_writer(self, number, _, __):
        lane = ("w1", "w2")[number % 2]
        self.story.process(self.writers[lane].process, "killed")
        self._replace(lane)

    def _replace(self, lane):
        """What the old instance had open is given up by the init_transactions of the next one."""
        old = self.writers[lane]
        if old.transaction is not None:
            self._give_up(old)
        self._start(lane, int(old.process.partition("#")[2]) + 1)

    def take_over(self, number, _, __):
        """The old instance lives on, and asks for its commit in vain."""
        lane = ("w1", "w2")[number % 2]
        old = self.writers[lane]
        transaction = old.transaction
        self._replace(lane)
        if transaction is not None:
            fields = {"transaction": transaction, "transactional_id": old.name}
            op = self.story.invoke(old.process, "commit_transaction", **fields)
            self.story.fail(op, error="ProducerFenced")

    def plain(self, number, topic, _):
        process = f"p{number % 2 + 1}#1"
        message, topic = self._message(process), TOPICS[topic % 2]
        op = self.story.publish(message, target=topic)
        self.story.ok(op, partition=0, position=self._append(topic, message))

    def _visible(self, topic, start):
        """What a reader of committed data is handed from `start` on."""
        found = []
        for delivery, transaction in self.logs[topic][start:]:
            state = "committed" if transaction is None else self.state.get(transaction)
            if state is None:
                break
            if state == "committed" and delivery is not None:
                found.append(delivery)
        return found

    def read(self, topic, most, _):
        self._read("r1#1", TOPICS[topic % 2], most, self._visible)

    def read_all(self, topic, most, _):
        def everything(topic, start):
            return [found for found, _ in self.logs[topic][start:] if found is not None]

        self._read("r2#1", TOPICS[topic % 2], most, everything)

    def _read(self, process, topic, most, visible, **fields):
        op = self.story.invoke(process, "receive", target=topic, **fields)
        found = visible(topic, self.reads[process, topic])[:most]
        if found:
            self.reads[process, topic] = found[-1].position + 1
        self.story.ok(op, deliveries=tuple(found))

    def end(self):
        for writer in self.writers.values():
            if writer.transaction is not None:
                self._abort(writer)
        for topic in TOPICS:
            self._read("r1#1", topic, len(self.logs[topic]), self._visible)
            op = self.story.invoke("scan#1", "receive", target=topic, isolation="read_committed")
            start = Position(source=topic, partition=0, position=0)
            end = Position(source=topic, partition=0, position=len(self.logs[topic]))
            found = tuple(self._visible(topic, 0))
            self.story.ok(op, deliveries=found, starts=(start,), ends=(end,))
        self.story.done()


class SerialWorld(TransactionWorld):
    """One transaction after the other, for writers that ask for that."""

    isolation = "strict_serializable"

    def _start(self, lane, incarnation):
        super()._start(lane, incarnation)
        process = self.writers[lane].process
        self.story.ok(self.story.invoke(process, "open", isolation=self.isolation))

    def begin(self, number, *_):
        if all(writer.transaction is None for writer in self.writers.values()):
            super().begin(number, *_)
