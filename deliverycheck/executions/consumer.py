"""A consuming lane: a group member that goes through its application's cycle, call by call."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum

from msgspec import structs

from deliverycheck.brokers import Slot
from deliverycheck.clients import ClientErrorEvent, LostEvent, Reply, RevokeEvent, commands
from deliverycheck.executions.lane import Lane
from deliverycheck.executions.run import CALL_DEADLINE_S, Run
from deliverycheck.history import Action, Delivery, Ok, Position, Whence
from deliverycheck.plans import (
    CommitMode,
    CommitPolicy,
    Consumer,
    Covers,
    Isolation,
    PausePartitions,
    ResumePartitions,
    Seek,
    Setting,
    Subscribe,
    Unsubscribe,
)

WORKLOAD_RECEIVE_MS = 250
"""Twice what a first assignment takes (121 ms), so that an empty receive says: nothing there."""

JOIN_RECEIVE_MS = 1000
"""Until the first assignment: a busy machine takes several times as long, and a receive that gives
up has tested nothing."""

TAIL_RECEIVE_MS = 20
"""Prefetched messages come in under 1 ms; the drain asks again and again."""


Wish = Seek | PausePartitions | ResumePartitions | Unsubscribe | Subscribe


class Called(StrEnum):
    """The calls of an application cycle."""

    RECEIVE = "receive"
    HANDLE = "handle"
    EFFECT = "effect"
    REPLY = "reply"
    COMMIT = "commit"
    STORE = "store"
    SEEK = "seek"
    PAUSE = "pause"
    SUBSCRIPTION = "subscription"
    WRITE = "write"
    TRANSACT = "transact"
    DISCARDED = "discarded"
    BLOCKED = "blocked"


_PAUSING: dict[
    type, tuple[Action, type[commands.PausePartitions] | type[commands.ResumePartitions]]
] = {
    PausePartitions: (Action.PAUSE_PARTITIONS, commands.PausePartitions),
    ResumePartitions: (Action.RESUME_PARTITIONS, commands.ResumePartitions),
}


def group_named(topic: str, number: int) -> str:
    """The name of a group that works off the topic; they are counted from 0."""
    return f"{topic}-group" if number == 0 else f"{topic}-group{number + 1}"


class ConsumerLane(Lane):
    """One consumer of the plan.

    Attributes:
        idle: the last receive brought nothing.
        ends: positions of the ends that the member has seen, by partition.
        stands: next positions of a member that is told of no ends, by partition.
        wishes: to be done in their order, before it asks for more.
        subscribed: it wants its topic.
        fatal: the error that has made its client useless, if one has.
    """

    def __init__(self, run: Run, name: str, slot: Slot, consumer: Consumer) -> None:
        super().__init__(run, name, slot)
        self._consumer = consumer
        self._cycle: Iterator[Called] = iter(())
        self._patience_s = CALL_DEADLINE_S
        self.last_reply = Reply(re=-1)
        self.receive_ms = WORKLOAD_RECEIVE_MS
        self.closed = False
        self.idle = False
        self.subscribed = True
        self.fatal: str | None = None
        self.assigned: frozenset[int] = frozenset()
        self.ends: dict[int, int] = {}
        self.stands: dict[int, int] = {}
        self.wishes: list[Wish] = []
        self._paused: set[int] = set()
        self._wants_paused = False
        self._handed: dict[int, list[int]] = {}
        self._due: dict[int, Position] = {}
        self._effects_due = 0

    @property
    def group(self) -> str:
        """The group that it is a member of."""
        return group_named(self.run.subject_topic, self._consumer.group_of(self.name))

    def open(self) -> None:
        """The member has subscribed and joins while it is polled."""
        self.enlist()
        self.closed = self.idle = False
        self.fatal = None
        self.subscribed = True
        self._has_nothing()
        self.wishes, self._handed = [], {}
        self._paused, self._wants_paused = set(), False
        self._due, self._effects_due = {}, 0
        self._cycle = self._work()
        self.before_subscribe()
        program, subject = self.run.target.program, self.run.plan.subject
        address = str(self.slot.advertised)
        settings = program.consumer_settings(subject, address, self.group, self.name)
        isolation = self._isolation(settings) if subject.is_transactional else None
        op = self._wants_topic(isolation=isolation)
        command = commands.OpenConsumer(
            settings=settings,
            topics=(self.run.subject_topic,),
            subscribes=self._consumer.subscribes,
            on_revoke=self._consumer.on_revoke,
        )
        self.finish(op, self.call(command, op=op))

    def _wants_topic(self, *, isolation: str | None = None) -> int:
        return self.invoke(
            Action.SUBSCRIBE,
            target=self.run.subject_topic,
            group=self.group,
            isolation=isolation,
        )

    def before_subscribe(self) -> None:
        """What a member needs before it joins."""

    def _isolation(self, settings: Mapping[str, Setting]) -> str:
        """What the application relies on, else what it asks for; librdkafka's default else."""
        relied = self._consumer.relies_on_isolation
        asked = settings.get("isolation.level", Isolation.READ_COMMITTED)
        return str(asked if relied is None else relied)

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
        self.last_reply = self._replies[identity]

    def _work(self) -> Iterator[Called]:
        while self.fatal is None:
            yield from self._fulfil()
            op = self.invoke(Action.RECEIVE, group=self.group)
            joins = self.receive_ms == WORKLOAD_RECEIVE_MS and self.subscribed
            timeout_ms = JOIN_RECEIVE_MS if joins and not self.assigned else self.receive_ms
            command = commands.Receive(
                op=op,
                max=self._consumer.batch,
                by=commands.Handing.CONSUME if self._consumer.batch > 1 else commands.Handing.POLL,
                timeout_ms=timeout_ms,
                until=commands.Until.END,
            )
            yield from self._ask(command, op)
            deliveries = self.completed[op].deliveries if op in self.completed else ()
            self._remember(self.last_reply, idle=not deliveries)
            yield Called.RECEIVE
            for delivery in deliveries:
                self._handed.setdefault(delivery.partition or 0, []).append(delivery.position or 0)
                yield from self._process(delivery)
            if not self.lives:
                return  # The client was discarded.
            if deliveries:
                yield from self._ask(commands.Idle(), None)
        self._retire()

    def _retire(self) -> None:
        """Nobody plays the lane, and nobody comes for it but by a step of the plan.

        Of two members with one name, which end one another, the last one stays.
        """
        self.run.note(self.process, "discarded", evidence={"because": self.fatal})
        self.closed = True
        self.dismiss()

    def _fulfil(self) -> Iterator[Called]:
        """Nothing is wished for any more, unless the member has no partition yet."""
        while self.wishes and (self.assigned or isinstance(self.wishes[0], Subscribe)):
            wish = self.wishes.pop(0)
            if isinstance(wish, Seek):
                for partition in sorted(self.assigned):
                    yield from self._seek_in(partition, wish)
            elif isinstance(wish, Unsubscribe):
                yield from self._leave()
            elif isinstance(wish, Subscribe):
                yield from self._come_back()
            else:
                self._wants_paused = isinstance(wish, ResumePartitions)
                if not self._wants_paused:
                    yield from self._pause(wish, self.assigned)
                    self._paused |= self.assigned
        if self._wants_paused and (paused := self._paused & self.assigned):
            yield from self._pause(ResumePartitions(lane=self.name), paused)
            self._paused -= paused

    def wants_all(self) -> None:
        """The member reads on whatever it has paused, and wants its topic if it did not."""
        if not self.lives:
            return
        asked = {one.action for one in self._invoked.values()}
        wished = {type(one) for one in self.wishes}
        if Action.UNSUBSCRIBE in asked or Unsubscribe in wished:
            self.wishes.append(Subscribe(lane=self.name))
        if Action.PAUSE_PARTITIONS in asked or PausePartitions in wished:
            self.wishes.append(ResumePartitions(lane=self.name))

    def _leave(self) -> Iterator[Called]:
        """The member wants no topic; what it has to give up it is told when it asks again."""
        op = self.invoke(Action.UNSUBSCRIBE, group=self.group)
        yield from self._ask(commands.Unsubscribe(), op)
        self.finish(op, self.last_reply)
        self.subscribed = False
        self._has_nothing()
        yield Called.SUBSCRIPTION

    def _come_back(self) -> Iterator[Called]:
        if self.subscribed:
            return
        self._wants_paused = True
        op = self._wants_topic()
        command = commands.Subscribe(
            topics=(self.run.subject_topic,), subscribes=self._consumer.subscribes
        )
        yield from self._ask(command, op)
        self.finish(op, self.last_reply)
        self.subscribed = True
        self._has_nothing()
        yield Called.SUBSCRIPTION

    def _pause(
        self, wish: PausePartitions | ResumePartitions, partitions: AbstractSet[int]
    ) -> Iterator[Called]:
        """These are paused, or wanted again.

        With librdkafka a pause outlives the assignment (its issue 1849): what comes back is still
        paused. And what is not paused is not resumed, since until 2.4 that led to duplicates
        (its pull request 4636).
        """
        topic = self.run.subject_topic
        covers = tuple(
            Position(source=topic, partition=each, position=0) for each in sorted(partitions)
        )
        action, command = _PAUSING[type(wish)]
        op = self.invoke(action, group=self.group, covers=covers)
        yield from self._ask(command(op=op, covers=covers), op)
        yield Called.PAUSE

    def _seek_in(self, partition: int, wish: Seek) -> Iterator[Called]:
        """The member reads on elsewhere; of what it was not handed yet it can only name an end."""
        handed = self._handed.get(partition, [])
        if not handed and wish.to in {Whence.POSITION, Whence.TIME}:
            return
        before = sorted({one for one in handed if one <= handed[-1]})
        position = before[max(0, len(before) - 1 - wish.back)] if before else 0
        place = Position(source=self.run.subject_topic, partition=partition, position=position)
        op = self.invoke(Action.SEEK, group=self.group, covers=(place,), whence=wish.to)
        yield from self._ask(commands.SeekTo(op=op, to=wish.to, position=place), op)
        yield Called.SEEK

    def _process(self, delivery: Delivery) -> Iterator[Called]:
        policy = self._consumer.commit
        if policy is CommitPolicy.BEFORE_EFFECT:
            op = yield from self._commit(delivery)
            awaited = self._consumer.commit_mode is CommitMode.SYNCHRONOUS
            if awaited and not isinstance(self.completed.get(op), Ok):
                return  # Without a commit the effect might be a second one.
        if self._consumer.handling_ms and self.receive_ms == WORKLOAD_RECEIVE_MS:
            self.run.pass_time(self._consumer.handling_ms / 1000)
            yield Called.HANDLE
        yield from self._effect(delivery)
        if policy is CommitPolicy.AFTER_EFFECT:
            yield from self._commit_in_time(delivery)
        elif policy is CommitPolicy.STORE_AFTER_EFFECT:
            covers = self._covers(delivery)
            op = self.invoke(Action.STORE_OFFSET, group=self.group, covers=covers)
            yield from self._ask(commands.StoreOffset(op=op, covers=covers), op)
            yield Called.STORE

    def _effect(self, delivery: Delivery) -> Iterator[Called]:
        """Do what the application does with the delivery: a line in the member's journal."""
        op = self.invoke(Action.EFFECT, group=self.group, deliveries=(delivery,))
        yield from self._ask(commands.Effect(op=op, deliveries=(delivery,)), op)
        yield Called.EFFECT

    def _commit_in_time(self, delivery: Delivery) -> Iterator[Called]:
        """Commit past all that is due, as soon as that is as much as the application wants."""
        (self._due[delivery.partition or 0],) = self._covers(delivery)
        self._effects_due += 1
        if self._effects_due >= self._consumer.commit_every:
            yield from self._commit(delivery)

    def _commit(self, delivery: Delivery) -> Generator[Called, None, int]:
        """Commit past the delivery, and what is due besides; the operation.

        The application goes on when it has the answer, or if it does not wait for it at once.
        """
        (self._due[delivery.partition or 0],) = self._covers(delivery)
        handed = self._consumer.covers is Covers.HANDED
        covers = () if handed else tuple(self._due[each] for each in sorted(self._due))
        self._due, self._effects_due = {}, 0
        op = self.invoke(Action.COMMIT, group=self.group, covers=covers)
        command = commands.Commit(op=op, covers=covers, mode=self._consumer.commit_mode)
        yield from self._ask(command, op)
        yield Called.COMMIT
        return op

    def take_in(self, event: object) -> None:
        """What was due of a partition that it has no more is for its next owner to work off."""
        super().take_in(event)
        if isinstance(event, ClientErrorEvent) and event.fatal:
            self.fatal = event.error
        if isinstance(event, (RevokeEvent, LostEvent)):
            for one in event.partitions:
                self._due.pop(one.partition or 0, None)

    def _remember(self, reply: Reply, *, idle: bool) -> None:
        self.idle = idle
        if reply.assigned is not None:
            self.assigned = frozenset(
                one.partition for one in reply.assigned if one.partition is not None
            )
        self.ends, self.stands = _by_partition(reply.ends), _by_partition(reply.stands)

    def _has_nothing(self) -> None:
        """Nothing is known of its partitions until it has asked."""
        self.assigned, self.ends, self.stands = frozenset(), {}, {}

    def _covers(self, delivery: Delivery) -> tuple[Position, ...]:
        after = self.position_after(delivery)
        if self._consumer.covers is Covers.OWN:
            after = structs.replace(after, position=delivery.position or 0)
        return (after,)

    def reached(self, ends: Mapping[int, int], past: Mapping[int, int]) -> bool:
        """Whether the member has read its partitions to these ends and has nothing in hand.

        Who is told of no ends has done so behind the last message: `past` it nothing can be handed.
        """
        return self.idle and all(
            self.ends.get(each, -1) >= ends.get(each, 0)
            or self.stands.get(each, -1) >= past.get(each, 0)
            for each in self.assigned
        )


def _by_partition(positions: Iterable[Position]) -> dict[int, int]:
    return {one.partition: one.position for one in positions if one.partition is not None}
