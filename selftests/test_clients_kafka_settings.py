"""The subject's settings win, the profile says why it deviates, and misspelt names are found."""

import confluent_kafka
import pytest

from deliverycheck.clients import SettingError, UnknownSystemError, client_program
from deliverycheck.clients.kafka.setting_names import COMMON, CONSUMER, PRODUCER
from deliverycheck.clients.kafka.settings import (
    check_settings,
    consumer_settings,
    deviations,
    producer_settings,
)
from deliverycheck.plans import CommitPolicy, Consumer, Subject

ENDPOINT = "127.0.0.1:9"


def consuming(policy=CommitPolicy.AFTER_EFFECT, **settings):
    return Subject(
        consumer=Consumer(
            commit=policy,
            settings={name.replace("_", "."): value for name, value in settings.items()},
            output={"transactional.id": "x"} if policy is CommitPolicy.IN_TRANSACTION else None,
        )
    )


def test_setting_of_the_subject_wins_over_the_profile():
    settings = producer_settings(Subject(producer={"message.timeout.ms": 777}), ENDPOINT)
    assert settings["message.timeout.ms"] == 777
    assert settings["linger.ms"] == 0


def test_setting_under_its_other_name_wins_too():
    settings = producer_settings(Subject(producer={"queue.buffering.max.ms": 50}), ENDPOINT)
    assert settings["queue.buffering.max.ms"] == 50
    assert "linger.ms" not in settings


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (CommitPolicy.AFTER_EFFECT, {"enable.auto.commit": False}),
        (CommitPolicy.BEFORE_EFFECT, {"enable.auto.commit": False}),
        (CommitPolicy.AUTO, {"auto.commit.interval.ms": 50}),
        (
            CommitPolicy.STORE_AFTER_EFFECT,
            {"auto.commit.interval.ms": 50, "enable.auto.offset.store": False},
        ),
    ],
)
def test_commit_policy_asks_for_its_settings(policy, expected):
    settings = consumer_settings(consuming(policy), ENDPOINT, "g")
    names = {"enable.auto.commit", "auto.commit.interval.ms", "enable.auto.offset.store"}
    assert {name: settings[name] for name in names & settings.keys()} == expected


def test_member_of_a_new_protocol_group_gets_no_session_of_its_own():
    settings = consumer_settings(consuming(group_protocol="consumer"), ENDPOINT, "g")
    assert "session.timeout.ms" not in settings
    assert "heartbeat.interval.ms" not in settings
    check_settings(consuming(group_protocol="consumer"))


@pytest.mark.parametrize("policy", CommitPolicy)
def test_idle_member_wakes_for_several_heartbeats_a_session(policy):
    settings = consumer_settings(consuming(policy), ENDPOINT, "g")
    assert settings["statistics.interval.ms"] * 3 <= settings["session.timeout.ms"]


@pytest.mark.parametrize("policy", CommitPolicy)
def test_library_takes_the_whole_profile(policy):
    check_settings(consuming(policy))
    check_settings(Subject(producer={"enable.idempotence": True}))


def test_member_may_have_a_name_of_its_own_in_the_group():
    own = consuming(group_instance_id="member-{lane}")
    assert consumer_settings(own, ENDPOINT, "g", "c2")["group.instance.id"] == "member-c2"
    assert consumer_settings(own, ENDPOINT, "g", "c1")["group.instance.id"] == "member-c1"


def test_output_has_a_producers_settings_and_is_checked_like_one():
    output = {"transactional.id": "x", "ack": "all"}
    consumer = Consumer(commit=CommitPolicy.IN_TRANSACTION, output=output)
    with pytest.raises(SettingError, match=r"^consumer\.output: producer settings are refused"):
        check_settings(Subject(consumer=consumer))


def test_deviation_names_a_setting_that_exists_and_differs():
    for one in deviations():
        assert one.name in COMMON | PRODUCER | CONSUMER
        assert one.value != one.default
        assert one.why.endswith(".")


def refusal(name):
    """What the library says against an empty value under this name."""
    try:
        confluent_kafka.Producer({name: "", "log_level": 0})
    except (confluent_kafka.KafkaException, TypeError, ValueError) as error:
        return str(error)
    return ""


def test_known_names_are_names_of_the_library():
    unknown = [name for name in COMMON | PRODUCER if "No such configuration" in refusal(name)]
    assert unknown == []


@pytest.mark.parametrize(
    ("subject", "complaint"),
    [
        (
            Subject(producer={"ackss": "all"}),
            r"producer .*\"ackss\".*Did you mean 'acks'\?",
        ),
        (
            consuming(enable_auto_comit=False),
            r"consumer .*enable\.auto\.comit.*Did you mean 'enable\.auto\.commit'",
        ),
        (Subject(producer={"acks": "some"}), r"Invalid value .*acks"),
        (
            Subject(producer={"enable.auto.commit": False}),
            "'enable.auto.commit' is one that only a consumer heeds",
        ),
        (consuming(linger_ms=5), "'linger.ms' is one that only a producer heeds"),
        (Subject(producer={"qqqqqqqq": 1}), "No known setting of this client has a similar name"),
        (Subject(producer={"sasl.password": "x"}), "'sasl.password' says as whom.*--credentials"),
        (consuming(ssl_key_location="/k"), "'ssl.key.location' says as whom, or over what"),
        (
            Subject(producer={"enable.idempotence": True, "acks": 1}),
            "acks",
        ),
    ],
    ids=[
        "misspelt",
        "misspelt-for-the-consumer",
        "value-that-is-none",
        "consumers-setting-for-a-producer",
        "producers-setting-for-a-consumer",
        "like-nothing-we-know",
        "account-that-reports-would-show",
        "key-that-reports-would-name",
        "settings-that-exclude-each-other",
    ],
)
def test_setting_that_would_not_work_is_refused_before_anything_runs(subject, complaint):
    with pytest.raises(SettingError, match=complaint):
        check_settings(subject)


def test_unknown_system_is_refused_with_those_that_are_known():
    with pytest.raises(UnknownSystemError, match="'kafak'; known: kafka"):
        client_program("kafak")
