"""What is known of a RabbitMQ plan before each of its steps, from the steps before it alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

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
    Starve,
    Take,
    Unbind,
)
from deliverycheck.plans.routing import (
    NoSuchExchangeError,
    dead_letter_routes,
    routes,
    with_binding,
    without_binding,
)
from deliverycheck.plans.step import Wait
from deliverycheck.plans.steps import (
    AbortTransaction,
    Arm,
    Await,
    Close,
    CommitTransaction,
    FaultKind,
    Flush,
    Heal,
    Inject,
    Kill,
    Pause,
    Release,
    Restart,
    Resume,
    Step,
    Work,
    verb_of,
)
from deliverycheck.plans.subject import Connection, Subject
from deliverycheck.plans.topology import Queue, QueueKind, Topology

SYSTEM = "rabbitmq"
PRODUCERS = ("p1", "p2")
CONSUMERS = ("c1", "c2")
NODE = "b1"
FIRST_QUEUE = "q1"
FURTHER_QUEUES = ("q5", "q6", "q7", "q8")
"""Names for queues that a plan declares on its way."""

_TAKEN: dict[type[Step], str] = {Kill: "down", Pause: "paused", Starve: "starved"}
"""What becomes of a node that is disturbed."""

STREAM_CLIENT = "rstream"
"""A subject with this client publishes to streams by their own protocol, and to nothing else."""

PLAIN = Topology(queues=(Queue(name=FIRST_QUEUE),))
"""What a subject without a topology is put to: one durable classic queue."""


@dataclass(slots=True)
class PublisherState:
    """What is known of the present incarnation of a publisher."""

    unflushed: int = 0
    in_transaction: bool = False


@dataclass(slots=True)
class RabbitState:
    """What is known before a step, from the steps before it alone.

    Attributes:
        topology: what is declared by now.
        stands: messages that came to each queue, and that nobody surely took.
        handed: those that some consumer may have been handed.
        in_hand: by consumer that lives, what it may hold.
        asked: requests of each requester to which it knows no reply.
        committing: a commit was sent, and nobody waited for its answer.
        fresh: queues that the plan itself declared, since the node was last disturbed.
        silences: times that heartbeats were missed.
        moved: queues that got another place for their dead while messages stood in them.
    """

    subject: Subject
    topology: Topology = PLAIN
    messages: int = 0
    publishers: dict[str, PublisherState] = field(default_factory=dict)
    stands: dict[str, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    in_hand: dict[str, int] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    faults: dict[str, FaultKind] = field(default_factory=dict)
    node: str = "up"
    broker_faults: int = 0
    sent: set[str] = field(default_factory=set)
    armed: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    committing: bool = False
    returned: bool = False
    crashes: int = 0
    silences: int = 0
    last: str = ""

    def __post_init__(self) -> None:
        self.topology = self.subject.topology or PLAIN

    def lives(self, lane: str) -> bool:
        return lane in self.publishers or lane in self.calls

    @property
    def is_shared(self) -> bool:
        """Whether all clients are channels of one connection."""
        return self.subject.connection is Connection.SHARED

    def together(self, lane: str) -> tuple[str, ...]:
        """The clients that speak by the same connection as that lane: what ends it ends all."""
        return (*PRODUCERS, *CONSUMERS) if self.is_shared else (lane,)

    def link(self, lane: str) -> str:
        """The link that the client speaks by."""
        return f"link {PRODUCERS[0] if self.is_shared else lane}"

    def is_paused(self, lane: str) -> bool:
        """Whether its process stands still."""
        return any(one in self.paused for one in self.together(lane))

    @property
    def unflushed(self) -> bool:
        """Whether some publisher has messages that were not waited for."""
        return any(publisher.unflushed for publisher in self.publishers.values())

    @property
    def by_streams(self) -> bool:
        """Whether publishers know streams alone, and by one link: there is one publisher."""
        return self.subject.client == STREAM_CLIENT

    def is_stream(self, name: str) -> bool:
        queue = self.topology.queue(name)
        return queue is not None and queue.kind is QueueKind.STREAM

    def in_transaction(self, lane: str) -> bool:
        return lane in self.publishers and self.publishers[lane].in_transaction

    def pending(self) -> bool:
        """Whether time may change anything."""
        disturbed = self.faults or self.paused or self.node != "up"
        return bool(disturbed or self.unflushed or self.calls or self.messages)

    def reached(self, step: Send) -> frozenset[str]:
        """The queues that its messages come to."""
        try:
            return routes(self.topology, step.exchange, step.key, step.headers)
        except NoSuchExchangeError:
            return frozenset()

    def after_its_time(self, queue: str, step: Send) -> frozenset[str]:
        """The queues that its messages go on to from that one if they are left to wait."""
        declared = self.topology.queue(queue)
        if declared is None or declared.expires_ms is None:
            return frozenset()
        return dead_letter_routes(self.topology, queue, step.key)

    def queue_of(self, lane: str) -> str:
        """The queue that the consumer works off."""
        consumer = self.subject.consumer
        own = [queue.name for queue in self.topology.queues]
        if consumer is None:
            return own[0]
        named = str(consumer.settings.get("queue", own[0]))
        group = consumer.group_of(lane)
        return named if group == 0 else [name for name in own if name != named][group - 1]

    def label(self) -> str:
        """The state as coverage sees it: what is disturbed, what is in hand."""
        parts = [f"{lane}:{fault}" for lane, fault in sorted(self.faults.items())]
        parts += [f"{lane} paused" for lane in sorted(self.paused)]
        parts += [f"node {self.node}"] if self.node != "up" else []
        parts += ["unflushed"] if self.unflushed else []
        parts += ["in a transaction"] if any(map(self.in_transaction, self.publishers)) else []
        parts += [f"{lane} holds" for lane, held in sorted(self.in_hand.items()) if held]
        parts += [f"{lane} waits for a reply" for lane in sorted(self.asked)]
        parts += ["returned"] if self.returned else []
        return ", ".join(parts) or "quiet"


def walk(plan: Plan) -> Iterator[tuple[RabbitState, Step]]:
    """Each step with the state before it; the state changes in place."""
    state = RabbitState(plan.subject)
    for step in plan.steps:
        yield state, step
        advance(state, step)


def advance(state: RabbitState, step: Step) -> None:
    """Apply an applicable step."""
    state.last = verb_of(step)
    if isinstance(step, Send):
        _advance_send(state, step)
    elif isinstance(step, Request):
        _advance_send(state, step.sending)
        state.asked[step.lane] = state.asked.get(step.lane, 0) + step.count
    elif isinstance(step, (Work, Take, Settle, CrashLoop)):
        _advance_consumer(state, step)
    elif isinstance(step, (CloseChannel, BreakChannel)):
        _end(state, step.lane)
    elif isinstance(step, (Kill, Close, Pause, Starve, Resume, Restart)):
        _advance_life(state, step)
    elif isinstance(step, MissHeartbeats):
        state.silences += 1
    elif isinstance(step, (Declare, Bind, Unbind, SetPolicy)):
        _advance_topology(state, step)
    else:
        _advance_rest(state, step)


def _advance_send(state: RabbitState, step: Send) -> None:
    state.messages += step.count
    publisher = state.publishers.setdefault(step.lane, PublisherState())
    publisher.unflushed += 0 if step.wait is Wait.CONFIRMED else step.count
    publisher.in_transaction = bool(state.subject.producer.get("transactional"))
    for queue in state.reached(step):
        for place in (queue, *state.after_its_time(queue, step)):
            state.stands[place] = state.stands.get(place, 0) + step.count
    if step.wait is Wait.SENT:
        state.sent.add(step.lane)


def _advance_consumer(state: RabbitState, step: Work | Take | Settle | CrashLoop) -> None:
    lane = step.lane
    if isinstance(step, CrashLoop):
        state.crashes += step.cycles
        state.calls.pop(lane, None)
        state.in_hand.pop(lane, None)
        return
    state.calls[lane] = state.calls.get(lane, 0) + (step.calls if isinstance(step, Work) else 1)
    held = state.in_hand.get(lane, 0)
    if isinstance(step, Take):
        state.in_hand[lane] = held + min(step.count, state.stands.get(state.queue_of(lane), 0))
    elif isinstance(step, Settle):
        state.returned = state.returned or step.requeue
        whole = step.pick not in {"first", "last", "every_second"}
        state.in_hand[lane] = 0 if whole else max(0, held - 1)
    elif step.wait is Wait.SENT:
        state.sent.add(lane)


def _advance_life(
    state: RabbitState, step: Kill | Close | Pause | Starve | Resume | Restart
) -> None:
    if step.lane == NODE:
        state.node = _TAKEN.get(type(step), "up")
        state.broker_faults += isinstance(step, (Kill, Pause, Starve))
        state.fresh.clear()
    elif isinstance(step, Pause):
        state.paused.add(step.lane)
    elif isinstance(step, Resume):
        state.paused.discard(step.lane)
    else:
        for lane in state.together(step.lane):
            _end(state, lane)


def _end(state: RabbitState, lane: str) -> None:
    """Nobody plays the lane."""
    for those in (state.paused, state.sent, state.armed):
        those.discard(lane)
    for those_by_lane in (state.calls, state.in_hand, state.publishers, state.asked):
        those_by_lane.pop(lane, None)


def _advance_topology(state: RabbitState, step: Declare | Bind | Unbind | SetPolicy) -> None:
    if isinstance(step, Declare):
        queues = (*state.topology.queues, step.queue)
        state.topology = replace(state.topology, queues=queues)
        for binding in step.bindings:
            state.topology = with_binding(state.topology, binding)
        state.fresh.add(step.queue.name)
    elif isinstance(step, Bind):
        state.topology = with_binding(state.topology, step.binding)
    elif isinstance(step, Unbind):
        state.topology = without_binding(state.topology, step.binding)
    else:
        _limit(state, step)


def _limit(state: RabbitState, step: SetPolicy) -> None:
    """The queue as it was declared, with the policy; the one before it is gone."""
    declared = (state.subject.topology or PLAIN).queue(step.queue)
    if declared is not None:
        queues = {each.name: each for each in state.topology.queues}
        before, now = queues[step.queue], step.limited(declared)
        state.topology = replace(
            state.topology, queues=tuple((queues | {step.queue: now}).values())
        )
        if _place_of_dead(before) != _place_of_dead(now) and state.stands.get(step.queue):
            state.moved.add(step.queue)


def _place_of_dead(queue: Queue) -> tuple[str | None, str | None]:
    return queue.dead_letter_exchange, queue.dead_letter_key


def _advance_rest(state: RabbitState, step: Step) -> None:
    if isinstance(step, Flush):
        state.publishers[step.lane].unflushed = 0
    elif isinstance(step, (CommitTransaction, AbortTransaction)):
        state.publishers[step.lane] = PublisherState()
        state.committing = isinstance(step, CommitTransaction) and step.wait is Wait.SENT
        state.sent |= {step.lane} if state.committing else set()
    elif isinstance(step, Inject):
        state.faults[step.lane] = step.fault
    elif isinstance(step, Heal):
        del state.faults[step.lane]
    elif isinstance(step, Await):
        state.sent.discard(step.lane)
    elif isinstance(step, Arm):
        state.armed.add(step.lane)
    elif isinstance(step, Release):
        state.armed.discard(step.lane)
