"""A consuming lane that is a member of a share group: acquires records, settles each."""

from collections.abc import Generator, Iterator, Mapping, Sequence

from deliverycheck.brokers import Slot
from deliverycheck.clients import commands
from deliverycheck.executions.consumer import (
    JOIN_RECEIVE_MS,
    WORKLOAD_RECEIVE_MS,
    Called,
    ConsumerLane,
)
from deliverycheck.executions.producer import CALL_TIMEOUT_MS
from deliverycheck.executions.run import CALL_DEADLINE_S, NS_PER_S, Run
from deliverycheck.history import Action, Delivery, Ok, Position
from deliverycheck.plans import (
    SHARE_LIMIT,
    SHARE_LIMIT_DEFAULT,
    SHARE_LOCK,
    SHARE_LOCK_MS,
    SHARE_RESET,
    CommitPolicy,
    Consumer,
    Setting,
    Settling,
)

QUIET_S = 4.0
"""A record whose holder is gone comes again after its lock (1 s) and the session (1.5 s)."""

JOIN_TRIES = 5
"""A first join takes 1 to 4 s; a member that was handed nothing so far polls on for so many times
a second."""

LOST_S = 12.0
"""Who has joined, and is handed nothing for so long, is handed nothing more: a first join took 4 s,
under load 8."""

OF_GROUPS: Mapping[str, Setting] = {
    SHARE_RESET: "earliest",
    SHARE_LOCK: SHARE_LOCK_MS,
    SHARE_LIMIT: SHARE_LIMIT_DEFAULT,
}
"""What every share group is told. By default one begins at the end of the log: what was published
before its first member came would be nobody's."""

_ACTIONS = {
    Settling.ACCEPT: Action.ACK,
    Settling.RELEASE: Action.NACK,
    Settling.REJECT: Action.REJECT,
}

Place = tuple[int | None, int | None]
"""Partition and position in the topic that the group works off."""


class SharingLane(ConsumerLane):
    """One member of a share group of the plan.

    Attributes:
        settling: how it settles what it is handed from now on.
        settled: what it surely accepted or rejected, in all its incarnations.
        given_up: what may not come again: of unknown settlement, or delivered as often as may be.
        joined: this incarnation was handed something.
        busy_ns: when it last was handed something, or opened.
    """

    def __init__(self, run: Run, name: str, slot: Slot, consumer: Consumer) -> None:
        super().__init__(run, name, slot, consumer)
        self.settling = Settling.ACCEPT
        self.settled: set[Place] = set()
        self.given_up: set[Place] = set()
        self.busy_ns = 0
        self.joined = False
        self._limit = int({**OF_GROUPS, **consumer.group_settings}[SHARE_LIMIT])

    def open(self) -> None:
        """The member has subscribed and joins while it is polled."""
        told = {**OF_GROUPS, **self._consumer.group_settings}
        self.run.configure_group(self.group, told)
        self.enlist()
        evidence = {"lock_ms": told[SHARE_LOCK], "limit": told[SHARE_LIMIT]}
        self.run.note(self.process, "sharing", evidence=evidence)
        self.closed = self.idle = self.joined = False
        self.busy_ns = self.run.recorder.now()
        self._cycle = self._work()
        program, subject = self.run.target.program, self.run.plan.subject
        address = str(self.slot.advertised)
        settings = program.consumer_settings(subject, address, self.group, self.name)
        op = self.invoke(Action.SUBSCRIBE, target=self.run.subject_topic, group=self.group)
        command = commands.OpenShare(settings=settings, topics=(self.run.subject_topic,))
        self.finish(op, self.call(command, op=op, deadline_s=2 * CALL_DEADLINE_S))

    def _work(self) -> Iterator[Called]:
        while True:
            deliveries = yield from self._acquire()
            joins = self.receive_ms == WORKLOAD_RECEIVE_MS and not self.joined
            for _ in range(JOIN_TRIES if joins and not deliveries else 0):
                deliveries = deliveries or (yield from self._acquire())
            self.idle = not deliveries
            if deliveries:
                self.busy_ns, self.joined = self.run.recorder.now(), True
            self.given_up |= {
                (one.partition, one.position)
                for one in deliveries
                if (one.deliveries or 0) >= self._limit
            }
            yield Called.RECEIVE
            for delivery in deliveries:
                yield from self._process(delivery)

    def _acquire(self) -> Generator[Called, None, tuple[Delivery, ...]]:
        """What the member is handed by one poll."""
        op = self.invoke(Action.RECEIVE, group=self.group)
        joins = self.receive_ms == WORKLOAD_RECEIVE_MS and not self.joined
        timeout_ms = JOIN_RECEIVE_MS if joins else self.receive_ms
        yield from self._ask(commands.Acquire(op=op, timeout_ms=timeout_ms), op)
        return self.completed[op].deliveries if op in self.completed else ()

    def _process(self, delivery: Delivery) -> Iterator[Called]:
        how = self.settling
        before = self._consumer.commit is CommitPolicy.BEFORE_EFFECT
        if (before or how is not Settling.ACCEPT) and not (yield from self._settle(delivery, how)):
            return  # Whose it is now is not known: its effect might be a second one.
        if how is not Settling.ACCEPT:
            return
        if self._consumer.handling_ms and self.receive_ms == WORKLOAD_RECEIVE_MS:
            self.run.pass_time(self._consumer.handling_ms / 1000)
            yield Called.HANDLE
        yield from self._effect(delivery)
        if not before:
            yield from self._settle(delivery, how)

    def _settle(self, delivery: Delivery, how: Settling) -> Generator[Called, None, bool]:
        """Accept, release or reject, and wait for the broker's answer; whether it did."""
        covers = (
            Position(
                source=delivery.source,
                partition=delivery.partition,
                position=delivery.position or 0,
            ),
        )
        op = self.invoke(
            _ACTIONS[how],
            group=self.group,
            covers=covers,
            requeue=None if how is Settling.ACCEPT else how is Settling.RELEASE,
        )
        command = commands.SettleRecords(op=op, how=how, covers=covers, timeout_ms=CALL_TIMEOUT_MS)
        yield from self._ask(command, op)
        yield Called.COMMIT
        done = isinstance(self.completed.get(op), Ok)
        if how is not Settling.RELEASE:
            known = self.settled if done else self.given_up
            known.add((delivery.partition, delivery.position))
        return done


def is_worked_off(
    group: Sequence[SharingLane], deliveries: Mapping[tuple[str, int], Sequence[Delivery]]
) -> bool:
    """Whether each record of the topic is surely settled, or nothing has come for long enough.

    Of what should still come that is longer, and asks for a member that was handed something.
    """
    run = group[0].run
    settled = set[Place]().union(*(lane.settled for lane in group))
    there = {
        (one.partition, one.position)
        for (source, _), many in deliveries.items()
        if source == run.subject_topic
        for one in many
    }
    if there <= settled:
        return True
    quiet_s = (run.recorder.now() - max(lane.busy_ns for lane in group)) / NS_PER_S
    if not all(lane.idle for lane in group) or quiet_s < QUIET_S:
        return False
    given_up = set[Place]().union(*(lane.given_up for lane in group))
    if there <= settled | given_up:
        return True
    return any(lane.joined for lane in group) and quiet_s >= LOST_S
