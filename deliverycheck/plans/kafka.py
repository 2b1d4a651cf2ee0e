"""The pure model of a Kafka plan: which step is applicable when, and what a plan covers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from deliverycheck.plans.copies import one_after_the_other, side_by_side
from deliverycheck.plans.plan import Plan
from deliverycheck.plans.steps import (
    Arm,
    Await,
    Close,
    CreateTopic,
    Direction,
    FaultKind,
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
    Step,
    Wait,
    Work,
    lane_of,
    verb_of,
)
from deliverycheck.plans.subject import Subject, TopicReady

SYSTEM = "kafka"
PRODUCERS = ("p1",)
CONSUMERS = ("c1", "c2")
NODE = "b1"
TOPICS = tuple(f"t{number}" for number in range(1, 32))

MESSAGES_MAX = 130
"""A history stays readable, and the scan of it takes milliseconds."""

COPIES = 8
"""Of a workload on existing topics; measured with chances that are independent: a defect that
fires 3 times in 10 takes 28 executions to shrink instead of 115."""

BROKER_FAULTS_MAX = 1
"""One kill or pause of the node a plan: each costs 2 to 4 s and has the broker alone."""

DIRECTED = {FaultKind.BLACK_HOLE, FaultKind.STALL, FaultKind.DELAY}
"""Faults whose direction is a choice; the others have one by their meaning."""

_FAULT_HAZARDS = {
    FaultKind.LOSE_REPLY: "lost_reply",
    FaultKind.LOSE_REQUEST: "lost_request",
    FaultKind.TORN_REQUEST: "lost_request",
    FaultKind.BLACK_HOLE: "black_hole",
    FaultKind.STALL: "stall",
    FaultKind.DELAY: "delay",
    FaultKind.REFUSE: "refuse",
}


@dataclass(slots=True)
class _State:
    """What is known before a step, from the steps before it alone."""

    subject: Subject
    topics: set[str] = field(default_factory=lambda: {"t1"})
    fresh: set[str] = field(default_factory=set)
    messages: int = 0
    unflushed: int = 0
    producer_lives: bool = False
    calls: dict[str, int] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    faults: dict[str, FaultKind] = field(default_factory=dict)
    node: str = "up"
    broker_faults: int = 0
    sent: set[str] = field(default_factory=set)
    armed: set[str] = field(default_factory=set)
    last: str = ""

    def lives(self, lane: str) -> bool:
        return self.producer_lives if lane in PRODUCERS else lane in self.calls

    def pending(self) -> bool:
        return bool(self.faults or self.unflushed or self.calls or self.paused or self.node != "up")

    def label(self) -> str:
        """The state as coverage sees it: what is disturbed, what is in hand."""
        parts = [f"{lane}:{fault}" for lane, fault in sorted(self.faults.items())]
        parts += [f"{lane} paused" for lane in sorted(self.paused)]
        parts += [f"node {self.node}"] if self.node != "up" else []
        parts += ["unflushed"] if self.unflushed else []
        parts += [f"{lane} in hand" for lane, calls in sorted(self.calls.items()) if calls % 3]
        return ", ".join(parts) or "quiet"


class KafkaDraft:
    """A plan while it grows: takes a step only where the model says that it is applicable."""

    def __init__(self, subject: Subject) -> None:
        self._state = _State(subject)
        self._steps: list[Step] = []

    def offer(self, step: Step) -> bool:
        """Append the step if it is applicable here; whether it was."""
        step = _plain(step)
        applicable = _is_applicable(self._state, step)
        if applicable:
            _advance(self._state, step)
            self._steps.append(step)
        return applicable

    def kinds(self) -> frozenset[str]:
        """Kinds of step of which some are applicable here, by the names of `properties.kafka`."""
        state = self._state
        found = {"publish"}
        found |= {"create_topic"} if state.node == "up" else set()
        found |= {"work", "inject"} if state.messages else set()
        found |= {"kill_worker", "pause_worker"} if state.producer_lives or state.calls else set()
        found |= {"close"} if state.calls else set()
        found |= {"heal"} if state.faults else set()
        found |= {"flush"} if state.unflushed else set()
        found |= {"hold"} if state.pending() and state.last != "hold" else set()
        return frozenset(found)

    def plan(self) -> Plan:
        """The steps so far, without a tail that the driver's quiet tail repeats."""
        kept = list(self._steps)
        while kept and isinstance(kept[-1], (Hold, Heal, Resume, Restart, Flush, Await, Release)):
            kept.pop()
        return Plan(system=SYSTEM, subject=self._state.subject, steps=tuple(kept))


class KafkaModel:
    """Plans of one producer lane, up to two consumers of one group, one node."""

    def normalise(self, subject: Subject, steps: Sequence[Step]) -> Plan:
        draft = KafkaDraft(subject)
        for step in steps:
            draft.offer(step)
        return draft.plan()

    def amplified(self, plan: Plan) -> Plan:
        """The plan with its workload in copies on disjoint topics, each a chance of its own.

        What a plan does to new topics is done to as many more as there are, all else on
        `COPIES` topics side by side, unless a new topic is a hazard by itself. A group works
        off one topic: its plans come back as they are.
        """
        if plan.subject.consumer is not None:
            return plan
        if any(isinstance(step, CreateTopic) for step in plan.steps):
            return self.normalise(plan.subject, one_after_the_other(plan.steps, TOPICS))
        if plan.subject.topic_ready is TopicReady.CREATED:
            return plan
        return self.normalise(plan.subject, side_by_side(plan.steps, TOPICS, COPIES))

    def features(self, plan: Plan) -> frozenset[str]:
        found: set[str] = set()
        recent: list[str] = []
        for state, step in _walk(plan):
            event = _event_label(step)
            found.add(f"{event} | {state.label()}")
            found.update(
                f"{before} > {event} | {sorted(state.faults.values())}" for before in recent
            )
            recent = [*recent[-2:], event]
        return frozenset(found)

    def hazards_in_reach(self, plan: Plan) -> frozenset[str]:
        found: set[str] = set()
        for state, step in _walk(plan):
            found.update(_hazards_of(state, step))
        disturbed = any(isinstance(step, (Inject, Kill, Pause)) for step in plan.steps)
        if not disturbed and any(isinstance(step, Publish) for step in plan.steps):
            found.add("none")
        return frozenset(found)

    def broker_wide(self, plan: Plan) -> bool:
        return any(lane_of(step) == NODE for step in plan.steps)

    def seconds(self, plan: Plan) -> float:
        held = sum(step.ms for step in plan.steps if isinstance(step, Hold)) / 1000
        faults = sum(isinstance(step, Inject) for step in plan.steps)
        consumers = 0.7 if plan.subject.consumer else 0.0
        return 0.1 + held + 0.6 * faults + consumers + (2.5 if self.broker_wide(plan) else 0.0)


def _is_applicable(state: _State, step: Step) -> bool:
    lane = lane_of(step)
    if lane in state.paused and not isinstance(step, (Resume, Kill)):
        return False
    if lane in CONSUMERS and state.subject.consumer is None:
        return False
    rule = _APPLICABLE.get(type(step))
    return rule is not None and bool(rule(state, step))


def _plain(step: Step) -> Step:
    """Drop an argument that means nothing for this fault."""
    if isinstance(step, Inject):
        directed = step.fault in DIRECTED
        if not directed and step.direction is not None:
            return Inject(lane=step.lane, fault=step.fault)
        if directed and step.direction is None:
            return Inject(lane=step.lane, fault=step.fault, direction=Direction.UPSTREAM)
    return step


def _walk(plan: Plan) -> Iterator[tuple[_State, Step]]:
    state = _State(plan.subject)
    for step in plan.steps:
        yield state, step
        _advance(state, step)


def _linked(state: _State, lane: str) -> bool:
    owner = lane.removeprefix("link ")
    if lane == owner:
        return False
    return owner in PRODUCERS or (owner in CONSUMERS and owner in state.calls)


def _may_disturb_node(state: _State) -> bool:
    return state.node == "up" and state.messages > 0 and state.broker_faults < BROKER_FAULTS_MAX


def _may_kill(state: _State, step: Kill) -> bool:
    return _may_disturb_node(state) if step.lane == NODE else state.lives(step.lane)


def _may_pause(state: _State, step: Pause) -> bool:
    return _may_disturb_node(state) if step.lane == NODE else state.lives(step.lane)


def _may_resume(state: _State, step: Resume) -> bool:
    return state.node == "paused" if step.lane == NODE else step.lane in state.paused


_APPLICABLE: dict[type, Callable[[_State, Any], bool]] = {
    Publish: lambda state, step: (
        step.lane in PRODUCERS
        and step.topic in state.topics
        and step.partition < state.subject.partitions
        and state.messages + step.count <= MESSAGES_MAX
    ),
    Flush: lambda state, step: step.lane in PRODUCERS and state.unflushed > 0,
    Work: lambda state, step: (
        step.lane in CONSUMERS and state.messages > 0 and step.lane not in state.sent
    ),
    Close: lambda state, step: step.lane in CONSUMERS and state.lives(step.lane),
    Kill: _may_kill,
    Pause: _may_pause,
    Resume: _may_resume,
    Restart: lambda state, step: step.lane == NODE and state.node == "down",
    Inject: lambda state, step: step.lane not in state.faults and _linked(state, step.lane),
    Heal: lambda state, step: step.lane in state.faults,
    Hold: lambda state, _: state.last != "hold" and state.pending(),
    CreateTopic: lambda state, step: (
        step.topic in TOPICS and step.topic not in state.topics and state.node == "up"
    ),
    Await: lambda state, step: step.lane in state.sent,
    Arm: lambda state, step: state.lives(step.lane) and step.lane not in state.armed,
    Release: lambda state, step: step.lane in state.armed,
}


def _advance(state: _State, step: Step) -> None:
    """Apply an applicable step."""
    state.last = verb_of(step)
    if isinstance(step, (Publish, Flush, Work, Await)):
        _advance_calls(state, step)
    elif isinstance(step, (Kill, Close, Pause, Resume, Restart)):
        _advance_life(state, step)
    elif isinstance(step, Inject):
        state.faults[step.lane] = step.fault
    elif isinstance(step, Heal):
        del state.faults[step.lane]
    elif isinstance(step, CreateTopic):
        state.topics.add(step.topic)
        state.fresh.add(step.topic)
    elif isinstance(step, Arm):
        state.armed.add(step.lane)
    elif isinstance(step, Release):
        state.armed.discard(step.lane)


def _advance_calls(state: _State, step: Publish | Flush | Work | Await) -> None:
    if isinstance(step, Await):
        state.sent.discard(step.lane)
        return
    if isinstance(step, Publish):
        state.messages += step.count
        state.unflushed += step.count
        state.producer_lives = True
    elif isinstance(step, Flush):
        state.unflushed = 0
    else:
        state.calls[step.lane] = state.calls.get(step.lane, 0) + step.calls
    if step.wait is Wait.SENT:
        state.sent.add(step.lane)


def _advance_life(state: _State, step: Kill | Close | Pause | Resume | Restart) -> None:
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
        state.calls.pop(step.lane, None)
        if step.lane in PRODUCERS:
            state.producer_lives, state.unflushed = False, 0


def _event_label(step: Step) -> str:
    words = [verb_of(step)]
    if isinstance(step, Inject):
        words += [step.lane, step.fault, step.direction or ""]
    elif isinstance(step, Work):
        words += [step.lane, str(step.calls % 3)]
    elif isinstance(step, Publish):
        words += [f"t{'1' if step.topic == 't1' else 'n'}", "many" if step.count > 1 else "one"]
        words += ["keyed"] if step.key else []
    elif isinstance(step, (Kill, Pause, Close)):
        words.append(step.lane)
    return " ".join(word for word in words if word)


def _hazards_of(state: _State, step: Step) -> Iterator[str]:
    """Hazards that this step, in this state, may bring about."""
    if isinstance(step, (Publish, Work)):
        if fault := state.faults.get(f"link {step.lane}"):
            yield _FAULT_HAZARDS[fault]
        if state.node != "up":
            yield "broker_killed" if state.node == "down" else "broker_paused"
    if isinstance(step, Inject) and step.lane == "link p1" and state.unflushed:
        yield _FAULT_HAZARDS[step.fault]
    if isinstance(step, Publish) and step.topic in state.fresh:
        awaited = state.subject.topic_ready is TopicReady.ANSWERED
        yield "topic_answered" if awaited else "topic_just_created"
    if isinstance(step, Kill):
        yield from _hazards_of_kill(state, step)


def _hazards_of_kill(state: _State, step: Kill) -> Iterator[str]:
    if step.lane in PRODUCERS:
        yield "producer_killed"
        if state.unflushed:
            yield "producer_killed_unflushed"
    elif step.lane in CONSUMERS:
        yield "consumer_killed"
        yield "consumer_killed_in_hand"
