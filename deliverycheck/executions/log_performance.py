"""Plans about a log: topics, members of groups, offsets."""

import msgspec

from deliverycheck.brokers import Capability, LogBroker
from deliverycheck.executions import topics
from deliverycheck.executions.consumer import ConsumerLane, group_named
from deliverycheck.executions.live import LiveTarget
from deliverycheck.executions.producer import ProducerLane
from deliverycheck.executions.run import Run
from deliverycheck.executions.sharing import SharingLane
from deliverycheck.executions.sinking import SinkLane
from deliverycheck.executions.stage import Stage
from deliverycheck.executions.tail import bring_to_rest
from deliverycheck.executions.transactional import TransactionalLane
from deliverycheck.executions.transformer import OUTPUT, TransformerLane
from deliverycheck.history import FORMAT, VERSION, ExecutionFolder, Header, Source
from deliverycheck.plans import (
    Consumer,
    CreateTopic,
    GroupKind,
    Inject,
    Plan,
    Publish,
    Work,
    lane_of,
)


class LogPerformance:
    """See `Performance`: topics are leased, and retired when the execution is over."""

    def __init__(self, plan: Plan, target: LiveTarget) -> None:
        self._plan = plan
        self._broker = target.log_broker
        self._topic = self._broker.lease_topic(plan.subject.partitions)
        self.execution = self._topic.rpartition("-")[2] or self._topic

    def header(self) -> Header:
        subject = self._plan.subject
        groups = 0 if subject.consumer is None else subject.consumer.groups
        return Header(
            format=FORMAT,
            version=VERSION,
            execution=self.execution,
            plan=self._plan.digest,
            relies_on=subject.relies_on,
            error_means=subject.error_means,
            sources=_sources(self._plan, self._topic, self._broker),
            groups={group_named(self._topic, number): (self._topic,) for number in range(groups)},
        )

    def begin(self, run: Run) -> Stage:
        run.adopt("t1", self._topic)
        if self._plan.subject.of_output is not None:
            run.adopt(OUTPUT, run.target.log_broker.lease_topic(self._plan.subject.partitions))
        _make_lanes(run)
        topics.configure(run, self._topic)
        return Stage(run)

    def bring_to_rest(self, run: Run, stage: Stage) -> None:
        bring_to_rest(run, stage)

    def collect(self, run: Run, folder: ExecutionFolder) -> None:
        """What the broker's files say of topics that the plan created, where they are ours."""
        created = [topic for name, topic in run.topics.items() if name not in {"t1", OUTPUT}]
        broker, many = run.target.log_broker, run.partitions
        if created and Capability.FILES in run.target.capabilities:
            lines = [line for topic in created for line in broker.first_batches(topic, many[topic])]
            folder.evidence.write_bytes(msgspec.json.encode(lines))

    def retire(self, run: Run) -> None:
        run.target.log_broker.retire_topics(tuple(run.topics.values()) or (self._topic,))


def _sources(plan: Plan, topic: str, broker: LogBroker) -> dict[str, Source]:
    """What each topic of the plan promises to keep, if that is not all."""
    source = broker.source_of(plan.subject.topic) if plan.subject.topic else None
    created = [topics.name_of(topic, step) for step in plan.steps if isinstance(step, CreateTopic)]
    return {} if source is None else dict.fromkeys((topic, *created), source)


def _make_lanes(run: Run) -> None:
    """A lane for each producer and consumer of the plan, each with a link of its own."""
    names = {"p1"} | {
        lane.removeprefix("link ")
        for step in run.plan.steps
        if isinstance(step, (Publish, Work, Inject)) and (lane := lane_of(step))
    }
    consumer = run.plan.subject.consumer
    if consumer is not None:  # Each group works its topic off, also where no step speaks of it.
        names |= {f"c{number}" for number in range(1, consumer.groups + 1)}
    for name in sorted(names):
        slot = run.target.slots.lease()
        if name.startswith("p"):
            transactional = run.plan.subject.is_transactional
            kind = TransactionalLane if transactional else ProducerLane
            run.lanes[name] = kind(run, name, slot)
        elif consumer is not None:
            run.lanes[name] = _member(consumer)(run, name, slot, consumer)
        else:
            run.target.slots.give_back(slot)


def _member(consumer: Consumer) -> type[ConsumerLane]:
    """What plays a consumer: its effects are lines of a journal, rows, or messages."""
    if consumer.kind is GroupKind.SHARE:
        return SharingLane
    if consumer.sink is not None:
        return SinkLane
    return ConsumerLane if consumer.output is None else TransformerLane
