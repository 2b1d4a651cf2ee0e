"""Plans about queues: a namespace, exchanges and queues, publishers and consumers."""

from collections.abc import Callable

from msgspec.structs import replace

from deliverycheck.brokers import SCAN_ISOLATION, Slot
from deliverycheck.clients import Publishing
from deliverycheck.executions.live import LiveTarget
from deliverycheck.executions.queues.consumer import ConsumerOfQueueLane, group_of, queue_of
from deliverycheck.executions.queues.in_time import promised_ms
from deliverycheck.executions.queues.place import QueuePlace
from deliverycheck.executions.queues.publisher import PublisherLane
from deliverycheck.executions.queues.requester import RequesterLane
from deliverycheck.executions.queues.responder import ResponderLane
from deliverycheck.executions.queues.shared import SharedWorker
from deliverycheck.executions.queues.sources import sources_of
from deliverycheck.executions.queues.stage import QueueStage
from deliverycheck.executions.queues.streaming import StreamingLane
from deliverycheck.executions.queues.tail import bring_to_rest
from deliverycheck.executions.queues.transacting import TransactingLane
from deliverycheck.executions.run import Run
from deliverycheck.executions.stage import Stage
from deliverycheck.history import FORMAT, VERSION, ExecutionFolder, Header, Ok, Source
from deliverycheck.plans import Connection, Declare, Inject, Plan, Topology, lane_of
from deliverycheck.plans.replies import REPLY_TO, is_direct

_WORKERS = ("p", "c")

SHARED_LINK = "p1"
"""Whose name the one link has that all lanes share: this lane is in each execution."""


class QueuePerformance:
    """See `Performance`: a namespace is leased, and retired when the execution is over."""

    def __init__(self, plan: Plan, target: LiveTarget) -> None:
        self._plan = plan
        topology = plan.subject.topology or Topology(queues=())
        self._transactional = bool(plan.subject.producer.get("transactional"))
        self._place = QueuePlace(
            namespace=target.queue_broker.lease_namespace(),
            topology=topology,
            isolation=SCAN_ISOLATION if self._transactional else None,
        )
        self.execution = self._place.namespace.name

    def header(self) -> Header:
        subject = self._plan.subject
        return Header(
            format=FORMAT,
            version=VERSION,
            execution=self.execution,
            plan=self._plan.digest,
            relies_on=subject.relies_on,
            error_means=subject.error_means,
            groups={group_of(queue): (queue,) for queue in self._worked_off()},
            sources=sources_of(self._declared()) | self._direct_replies(),
            within_ms=promised_ms(self._plan),
        )

    def _direct_replies(self) -> dict[str, Source]:
        """What requesters are handed comes from there, though nobody declared it."""
        address = str(self._plan.subject.producer.get(REPLY_TO, ""))
        return {address: Source(kind="queue")} if is_direct(address) else {}

    def _declared(self) -> Topology:
        """What is there before the first step, and the queues that later ones declare."""
        later = [step.queue for step in self._plan.steps if isinstance(step, Declare)]
        topology = self._place.topology
        own = {queue.name for queue in topology.queues}
        further = [queue for queue in later if queue.name not in own]
        return replace(topology, queues=(*topology.queues, *further))

    def _worked_off(self) -> list[str]:
        """The queues that somebody has to work off."""
        consumer = self._plan.subject.consumer
        if consumer is None:
            return []
        lanes = [f"c{number}" for number in range(1, consumer.groups + 1)]
        return [queue_of(consumer, lane, self._place) for lane in lanes]

    def begin(self, run: Run) -> Stage:
        stage = QueueStage(run, self._place)
        op = stage.declared(next(iter(sources_of(self._place.topology)), ""))
        run.target.queue_broker.declare(self._place.namespace, self._place.topology)
        self._place.declared_ns = run.recorder.now()
        run.recorder.write(Ok(op=op, ns=self._place.declared_ns))
        self._make_lanes(run)
        return stage

    def _make_lanes(self, run: Run) -> None:
        """A lane for each publisher and consumer of the plan, with a link of its own or by one."""
        consumer = self._plan.subject.consumer
        names = {"p1"} | {
            name
            for step in self._plan.steps
            if (lane := lane_of(step)) and (name := _worker_of(step, lane))
        }
        if consumer is not None:
            names |= {f"c{number}" for number in range(1, consumer.groups + 1)}
        asks = REPLY_TO in self._plan.subject.producer
        kind = TransactingLane if self._transactional else PublisherLane
        kind = RequesterLane if asks else kind
        streams = run.target.program.publishing is Publishing.TO_STREAMS
        kind = StreamingLane if streams else kind
        works = ResponderLane if asks else ConsumerOfQueueLane
        shared, lease = self._connection(run)
        for name in sorted(names):
            if name.startswith("p"):
                run.lanes[name] = kind(run, name, lease(), self._place)
            elif consumer is not None:
                run.lanes[name] = works(run, name, lease(), self._place, consumer)
        if shared is not None:
            _join(run, shared)

    def _connection(self, run: Run) -> tuple[SharedWorker | None, Callable[[], Slot]]:
        """Who plays all lanes, if one worker does; and a lane's way to the broker."""
        if self._plan.subject.connection is Connection.OWN:
            return None, run.target.slots.lease
        slot = run.target.slots.lease()
        return SharedWorker(run), lambda: slot

    def bring_to_rest(self, run: Run, stage: Stage) -> None:
        bring_to_rest(run, stage, self._place)

    def collect(self, run: Run, folder: ExecutionFolder) -> None:
        """Nothing is known that the history does not say."""

    def retire(self, run: Run) -> None:
        run.target.queue_broker.retire_namespace(self._place.namespace)


def _join(run: Run, shared: SharedWorker) -> None:
    """All lanes are channels of one connection, whose link has the name of the first."""
    for number, lane in enumerate(run.lanes.values(), start=1):
        lane.link, lane.channel, lane.workers = f"link {SHARED_LINK}", number, shared


def _worker_of(step: object, lane: str) -> str | None:
    """The worker whose lane it is; nodes and the harness's own client are none."""
    name = lane.removeprefix("link ") if isinstance(step, Inject) else lane
    return name if name.startswith(_WORKERS) and name[1:].isdigit() else None
