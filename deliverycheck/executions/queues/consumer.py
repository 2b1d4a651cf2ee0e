"""A lane that consumes from a queue: its application's cycle, call by call, and what it holds."""

from collections.abc import Generator, Iterator, Sequence

from deliverycheck.brokers import Slot
from deliverycheck.clients import Reply, commands
from deliverycheck.executions.consumer import Called
from deliverycheck.executions.producer import OPEN_DEADLINE_S
from deliverycheck.executions.queues.client import PROVE_MS, QueueLane
from deliverycheck.executions.queues.place import QueuePlace
from deliverycheck.executions.run import CALL_DEADLINE_S, Run
from deliverycheck.history import Action, Delivery, Ok, Position
from deliverycheck.plans import CommitPolicy, Consumer, Pick, ReliesOn, Settle, Settlement

WORKLOAD_RECEIVE_MS = 150
"""What stands ready comes within 3 ms of a subscription; a requeue or a dead letter within 20."""

TAIL_RECEIVE_MS = 25
"""The drain asks again and again."""

_ACTIONS = {
    Settlement.ACK: Action.ACK,
    Settlement.NACK: Action.NACK,
    Settlement.REJECT: Action.REJECT,
}
_HOW = {each: commands.Settlement(each.value) for each in Settlement}


class ConsumerOfQueueLane(QueueLane):
    """One consumer of the plan.

    Attributes:
        idle: the last receive brought nothing.
        in_hand: what was taken and is not settled, the oldest first.
    """

    def __init__(
        self, run: Run, name: str, slot: Slot, place: QueuePlace, consumer: Consumer
    ) -> None:
        super().__init__(run, name, slot, place)
        self._consumer = consumer
        self._cycle: Iterator[Called] = iter(())
        self._patience_s = CALL_DEADLINE_S
        self._last_reply = Reply(re=-1)
        self._unproven = False
        self.receive_ms = WORKLOAD_RECEIVE_MS
        self.idle = False
        self.in_hand: list[Delivery] = []

    @property
    def queue(self) -> str:
        """The queue that it works off."""
        return queue_of(self._consumer, self.name, self.place)

    @property
    def group(self) -> str:
        """All that work off the same queue."""
        return group_of(self.queue)

    @property
    def _fetches(self) -> bool:
        return self._consumer.settings.get("take") == "get"

    def open(self) -> None:
        """The consumer has subscribed; ``lives`` tells whether it could."""
        self.enlist()
        self.idle = self._unproven = False
        self.in_hand = []
        self._cycle = self._work()
        subject = self.run.plan.subject
        address = self.place.namespace.at(self.slot.advertised)
        settings = self.run.target.program.consumer_settings(
            subject, address, self.group, self.name
        )
        settles = not self._fetches and self._consumer.commit is not CommitPolicy.AUTO
        prefetch = self._consumer.settings.get("prefetch") if settles else None
        op = self.invoke(
            Action.OPEN if self._fetches else Action.SUBSCRIBE,
            target=self.queue,
            group=self.group,
            prefetch=int(prefetch) if prefetch else None,
            isolation=self.place.isolation,
        )
        command = commands.OpenConsumer(
            settings=settings | {"queue": self.queue}, topics=(self.queue,)
        )
        reply = self.call(command, op=op, deadline_s=OPEN_DEADLINE_S)
        self.finish(op, reply)
        if reply is None or reply.error is not None:
            self.discard("it could not subscribe")

    def step(self, *, patience_s: float = CALL_DEADLINE_S) -> Called:
        """Make the next call of the cycle, or wait on for the one that is blocked."""
        self._patience_s = patience_s
        return next(self._cycle, Called.DISCARDED)

    def _ask(self, command: commands.Command, op: int | None) -> Iterator[Called]:
        """One synchronous call: the application goes on only when it has returned."""
        identity = self.send(command)
        while not self.run.wait(lambda: identity in self._replies, self._patience_s):
            if self._patience_s:
                self.run.note(self.process, "blocked", op=op)
            yield Called.BLOCKED
        self._last_reply = self._replies[identity]

    def _work(self) -> Iterator[Called]:
        while not self.gone:
            if self._unproven:
                yield from self._prove()
            op, command = self._receive(1)
            yield from self._ask(command, op)
            deliveries = self.completed[op].deliveries if op in self.completed else ()
            self.idle = not deliveries
            yield Called.RECEIVE
            for delivery in deliveries:
                yield from self._process(delivery)

    def _receive(self, count: int) -> tuple[int, commands.Receive]:
        op = self.invoke(
            Action.RECEIVE, group=self.group, target=self.queue if self._fetches else None
        )
        return op, commands.Receive(op=op, max=count, timeout_ms=self.receive_ms)

    def _prove(self) -> Iterator[Called]:
        self._unproven = False
        yield from self._ask(commands.Prove(timeout_ms=PROVE_MS), None)

    def _process(self, delivery: Delivery) -> Iterator[Called]:
        policy = self._consumer.commit
        if policy is CommitPolicy.BEFORE_EFFECT:
            op = yield from self._ack(delivery)
            if self._is_careful:
                yield from self._prove()
                if not isinstance(self.completed.get(op), Ok):
                    return  # It may come again: then the effect might be a second one.
        if self._consumer.handling_ms and self.receive_ms == WORKLOAD_RECEIVE_MS:
            self.run.pass_time(self._consumer.handling_ms / 1000)
            yield Called.HANDLE
        op = self.invoke(Action.EFFECT, group=self.group, deliveries=(delivery,))
        yield from self._ask(commands.Effect(op=op, deliveries=(delivery,)), op)
        yield Called.EFFECT
        yield from self._answer(delivery)
        if policy is CommitPolicy.AFTER_EFFECT and not self.gone:
            yield from self._ack(delivery)

    def _answer(self, delivery: Delivery) -> Iterator[Called]:  # noqa: ARG002  # Of those who reply.
        """What the application does once the message has had its effect: mostly nothing."""
        return iter(())

    @property
    def _is_careful(self) -> bool:
        """Whether it makes sure of an ack before it relies on it."""
        return self.run.plan.subject.relies_on is ReliesOn.CONFIRM

    def _ack(self, delivery: Delivery) -> Generator[Called, None, int]:
        """Tell the broker; nobody answers. The operation."""
        covers = (_position(delivery),)
        op = self.invoke(Action.ACK, group=self.group, covers=covers)
        yield from self._ask(commands.Settle(op=op, covers=covers), op)
        self._unproven = True
        yield Called.COMMIT
        return op

    # In hand.

    def take(self, count: int) -> int:
        """Take up to so many and keep them in hand; how many came."""
        op, command = self._receive(count)
        self.call(command, op=op)
        came = self.completed[op].deliveries if op in self.completed else ()
        self.in_hand += came
        self.idle = not came
        return len(came)

    def settle(self, step: Settle) -> None:
        """Settle what is in hand as the step says, and know that it is done."""
        self._patience_s = CALL_DEADLINE_S
        picked = _picked(self.in_hand, step.pick)
        self.in_hand = [each for each in self.in_hand if each not in picked]
        at_once = step.pick is Pick.UP_TO_LAST and step.how is not Settlement.REJECT
        if step.how is not Settlement.ACK:
            for some in [picked] if at_once else [[each] for each in picked]:
                self._say(step.how, some, requeue=step.requeue, multiple=at_once)
        elif self._consumer.commit is CommitPolicy.AFTER_EFFECT:
            for each in picked:
                self._effect(each)
            for some in [picked] if at_once else [[each] for each in picked]:
                self._say(step.how, some, multiple=at_once)
        else:
            self._settle_first(picked)
        if self.lives and not self.busy and not self.gone:
            self.prove()

    def _settle_first(self, picked: Sequence[Delivery]) -> None:
        """Of who acks before the effect, or does not ack at all."""
        for each in picked:
            if self._consumer.commit is CommitPolicy.BEFORE_EFFECT:
                op = self._say(Settlement.ACK, [each])
                if op is None or (self._is_careful and not self._is_proven(op)):
                    continue
            self._effect(each)

    def _is_proven(self, op: int) -> bool:
        """Whether the broker surely handled what was said."""
        return self._may_call and self.prove() and isinstance(self.completed.get(op), Ok)

    @property
    def _may_call(self) -> bool:
        return self.lives and not self.busy

    def _effect(self, delivery: Delivery) -> None:
        if self._may_call:
            op = self.invoke(Action.EFFECT, group=self.group, deliveries=(delivery,))
            self.call(commands.Effect(op=op, deliveries=(delivery,)), op=op)
            any(called is Called.BLOCKED for called in self._answer(delivery))

    def _say(
        self,
        how: Settlement,
        deliveries: Sequence[Delivery],
        *,
        requeue: bool = False,
        multiple: bool = False,
    ) -> int | None:
        """One call of the client, as an operation of its own, if it can be made."""
        if not deliveries or not self._may_call or self.gone:
            return None
        covers = tuple(map(_position, deliveries))
        asks = requeue if how is not Settlement.ACK else None
        op = self.invoke(_ACTIONS[how], group=self.group, covers=covers, requeue=asks)
        command = commands.Settle(
            op=op, covers=covers, how=_HOW[how], requeue=requeue, multiple=multiple
        )
        self.call(command, op=op)
        return op

    def finish_in_hand(self) -> None:
        """What is in hand is worked off as by the cycle."""
        if self.in_hand and self._may_call and not self.gone:
            self.settle(Settle(lane=self.name))
        self.in_hand = []


def queue_of(consumer: Consumer, lane: str, place: QueuePlace) -> str:
    """The queue that the consumer of that name works off: of the first group what is set."""
    group = consumer.group_of(lane)
    own = [queue.name for queue in place.topology.queues]
    named = str(consumer.settings.get("queue", own[0]))
    return named if group == 0 else [name for name in own if name != named][group - 1]


def group_of(queue: str) -> str:
    """The name of those who work off a queue."""
    return f"{queue}-workers"


def _position(delivery: Delivery) -> Position:
    return Position(source=delivery.source, position=delivery.position or 0)


def _picked(in_hand: Sequence[Delivery], pick: Pick) -> list[Delivery]:
    if pick is Pick.FIRST:
        return list(in_hand[:1])
    if pick is Pick.LAST:
        return list(in_hand[-1:])
    if pick is Pick.EVERY_SECOND:
        return list(in_hand[::2])
    return list(reversed(in_hand)) if pick is Pick.BACKWARDS else list(in_hand)
