"""The hazards that a RabbitMQ plan may bring about, as far as its steps tell."""

from collections.abc import Callable, Iterator
from typing import Any

from deliverycheck.plans.plan import Plan
from deliverycheck.plans.queue_steps import (
    BreakChannel,
    CloseChannel,
    CrashLoop,
    MissHeartbeats,
    Request,
    Send,
    SetPolicy,
    Settle,
    Settlement,
    Starve,
    Take,
)
from deliverycheck.plans.rabbitmq_state import (
    CONSUMERS,
    PRODUCERS,
    RabbitState,
    walk,
)
from deliverycheck.plans.steps import (
    AbortTransaction,
    Close,
    FaultKind,
    Hold,
    Inject,
    Kill,
    Pause,
    Step,
    Work,
)
from deliverycheck.plans.subject import CommitPolicy, TopicReady
from deliverycheck.plans.topology import Overflow, Queue

_FAULT_HAZARDS = {
    FaultKind.LOSE_REPLY: "lost_reply",
    FaultKind.LOSE_REQUEST: "lost_request",
    FaultKind.TORN_REQUEST: "lost_request",
    FaultKind.BLACK_HOLE: "black_hole",
    FaultKind.STALL: "stall",
    FaultKind.DELAY: "delay",
    FaultKind.REFUSE: "refuse",
}
_NODE_HAZARDS = {"down": "broker_killed", "paused": "broker_paused", "starved": "broker_starved"}
OFTEN = 20
"""More deliveries than that are a hazard of their own: quorum queues have that limit by default."""

_DISTURBS = (Inject, Kill, Pause, Starve, CrashLoop, MissHeartbeats, BreakChannel)
_TRAFFIC = (Send, Request, Work, Take, Settle)
_CUTS = frozenset(
    {FaultKind.LOSE_REPLY, FaultKind.LOSE_REQUEST, FaultKind.TORN_REQUEST, FaultKind.REFUSE}
)


def hazards_in_reach(plan: Plan) -> frozenset[str]:
    """Each hazard that some step, in its state, may bring about; ``none`` without a disturbance."""
    found: set[str] = set()
    for state, step in walk(plan):
        found.update(_hazards_of(state, step))
    disturbed = any(isinstance(step, _DISTURBS) for step in plan.steps)
    if not disturbed and any(isinstance(step, (Send, Request)) for step in plan.steps):
        found.add("none")
    return frozenset(found)


def _hazards_of(state: RabbitState, step: Step) -> Iterator[str]:
    """Hazards that this step, in this state, may bring about."""
    if isinstance(step, _TRAFFIC):
        if fault := state.faults.get(state.link(step.lane)):
            yield _FAULT_HAZARDS[fault]
        if state.node != "up":
            yield _NODE_HAZARDS[state.node]
    if isinstance(step, Inject):
        yield from _hazards_of_inject(state, step)
    if isinstance(step, AbortTransaction):
        yield "transaction_aborted"
    more = _MORE.get(type(step))
    if more is not None:
        yield from more(state, step)


def _hazards_of_inject(state: RabbitState, step: Inject) -> Iterator[str]:
    owner = step.lane.removeprefix("link ")
    if any(_unflushed(state, lane) for lane in state.together(owner)):
        yield _FAULT_HAZARDS[step.fault]
    if owner in state.asked and step.fault in _CUTS:
        yield "requester_cut"


def _hazards_of_send(state: RabbitState, step: Send) -> Iterator[str]:
    reached = state.reached(step)
    if step.expires_ms is not None:
        yield "message_timed"
    if not reached:
        yield "unroutable"
    for name in reached:
        queue = state.topology.queue(name) or Queue(name=name)
        stood = state.stands.get(name, 0) + step.count
        if queue.length_max is not None and stood > queue.length_max:
            yield "length_reached"
            yield from ["dead_letters_moved"] if name in state.moved else []
            if queue.overflow is Overflow.REJECT_PUBLISH:
                yield "publish_refused"
        if queue.expires_ms is not None or step.expires_ms is not None:
            yield "expired"


def _hazards_of_request(state: RabbitState, step: Request) -> Iterator[str]:
    yield from _hazards_of_send(state, step.sending)
    if state.faults.get(state.link(step.lane)) in _CUTS or state.node == "down":
        yield "requester_cut"


def _hazards_of_policy(state: RabbitState, step: SetPolicy) -> Iterator[str]:
    stands = state.stands.get(step.queue, 0)
    if step.definition and stands:
        yield "limited_in_use"
    limit = step.definition.get("length_max")
    if isinstance(limit, int) and stands > limit:
        yield "shortened_in_use"


def _hazards_of_settle(state: RabbitState, step: Settle) -> Iterator[str]:
    if step.how is Settlement.ACK:
        return
    if step.requeue:
        yield "requeued"
        return
    yield "rejected"
    yield from ["dead_letters_moved"] if state.queue_of(step.lane) in state.moved else []
    queue = state.topology.queue(state.queue_of(step.lane))
    if queue is not None and queue.dead_letter_exchange is not None:
        yield from _of_dead_letters(state, queue)


def _of_dead_letters(state: RabbitState, queue: Queue) -> Iterator[str]:
    yield "dead_lettered"
    target = state.topology.queue(queue.dead_letter_key or "")
    if target is None or target.length_max is not None:
        yield "dead_letters_refused"


def _hazards_of_kill(state: RabbitState, step: Kill) -> Iterator[str]:
    if step.lane in {*PRODUCERS, *CONSUMERS}:
        for lane in filter(state.lives, state.together(step.lane)):
            yield from _of_killed_client(state, lane)
    else:
        yield from ["broker_killed"] if state.unflushed else []
        yield from ("node_killed", "broker_killed_holding")
        yield from ["requester_cut"] if state.asked else []
        yield from ["broker_killed_committing"] if state.committing else []
        if state.fresh or state.subject.topic_ready is TopicReady.CREATED:
            yield "queue_just_declared"


def _of_killed_client(state: RabbitState, lane: str) -> Iterator[str]:
    if lane in CONSUMERS:
        yield from _of_killed_consumer(state, lane)
        return
    yield "producer_killed"
    yield from ["requester_killed"] if lane in state.asked else []
    yield from ["producer_killed_unflushed"] if _unflushed(state, lane) else []


def _of_killed_consumer(state: RabbitState, lane: str) -> Iterator[str]:
    if not state.stands.get(state.queue_of(lane)):
        return
    yield "consumer_killed"
    if state.in_hand.get(lane) or state.calls.get(lane, 0) % _cycle(state):
        yield "consumer_killed_in_hand"


def _cycle(state: RabbitState) -> int:
    """Calls for one message: receive, handle, effect, and an ack unless that is automatic."""
    consumer = state.subject.consumer
    if consumer is None:
        return 1
    return 2 + bool(consumer.handling_ms) + (consumer.commit is not CommitPolicy.AUTO)


def _hazards_of_crash_loop(state: RabbitState, step: CrashLoop) -> Iterator[str]:
    queue = state.topology.queue(state.queue_of(step.lane))
    if not state.stands.get(state.queue_of(step.lane)):
        return
    yield from ("consumer_killed", "consumer_killed_in_hand")
    yield from ["handed_out_often"] if step.cycles > OFTEN else []
    if queue is None or queue.delivery_limit is None or step.cycles <= queue.delivery_limit:
        return
    yield "delivery_limit_reached"
    yield from ["dead_lettered"] if queue.dead_letter_exchange is not None else []


def _hazards_of_work(state: RabbitState, step: Work | Take) -> Iterator[str]:
    queue = state.queue_of(step.lane)
    if any(lane != step.lane and state.queue_of(lane) == queue for lane in state.calls):
        yield "two_consumers"


def _hazards_of_close(state: RabbitState, step: Close) -> Iterator[str]:
    for lane in state.together(step.lane):
        yield from _of_closed_client(state, lane)


def _hazards_of_closed_channel(state: RabbitState, step: CloseChannel) -> Iterator[str]:
    yield from _of_closed_client(state, step.lane)
    if any(state.lives(lane) for lane in state.together(step.lane) if lane != step.lane):
        yield "channel_closed_beside"


def _hazards_of_broken_channel(state: RabbitState, step: BreakChannel) -> Iterator[str]:
    if any(state.lives(lane) for lane in state.together(step.lane) if lane != step.lane):
        yield "channel_broken_beside"


def _of_closed_client(state: RabbitState, lane: str) -> Iterator[str]:
    if state.in_hand.get(lane):
        yield "closed_in_hand"
    if _unflushed(state, lane):
        yield "closed_unconfirmed"
    if lane in state.calls and _has_heir(state, lane):
        yield "handed_over"


def _has_heir(state: RabbitState, lane: str) -> bool:
    """Messages stand in its queue, and another consumer has it too."""
    queue = state.queue_of(lane)
    others = (one for one in state.calls if one != lane and state.queue_of(one) == queue)
    return bool(state.stands.get(queue)) and any(others)


def _hazards_of_hold(state: RabbitState, _: Hold) -> Iterator[str]:
    for queue in state.topology.queues:
        if queue.expires_ms is not None and state.stands.get(queue.name):
            yield "expired"
            yield from ["dead_lettered"] if queue.dead_letter_exchange is not None else []
            yield from ["dead_letters_moved"] if queue.name in state.moved else []


def _unflushed(state: RabbitState, lane: str) -> bool:
    return lane in state.publishers and state.publishers[lane].unflushed > 0


_MORE: dict[type, Callable[[RabbitState, Any], Iterator[str]]] = {
    Send: _hazards_of_send,
    Request: _hazards_of_request,
    SetPolicy: _hazards_of_policy,
    Settle: _hazards_of_settle,
    Kill: _hazards_of_kill,
    CrashLoop: _hazards_of_crash_loop,
    Work: _hazards_of_work,
    Take: _hazards_of_work,
    Close: _hazards_of_close,
    CloseChannel: _hazards_of_closed_channel,
    BreakChannel: _hazards_of_broken_channel,
    Hold: _hazards_of_hold,
    MissHeartbeats: lambda _, __: iter(["heartbeats_missed"]),
}
