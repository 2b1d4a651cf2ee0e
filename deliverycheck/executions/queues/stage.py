"""What the driver does for each kind of step of a plan about queues."""

from collections.abc import Callable, Mapping
from typing import Any

from deliverycheck.brokers import Capability
from deliverycheck.clients import commands
from deliverycheck.executions.consumer import Called
from deliverycheck.executions.ends import End
from deliverycheck.executions.queues.client import PROVE_MS, QueueLane
from deliverycheck.executions.queues.consumer import ConsumerOfQueueLane
from deliverycheck.executions.queues.place import OLD_ENOUGH_S, QueuePlace
from deliverycheck.executions.queues.publisher import PublisherLane
from deliverycheck.executions.queues.requester import RequesterLane
from deliverycheck.executions.queues.sources import source_of
from deliverycheck.executions.queues.transacting import TransactingLane
from deliverycheck.executions.run import CALL_DEADLINE_S, HARNESS, NS_PER_S, Run
from deliverycheck.executions.stage import Stage
from deliverycheck.history import Action, FaultMoment, Ok, Source
from deliverycheck.history.events import Invoke
from deliverycheck.plans import (
    AbortTransaction,
    Bind,
    BreakChannel,
    Close,
    CloseChannel,
    CommitTransaction,
    CrashLoop,
    Declare,
    Direction,
    FaultKind,
    Flush,
    Heal,
    Inject,
    MissHeartbeats,
    Pause,
    QueueKind,
    Request,
    Resume,
    Send,
    SetPolicy,
    Settle,
    Silence,
    Starve,
    Step,
    Take,
    TopicReady,
    Topology,
    Unbind,
    Wait,
    Work,
)
from deliverycheck.plans.heartbeats import heartbeat_s, silence_s
from deliverycheck.plans.routing import with_binding, without_binding

_PAUSES = frozenset({Called.BLOCKED, Called.DISCARDED})


class QueueStage(Stage):
    """An execution's lanes, queues and disturbances: performs steps one after the other."""

    def __init__(self, run: Run, place: QueuePlace) -> None:
        super().__init__(run)
        self.place = place

    def verbs(self) -> Mapping[type, Callable[[Any, Any], None]]:
        return {**super().verbs(), **_VERBS}

    def publisher(self, name: str) -> PublisherLane:
        """The publishing lane of that name."""
        lane = self.run.lanes[name]
        assert isinstance(lane, PublisherLane)  # noqa: S101  # lanes are made by their names
        return lane

    def consuming(self, name: str) -> ConsumerOfQueueLane:
        """The consuming lane of that name."""
        lane = self.run.lanes[name]
        assert isinstance(lane, ConsumerOfQueueLane)  # noqa: S101  # lanes are made by their names
        return lane

    def send(self, step: Send) -> None:
        lane = self.publisher(step.lane)
        if self._is_ready(lane):
            lane.publish(step)

    def request(self, step: Request) -> None:
        lane = self.run.lanes[step.lane]
        assert isinstance(lane, RequesterLane)  # noqa: S101  # the model excludes others
        if self._is_ready(lane):
            lane.ask(step)

    def flush_publisher(self, step: Flush) -> None:
        lane = self.publisher(step.lane)
        if lane.lives and self.is_free(lane):
            lane.flush(step)

    def end_channel_transaction(self, step: CommitTransaction | AbortTransaction) -> None:
        lane = self.run.lanes[step.lane]
        assert isinstance(lane, TransactingLane)  # noqa: S101  # the model excludes others
        if lane.lives and self.is_free(lane):
            if isinstance(step, AbortTransaction):
                lane.end(End.ABORT)
            else:
                lane.end(End.COMMIT, step.wait)

    def work_off(self, step: Work) -> None:
        lane = self.consuming(step.lane)
        if not self._is_ready(lane):
            return
        for call in range(1, step.calls + 1):
            sent = step.wait is Wait.SENT and call == step.calls
            called = lane.step(patience_s=0.0 if sent else CALL_DEADLINE_S)
            if called in _PAUSES or (called is Called.RECEIVE and lane.idle):
                return

    def take(self, step: Take) -> None:
        lane = self.consuming(step.lane)
        if self._is_ready(lane):
            lane.take(step.count)

    def settle(self, step: Settle) -> None:
        lane = self.consuming(step.lane)
        if lane.lives and lane.in_hand and self.is_free(lane):
            lane.settle(step)

    def _is_ready(self, lane: PublisherLane | ConsumerOfQueueLane) -> bool:
        """Whether a client plays the lane that can take a call; a lost one is replaced."""
        if lane.lives and not self.is_free(lane):
            return False
        lane.discard_if_gone()
        if not lane.lives:
            lane.open()
        return lane.lives and not lane.gone

    def close(self, step: Close) -> None:
        """The connection is closed, and with it every client that speaks by it."""
        lane = self._client(step.lane)
        if not lane.lives:
            return
        together = [lane, *map(self._client, lane.mates)]
        if all(map(self.is_free, together)):
            ops = [one.closing() for one in together]
            reply = lane.call(commands.Close(), op=ops[0])
            for one, op in zip(together, ops, strict=True):
                one.finish(op, reply)
                one.closed = True
                one.dismiss()

    def close_channel(self, step: CloseChannel) -> None:
        """The client's only channel is closed, with it all that it held; another one is opened."""
        lane = self._client(step.lane)
        if lane.lives and self.is_free(lane):
            op = lane.closing()
            lane.finish(op, lane.call(commands.CloseChannel(timeout_ms=PROVE_MS), op=op))
            lane.discard("its channel was closed")

    def break_channel(self, step: BreakChannel) -> None:
        """The broker closed the channel for an error; the lane's next step opens another one."""
        lane = self._client(step.lane)
        if lane.lives and not lane.gone and self.is_free(lane):
            lane.call(commands.BreakChannel(timeout_ms=PROVE_MS))

    def _client(self, name: str) -> QueueLane:
        lane = self.run.lanes[name]
        assert isinstance(lane, QueueLane)  # noqa: S101  # all are
        return lane

    def crash_loop(self, step: CrashLoop) -> None:
        lane = self.consuming(step.lane)
        for _ in range(step.cycles):
            if not self._is_ready(lane) or not lane.take(1):
                return
            self.disturbances.record_plain(FaultMoment.INJECT, "kill", lane.name)
            evidence = lane.kill()
            self.disturbances.record_plain(FaultMoment.INJECTED, "kill", lane.name, evidence)

    def miss_heartbeats(self, step: MissHeartbeats) -> None:
        """The client was silent for so long that the broker gives its connection up."""
        lane = self._client(step.lane)
        heartbeat = heartbeat_s(self.run.plan.subject, lane.name)
        if heartbeat is None or not lane.lives or not self.is_free(lane):
            return
        begin, end = _silence(step, lane.link)
        self.perform(begin)
        self.run.pass_time(silence_s(heartbeat))
        self.perform(end)

    def starve(self, step: Starve) -> None:
        self._disturb_node(step.lane, "starve", Capability.STARVE)

    def inject(self, step: Inject) -> None:
        super().inject(step)
        lane = self._client(step.lane.removeprefix("link "))
        for one in (lane, *map(self._client, lane.mates)):
            one.leaves_traces = True

    def _disturb_node(self, node: str, fault: str, needed: Capability) -> None:
        """A plan whose queues must be of some age before the node is disturbed waits for it.

        Classic queues are as safe when they are new (the claim on those just declared).
        """
        kinds = {queue.kind for queue in self.place.topology.queues}
        if self.run.plan.subject.topic_ready is TopicReady.ANSWERED and kinds != {
            QueueKind.CLASSIC
        }:
            age_s = (self.run.recorder.now() - self.place.declared_ns) / NS_PER_S
            self.run.pass_time(max(0.0, OLD_ENOUGH_S - age_s))
        super()._disturb_node(node, fault, needed)

    # The harness's own client.

    def declare(self, step: Declare) -> None:
        place = self.place
        place.add(step.queue)
        for binding in step.bindings:
            place.topology = with_binding(place.topology, binding)
        self._declare(Topology(queues=(step.queue,)), step.queue.name)
        if step.bindings:
            self._declare(place.topology, step.queue.name)
        place.declared_ns = self.run.recorder.now()

    def bind(self, step: Bind) -> None:
        place = self.place
        place.topology = with_binding(place.topology, step.binding)
        self._declare(place.topology, step.binding.destination)

    def unbind(self, step: Unbind) -> None:
        place = self.place
        place.topology = without_binding(place.topology, step.binding)
        op = self.declared(step.binding.destination)
        self.run.target.queue_broker.unbind(place.namespace, step.binding)
        self.run.recorder.write(Ok(op=op, ns=self.run.recorder.now()))

    def set_policy(self, step: SetPolicy) -> None:
        place, recorder = self.place, self.run.recorder
        limited = place.limit(step, self.run.plan.subject.topology or place.topology)
        op = self.declared(step.queue, Action.SET_LIMITS, source_of(place.topology, limited))
        broker = self.run.target.queue_broker
        broker.set_policy(place.namespace, step.queue, step.definition)
        recorder.write(Ok(op=op, ns=recorder.now()))

    def _declare(self, topology: Topology, target: str) -> None:
        op = self.declared(target)
        self.run.target.queue_broker.declare(self.place.namespace, topology)
        self.run.recorder.write(Ok(op=op, ns=self.run.recorder.now()))

    def declared(
        self, target: str, action: Action = Action.DECLARE, becomes: Source | None = None
    ) -> int:
        """A declaration, or the end or a change of one, begins; its operation."""
        recorder = self.run.recorder
        op, ns = recorder.next_op(), recorder.now()
        asked = Invoke(op=op, process=HARNESS, action=action, ns=ns, target=target, becomes=becomes)
        recorder.write(asked)
        return op


def _silence(step: MissHeartbeats, link: str) -> tuple[Step, Step]:
    """How the silence begins, and how it ends."""
    if step.by is Silence.STOPPED:
        return Pause(lane=step.lane), Resume(lane=step.lane)
    stalled = Inject(lane=link, fault=FaultKind.STALL, direction=Direction.UPSTREAM)
    return stalled, Heal(lane=link)


_VERBS: dict[type, Callable[[Any, Any], None]] = {
    Send: QueueStage.send,
    Request: QueueStage.request,
    Flush: QueueStage.flush_publisher,
    Inject: QueueStage.inject,
    CommitTransaction: QueueStage.end_channel_transaction,
    AbortTransaction: QueueStage.end_channel_transaction,
    Work: QueueStage.work_off,
    Take: QueueStage.take,
    Settle: QueueStage.settle,
    Close: QueueStage.close,
    CloseChannel: QueueStage.close_channel,
    BreakChannel: QueueStage.break_channel,
    CrashLoop: QueueStage.crash_loop,
    MissHeartbeats: QueueStage.miss_heartbeats,
    Starve: QueueStage.starve,
    Declare: QueueStage.declare,
    Bind: QueueStage.bind,
    Unbind: QueueStage.unbind,
    SetPolicy: QueueStage.set_policy,
}
