"""A lane that asks: its requests say where replies shall come, and it counts those that do."""

from msgspec.structs import replace

from deliverycheck.brokers import Slot
from deliverycheck.clients import commands
from deliverycheck.executions.attempts import UNNUMBERED
from deliverycheck.executions.producer import OPEN_DEADLINE_S
from deliverycheck.executions.queues.consumer import WORKLOAD_RECEIVE_MS
from deliverycheck.executions.queues.place import QueuePlace
from deliverycheck.executions.queues.reconnecting import ReconnectingLane
from deliverycheck.executions.run import CALL_DEADLINE_S, Run
from deliverycheck.history import Action, Completion, Delivery, Ok, Position
from deliverycheck.plans import CommitPolicy, Consumer, Request, Wait
from deliverycheck.plans.replies import is_direct, reply_address

REPLIES_MAX = 100
"""At once; a plan asks less."""


class RequesterLane(ReconnectingLane):
    """One requester of the plan.

    Attributes:
        address: where its replies come.
        unanswered: by the id of each request without a reply, its operation.
    """

    def __init__(self, run: Run, name: str, slot: Slot, place: QueuePlace) -> None:
        super().__init__(run, name, slot, place)
        self.address = reply_address(run.plan.subject, name) or ""
        self.unanswered: dict[str, int] = {}

    def enlist(self) -> None:
        super().enlist()
        self.unanswered = {}

    def connect(self) -> bool:
        """It can ask and be answered; whether it can."""
        self.gone = not (super().connect() and self._subscribe())
        return not self.gone

    def _subscribe(self) -> bool:
        direct = is_direct(self.address)
        policy = CommitPolicy.AUTO if direct else CommitPolicy.AFTER_EFFECT
        settings = self.run.target.program.consumer_settings(
            replace(self.run.plan.subject, consumer=Consumer(commit=policy)),
            self.place.namespace.at(self.slot.advertised),
            self.name,
            self.name,
        )
        op = self.invoke(Action.SUBSCRIBE, target=self.address, isolation=self.place.isolation)
        command = commands.OpenConsumer(
            settings=settings | {"queue": self.address}, topics=(self.address,)
        )
        reply = self.call(command, op=op, deadline_s=OPEN_DEADLINE_S)
        self.finish(op, reply)
        return reply is not None and reply.error is None

    def ask(self, step: Request) -> None:
        """Send the requests, and take the replies that are there."""
        self._send_again()
        letters = tuple(self._question(step.queue) for _ in range(step.count))
        identity = self.send(self._command(letters))
        if step.wait is Wait.SENT:
            return
        if self.answer(identity, deadline_s=CALL_DEADLINE_S) is not None and not self.gone:
            self.take_replies(WORKLOAD_RECEIVE_MS if self._expects else 0)

    @property
    def _expects(self) -> bool:
        """Whether somebody may have replied by now."""
        return any(message in self.place.replied for message in self.unanswered)

    def _question(self, queue: str) -> commands.Letter:
        """A request, as an operation that lasts until its reply; its sending is one beside it."""
        self._sequence += 1
        message = f"{self.process}-{self._sequence}"
        self.unanswered[message] = self.invoke(Action.REQUEST, message=message, target=queue)
        self.place.asked[message] = self.address
        letter = commands.Letter(
            op=UNNUMBERED,
            message=message,
            key=queue,
            correlation=message,
            reply_to=self.address,
        )
        return self._attempt(letter)

    def take_replies(self, timeout_ms: int) -> bool:
        """What was replied by then is counted, and then settled; whether something came."""
        op = self.invoke(Action.RECEIVE, target=self.address)
        self.call(commands.Receive(op=op, max=REPLIES_MAX, timeout_ms=timeout_ms), op=op)
        came = self.completed[op].deliveries if op in self.completed else ()
        if came and not is_direct(self.address) and not self.busy and not self.gone:
            covers = tuple(
                Position(source=each.source, position=each.position or 0) for each in came
            )
            acked = self.invoke(Action.ACK, covers=covers)
            self.call(commands.Settle(op=acked, covers=covers), op=acked)
            self.prove()
        return bool(came)

    def _complete(self, completion: Completion) -> None:
        super()._complete(completion)
        for delivery in completion.deliveries:
            self._count(delivery)

    def _count(self, delivery: Delivery) -> None:
        """It answers one request; what is known to be answered, or is another's, is dropped."""
        op = self.unanswered.pop(delivery.correlation or "", None)
        if op is not None:
            super()._complete(Ok(op=op, ns=self.run.recorder.now(), deliveries=(delivery,)))
