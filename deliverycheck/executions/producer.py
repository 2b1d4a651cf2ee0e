"""A producing lane: opens, publishes, flushes."""

import msgspec

from deliverycheck.brokers import Slot
from deliverycheck.clients import commands
from deliverycheck.executions.attempts import ATTEMPTS_MAX, UNNUMBERED, Attempts
from deliverycheck.executions.lane import Lane
from deliverycheck.executions.run import CALL_DEADLINE_S, Run
from deliverycheck.history import Action, Completion
from deliverycheck.plans import AfterError, Flush, Publish, Purge, Setting, Wait

OPEN_DEADLINE_S = 8.0
"""A warm open asks for metadata for up to 5 s; on a healthy broker it takes some 20 ms."""

CALL_TIMEOUT_MS = int(CALL_DEADLINE_S * 1000) - 500
"""What the library may take for a call that waits, so that its answer is there by the deadline."""

SECOND = "p2"
"""The lane of a second producing application, if there is one."""


class ProducerLane(Lane):
    """One producer of the plan.

    Attributes:
        transaction: what it publishes belongs to; ``None`` outside of transactions.
    """

    def __init__(self, run: Run, name: str, slot: Slot) -> None:
        super().__init__(run, name, slot)
        self.transaction: str | None = None
        subject = run.plan.subject
        again = subject.after_error is AfterError.SEND_AGAIN
        self._attempts: Attempts[commands.Message] = Attempts(
            again=again and not subject.is_transactional
        )
        self._sequence = 0

    def settings(self) -> dict[str, Setting]:
        """Those of its client."""
        run = self.run
        subject, address = run.plan.subject, str(self.slot.advertised)
        if self.name == SECOND and subject.of_second is not None:
            subject = subject.of_second
        return run.target.program.producer_settings(subject, address, run.subject_topic)

    def open(self, connect: commands.Connect) -> None:
        """The producer's client exists; a warm one is connected."""
        self.enlist()
        self._sequence = 0
        self._attempts.forget()
        op = self.invoke(Action.OPEN)
        command = commands.OpenProducer(
            settings=self.settings(), connect=connect, topics=(self.run.subject_topic,)
        )
        reply = self.call(command, op=op, deadline_s=OPEN_DEADLINE_S)
        self.finish(op, reply)

    def publish(self, step: Publish) -> None:
        """Hand the messages over; with ``wait=confirmed`` also wait for their outcomes."""
        self._send_again()
        messages = tuple(self._message(step) for _ in range(step.count))
        command = commands.Publish(messages=messages, execution=self.run.execution, call=step.call)
        identity = self.send(command)
        if step.wait is Wait.SENT:
            return
        self.answer(identity, deadline_s=CALL_DEADLINE_S)
        if step.wait is Wait.CONFIRMED:
            ops = {message.op for message in messages}
            self.run.wait(lambda: ops <= self.completed.keys(), CALL_DEADLINE_S)

    def _message(self, step: Publish) -> commands.Message:
        self._sequence += 1
        return self._attempt(
            commands.Message(
                op=UNNUMBERED,
                message=f"{self.process}-{self._sequence}",
                topic=self.run.topics[step.topic],
                partition=None if step.by_partitioner else step.partition,
                key=step.key,
                headers=dict(step.headers) or None,
                timestamp_shift_ms=step.timestamp_shift_ms,
                bytes=step.bytes,
                tombstone=step.tombstone,
            )
        )

    def _attempt(self, message: commands.Message) -> commands.Message:
        """Record that the message is about to be published, as an operation of its own."""
        op = self.invoke(
            Action.PUBLISH,
            message=message.message,
            attempt=message.attempt,
            target=message.topic,
            partition=message.partition,
            key=message.key,
            headers=message.headers,
            tombstone=message.tombstone,
            transaction=self.transaction,
        )
        return self._attempts.sent(msgspec.structs.replace(message, op=op))

    def _send_again(self) -> None:
        """What ended in an error goes out again, as the next attempt at the same message."""
        if again := self._attempts.next(self._attempt):
            self.call(commands.Publish(messages=again, execution=self.run.execution))

    def _complete(self, completion: Completion) -> None:
        super()._complete(completion)
        self._attempts.over(completion)

    def flush(self, step: Flush) -> None:
        """Wait for confirms as long as a call may take."""
        self._send_again()
        op = self.invoke(Action.FLUSH)
        identity = self.send(commands.Flush(op=op, timeout_ms=CALL_TIMEOUT_MS))
        if step.wait is not Wait.SENT:
            self.answer(identity, deadline_s=CALL_DEADLINE_S, op=op)

    def purge(self, step: Purge) -> None:
        """Forget messages without a confirm; that it was asked for stands in the history."""
        self.run.note(self.process, "purged", evidence={"what": step.what})
        self.call(commands.Purge(what=step.what))

    def flush_out(self, deadline_s: float) -> int:
        """Wait for all confirms; how many messages of this incarnation have none."""
        for _ in range(ATTEMPTS_MAX):
            self._send_again()
            op = self.invoke(Action.FLUSH)
            command = commands.Flush(op=op, timeout_ms=int(deadline_s * 1000))
            self.call(command, op=op, deadline_s=deadline_s + CALL_DEADLINE_S)
            if not self._attempts.left:
                break
        return sum(self.action_of(one) is Action.PUBLISH for one in self.open_ops)
