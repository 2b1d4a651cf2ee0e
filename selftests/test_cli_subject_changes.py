"""A subject changed by `--set`: what is asked for is changed, and nothing else."""

import msgspec
import pytest

from deliverycheck.cli.subject_changes import changed
from deliverycheck.cli.systems import UsageError
from deliverycheck.plans import CommitPolicy, Consumer, ReliesOn, Subject

SUBJECT = Subject(
    producer={"acks": "1", "linger.ms": 5},
    consumer=Consumer(commit=CommitPolicy.AUTO, settings={"fetch.min.bytes": 1}),
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("producer.acks=all", {"producer": {"acks": "all", "linger.ms": 5}}),
        ("producer.acks=", {"producer": {"linger.ms": 5}}),
        (
            "producer.enable.idempotence=true",
            {"producer": {"acks": "1", "linger.ms": 5, "enable.idempotence": True}},
        ),
        ("producer.linger.ms=0.5", {"producer": {"acks": "1", "linger.ms": 0.5}}),
        (
            "producer.client.id=a=b",
            {"producer": {"acks": "1", "linger.ms": 5, "client.id": "a=b"}},
        ),
        ("partitions=1", {"partitions": 1}),
        ("relies_on=call_returned", {"relies_on": ReliesOn.CALL_RETURNED}),
        ("client=confluent-kafka==2.3.0", {"client": "confluent-kafka==2.3.0"}),
    ],
)
def test_change_changes_what_it_names_and_nothing_else(change, expected):
    assert changed(SUBJECT, [change]) == msgspec.structs.replace(SUBJECT, **expected)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("consumer.commit=after_effect", {"commit": CommitPolicy.AFTER_EFFECT}),
        ("consumer.handling_ms=20", {"handling_ms": 20}),
        (
            "consumer.session.timeout.ms=600",
            {"settings": {"fetch.min.bytes": 1, "session.timeout.ms": 600}},
        ),
        ("consumer.fetch.min.bytes=", {"settings": {}}),
    ],
)
def test_change_reaches_the_consumer_and_its_settings(change, expected):
    assert changed(SUBJECT, [change]).consumer == msgspec.structs.replace(
        SUBJECT.consumer, **expected
    )


def test_later_change_wins_and_none_changes_nothing():
    assert changed(SUBJECT, ["partitions=2", "partitions=4"]).partitions == 4
    assert changed(SUBJECT, []) == SUBJECT


@pytest.mark.parametrize(
    ("subject", "change", "said"),
    [
        (SUBJECT, "acks", "expected name=value"),
        (SUBJECT, "acks=all", "no such setting; there are: after_error, after_late_end, client"),
        (SUBJECT, "partitions=many", "Expected `int`"),
        (SUBJECT, "partitions=0", "`int` >= 1"),
        (SUBJECT, "consumer.commit=never", "Invalid enum value 'never'"),
        (Subject(), "consumer.commit=auto", "the plan's subject has no consumer"),
    ],
)
def test_change_that_cannot_be_is_named(subject, change, said):
    with pytest.raises(UsageError, match="--set") as raised:
        changed(subject, [change])
    assert said in str(raised.value)
