"""The pure model of a RabbitMQ plan: which step is applicable when, and what a plan covers."""

from collections.abc import Callable, Sequence
from typing import Any

from deliverycheck.plans.drafting import covered, directed, planned
from deliverycheck.plans.heartbeats import HEARTBEAT_S_MAX, heartbeat_s, silence_s
from deliverycheck.plans.plan import Plan
from deliverycheck.plans.queue_steps import (
    Bind,
    BreakChannel,
    CloseChannel,
    CrashLoop,
    Declare,
    MissHeartbeats,
    Request,
    Send,
    SetPolicy,
    Settle,
    Settlement,
    Starve,
    Take,
    Unbind,
)
from deliverycheck.plans.rabbitmq_reach import hazards_in_reach
from deliverycheck.plans.rabbitmq_state import (
    CONSUMERS,
    FURTHER_QUEUES,
    NODE,
    PRODUCERS,
    SYSTEM,
    RabbitState,
    advance,
    walk,
)
from deliverycheck.plans.replies import is_direct, reply_address
from deliverycheck.plans.step import Wait
from deliverycheck.plans.steps import (
    AbortTransaction,
    Arm,
    Await,
    Close,
    CommitTransaction,
    Flush,
    Heal,
    Hold,
    Inject,
    Kill,
    Pause,
    Release,
    Restart,
    Resume,
    Step,
    Work,
    lane_of,
    verb_of,
)
from deliverycheck.plans.subject import CommitPolicy, Subject, TopicReady
from deliverycheck.plans.topology import DEFAULT_EXCHANGE, Binding, Destination, Topology

MESSAGES_MAX = 130
"""A history stays readable, and taking them all takes milliseconds."""

BROKER_FAULTS_MAX = 1
"""One kill, pause or starving of the node a plan: each costs 3 to 4 s and has the broker alone."""

BINDINGS_MAX = 24
"""What a person can still follow; the broker would take any number."""

HASHES_MAX = 2
"""``#`` in one topic pattern: from 4.3.5 on a broker refuses more (406)."""

CRASHES_MAX = 8
"""In loops, of one plan, unless it has a single longer one: each takes some 0.15 s."""

SILENCES_MAX = 1
"""Each takes more than three seconds."""

_RESTORES = (Hold, Heal, Resume, Restart, Flush, Await, Release)


class RabbitDraft:
    """A plan while it grows: takes a step only where the model says that it is applicable."""

    def __init__(self, subject: Subject) -> None:
        self._state = RabbitState(subject)
        self._steps: list[Step] = []

    @property
    def topology(self) -> Topology:
        """What is declared by now."""
        return self._state.topology

    def offer(self, step: Step) -> bool:
        """Append the step if it is applicable here; whether it was."""
        step = directed(step) if isinstance(step, Inject) else step
        applicable = is_applicable(self._state, step)
        if applicable:
            advance(self._state, step)
            self._steps.append(step)
        return applicable

    def kinds(self) -> frozenset[str]:
        """Kinds of step of which some are applicable here, by the names of the vocabulary."""
        state = self._state
        found = {"send"}
        found |= {"route"} if state.topology.exchanges else set()
        found |= {"bind", "unbind"} if state.topology.exchanges and state.node == "up" else set()
        found |= {"declare"} if state.node == "up" else set()
        found |= {"limit"} if state.topology.limited_later and state.node == "up" else set()
        found |= {"request"} if reply_address(state.subject, PRODUCERS[0]) else set()
        if state.messages:
            found |= {"work", "take", "crash_loop", "inject"}
        found |= {"settle"} if any(state.in_hand.values()) else set()
        found |= {"kill_worker", "pause_worker"} if state.publishers or state.calls else set()
        found |= {"close", "close_channel"} if state.calls or state.publishers else set()
        found |= set() if state.by_streams else {"send_and_close"}
        found |= {"break_channel"} if state.is_shared and state.messages else set()
        found |= {"heal"} if state.faults else set()
        beating = any(heartbeat_s(state.subject, lane) for lane in (*PRODUCERS, *CONSUMERS))
        found |= {"miss_heartbeats"} if beating and state.messages else set()
        found |= {"flush"} if state.unflushed else set()
        found |= {"end_transaction"} if any(map(state.in_transaction, PRODUCERS)) else set()
        found |= {"hold"} if state.pending() and state.last != "hold" else set()
        return frozenset(found)

    def plan(self) -> Plan:
        """The steps so far, without a tail that the driver's quiet tail repeats."""
        kept = list(self._steps)
        while kept and isinstance(kept[-1], _RESTORES):
            kept.pop()
        return Plan(system=SYSTEM, subject=self._state.subject, steps=tuple(kept))


class RabbitModel:
    """Plans of up to two publishers, up to two consumers, one node, any topology."""

    nodes: tuple[str, ...] = (NODE,)
    amplifiers: tuple[Callable[[Plan], Plan], ...] = ()  # What one message meets, all do at once.

    def normalise(self, subject: Subject, steps: Sequence[Step]) -> Plan:
        return planned(RabbitDraft(subject), steps)

    def features(self, plan: Plan) -> frozenset[str]:
        return covered(walk(plan), _event_label)

    def hazards_in_reach(self, plan: Plan) -> frozenset[str]:
        return hazards_in_reach(plan)

    def broker_wide(self, plan: Plan) -> bool:
        return any(lane_of(step) == NODE for step in plan.steps)

    def seconds(self, plan: Plan) -> float:
        held = sum(step.ms for step in plan.steps if isinstance(step, Hold)) / 1000
        faults = sum(isinstance(step, Inject) for step in plan.steps)
        cycles = sum(step.cycles for step in plan.steps if isinstance(step, CrashLoop))
        held += sum(
            silence_s(heartbeat_s(plan.subject, step.lane) or 0)
            for step in plan.steps
            if isinstance(step, MissHeartbeats)
        )
        consumers = 0.4 if plan.subject.consumer else 0.0
        node = 4.0 if self.broker_wide(plan) else 0.0
        return 0.2 + held + 0.6 * faults + 0.15 * cycles + consumers + node


def is_applicable(state: RabbitState, step: Step) -> bool:
    """Whether the step can be done, as far as the model knows."""
    lane = lane_of(step)
    if lane is not None and state.is_paused(lane) and not isinstance(step, (Resume, Kill)):
        return False
    if lane in CONSUMERS and state.subject.consumer is None:
        return False
    rule = _APPLICABLE.get(type(step))
    return rule is not None and bool(rule(state, step))


def _linked(state: RabbitState, lane: str) -> bool:
    owner = lane.removeprefix("link ")
    if lane != state.link(owner):
        return False
    return owner == PRODUCERS[0] or state.lives(owner)


def _may_disturb_node(state: RabbitState) -> bool:
    return state.node == "up" and state.messages > 0 and state.broker_faults < BROKER_FAULTS_MAX


def _may_hit(state: RabbitState, step: Kill | Pause) -> bool:
    return _may_disturb_node(state) if step.lane == NODE else state.lives(step.lane)


def _may_miss_heartbeats(state: RabbitState, step: MissHeartbeats) -> bool:
    """Nothing else keeps the client from the broker, and it has asked for heartbeats."""
    heartbeat = heartbeat_s(state.subject, step.lane)
    reached = state.node == "up" and state.link(step.lane) not in state.faults
    soon = heartbeat is not None and heartbeat <= HEARTBEAT_S_MAX
    return state.lives(step.lane) and reached and soon and state.silences < SILENCES_MAX


def _may_break(state: RabbitState, step: BreakChannel) -> bool:
    """Others have the same connection, and the broker's answer cannot be taken for a fault's."""
    undisturbed = state.node == "up" and state.link(step.lane) not in state.faults
    free = step.lane not in state.sent
    return state.is_shared and state.lives(step.lane) and undisturbed and free


def _may_resume(state: RabbitState, step: Resume) -> bool:
    if step.lane == NODE:
        return state.node in {"paused", "starved"}
    return step.lane in state.paused


def _may_send(state: RabbitState, step: Send) -> bool:
    if state.by_streams and not _goes_to_stream(state, step):
        return False
    exchange = state.topology.exchange(step.exchange)
    there = step.exchange == DEFAULT_EXCHANGE or (exchange is not None and not exchange.internal)
    return step.lane in PRODUCERS and there and state.messages + step.count <= MESSAGES_MAX


def _goes_to_stream(state: RabbitState, step: Send) -> bool:
    to_stream = step.exchange == DEFAULT_EXCHANGE and state.is_stream(step.key)
    bare = not step.headers and step.expires_ms is None and step.priority is None
    return step.lane == PRODUCERS[0] and to_stream and bare


def _may_request(state: RabbitState, step: Request) -> bool:
    """Somebody replies, and there is a place for the reply."""
    address = reply_address(state.subject, step.lane)
    if address is None or state.subject.consumer is None:
        return False
    declared = is_direct(address) or state.topology.queue(address) is not None
    there = state.topology.queue(step.queue) is not None
    return declared and there and _may_send(state, step.sending)


def _by_stream_client(state: RabbitState, lane: str) -> bool:
    """Whether only its process knows the ids by which a stream drops what is sent again."""
    return state.by_streams and lane in PRODUCERS


def _may_consume(state: RabbitState, step: Work | Take | CrashLoop) -> bool:
    return step.lane in CONSUMERS and state.messages > 0 and step.lane not in state.sent


def _may_settle(state: RabbitState, step: Settle) -> bool:
    consumer = state.subject.consumer
    automatic = consumer is not None and consumer.commit is CommitPolicy.AUTO
    acks = step.how is Settlement.ACK
    return state.in_hand.get(step.lane, 0) > 0 and (acks or not automatic)


def _may_declare(state: RabbitState, step: Declare) -> bool:
    """A claim of queues just declared speaks of the kinds that its subject has, and of no other."""
    young = state.subject.topic_ready is TopicReady.CREATED
    if young and step.queue.kind not in {queue.kind for queue in state.topology.queues}:
        return False
    free = step.queue.name in FURTHER_QUEUES and state.topology.queue(step.queue.name) is None
    leads = (state.topology.exchange(each.source) for each in step.bindings)
    own = all(each.destination == step.queue.name for each in step.bindings)
    return state.node == "up" and free and own and all(leads) and not state.by_streams


def _may_bind(state: RabbitState, step: Bind) -> bool:
    topology, binding = state.topology, step.binding
    return (
        state.node == "up"
        and binding not in topology.bindings
        and len(topology.bindings) < BINDINGS_MAX
        and topology.exchange(binding.source) is not None
        and binding.key.split(".").count("#") <= HASHES_MAX
        and _is_there(topology, binding)
    )


def _is_there(topology: Topology, binding: Binding) -> bool:
    if binding.to is Destination.QUEUE:
        return topology.queue(binding.destination) is not None
    return topology.exchange(binding.destination) is not None


_APPLICABLE: dict[type, Callable[[RabbitState, Any], bool]] = {
    Send: _may_send,
    Request: _may_request,
    Flush: lambda state, step: (
        step.lane in state.publishers and state.publishers[step.lane].unflushed > 0
    ),
    CommitTransaction: lambda state, step: (
        state.in_transaction(step.lane) and step.wait is not Wait.CONFIRMED
    ),
    AbortTransaction: lambda state, step: state.in_transaction(step.lane),
    Work: _may_consume,
    Take: _may_consume,
    CrashLoop: lambda state, step: (
        _may_consume(state, step)
        and not state.is_shared
        and (not state.crashes or state.crashes + step.cycles <= CRASHES_MAX)
    ),
    Settle: _may_settle,
    Close: lambda state, step: state.lives(step.lane) and not _by_stream_client(state, step.lane),
    CloseChannel: lambda state, step: (
        state.lives(step.lane) and step.lane not in state.sent and not state.by_streams
    ),
    BreakChannel: _may_break,
    Kill: _may_hit,
    Pause: _may_hit,
    Starve: lambda state, step: step.lane == NODE and _may_disturb_node(state),
    MissHeartbeats: _may_miss_heartbeats,
    Resume: _may_resume,
    Restart: lambda state, step: step.lane == NODE and state.node == "down",
    Inject: lambda state, step: step.lane not in state.faults and _linked(state, step.lane),
    Heal: lambda state, step: step.lane in state.faults,
    Hold: lambda state, _: state.last != "hold" and state.pending(),
    Declare: _may_declare,
    Bind: _may_bind,
    Unbind: lambda state, step: state.node == "up" and step.binding in state.topology.bindings,
    SetPolicy: lambda state, step: (
        state.node == "up" and step.queue in state.topology.limited_later
    ),
    Await: lambda state, step: step.lane in state.sent,
    Arm: lambda state, step: (
        state.lives(step.lane) and step.lane not in state.armed and not state.is_shared
    ),
    Release: lambda state, step: step.lane in state.armed,
}


def _event_label(step: Step) -> str:
    words = [verb_of(step)]
    if isinstance(step, Inject):
        words += [step.lane, step.fault, step.direction or ""]
    elif isinstance(step, (Work, Take)):
        words += [step.lane, str((step.calls if isinstance(step, Work) else step.count) % 3)]
    elif isinstance(step, Request):
        words += [step.lane, "many" if step.count > 1 else "one"]
    elif isinstance(step, Send):
        words += [step.exchange or "default", "many" if step.count > 1 else "one"]
        words += ["expires"] if step.expires_ms is not None else []
        words += ["priority"] if step.priority is not None else []
    elif isinstance(step, Settle):
        words += [step.how, step.pick, "requeue" if step.requeue else ""]
    elif isinstance(step, (Bind, Unbind)):
        words += [step.binding.source, step.binding.to]
    elif isinstance(step, (Kill, Pause, Starve, Close, CloseChannel, BreakChannel, MissHeartbeats)):
        words.append(step.lane)
    return " ".join(word for word in words if word)
