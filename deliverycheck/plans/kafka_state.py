"""What is known of a Kafka plan before each of its steps, from the steps before it alone."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from deliverycheck.plans.plan import Plan
from deliverycheck.plans.step import Wait
from deliverycheck.plans.steps import (
    AbortTransaction,
    AddPartitions,
    Arm,
    Await,
    ChangeConfig,
    Close,
    CommitTransaction,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    FaultKind,
    Flush,
    Heal,
    Hold,
    Inject,
    Kill,
    Pause,
    PausePartitions,
    Publish,
    Purge,
    Purged,
    Release,
    Restart,
    Resume,
    ResumePartitions,
    Step,
    Subscribe,
    Unsubscribe,
    Work,
    verb_of,
)
from deliverycheck.plans.subject import GroupKind, Setting, Subject

SYSTEM = "kafka"
FIRST, SECOND = PRODUCERS = ("p1", "p2")
"""The second is another instance of the same application, which a transactional id names, or
another application that writes to the same topics."""

CONSUMERS = ("c1", "c2")
NODE = "b1"
GROUP_TOPIC = "t1"
TOPICS = tuple(f"t{number}" for number in range(1, 32))

MOMENT_MS_MAX = 2000
"""Longer holds are for messages that time out: of a subject that says when they do."""

Place = tuple[str, int | None]
"""Topic and partition; ``None`` where the client's partitioner chooses."""


@dataclass(slots=True)
class ProducerState:
    """What is known of the present incarnation of a producer.

    Attributes:
        unflushed: messages that were handed over since all were waited for.
        open_ms: how long its transaction is open, as far as steps say so.
        confirmed: places from which it surely has a confirm; of `unconfirmed` it is not known.
    """

    unflushed: int = 0
    in_transaction: bool = False
    open_ms: int = 0
    confirmed: set[Place] = field(default_factory=set)
    unconfirmed: set[Place] = field(default_factory=set)


@dataclass(slots=True)
class PlanState:
    """What is known before a step, from the steps before it alone.

    Attributes:
        topics: each with the number of its partitions, those that are `deleted` too.
        remade: those that were deleted, with messages in them, and are there again.
        carried: consumers that had read of a topic when it was deleted, and are the same; each
            with the calls that it had made by then.
        keys: with their topics, those that were written.
        tombstones: how many were written.
        served: calls that consumers made, those of dead ones too.
        written: partitions that may hold something.
        silent: members that have paused their partitions.
        apart: members that have unsubscribed.
        shortened: partitions of which records were deleted.
        changed: settings that topics with messages were given since, by topic and name.
        producers: those that live.
        stood_ms: how long each consumer has made no call, as far as steps say so.
        keyed: lane, topic and key of all that was published with a key.
    """

    subject: Subject
    topics: dict[str, int] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    grown: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    remade: set[str] = field(default_factory=set)
    carried: dict[str, int] = field(default_factory=dict)
    written: set[tuple[str, int]] = field(default_factory=set)
    shortened: set[tuple[str, int]] = field(default_factory=set)
    changed: dict[tuple[str, str], Setting] = field(default_factory=dict)
    messages: int = 0
    producers: dict[str, ProducerState] = field(default_factory=dict)
    keyed: set[tuple[str, str, str]] = field(default_factory=set)
    for_group: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    stood_ms: dict[str, int] = field(default_factory=dict)
    keys: set[tuple[str, str | None]] = field(default_factory=set)
    tombstones: int = 0
    served: int = 0
    paused: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    apart: set[str] = field(default_factory=set)
    faults: dict[str, FaultKind] = field(default_factory=dict)
    node: str = "up"
    broker_faults: int = 0
    sent: set[str] = field(default_factory=set)
    armed: set[str] = field(default_factory=set)
    last: str = ""

    def __post_init__(self) -> None:
        self.topics[GROUP_TOPIC] = self.subject.partitions

    def lives(self, lane: str) -> bool:
        return lane in self.producers or lane in self.calls

    @property
    def unflushed(self) -> bool:
        """Whether some producer has messages that were not waited for."""
        return any(producer.unflushed for producer in self.producers.values())

    def in_transaction(self, lane: str) -> bool:
        return lane in self.producers and self.producers[lane].in_transaction

    @property
    def shares(self) -> bool:
        """Whether the group is a share group."""
        consumer = self.subject.consumer
        return consumer is not None and consumer.kind is GroupKind.SHARE

    def wrote_with_key(self, step: Publish) -> bool:
        """Whether the other producer has written to the topic with the key of this step."""
        others = (lane for lane in PRODUCERS if lane != step.lane)
        return any((lane, step.topic, step.key) in self.keyed for lane in others)

    def pending(self) -> bool:
        disturbed = self.faults or self.paused or self.node != "up"
        open_ = any(map(self.in_transaction, self.producers))
        return bool(disturbed or self.unflushed or self.calls or open_)

    def label(self) -> str:
        """The state as coverage sees it: what is disturbed, what is in hand."""
        parts = [f"{lane}:{fault}" for lane, fault in sorted(self.faults.items())]
        parts += [f"{lane} paused" for lane in sorted(self.paused)]
        parts += [f"node {self.node}"] if self.node != "up" else []
        parts += ["unflushed"] if self.unflushed else []
        parts += ["in a transaction"] if self.in_transaction(FIRST) else []
        parts += ["second in a transaction"] if self.in_transaction(SECOND) else []
        parts += [f"{lane} in hand" for lane, calls in sorted(self.calls.items()) if calls % 3]
        return ", ".join(parts) or "quiet"


def walk(plan: Plan) -> Iterator[tuple[PlanState, Step]]:
    """Each step with the state before it; the state changes in place."""
    state = PlanState(plan.subject)
    for step in plan.steps:
        yield state, step
        advance(state, step)


def advance(state: PlanState, step: Step) -> None:
    """Apply an applicable step."""
    state.last = verb_of(step)
    change = _CHANGES.get(type(step))
    if change is not None:
        change(state, step)


def _end_transaction(state: PlanState, step: CommitTransaction | AbortTransaction) -> None:
    """A commit waits for all confirms; an abort drops what has none."""
    producer = state.producers[step.lane]
    producer.in_transaction = False
    producer.open_ms = 0
    producer.unflushed = 0


def _hold(state: PlanState, step: Hold) -> None:
    for producer in state.producers.values():
        producer.open_ms += step.ms if producer.in_transaction else 0
    for lane in state.calls:
        state.stood_ms[lane] = state.stood_ms.get(lane, 0) + step.ms


def _inject(state: PlanState, step: Inject) -> None:
    state.faults[step.lane] = step.fault


def _heal(state: PlanState, step: Heal) -> None:
    del state.faults[step.lane]


def _create_topic(state: PlanState, step: CreateTopic) -> None:
    state.topics[step.topic] = state.subject.partitions
    state.fresh.add(step.topic)
    state.deleted.discard(step.topic)


def _delete_topic(state: PlanState, step: DeleteTopic) -> None:
    """What is created by its name is another topic, with nothing in it."""
    state.deleted.add(step.topic)
    held = {place for place in state.written if place[0] == step.topic}
    state.written -= held
    state.grown.discard(step.topic)
    state.keys = {key for key in state.keys if key[0] != step.topic}
    if held:
        state.remade.add(step.topic)
    if held and step.topic == GROUP_TOPIC:
        state.carried |= {lane: calls for lane, calls in state.calls.items() if calls}


def _add_partitions(state: PlanState, step: AddPartitions) -> None:
    state.topics[step.topic] += step.count
    state.grown.add(step.topic)


def _advance_purge(state: PlanState, step: Purge) -> None:
    """Messages that are queued stay, and have to be waited for, unless they are purged too."""
    producer = state.producers[step.lane]
    if step.what is Purged.ALL:
        producer.unflushed = 0
    producer.unconfirmed.clear()  # Of what was forgotten no confirm comes.


def _advance_calls(state: PlanState, step: Publish | Flush | Work | Await) -> None:
    if isinstance(step, Await):
        state.sent.discard(step.lane)
        return
    if isinstance(step, Publish):
        state.messages += step.count
        state.for_group += step.count if step.topic == GROUP_TOPIC else 0
        if step.key is not None:
            state.keyed.add((step.lane, step.topic, step.key))
        producer = state.producers.setdefault(step.lane, ProducerState())
        producer.unflushed += step.count
        producer.in_transaction = state.subject.is_transactional
        state.written |= {(step.topic, number) for number in partitions_of(state, step)}
        state.keys.add((step.topic, step.key))
        state.tombstones += step.tombstone
        waits = step.wait is Wait.CONFIRMED and state.node == "up"
        (producer.confirmed if waits else producer.unconfirmed).add(place_of(step))
    elif isinstance(step, Flush):
        producer = state.producers[step.lane]
        producer.unflushed = 0
        producer.confirmed |= producer.unconfirmed
        producer.unconfirmed.clear()
    else:
        state.calls[step.lane] = state.calls.get(step.lane, 0) + step.calls
        state.stood_ms[step.lane] = 0
        state.served += step.calls
    if step.wait is Wait.SENT:
        state.sent.add(step.lane)


def _change_config(state: PlanState, step: ChangeConfig) -> None:
    if any(topic == step.topic for topic, _ in state.written):
        state.changed[step.topic, step.name] = step.value


def _unsubscribe(state: PlanState, step: Unsubscribe) -> None:
    """Of what it is assigned later nothing is paused."""
    state.apart.add(step.lane)
    state.silent.discard(step.lane)


def place_of(step: Publish) -> Place:
    """Where the publish goes, as far as the plan says."""
    return step.topic, None if step.by_partitioner else step.partition


def partitions_of(state: PlanState, step: Publish) -> Iterable[int]:
    """The partitions that it may write to."""
    return range(state.topics[step.topic]) if step.by_partitioner else (step.partition,)


def _advance_life(state: PlanState, step: Kill | Close | Pause | Resume | Restart) -> None:
    if step.lane == NODE:
        state.node = {Kill: "down", Pause: "paused"}.get(type(step), "up")
        state.broker_faults += isinstance(step, (Kill, Pause))
    elif isinstance(step, Pause):
        state.paused.add(step.lane)
    elif isinstance(step, Resume):
        state.paused.discard(step.lane)
    else:
        state.paused.discard(step.lane)
        state.sent.discard(step.lane)
        state.armed.discard(step.lane)
        state.carried.pop(step.lane, None)
        state.silent.discard(step.lane)
        state.apart.discard(step.lane)
        state.calls.pop(step.lane, None)
        state.producers.pop(step.lane, None)  # Of the next one no partition knows anything.


_CHANGES: dict[type, Callable[[PlanState, Any], None]] = {
    Publish: _advance_calls,
    Flush: _advance_calls,
    Purge: _advance_purge,
    Work: _advance_calls,
    Await: _advance_calls,
    CommitTransaction: _end_transaction,
    AbortTransaction: _end_transaction,
    Kill: _advance_life,
    Close: _advance_life,
    Pause: _advance_life,
    Resume: _advance_life,
    Restart: _advance_life,
    Hold: _hold,
    Inject: _inject,
    Heal: _heal,
    CreateTopic: _create_topic,
    DeleteTopic: _delete_topic,
    AddPartitions: _add_partitions,
    DeleteRecords: lambda state, step: state.shortened.add((step.topic, step.partition)),
    ChangeConfig: _change_config,
    PausePartitions: lambda state, step: state.silent.add(step.lane),
    ResumePartitions: lambda state, step: state.silent.discard(step.lane),
    Unsubscribe: _unsubscribe,
    Subscribe: lambda state, step: state.apart.discard(step.lane),
    Arm: lambda state, step: state.armed.add(step.lane),
    Release: lambda state, step: state.armed.discard(step.lane),
}
"""What each kind of step changes."""
