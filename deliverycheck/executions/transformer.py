"""A consuming lane that writes what it made of each message, in a transaction with its position."""

from collections.abc import Generator, Iterator

from deliverycheck.brokers import Slot
from deliverycheck.clients import Remedy, Reply, commands
from deliverycheck.executions.consumer import WORKLOAD_RECEIVE_MS, Called, ConsumerLane
from deliverycheck.executions.ends import END_ACTIONS, END_COMMANDS, End, Patience
from deliverycheck.executions.producer import CALL_TIMEOUT_MS, OPEN_DEADLINE_S
from deliverycheck.executions.run import Run
from deliverycheck.executions.transactional import INIT_MS
from deliverycheck.history import Action, Delivery, Ok, Position
from deliverycheck.plans import TRANSACTIONAL_ID, CommitPolicy, Consumer, Setting

OUTPUT = "output"
"""What an execution calls the topic that members write to."""


class TransformerLane(ConsumerLane):
    """A member of a group with a producer of its own.

    The output is the effect: whether it happened is known when the output topic was read, after
    the group has come to rest.

    Attributes:
        effects: by output message, the operation that is its effect.
        transaction: the one that is open, also after the member died.
    """

    def __init__(self, run: Run, name: str, slot: Slot, consumer: Consumer) -> None:
        super().__init__(run, name, slot, consumer)
        self.effects: dict[str, int] = {}
        self.transaction: str | None = None
        self._begun = 0
        self._patience = Patience(run, self._producer_settings())

    def _producer_settings(self) -> dict[str, Setting]:
        run = self.run
        subject = run.plan.subject.of_output or run.plan.subject
        name = f"{run.subject_topic}-{self.name}"
        return run.target.program.producer_settings(subject, str(self.slot.advertised), name)

    @property
    def _names(self) -> dict[str, str | None]:
        transactional_id = str(self._producer_settings()[TRANSACTIONAL_ID])
        return {"transaction": self.transaction, "transactional_id": transactional_id}

    def open(self) -> None:
        """The member has subscribed, and taken its transactional id over; else it is discarded."""
        super().open()
        op = self.invoke(Action.OPEN)
        command = commands.OpenProducer(
            settings=self._producer_settings(), connect=commands.Connect.COLD
        )
        self.finish(op, self.call(command, op=op, deadline_s=OPEN_DEADLINE_S))
        self.transaction, dangling, self._begun = None, self.transaction, 0
        self._patience = Patience(self.run, self._producer_settings())
        self._patience.told_by(self.process)
        op = self.invoke(Action.INIT_TRANSACTIONS, **self._names)
        init = commands.InitTransactions(op=op, timeout_ms=INIT_MS)
        reply = self.call(init, op=op, deadline_s=OPEN_DEADLINE_S)
        if reply is None or reply.error is not None:
            self.transaction = dangling
            self._discard("the transactional id was not taken over")

    def end_what_is_open(self) -> bool:
        """No transaction of the lane is open and nobody plays it; whether that was reached."""
        if self.lives:
            self.dismiss()
        if self.transaction is not None:
            self.open()  # Who takes the id over ends what was left open.
            self.dismiss()
        return self.transaction is None

    def _process(self, delivery: Delivery) -> Iterator[Called]:
        if not (yield from self._begin()):
            self._discard("no transaction could be begun")
            return
        policy = self._consumer.commit
        if policy is CommitPolicy.BEFORE_EFFECT:
            op = yield from self._commit(delivery)
            if not isinstance(self.completed.get(op), Ok):
                yield from self._end(End.ABORT, delivery)
                return
        if self._consumer.handling_ms and self.receive_ms == WORKLOAD_RECEIVE_MS:
            self.run.pass_time(self._consumer.handling_ms / 1000)
            yield Called.HANDLE
        yield from self._write(delivery)
        how = End.COMMIT
        if policy is CommitPolicy.IN_TRANSACTION:
            how = yield from self._send_offsets(delivery)
        ended = yield from self._end(how, delivery)
        if ended is End.COMMIT and policy is CommitPolicy.AFTER_EFFECT:
            yield from self._commit(delivery)
        if (late := self._patience.ended()) is not None and self.lives:
            self._discard(late)

    def _begin(self) -> Generator[Called, None, bool]:
        self._begun += 1
        self.transaction = f"{self.process}-t{self._begun}"
        op = self.invoke(Action.BEGIN_TRANSACTION, **self._names)
        yield from self._ask(commands.BeginTransaction(op=op), op)
        yield Called.TRANSACT
        return isinstance(self.completed.get(op), Ok)

    def _write(self, delivery: Delivery) -> Iterator[Called]:
        """Publish what was made of the delivery; nothing is waited for but the call."""
        message, topic = f"{self.process}-{self._begun}", self.run.topics[OUTPUT]
        self.effects[message] = self.invoke(
            Action.EFFECT, group=self.group, deliveries=(delivery,), transaction=self.transaction
        )
        op = self.invoke(
            Action.PUBLISH, message=message, target=topic, partition=0, transaction=self.transaction
        )
        outgoing = commands.Message(op=op, message=message, topic=topic, partition=0)
        command = commands.Publish(messages=(outgoing,), execution=self.run.execution)
        yield from self._ask(command, None)
        yield Called.WRITE

    def _send_offsets(self, delivery: Delivery) -> Generator[Called, None, End]:
        """Commit the position in the transaction; how that is to end."""
        reply = Reply(re=-1, remedy=Remedy.AGAIN)
        while reply.remedy is Remedy.AGAIN:
            covers = self._covers(delivery)
            op = self.invoke(Action.COMMIT, group=self.group, covers=covers, **self._names)
            command = commands.SendOffsets(
                op=op, covers=covers, timeout_ms=CALL_TIMEOUT_MS, member=self._consumer.member
            )
            yield from self._ask(command, op)
            yield Called.COMMIT
            reply = self.last_reply
        return End.COMMIT if reply.error is None else End.ABORT

    def _end(self, how: End, delivery: Delivery) -> Generator[Called, None, End | None]:
        """End the transaction; how it ended, ``None`` if the client had to be discarded.

        What was aborted is read again: the application seeks back to it.
        """
        self._patience.asked()
        while True:
            op = self.invoke(END_ACTIONS[how], **self._names)
            yield from self._ask(END_COMMANDS[how](op=op, timeout_ms=CALL_TIMEOUT_MS), op)
            yield Called.TRANSACT
            reply = self.last_reply
            if reply.error is None:
                break
            if reply.remedy is Remedy.ABORT and how is End.COMMIT:
                how = End.ABORT
            elif reply.remedy is not Remedy.AGAIN:
                self._discard(reply.error)
                return None
        self.transaction = None
        if how is End.ABORT:
            yield from self._go_back_to(delivery)
        return how

    def _go_back_to(self, delivery: Delivery) -> Iterator[Called]:
        place = Position(
            source=delivery.source,
            partition=delivery.partition,
            position=delivery.position or 0,
        )
        op = self.invoke(Action.SEEK, covers=(place,))
        yield from self._ask(commands.Seek(position=place), op)
        self.finish(op, self.last_reply)

    def _discard(self, why: str) -> None:
        """The client is of no use any more; the next call needs another one."""
        self.run.note(self.process, "discarded", evidence={"because": why})
        self.dismiss()
