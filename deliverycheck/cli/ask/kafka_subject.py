"""What is asked of Kafka: properties files of its clients as a subject."""

from pathlib import Path

from deliverycheck.cli.ask.properties_file import Settings, load_settings
from deliverycheck.clients.kafka.java_names import consumer_defaults, producer_defaults
from deliverycheck.plans import CommitPolicy, Consumer, Subject


def kafka_subject(
    producer_file: Path | None, consumer_file: Path | None, commit: CommitPolicy | None
) -> tuple[Subject, tuple[str, ...]]:
    """What is put to the test, and what was said otherwise in the files."""
    producer, consumer = Settings(), None
    if producer_file is not None:
        producer = load_settings(producer_file, producer_defaults)
    if consumer_file is not None:
        consumer = load_settings(consumer_file, consumer_defaults)
    notes = [f"producer: {note}" for note in producer.notes]
    if consumer is None:
        return Subject(producer=producer.values), tuple(notes)
    notes += [f"consumer: {note}" for note in consumer.notes]
    return (
        Subject(
            producer=producer.values,
            consumer=Consumer(commit=commit or _commit_of(consumer), settings=consumer.values),
        ),
        tuple(notes),
    )


def _commit_of(settings: Settings) -> CommitPolicy:
    """The order of calls that the settings leave to the application; after the effect, if all."""
    if settings.values.get("enable.auto.commit") is False:
        return CommitPolicy.AFTER_EFFECT
    if settings.values.get("enable.auto.offset.store") is False:
        return CommitPolicy.STORE_AFTER_EFFECT
    return CommitPolicy.AUTO
