"""A producing lane: opens, publishes, flushes."""

from deliverycheck.brokers import Slot
from deliverycheck.clients import commands
from deliverycheck.executions.lane import Lane
from deliverycheck.executions.run import CALL_DEADLINE_S, Run
from deliverycheck.history import Action
from deliverycheck.plans import Flush, Publish, Setting, Wait

OPEN_DEADLINE_S = 8.0
"""A warm open asks for metadata for up to 5 s; on a healthy broker it takes some 20 ms."""

CALL_TIMEOUT_MS = int(CALL_DEADLINE_S * 1000) - 500
"""What the library may take for a call that waits, so that its answer is there by the deadline."""


class ProducerLane(Lane):
    """One producer of the plan.

    Attributes:
        transaction: what it publishes belongs to; ``None`` outside of transactions.
    """

    def __init__(self, run: Run, name: str, slot: Slot) -> None:
        super().__init__(run, name, slot)
        self.transaction: str | None = None
        self._sequence = 0

    def settings(self) -> dict[str, Setting]:
        """Those of its client."""
        run = self.run
        subject, address = run.plan.subject, str(self.slot.advertised)
        return run.target.program.producer_settings(subject, address, run.subject_topic)

    def open(self, connect: commands.Connect) -> None:
        """The producer's client exists; a warm one is connected."""
        self.enlist()
        self._sequence = 0
        op = self.invoke(Action.OPEN)
        command = commands.OpenProducer(
            settings=self.settings(), connect=connect, topics=(self.run.subject_topic,)
        )
        reply = self.call(command, op=op, deadline_s=OPEN_DEADLINE_S)
        self.finish(op, reply)

    def publish(self, step: Publish) -> None:
        """Hand the messages over; with ``wait=confirmed`` also wait for their outcomes."""
        messages = tuple(self._message(step) for _ in range(step.count))
        command = commands.Publish(messages=messages, execution=self.run.execution)
        identity = self.send(command)
        if step.wait is Wait.SENT:
            return
        self.answer(identity, deadline_s=CALL_DEADLINE_S)
        if step.wait is Wait.CONFIRMED:
            ops = {message.op for message in messages}
            self.run.wait(lambda: ops <= self.completed.keys(), CALL_DEADLINE_S)

    def _message(self, step: Publish) -> commands.Message:
        self._sequence += 1
        message = f"{self.process}-{self._sequence}"
        topic = self.run.topics[step.topic]
        partition = None if step.key is not None else step.partition
        op = self.invoke(
            Action.PUBLISH,
            message=message,
            target=topic,
            partition=partition,
            key=step.key,
            transaction=self.transaction,
        )
        return commands.Message(
            op=op, message=message, topic=topic, partition=partition, key=step.key
        )

    def flush(self, step: Flush) -> None:
        """Wait for confirms as long as a call may take."""
        op = self.invoke(Action.FLUSH)
        identity = self.send(commands.Flush(op=op, timeout_ms=CALL_TIMEOUT_MS))
        if step.wait is not Wait.SENT:
            self.answer(identity, deadline_s=CALL_DEADLINE_S, op=op)

    def flush_out(self, deadline_s: float) -> int:
        """Wait for all confirms; how many messages of this incarnation have none."""
        op = self.invoke(Action.FLUSH)
        command = commands.Flush(op=op, timeout_ms=int(deadline_s * 1000))
        self.call(command, op=op, deadline_s=deadline_s + CALL_DEADLINE_S)
        return sum(self.action_of(one) is Action.PUBLISH for one in self.open_ops)
