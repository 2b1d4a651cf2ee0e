"""Which step of a Kafka plan is applicable when."""

from collections.abc import Callable
from typing import Any

from deliverycheck.plans.kafka_state import (
    CONSUMERS,
    FIRST,
    GROUP_TOPIC,
    MOMENT_MS_MAX,
    NODE,
    PRODUCERS,
    SECOND,
    TOPICS,
    PlanState,
)
from deliverycheck.plans.kafka_topic import CHANGES, takes_deletions
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
    Step,
    Subscribe,
    Unsubscribe,
    Work,
    lane_of,
)
from deliverycheck.plans.subject import (
    CommitMode,
    CommitPolicy,
    GroupKind,
    Seeks,
    Subject,
)

MESSAGES_MAX = 130
"""A history stays readable, and the scan of it takes milliseconds."""

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


def is_applicable(state: PlanState, step: Step) -> bool:
    """Whether the step may be done in this state."""
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


def may_grow(state: PlanState) -> bool:
    """A group that does not learn of a partition in time would never be done with it."""
    consumer = state.subject.consumer
    return state.node == "up" and (consumer is None or REFRESH in consumer.settings)


def may_remake(state: PlanState, topic: str = GROUP_TOPIC) -> bool:
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
        and not may_seek(state)
    )
    once = topic not in state.deleted | state.remade
    return state.node == "up" and plain and once and not state.subject.is_transactional


def may_seek(state: PlanState) -> bool:
    """Whether members go back, or leave out, by their own wish."""
    consumer = state.subject.consumer
    return consumer is not None and consumer.seeks is Seeks.AT_WILL


def goes_on_at_once(state: PlanState) -> bool:
    """Whether members do not wait for what becomes of their commits."""
    consumer = state.subject.consumer
    return consumer is not None and consumer.commit_mode is CommitMode.ASYNCHRONOUS


def may_pause_partitions(state: PlanState) -> bool:
    """Members of plain groups: whatever they do about what they have is the same when it comes."""
    consumer = state.subject.consumer
    plain = consumer is not None and consumer.kind is GroupKind.CONSUMER
    return plain and consumer is not None and consumer.output is None and consumer.sink is None


def may_unsubscribe(state: PlanState) -> bool:
    """Members of plain groups, unless the library commits by itself.

    A worker that has taken a message unasked gives it back first: that would be committed past.
    """
    consumer = state.subject.consumer
    by_itself = consumer is not None and consumer.commit is CommitPolicy.AUTO
    return may_pause_partitions(state) and not by_itself


def may_change_config(state: PlanState) -> bool:
    """Settings that the subject names are those that somebody changes while they are in use."""
    return state.node == "up" and bool(CHANGES.keys() & state.subject.topic.keys())


def may_delete(state: PlanState) -> bool:
    """Whether records of its topics may be deleted now."""
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
        may_pause_partitions(state) and step.lane in state.calls.keys() - state.silent - state.apart
    ),
    ResumePartitions: lambda state, step: step.lane in state.silent,
    Unsubscribe: lambda state, step: (
        may_unsubscribe(state) and step.lane in state.calls.keys() - state.apart
    ),
    Subscribe: lambda state, step: step.lane in state.apart,
    Seek: lambda state, step: may_seek(state) and step.lane in state.calls.keys() - state.apart,
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
        may_grow(state)
        and step.topic not in state.deleted
        and state.topics.get(step.topic, TOPIC_PARTITIONS_MAX) + step.count <= TOPIC_PARTITIONS_MAX
    ),
    DeleteTopic: lambda state, step: (
        may_remake(state, step.topic) and step.topic in {topic for topic, _ in state.written}
    ),
    DeleteRecords: lambda state, step: (
        may_delete(state)
        and step.partition < state.topics.get(step.topic, 0)
        and (step.topic, step.partition) in state.written
    ),
    ChangeConfig: lambda state, step: (
        may_change_config(state)
        and step.name in state.subject.topic
        and step.value in CHANGES.get(step.name, ())
        and step.topic in state.topics.keys() - state.deleted
    ),
    Await: lambda state, step: step.lane in state.sent,
    Arm: lambda state, step: state.lives(step.lane) and step.lane not in state.armed,
    Release: lambda state, step: step.lane in state.armed,
}
