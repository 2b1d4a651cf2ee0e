"""What the harness does to topics while they are in use, as the steps of a plan ask for it."""

from collections.abc import Mapping

from deliverycheck.executions.run import HARNESS, Run
from deliverycheck.history import Action, Invoke, Ok, Position
from deliverycheck.plans import (
    AddPartitions,
    ChangeConfig,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    Setting,
    TopicReady,
)


def name_of(subject_topic: str, step: CreateTopic) -> str:
    """The real name of a topic that the plan creates."""
    return f"{subject_topic}-{step.topic}"


def configure(run: Run, name: str) -> None:
    """The topic has the settings of the subject, if there are any."""
    if run.plan.subject.topic:
        run.target.log_broker.configure_topic(name, run.plan.subject.topic)


def create(run: Run, step: CreateTopic) -> None:
    """The topic is there, and answers if the subject waits for that."""
    name = run.deleted.pop(step.topic, name_of(run.subject_topic, step))
    run.adopt(step.topic, name)
    partitions = run.partitions[name]
    recorder = run.recorder
    op = recorder.next_op()
    recorder.write(
        Invoke(op=op, process=HARNESS, action=Action.DECLARE, ns=recorder.now(), target=name)
    )
    run.target.log_broker.create_topic(name, partitions)
    recorder.write(Ok(op=op, ns=recorder.now()))
    configure(run, name)
    if run.plan.subject.topic_ready is TopicReady.ANSWERED:
        run.target.log_broker.await_topic(name, partitions)
        run.note(HARNESS, "answered", evidence={"topic": name})


def delete(run: Run, step: DeleteTopic) -> None:
    """The topic is gone, and the history says so."""
    name, recorder = run.topics[step.topic], run.recorder
    run.deleted[step.topic] = name
    op = recorder.next_op()
    recorder.write(
        Invoke(op=op, process=HARNESS, action=Action.DELETE, ns=recorder.now(), target=name)
    )
    run.target.log_broker.delete_topic(name)
    recorder.write(Ok(op=op, ns=recorder.now()))


def bring_back(run: Run) -> None:
    """Each topic that was deleted is there again."""
    for topic in tuple(run.deleted):
        create(run, CreateTopic(topic=topic))


def add_partitions(run: Run, step: AddPartitions) -> None:
    """The topic has more partitions, and each answers."""
    topic = run.topics[step.topic]
    total = run.partitions[topic] + step.count
    run.target.log_broker.grow_topic(topic, total)
    run.partitions[topic] = total
    evidence = {"topic": topic, "partitions": total, "added": step.count}
    run.note(HARNESS, "partitions_added", evidence=evidence)


def delete_records(run: Run, step: DeleteRecords) -> None:
    """The partition holds nothing but its last few records, and the history says so."""
    topic, partition, broker = run.topics[step.topic], step.partition, run.target.log_broker
    position = max(0, broker.log_end(topic, partition) - step.keep)
    covers = (Position(source=topic, partition=partition, position=position),)
    recorder, action = run.recorder, Action.DELETE_RECORDS
    op = recorder.next_op()
    run.dropping.add(topic)
    recorder.write(Invoke(op=op, process=HARNESS, action=action, ns=recorder.now(), covers=covers))
    begins = broker.delete_records(topic, partition, position)
    starts = (Position(source=topic, partition=partition, position=begins),)
    recorder.write(Ok(op=op, ns=recorder.now(), starts=starts))


def change_config(run: Run, step: ChangeConfig) -> None:
    """A setting of the topic has the value, and the history says so."""
    _set(run, run.topics[step.topic], {step.name: step.value})


def restore_configs(run: Run) -> None:
    """Each topic has the settings of the subject again."""
    changed = {step.topic for step in run.plan.steps if isinstance(step, ChangeConfig)}
    for topic in sorted(changed & run.topics.keys()):
        _set(run, run.topics[topic], run.plan.subject.topic)


def _set(run: Run, topic: str, settings: Mapping[str, Setting]) -> None:
    run.target.log_broker.configure_topic(topic, settings)
    for name, value in settings.items():
        evidence = {"topic": topic, "name": name, "value": value}
        run.note(HARNESS, "config_changed", evidence=evidence)
