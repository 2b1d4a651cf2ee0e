"""The pure model of a Kafka plan: which step is applicable when, and what a plan covers."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import structs

from deliverycheck.plans.copies import (
    created_by,
    one_after_the_other,
    published_by,
    side_by_side,
    topics_found,
)
from deliverycheck.plans.drafting import covered, directed, planned
from deliverycheck.plans.kafka_reach import hazards_in_reach
from deliverycheck.plans.kafka_state import (
    CONSUMERS,
    FIRST,
    GROUP_TOPIC,
    MOMENT_MS_MAX,
    NODE,
    PRODUCERS,
    SECOND,
    SYSTEM,
    TOPICS,
    PlanState,
    advance,
    walk,
)
from deliverycheck.plans.kafka_topic import is_compacted, is_timed, takes_deletions
from deliverycheck.plans.plan import Plan
from deliverycheck.plans.step import Wait
from deliverycheck.plans.steps import (
    AbortTransaction,
    AddPartitions,
    Arm,
    Await,
    Call,
    Chooser,
    Close,
    CommitTransaction,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    Flush,
    Heal,
    Hold,
    Inject,
    Kill,
    Pause,
    PausePartitions,
    Publish,
    Purge,
    Release,
    Restart,
    Resume,
    ResumePartitions,
    Seek,
    Settling,
    Step,
    Subscribe,
    Unsubscribe,
    Work,
    lane_of,
    verb_of,
)
from deliverycheck.plans.subject import (
    CommitMode,
    CommitPolicy,
    GroupKind,
    Seeks,
    Subject,
    TopicReady,
)

MESSAGES_MAX = 130
"""A history stays readable, and the scan of it takes milliseconds."""

COPIES = 8
"""Of a workload on existing topics; measured with chances that are independent: a defect that
fires 3 times in 10 takes 28 executions to shrink instead of 115."""

BROKER_FAULTS_MAX = 1
"""One kill or pause of the node a plan: each costs 2 to 4 s and has the broker alone."""

TOPIC_PARTITIONS_MAX = 12
"""Of a topic that grows: a scan has a reader for each."""

REFRESH = "topic.metadata.refresh.interval.ms"
"""A client learns of new partitions so often; librdkafka's default is 5 minutes."""

END_EVENTS = "enable.partition.eof"
"""Whether a member is told that it has read a partition to its end; our profile says yes."""

PATIENCE = "message.timeout.ms"
"""How long librdkafka tries to deliver a message; its default is 5 minutes."""


_REPEATED_BY_THE_TAIL = (
    *(Hold, Heal, Resume, ResumePartitions, Subscribe, Restart),
    *(Flush, Await, Release),
)


class KafkaDraft:
    """A plan while it grows: takes a step only where the model says that it is applicable."""

    def __init__(self, subject: Subject) -> None:
        self._state = PlanState(subject)
        self._steps: list[Step] = []

    def offer(self, step: Step) -> bool:
        """Append the step if it is applicable here; whether it was."""
        step = _plain(self._state.subject, step)
        if isinstance(step, Work) and not self._state.shares:
            step = structs.replace(step, settling=Settling.ACCEPT)
        applicable = _is_applicable(self._state, step)
        if applicable:
            advance(self._state, step)
            self._steps.append(step)
        return applicable

    def kinds(self) -> frozenset[str]:
        """Kinds of step of which some are applicable here, by the names of `properties.kafka`."""
        state = self._state
        found = {"publish"}
        found |= {"create_topic"} if state.node == "up" else set()
        found |= {"add_partitions"} if state.messages and _may_grow(state) else set()
        found |= {"delete_records"} if state.messages and _may_delete(state) else set()
        found |= {"remake_topic"} if state.messages and _may_remake(state) else set()
        found |= {"work", "inject", "pause_member", "hand_over"} if state.messages else set()
        found |= {"work_cut_off"} if state.messages and _goes_on_at_once(state) else set()
        found |= {"outwait"} if PATIENCE in state.subject.producer and not state.faults else set()
        found |= {"settle"} if state.messages and state.shares else set()
        found |= {"kill_worker", "pause_worker"} if state.producers or state.calls else set()
        found |= {"close"} if state.calls else set()
        found |= {"silence"} if state.calls and _may_pause_partitions(state) else set()
        found |= {"leave"} if state.calls and _may_unsubscribe(state) else set()
        found |= {"seek"} if _may_seek(state) else set()
        found |= {"seek_deleted"} if _may_seek(state) and _may_delete(state) else set()
        found |= {"compact"} if state.messages and is_compacted(state.subject.topic) else set()
        found |= {"expire"} if state.messages and is_timed(state.subject.topic) else set()
        found |= {"heal"} if state.faults else set()
        found |= {"flush", "purge"} if state.unflushed else set()
        found |= {"outlast", "end_late"} if state.subject.is_transactional else set()
        found |= {"alternate"} if state.subject.second_producer is not None else set()
        found |= {"end_transaction", "replace"} if state.in_transaction(FIRST) else set()
        found |= {"hold"} if state.pending() and state.last != "hold" else set()
        return frozenset(found)

    def plan(self) -> Plan:
        """The steps so far, without a tail that the driver's quiet tail repeats."""
        kept = list(self._steps)
        while kept and isinstance(kept[-1], _REPEATED_BY_THE_TAIL):
            kept.pop()
        return Plan(system=SYSTEM, subject=self._state.subject, steps=tuple(kept))


class KafkaModel:
    """Plans of one producer and perhaps a second one, up to two consumers, one node."""

    nodes: tuple[str, ...] = (NODE,)

    @property
    def amplifiers(self) -> tuple[Callable[[Plan], Plan], ...]:
        """What a plan does to new topics done to more of them; to others, side by side.

        Not both at once: copies of what was there are made on new topics, and these would stand
        in for the new topics that a plan is freed of. A group works off one topic.
        """
        return self._with_more_new_topics, self._with_more_topics

    def _with_more_new_topics(self, plan: Plan) -> Plan:
        if plan.subject.consumer is not None or not created_by(plan.steps):
            return plan
        steps = one_after_the_other(plan.steps, TOPICS, messages_max=MESSAGES_MAX)
        return self.normalise(plan.subject, steps)

    def _with_more_topics(self, plan: Plan) -> Plan:
        """Up to `COPIES` as far as messages go, unless a new topic is a hazard by itself."""
        if plan.subject.consumer is not None or plan.subject.topic_ready is TopicReady.CREATED:
            return plan
        room = MESSAGES_MAX - published_by(plan.steps)
        each = published_by(plan.steps, topics_found(plan.steps))
        copies = min(COPIES, 1 + room // max(1, each))
        return self.normalise(plan.subject, side_by_side(plan.steps, TOPICS, copies))

    def normalise(self, subject: Subject, steps: Sequence[Step]) -> Plan:
        return planned(KafkaDraft(subject), steps)

    def features(self, plan: Plan) -> frozenset[str]:
        return covered(walk(plan), _event_label)

    def hazards_in_reach(self, plan: Plan) -> frozenset[str]:
        return hazards_in_reach(plan)

    def broker_wide(self, plan: Plan) -> bool:
        return any(lane_of(step) == NODE for step in plan.steps)

    def seconds(self, plan: Plan) -> float:
        held = sum(step.ms for step in plan.steps if isinstance(step, Hold)) / 1000
        faults = sum(isinstance(step, Inject) for step in plan.steps)
        consumers = 0.7 if plan.subject.consumer else 0.0
        return 0.1 + held + 0.6 * faults + consumers + (2.5 if self.broker_wide(plan) else 0.0)


def _is_applicable(state: PlanState, step: Step) -> bool:
    lane = lane_of(step)
    if lane in state.paused and not isinstance(step, (Resume, Kill)):
        return False
    if lane in CONSUMERS and state.subject.consumer is None:
        return False
    if lane == SECOND and not _has_second(state.subject):
        return False
    rule = _APPLICABLE.get(type(step))
    return rule is not None and bool(rule(state, step))


def _has_second(subject: Subject) -> bool:
    return subject.is_transactional or subject.second_producer is not None


def _plain(subject: Subject, step: Step) -> Step:
    """Drop an argument that means nothing here; what a compacted topic takes has a key."""
    if isinstance(step, Publish):
        if step.call is Call.BATCH:
            step = structs.replace(step, headers=(), tombstone=False, timestamp_shift_ms=0)
        if is_timed(subject.topic):  # By its own timestamp a message may be too old at once.
            step = structs.replace(step, timestamp_shift_ms=max(0, step.timestamp_shift_ms))
        if is_compacted(subject.topic):
            key = f"k{step.partition + 1}" if step.key is None else step.key
            step = structs.replace(step, key=key, partition=0, chosen_by=Chooser.DEFAULT)
        return step
    return directed(step) if isinstance(step, Inject) else step


def _linked(state: PlanState, lane: str) -> bool:
    owner = lane.removeprefix("link ")
    if lane == owner:
        return False
    return owner == FIRST or owner in state.producers or owner in state.calls


def _may_disturb_node(state: PlanState) -> bool:
    return state.node == "up" and state.messages > 0 and state.broker_faults < BROKER_FAULTS_MAX


def _may_kill(state: PlanState, step: Kill) -> bool:
    return _may_disturb_node(state) if step.lane == NODE else state.lives(step.lane)


def _may_pause(state: PlanState, step: Pause) -> bool:
    return _may_disturb_node(state) if step.lane == NODE else state.lives(step.lane)


def _may_grow(state: PlanState) -> bool:
    """A group that does not learn of a partition in time would never be done with it."""
    consumer = state.subject.consumer
    return state.node == "up" and (consumer is None or REFRESH in consumer.settings)


def _may_remake(state: PlanState, topic: str = GROUP_TOPIC) -> bool:
    """Each topic once, so that of each message it is known which of two logs it is in.

    A transaction, a database with positions, a share group and who seeks at will each have a
    state of their own of a topic, of which nothing is claimed. A member that is told of no ends
    may be taken for done with a topic when it stands behind the end of the next one.
    """
    consumer = state.subject.consumer
    plain = consumer is None or (
        consumer.kind is GroupKind.CONSUMER
        and consumer.output is None
        and consumer.sink is None
        and consumer.settings.get(END_EVENTS, True) is True
        and not _may_seek(state)
    )
    once = topic not in state.deleted | state.remade
    return state.node == "up" and plain and once and not state.subject.is_transactional


def _may_seek(state: PlanState) -> bool:
    consumer = state.subject.consumer
    return consumer is not None and consumer.seeks is Seeks.AT_WILL


def _goes_on_at_once(state: PlanState) -> bool:
    """Whether members do not wait for what becomes of their commits."""
    consumer = state.subject.consumer
    return consumer is not None and consumer.commit_mode is CommitMode.ASYNCHRONOUS


def _may_pause_partitions(state: PlanState) -> bool:
    """Members of plain groups: whatever they do about what they have is the same when it comes."""
    consumer = state.subject.consumer
    plain = consumer is not None and consumer.kind is GroupKind.CONSUMER
    return plain and consumer is not None and consumer.output is None and consumer.sink is None


def _may_unsubscribe(state: PlanState) -> bool:
    """Members of plain groups, unless the library commits by itself.

    A worker that has taken a message unasked gives it back first: that would be committed past.
    """
    consumer = state.subject.consumer
    by_itself = consumer is not None and consumer.commit is CommitPolicy.AUTO
    return _may_pause_partitions(state) and not by_itself


def _may_delete(state: PlanState) -> bool:
    return state.node == "up" and takes_deletions(state.subject.topic)


def _may_resume(state: PlanState, step: Resume) -> bool:
    return state.node == "paused" if step.lane == NODE else step.lane in state.paused


_APPLICABLE: dict[type, Callable[[PlanState, Any], bool]] = {
    Publish: lambda state, step: (
        step.lane in PRODUCERS
        and step.topic in state.topics
        and step.partition < state.topics[step.topic]
        and state.messages + step.count <= MESSAGES_MAX
    ),
    Flush: lambda state, step: (
        step.lane in state.producers and state.producers[step.lane].unflushed > 0
    ),
    Purge: lambda state, step: (
        step.lane in state.producers and state.producers[step.lane].unflushed > 0
    ),
    CommitTransaction: lambda state, step: (
        state.in_transaction(step.lane) and step.wait is Wait.RETURNED
    ),
    AbortTransaction: lambda state, step: state.in_transaction(step.lane),
    Work: lambda state, step: (
        step.lane in CONSUMERS and state.messages > 0 and step.lane not in state.sent
    ),
    PausePartitions: lambda state, step: (
        _may_pause_partitions(state)
        and step.lane in state.calls.keys() - state.silent - state.apart
    ),
    ResumePartitions: lambda state, step: step.lane in state.silent,
    Unsubscribe: lambda state, step: (
        _may_unsubscribe(state) and step.lane in state.calls.keys() - state.apart
    ),
    Subscribe: lambda state, step: step.lane in state.apart,
    Seek: lambda state, step: _may_seek(state) and step.lane in state.calls.keys() - state.apart,
    Close: lambda state, step: step.lane in CONSUMERS and state.lives(step.lane),
    Kill: _may_kill,
    Pause: _may_pause,
    Resume: _may_resume,
    Restart: lambda state, step: step.lane == NODE and state.node == "down",
    Inject: lambda state, step: step.lane not in state.faults and _linked(state, step.lane),
    Heal: lambda state, step: step.lane in state.faults,
    Hold: lambda state, step: (
        state.last != "hold"
        and state.pending()
        and (step.ms <= MOMENT_MS_MAX or PATIENCE in state.subject.producer)
    ),
    CreateTopic: lambda state, step: (
        step.topic in TOPICS
        and (step.topic not in state.topics or step.topic in state.deleted)
        and state.node == "up"
    ),
    AddPartitions: lambda state, step: (
        _may_grow(state)
        and step.topic not in state.deleted
        and state.topics.get(step.topic, TOPIC_PARTITIONS_MAX) + step.count <= TOPIC_PARTITIONS_MAX
    ),
    DeleteTopic: lambda state, step: (
        _may_remake(state, step.topic) and step.topic in {topic for topic, _ in state.written}
    ),
    DeleteRecords: lambda state, step: (
        _may_delete(state)
        and step.partition < state.topics.get(step.topic, 0)
        and (step.topic, step.partition) in state.written
    ),
    Await: lambda state, step: step.lane in state.sent,
    Arm: lambda state, step: state.lives(step.lane) and step.lane not in state.armed,
    Release: lambda state, step: step.lane in state.armed,
}


def _event_label(step: Step) -> str:
    words = [verb_of(step)]
    if isinstance(step, Inject):
        words += [step.lane, step.fault, step.direction or ""]
    elif isinstance(step, Work):
        words += [step.lane, str(step.calls % 3)]
    elif isinstance(step, Publish):
        words += [f"t{'1' if step.topic == 't1' else 'n'}", "many" if step.count > 1 else "one"]
        words += ["keyed"] if step.key else []
        words += ["other"] if step.lane == SECOND else []
        words += [str(step.call)] if step.call is Call.BATCH else []
    elif isinstance(step, Seek):
        words.append(step.to)
    elif isinstance(step, (Kill, Pause, Close)):
        words.append(step.lane)
    return " ".join(word for word in words if word)
