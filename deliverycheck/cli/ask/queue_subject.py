"""What is asked of a system of queues: settings of clients and of a queue as a subject."""

from pathlib import Path

import msgspec

from deliverycheck.cli.ask.properties_file import plain_settings, value_of
from deliverycheck.cli.systems import UsageError
from deliverycheck.plans import CommitPolicy, Consumer, Queue, ReliesOn, Setting, Subject, Topology

QUEUE = "q1"


def queue_subject(
    producer_file: Path | None,
    consumer_file: Path | None,
    commit: CommitPolicy | None,
    queue: str | None,
) -> tuple[Subject, tuple[str, ...]]:
    """What is put to the test, and what follows from it."""
    producer = {} if producer_file is None else plain_settings(producer_file)
    consumer = None if consumer_file is None else plain_settings(consumer_file)
    policy = commit or CommitPolicy.AFTER_EFFECT
    if consumer is not None and commit is None and consumer.pop("automatic_ack", False) is True:
        policy = CommitPolicy.AUTO
    waits = producer.get("confirms", "none") != "none" or bool(producer.get("transactional"))
    subject = Subject(
        producer=producer,
        relies_on=ReliesOn.CONFIRM if waits else ReliesOn.CALL_RETURNED,
        consumer=None if consumer is None else Consumer(commit=policy, settings=consumer),
        topology=_topology(queue),
    )
    return subject, () if waits else ("without confirms your application relies on its calls",)


def _topology(text: str | None) -> Topology:
    """The queue, and one more for its dead letters if they go by the default exchange."""
    fields = {} if text is None else dict(map(_field, text.split(",")))
    try:
        queue = msgspec.convert({"name": QUEUE, **fields}, Queue)
    except msgspec.ValidationError as error:
        msg = f"--queue {text!r}: {error}"
        raise UsageError(msg) from None
    unknown = fields.keys() - set(Queue.__struct_fields__)
    if unknown:
        known = ", ".join(name for name in Queue.__struct_fields__ if name != "name")
        msg = f"--queue {text!r}: no field {min(unknown)!r} of a queue; there are: {known}"
        raise UsageError(msg)
    dead = queue.dead_letter_key if queue.dead_letter_exchange == "" else None
    further = () if dead in {None, QUEUE} else (Queue(name=str(dead), kind=queue.kind),)
    return Topology(queues=(queue, *further))


def _field(text: str) -> tuple[str, Setting]:
    name, equals, value = text.strip().partition("=")
    if not equals or not name:
        msg = f"--queue: expected name=value with commas between, got {text!r}"
        raise UsageError(msg)
    return name.strip(), value_of(value.strip())
