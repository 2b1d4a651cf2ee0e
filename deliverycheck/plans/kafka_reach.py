"""The hazards that a Kafka plan may bring about, as far as its steps tell."""

from collections.abc import Iterable, Iterator

from deliverycheck.plans.kafka_state import (
    CONSUMERS,
    PRODUCERS,
    Place,
    PlanState,
    place_of,
    walk,
)
from deliverycheck.plans.plan import Plan
from deliverycheck.plans.steps import (
    AbortTransaction,
    FaultKind,
    Inject,
    Kill,
    Pause,
    Publish,
    Step,
    Work,
)
from deliverycheck.plans.subject import CommitPolicy, Consumer, TopicReady

_FAULT_HAZARDS = {
    FaultKind.LOSE_REPLY: "lost_reply",
    FaultKind.LOSE_REQUEST: "lost_request",
    FaultKind.TORN_REQUEST: "lost_request",
    FaultKind.BLACK_HOLE: "black_hole",
    FaultKind.STALL: "stall",
    FaultKind.DELAY: "delay",
    FaultKind.REFUSE: "refuse",
}


def hazards_in_reach(plan: Plan) -> frozenset[str]:
    """Each hazard that some step, in its state, may bring about; ``none`` without a disturbance."""
    found: set[str] = set()
    for state, step in walk(plan):
        found.update(_hazards_of(state, step))
    disturbed = any(isinstance(step, (Inject, Kill, Pause)) for step in plan.steps)
    if not disturbed and any(isinstance(step, Publish) for step in plan.steps):
        found.add("none")
    return frozenset(found)


def _hazards_of(state: PlanState, step: Step) -> Iterator[str]:
    """Hazards that this step, in this state, may bring about."""
    if isinstance(step, (Publish, Work)):
        if fault := state.faults.get(f"link {step.lane}"):
            yield _FAULT_HAZARDS[fault]
        if state.node != "up":
            yield "broker_killed" if state.node == "down" else "broker_paused"
    if isinstance(step, Publish) and state.node == "down" and _are_first(state, [place_of(step)]):
        yield "first_write_broker_killed"
    if isinstance(step, Inject) and step.lane == "link p1" and state.unflushed:
        yield _FAULT_HAZARDS[step.fault]
    if isinstance(step, Publish) and step.topic in state.fresh:
        awaited = state.subject.topic_ready is TopicReady.ANSWERED
        yield "topic_answered" if awaited else "topic_just_created"
    if isinstance(step, AbortTransaction):
        yield "transaction_aborted"
    if isinstance(step, Kill):
        yield from _hazards_of_kill(state, step)


def _hazards_of_kill(state: PlanState, step: Kill) -> Iterator[str]:
    if step.lane in PRODUCERS:
        yield "producer_killed"
        if state.unflushed:
            yield "producer_killed_unflushed"
    elif step.lane in CONSUMERS and (consumer := state.subject.consumer) is not None:
        yield from _hazards_of_killed_consumer(state, consumer, state.calls[step.lane])
    else:
        yield from ["broker_killed"] if state.unflushed else []
        yield from ["first_write_broker_killed"] if _are_first(state, state.unconfirmed) else []


def _hazards_of_killed_consumer(state: PlanState, consumer: Consumer, calls: int) -> Iterator[str]:
    """What is likely: each cycle finds a message while there is one."""
    cycles, begun = divmod(calls, _cycle(consumer))
    if state.for_group and calls:
        yield "consumer_killed"
        if begun and cycles < state.for_group:
            yield "consumer_killed_in_hand"


def _cycle(consumer: Consumer) -> int:
    """Calls for one message: receive, handle, effect, and what the commit policy adds."""
    return 2 + bool(consumer.handling_ms) + (consumer.commit is not CommitPolicy.AUTO)


def _are_first(state: PlanState, places: Iterable[Place]) -> bool:
    """Whether one of them may be the producer's first to its partition."""
    anywhere = range(state.subject.partitions)
    return any(
        (topic, number) not in state.confirmed
        for topic, partition in places
        for number in (anywhere if partition is None else (partition,))
    )
