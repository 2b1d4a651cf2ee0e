"""What is known of a Kafka plan before each of its steps, from the steps before it alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from deliverycheck.plans.plan import Plan
from deliverycheck.plans.steps import (
    AbortTransaction,
    Arm,
    Await,
    Close,
    CommitTransaction,
    CreateTopic,
    FaultKind,
    Flush,
    Heal,
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
    verb_of,
)
from deliverycheck.plans.subject import Subject

SYSTEM = "kafka"
PRODUCERS = ("p1",)
CONSUMERS = ("c1", "c2")
NODE = "b1"
GROUP_TOPIC = "t1"
TOPICS = tuple(f"t{number}" for number in range(1, 32))

Place = tuple[str, int | None]
"""Topic and partition; ``None`` where the client's partitioner chooses."""


@dataclass(slots=True)
class PlanState:
    """What is known before a step, from the steps before it alone."""

    subject: Subject
    topics: set[str] = field(default_factory=lambda: {GROUP_TOPIC})
    fresh: set[str] = field(default_factory=set)
    messages: int = 0
    unflushed: int = 0
    confirmed: set[Place] = field(default_factory=set)
    unconfirmed: set[Place] = field(default_factory=set)
    producer_lives: bool = False
    in_transaction: bool = False
    for_group: int = 0
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
        disturbed = self.faults or self.paused or self.node != "up"
        return bool(disturbed or self.unflushed or self.calls or self.in_transaction)

    def label(self) -> str:
        """The state as coverage sees it: what is disturbed, what is in hand."""
        parts = [f"{lane}:{fault}" for lane, fault in sorted(self.faults.items())]
        parts += [f"{lane} paused" for lane in sorted(self.paused)]
        parts += [f"node {self.node}"] if self.node != "up" else []
        parts += ["unflushed"] if self.unflushed else []
        parts += ["in a transaction"] if self.in_transaction else []
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
    if isinstance(step, (Publish, Flush, Work, Await)):
        _advance_calls(state, step)
    elif isinstance(step, (CommitTransaction, AbortTransaction)):
        state.in_transaction = False
        state.unflushed = 0  # A commit waits for all confirms; an abort drops what has none.
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


def _advance_calls(state: PlanState, step: Publish | Flush | Work | Await) -> None:
    if isinstance(step, Await):
        state.sent.discard(step.lane)
        return
    if isinstance(step, Publish):
        state.messages += step.count
        state.for_group += step.count if step.topic == GROUP_TOPIC else 0
        state.unflushed += step.count
        state.producer_lives = True
        state.in_transaction = state.subject.is_transactional
        _of(state, step).add(place_of(step))
    elif isinstance(step, Flush):
        state.unflushed = 0
        state.confirmed |= state.unconfirmed
        state.unconfirmed.clear()
    else:
        state.calls[step.lane] = state.calls.get(step.lane, 0) + step.calls
    if step.wait is Wait.SENT:
        state.sent.add(step.lane)


def _of(state: PlanState, step: Publish) -> set[Place]:
    """The places that the publish joins: known to the producer after it, or not yet."""
    waits = step.wait is Wait.CONFIRMED and state.node == "up"
    return state.confirmed if waits else state.unconfirmed


def place_of(step: Publish) -> Place:
    """Where the publish goes, as far as the plan says."""
    return step.topic, None if step.key else step.partition


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
        state.calls.pop(step.lane, None)
        if step.lane in PRODUCERS:
            state.producer_lives, state.unflushed, state.in_transaction = False, 0, False
            state.confirmed.clear()  # Of the next incarnation no partition knows anything.
            state.unconfirmed.clear()
