"""A lane that works off requests: it replies to each once it has had its effect."""

from collections.abc import Iterator

from deliverycheck.clients import commands
from deliverycheck.executions.consumer import Called
from deliverycheck.executions.producer import OPEN_DEADLINE_S
from deliverycheck.executions.queues.consumer import ConsumerOfQueueLane
from deliverycheck.executions.run import CALL_DEADLINE_S
from deliverycheck.history import Action, Delivery, Position
from deliverycheck.plans.replies import REPLY_TO


class ResponderLane(ConsumerOfQueueLane):
    """One consumer of the plan that replies by the connection that it reads by.

    A reply that was not confirmed sends it to another connection: the request, which it has not
    acked, comes again.
    """

    _replies_sent = 0

    def open(self) -> None:
        super().open()
        self._replies_sent = 0
        if self.lives:
            self._open_publisher()

    def _open_publisher(self) -> None:
        subject, address = self.run.plan.subject, self.place.namespace.at(self.slot.advertised)
        settings = self.run.target.program.producer_settings(subject, address, self.run.execution)
        settings.pop(REPLY_TO, None)
        op = self.invoke(Action.OPEN)
        reply = self.call(
            commands.OpenProducer(settings=settings), op=op, deadline_s=OPEN_DEADLINE_S
        )
        self.finish(op, reply)
        if reply is None or reply.error is not None:
            self.discard("it could not open a publisher for its replies")

    def _answer(self, delivery: Delivery) -> Iterator[Called]:
        if delivery.message not in self.place.asked:
            return
        self._replies_sent += 1
        message = f"{self.process}-{self._replies_sent}"
        op = self.invoke(
            Action.REPLY,
            message=message,
            correlation=delivery.message,
            target=self.place.asked[delivery.message],
        )
        letter = commands.Letter(
            op=op,
            message=message,
            answers=Position(source=delivery.source, position=delivery.position or 0),
        )
        yield from self._ask(commands.Send(messages=(letter,), execution=self.run.execution), op)
        self.run.wait(lambda: op in self.completed or self.gone, CALL_DEADLINE_S)
        if self._is_told(op):
            self.place.replied.add(delivery.message)
        else:
            self.gone = True
        yield Called.REPLY

    def _is_told(self, op: int) -> bool:
        """Whether nothing is left to be done: it was confirmed, or nobody waits for it any more."""
        over = self.completed.get(op)
        return over is not None and (over.error is None or over.returned_unroutable)
