"""A lane that publishes to exchanges."""

import msgspec

from deliverycheck.brokers import Slot
from deliverycheck.clients import commands
from deliverycheck.executions.attempts import ATTEMPTS_MAX, UNNUMBERED, Attempts
from deliverycheck.executions.producer import CALL_TIMEOUT_MS, OPEN_DEADLINE_S
from deliverycheck.executions.queues.client import QueueLane
from deliverycheck.executions.queues.place import QueuePlace
from deliverycheck.executions.run import CALL_DEADLINE_S, Run
from deliverycheck.history import Action, Completion
from deliverycheck.plans import AfterError, Flush, Send, Wait


class PublisherLane(QueueLane):
    """One publisher of the plan.

    Attributes:
        transaction: what it publishes belongs to; ``None`` outside of transactions.
    """

    def __init__(self, run: Run, name: str, slot: Slot, place: QueuePlace) -> None:
        super().__init__(run, name, slot, place)
        self.transaction: str | None = None
        self._attempts: Attempts[commands.Letter] = Attempts(
            again=run.plan.subject.after_error is AfterError.SEND_AGAIN
        )
        self._sequence = 0

    def open(self) -> None:
        """The publisher has its connection and channel; ``lives`` tells whether it could be."""
        self.enlist()
        self._sequence = 0
        self._attempts.forget()
        if not self.connect():
            self.give_up()

    def give_up(self) -> None:
        """It could not connect."""
        self.discard("it could not connect")

    def connect(self) -> bool:
        """The client has its connection and channel; whether it could."""
        op = self.invoke(Action.OPEN)
        address = self.place.namespace.at(self.slot.advertised)
        settings = self.run.target.program.producer_settings(
            self.run.plan.subject, address, self.run.execution
        )
        command = commands.OpenProducer(settings=settings)
        reply = self.call(command, op=op, deadline_s=OPEN_DEADLINE_S)
        self.finish(op, reply)
        return reply is not None and reply.error is None

    def publish(self, step: Send) -> None:
        """Hand the messages over; with ``wait=confirmed`` also wait for their outcomes."""
        self._send_again()
        messages = tuple(self._letter(step) for _ in range(step.count))
        identity = self.send(self._command(messages))
        if step.wait is Wait.SENT:
            return
        self.answer(identity, deadline_s=CALL_DEADLINE_S)
        if step.wait is Wait.CONFIRMED:
            ops = {message.op for message in messages}
            self.run.wait(lambda: ops <= self.completed.keys(), CALL_DEADLINE_S)

    def _command(self, messages: tuple[commands.Letter, ...]) -> commands.Send:
        return commands.Send(messages=messages, execution=self.run.execution)

    def _letter(self, step: Send) -> commands.Letter:
        self._sequence += 1
        return self._attempt(
            commands.Letter(
                op=UNNUMBERED,
                message=f"{self.process}-{self._sequence}",
                exchange=step.exchange,
                key=step.key,
                headers=step.headers,
                expires_ms=step.expires_ms,
                priority=step.priority,
                bytes=step.bytes,
                publishing_id=self.publishing_id(),
            )
        )

    def publishing_id(self) -> int | None:
        """By which the broker tells that it has the next message; exchanges have none."""
        return None

    def _attempt(self, letter: commands.Letter) -> commands.Letter:
        """Record that the message is about to be published, as an operation of its own."""
        routes = self.place.routes(letter.exchange, letter.key, letter.headers)
        op = self.invoke(
            Action.PUBLISH,
            message=letter.message,
            attempt=letter.attempt,
            target=letter.target,
            key=letter.key if letter.exchange else None,
            headers={name: str(value) for name, value in letter.headers} or None,
            priority=letter.priority,
            expires_ms=letter.expires_ms,
            transaction=self.transaction,
            routes=routes,
        )
        refusable = self.place.is_refusable(routes)
        return self._attempts.sent(msgspec.structs.replace(letter, op=op, refusable=refusable))

    def _send_again(self) -> None:
        """What ended in an error goes out again, as the next attempt at the same message."""
        if again := self._attempts.next(self._attempt):
            self.call(self._command(again))

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

    def flush_out(self, deadline_s: float) -> int:
        """Wait for all confirms; how many messages of this incarnation have none."""
        for _ in range(ATTEMPTS_MAX):
            self._send_again()
            op = self.invoke(Action.FLUSH)
            command = commands.Flush(op=op, timeout_ms=int(deadline_s * 1000))
            self.call(command, op=op, deadline_s=deadline_s + CALL_DEADLINE_S)
            if not self._attempts.left or self.gone:
                break
        return sum(self.action_of(one) is Action.PUBLISH for one in self.open_ops)
