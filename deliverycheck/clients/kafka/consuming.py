"""The consumer of a Kafka worker: polls, keeps what comes unasked, tells every callback."""

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress

from deliverycheck.clients.commands import (
    Assign,
    Commit,
    OpenConsumer,
    Pump,
    Receive,
    Seek,
    StoreOffset,
    Until,
)
from deliverycheck.clients.kafka.library import (
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from deliverycheck.clients.kafka.library import Message as Received
from deliverycheck.clients.kafka.outcomes import Call, outcome_of
from deliverycheck.clients.kafka.places import (
    client_error_of,
    delivery_of_message,
    first_error,
    place_at,
    place_of,
    position_of,
    sources_of,
    topic_partition,
)
from deliverycheck.clients.kafka.producing import EVENTS, error_name
from deliverycheck.clients.kafka.whereabouts import (
    OFFSET_BEGINNING,
    Whereabouts,
    is_told_of_ends,
)
from deliverycheck.clients.kafka.worked_off import WorkedOff
from deliverycheck.clients.protocol import (
    AssignEvent,
    AutoCommitEvent,
    DeliveryEvent,
    LostEvent,
    OkEvent,
    Reply,
    RevokeEvent,
    SourcePartition,
)
from deliverycheck.clients.sink import SinkFile
from deliverycheck.clients.worker_loop import Deadline, WorkerLoop
from deliverycheck.history import Delivery, Outcome, Position
from deliverycheck.plans import CommitMode, HoldPoint, Setting, Subscribes

# Bounds how late a receive notices the command behind it or its own end condition.
SLICE_S = 0.05
_METADATA_S = 1.0


class Consuming:
    """An open consumer.

    Attributes:
        stamps_ms: by partition and position, the timestamps of what `receive` returned.
        in_hand: what the last receive returned is still being worked on: no poll
            between commands then, because a poll serves rebalances, and a
            partition revoked with its message in hand is not what an
            application does that takes one message per poll.
    """

    def __init__(
        self, loop: WorkerLoop, command: OpenConsumer, stored: SinkFile | None = None
    ) -> None:
        """`stored` says where to read on, instead of the group."""
        self._loop = loop
        self._stored = stored
        self._worked_off = WorkedOff(command.on_revoke)
        self.say = loop.outbox.say
        self._identity: int | None = None
        self._kept: deque[Received] = deque()
        self._assigned: dict[tuple[str, int], None] = {}
        self._ends: dict[tuple[str, int], int] = {}
        self.stamps_ms: dict[tuple[str, int], dict[int, int]] = {}
        self._joined = False
        self._pending_commits: deque[tuple[int, tuple[Position, ...]]] = deque()
        self.in_hand = False
        self._settings = command.settings
        self.consumer = Consumer(
            {
                **command.settings,
                "error_cb": self.client_error,
                "on_commit": self._on_commit,
            }
        )
        self._whereabouts = (
            None
            if is_told_of_ends(command.settings)
            else Whereabouts(self.consumer, command.settings)
        )
        if command.topics:
            self.subscribe(command.topics, command.subscribes)

    def subscribe(self, topics: Sequence[str], by: Subscribes) -> None:
        """The group is asked for partitions of these topics."""
        self.consumer.subscribe(
            [_subscription(one, by) for one in topics],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    def namesake(self) -> Consumer:
        """A consumer with the same settings that never joined the group."""
        return Consumer(dict(self._settings))

    def during(self, identity: int | None) -> None:
        """Callbacks from now on happen inside this command."""
        self._identity = identity

    def assign(self, identity: int, command: Assign) -> Reply:
        for topic in {one.source for one in command.positions}:
            # Without it, a client that is connected already waits 1.0 s (40 of 40) until it
            # asks for the leaders of a topic that is new to it. Only a matter of speed.
            with suppress(KafkaException):
                self.consumer.list_topics(topic, timeout=_METADATA_S)
        self.consumer.assign([topic_partition(one) for one in command.positions])
        self._assigned = {place_at(one): None for one in command.positions}
        self._ends.clear()
        for one in command.positions:
            self._stands_at(place_at(one), one.position)
        self._joined = True
        return Reply(re=identity)

    def seek(self, identity: int, command: Seek) -> Reply:
        self.move(topic_partition(command.position))
        return Reply(re=identity)

    def move(self, to: TopicPartition) -> None:
        """What comes next of the partition stands there, and nothing of it is kept."""
        self.consumer.seek(to)
        place = (to.topic, to.partition)
        self._ends.pop(place, None)
        self._stands_at(place, to.offset)
        self._kept = deque(one for one in self._kept if place_of(one) != place)

    def receive(self, identity: int, command: Receive) -> Reply:
        deadline = Deadline(command.timeout_ms)
        taken = self.take_kept(command.max)
        while len(taken) < command.max:
            # Having something, look once for more, but never wait for it.
            slice_s = 0.0 if taken else min(SLICE_S, deadline.left_s())
            if (message := self._poll(slice_s)) is not None:
                taken.append(message)
            elif taken or deadline.passed() or self.is_over(command.until):
                break
        return self.hand_over(identity, command.op, taken)

    def hand_over(self, identity: int, op: int, taken: list[Received]) -> Reply:
        """What was taken is told, and in hand from here on."""
        self.in_hand = bool(taken)
        for message in taken:
            self.stamps_ms.setdefault(place_of(message), {})[message.offset() or 0] = (
                message.timestamp()[1]
            )
        deliveries = tuple(delivery_of_message(message) for message in taken)
        self.say(OkEvent(op=op, deliveries=deliveries))
        return self.state(identity, len(taken))

    def go_back_to_stored(self, covers: Sequence[Position]) -> None:
        """Read on where the database says; what is not the member's any more is let be."""
        for one in covers:
            source, partition = place = place_at(one)
            stored = None if self._stored is None else self._stored.position(source, partition)
            if stored is not None and place in self._assigned:
                with suppress(KafkaException):
                    self.move(TopicPartition(source, partition, stored))

    def pump(self, identity: int, command: Pump) -> Reply:
        deadline = Deadline(command.timeout_ms)
        while len(self._kept) < command.deliveries and not deadline.passed():
            if self._loop.inbox.wait(0):
                break
            # The slice is short, because a command that comes must not wait for it.
            self._keep(self._poll(min(0.005, deadline.left_s())))
        return self.state(identity, len(self._kept))

    def serve(self) -> None:
        if not self.in_hand and not self._kept:
            self._keep(self._poll(0))

    def store_offset(self, identity: int, command: StoreOffset) -> Reply:
        offsets = [topic_partition(one) for one in command.covers]
        name = None
        try:
            self.consumer.store_offsets(offsets=offsets)
        except KafkaException as error:
            name = error_name(error)
        outcome = outcome_of(Call.STORE_OFFSET, name)
        self.say(EVENTS[outcome](op=command.op, covers=command.covers, error=name))
        return Reply(re=identity, error=name)

    def commit(self, identity: int, command: Commit) -> Reply:
        if command.mode is CommitMode.ASYNCHRONOUS:
            return self._commit_later(identity, command)
        covers, name = self.commit_now(command.covers)
        self._complete_commit(command.op, covers, name)
        return Reply(re=identity, error=name)

    def commit_now(self, covers: tuple[Position, ...]) -> tuple[tuple[Position, ...], str | None]:
        """What was committed, or was to be, and the error; without `covers` what was handed."""
        chosen = {"offsets": [topic_partition(one) for one in covers]} if covers else {}
        try:
            answers = self.consumer.commit(asynchronous=False, **chosen)
        except KafkaException as error:
            return covers, error_name(error)
        told = tuple(position_of(one) for one in answers if one.offset >= 0)
        return covers or told, first_error(answers)

    def state(self, identity: int, count: int) -> Reply:
        """The reply of all commands that may have polled."""
        assigned = tuple(
            SourcePartition(source=source, partition=partition)
            for source, partition in self._assigned
        )
        return Reply(
            re=identity,
            count=count,
            assigned=assigned if self._joined else None,
            ends=_positions(self._ends),
            stands=_positions(self._standing(count)),
        )

    def _standing(self, count: int) -> Mapping[tuple[str, int], int]:
        """Of who is told of no ends, and has nothing in hand, the next positions."""
        if self._whereabouts is None or count or self._kept:
            return {}
        return self._whereabouts.of(self._assigned)

    def _stands_at(self, place: tuple[str, int], position: int) -> None:
        if self._whereabouts is not None:
            self._whereabouts.stands_at(place, position)

    def worked_off(self, deliveries: Sequence[Delivery]) -> None:
        """These have had their effect."""
        self._worked_off.add(deliveries)

    def close(self) -> None:
        """Left the group, with the commits that the library makes on the way."""
        self.consumer.close()

    def is_over(self, until: Until) -> bool:
        return until is Until.END and self._joined and self._assigned.keys() <= self._ends.keys()

    def take_kept(self, count_max: int) -> list[Received]:
        """What came unasked, now asked for."""
        return [self._kept.popleft() for _ in range(min(count_max, len(self._kept)))]

    def give_back(self, covers: Sequence[Position] | None = None) -> list[TopicPartition]:
        """Where what came unasked of these partitions, or of all, begins.

        It is kept no more by a `move`.
        """
        wanted = self._assigned.keys() if covers is None else {place_at(one) for one in covers}
        found: dict[tuple[str, int], int] = {}
        for one in self._kept:
            if place_of(one) in wanted:
                found.setdefault(place_of(one), one.offset() or 0)
        return [
            TopicPartition(source, partition, position)
            for (source, partition), position in found.items()
        ]

    def note(self, message: Received) -> bool:
        """Whether the message is one; an end of partition or an error is noted instead."""
        error = message.error()
        if error is None:
            self._ends.pop(place_of(message), None)
            self._stands_at(place_of(message), (message.offset() or 0) + 1)
            return True
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  # The library's name for it.
            self._ends[place_of(message)] = message.offset() or 0
        else:
            self.client_error(error)
        return False

    def passed(self, positions: dict[tuple[str, int], int]) -> None:
        """These positions were received: an end seen before them is an end no more."""
        for place, position in positions.items():
            if self._ends.get(place, position + 1) <= position:
                del self._ends[place]

    def _poll(self, timeout_s: float) -> Received | None:
        try:
            message = self.consumer.poll(timeout_s)
        except KafkaException as error:  # A fatal one, as of a producer: told, not thrown.
            self.client_error(error.args[0])
            return None
        return message if message is not None and self.note(message) else None

    def _keep(self, message: Received | None) -> None:
        if message is not None:
            self._kept.append(message)
            self.say(DeliveryEvent(delivery=delivery_of_message(message)))

    def _commit_later(self, identity: int, command: Commit) -> Reply:
        offsets = [topic_partition(one) for one in command.covers]
        try:
            self.consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            name = error_name(error)
            self._complete_commit(command.op, command.covers, name)
            return Reply(re=identity, error=name)
        self._pending_commits.append((command.op, command.covers))
        return Reply(re=identity)

    def _complete_commit(self, op: int, covers: tuple[Position, ...], name: str | None) -> None:
        outcome = outcome_of(Call.COMMIT, name)
        confirmed = outcome is Outcome.OK
        self.say(EVENTS[outcome](op=op, confirmed=confirmed, covers=covers, error=name))

    def _on_commit(self, error: KafkaError | None, answers: list[TopicPartition]) -> None:
        """Give the answer to the oldest open commit of just these positions."""
        name = error.name() if error is not None else first_error(answers)
        # A partition of which nothing was committed comes with a negative number.
        covers = tuple(position_of(one) for one in answers if one.offset >= 0)
        for pending in self._pending_commits:
            if set(pending[1]) == set(covers):
                self._pending_commits.remove(pending)
                self._complete_commit(pending[0], covers, name)
                return
        if covers or name not in {None, "_NO_OFFSET"}:
            self.say(AutoCommitEvent(covers=covers, error=name))

    def _on_assign(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._joined = True
        for one in partitions:
            self._assigned[one.topic, one.partition] = None
            self._leaves((one.topic, one.partition))
        self.say(AssignEvent(partitions=sources_of(partitions), parent=self._identity))
        if self._stored is not None:
            self._begin_where_stored(self._stored, partitions)

    def _begin_where_stored(self, stored: SinkFile, partitions: list[TopicPartition]) -> None:
        for one in partitions:
            position = stored.position(one.topic, one.partition)
            one.offset = OFFSET_BEGINNING if position is None else position
            self._stands_at((one.topic, one.partition), one.offset)
        if _is_incremental(self._settings):
            self.consumer.incremental_assign(partitions)
        else:
            self.consumer.assign(partitions)

    def _on_revoke(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self.say(RevokeEvent(partitions=sources_of(partitions), parent=self._identity))
        if due := self._worked_off.due({(one.topic, one.partition) for one in partitions}):
            covers, name = self.commit_now(due)
            self.say(AutoCommitEvent(covers=covers, error=name))
        self._forget(partitions)
        self._loop.holds.reached(HoldPoint.ON_REVOKE)

    def _on_lost(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self.say(LostEvent(partitions=sources_of(partitions), parent=self._identity))
        self._forget(partitions)

    def _forget(self, partitions: list[TopicPartition]) -> None:
        for one in partitions:
            self._assigned.pop((one.topic, one.partition), None)
            self._leaves((one.topic, one.partition))
        self._worked_off.forget({(one.topic, one.partition) for one in partitions})
        # A member without partitions is at no end before its next assignment.
        self._joined = bool(self._assigned)

    def _leaves(self, place: tuple[str, int]) -> None:
        """How far the partition was read says nothing any more."""
        self._ends.pop(place, None)
        if self._whereabouts is not None:
            self._whereabouts.forget(place)

    def client_error(self, error: KafkaError) -> None:
        self.say(client_error_of(error))


def _subscription(topic: str, by: Subscribes) -> str:
    """What librdkafka takes for a pattern begins with ^."""
    return topic if by is Subscribes.BY_NAME else f"^{topic.replace('.', '[.]')}$"


def _is_incremental(settings: Mapping[str, Setting]) -> bool:
    """Whether rebalances of such a member change its partitions one by one."""
    by_broker = settings.get("group.protocol") == "consumer"
    return by_broker or settings.get("partition.assignment.strategy") == "cooperative-sticky"


def _positions(found: Mapping[tuple[str, int], int]) -> tuple[Position, ...]:
    return tuple(
        Position(source=source, partition=partition, position=position)
        for (source, partition), position in found.items()
    )
