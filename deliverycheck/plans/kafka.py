"""The pure model of a Kafka plan: which step is applicable when, and what a plan covers."""

from collections.abc import Callable, Sequence

from msgspec import structs

from deliverycheck.plans.copies import (
    created_by,
    one_after_the_other,
    published_by,
    side_by_side,
    topics_found,
)
from deliverycheck.plans.drafting import covered, directed, planned
from deliverycheck.plans.kafka_applicable import (
    MESSAGES_MAX,
    PATIENCE,
    goes_on_at_once,
    is_applicable,
    may_change_config,
    may_delete,
    may_grow,
    may_pause_partitions,
    may_remake,
    may_seek,
    may_unsubscribe,
)
from deliverycheck.plans.kafka_reach import hazards_in_reach
from deliverycheck.plans.kafka_state import (
    FIRST,
    NODE,
    SECOND,
    SYSTEM,
    TOPICS,
    PlanState,
    advance,
    walk,
)
from deliverycheck.plans.kafka_topic import is_compacted, is_timed
from deliverycheck.plans.plan import Plan
from deliverycheck.plans.steps import (
    Await,
    Call,
    Chooser,
    Close,
    Flush,
    Heal,
    Hold,
    Inject,
    Kill,
    Pause,
    Publish,
    Release,
    Restart,
    Resume,
    ResumePartitions,
    Seek,
    Settling,
    Step,
    Subscribe,
    Work,
    lane_of,
    verb_of,
)
from deliverycheck.plans.subject import (
    Subject,
    TopicReady,
)

COPIES = 8
"""Of a workload on existing topics; measured with chances that are independent: a defect that
fires 3 times in 10 takes 28 executions to shrink instead of 115."""

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
        applicable = is_applicable(self._state, step)
        if applicable:
            advance(self._state, step)
            self._steps.append(step)
        return applicable

    def kinds(self) -> frozenset[str]:
        """Kinds of step of which some are applicable here, by the names of `properties.kafka`."""
        state = self._state
        found = {"publish"}
        found |= {"create_topic"} if state.node == "up" else set()
        found |= {"add_partitions"} if state.messages and may_grow(state) else set()
        found |= {"delete_records"} if state.messages and may_delete(state) else set()
        found |= {"change_config"} if state.messages and may_change_config(state) else set()
        found |= {"remake_topic"} if state.messages and may_remake(state) else set()
        found |= {"work", "inject", "pause_member", "hand_over"} if state.messages else set()
        found |= {"work_cut_off"} if state.messages and goes_on_at_once(state) else set()
        found |= {"outwait"} if PATIENCE in state.subject.producer and not state.faults else set()
        found |= {"settle"} if state.messages and state.shares else set()
        found |= {"kill_worker", "pause_worker"} if state.producers or state.calls else set()
        found |= {"close"} if state.calls else set()
        found |= {"silence"} if state.calls and may_pause_partitions(state) else set()
        found |= {"leave"} if state.calls and may_unsubscribe(state) else set()
        found |= {"seek"} if may_seek(state) else set()
        found |= {"seek_deleted"} if may_seek(state) and may_delete(state) else set()
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
