"""Settings of queue clients have names of ours: misspelt ones are found, and secrets stay out."""

import pytest

from deliverycheck.clients import SettingError, client_program
from deliverycheck.clients.rabbitmq.settings import (
    address_settings,
    check_settings,
    consumer_settings,
    producer_settings,
)
from deliverycheck.plans import CommitPolicy, Connection, Consumer, Subject

ENDPOINT = "amqp://me:p%40ss@127.0.0.1:5673/v%2F1"


def consuming(policy=CommitPolicy.AFTER_EFFECT, **settings):
    return Subject(consumer=Consumer(commit=policy, settings=settings))


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("127.0.0.1:5673", {"host": "127.0.0.1", "port": 5673}),
        ("localhost", {"host": "localhost", "port": 5672}),
        (
            ENDPOINT,
            {
                "host": "127.0.0.1",
                "port": 5673,
                "username": "me",
                "password": "p@ss",
                "virtual_host": "v/1",
            },
        ),
    ],
    ids=["host-and-port", "host", "url"],
)
def test_address_says_where_to_connect_to(endpoint, expected):
    assert address_settings(endpoint) == expected


@pytest.mark.parametrize("endpoint", ["", "mqtt://h", "amqp://u:secret@h:port"])
def test_what_is_no_address_is_refused_without_telling_a_password(endpoint):
    with pytest.raises(SettingError, match="no address of a broker") as raised:
        address_settings(endpoint)
    assert "secret" not in str(raised.value)


def test_subject_s_own_settings_are_handed_on():
    settings = producer_settings(Subject(producer={"confirms": "pipelined"}), "h:1")
    assert settings == {"host": "h", "port": 1, "confirms": "pipelined"}


@pytest.mark.parametrize(
    ("policy", "automatic"),
    [
        (CommitPolicy.AFTER_EFFECT, False),
        (CommitPolicy.BEFORE_EFFECT, False),
        (CommitPolicy.AUTO, True),
    ],
)
def test_policy_decides_who_acknowledges(policy, automatic):
    assert consumer_settings(consuming(policy), "h:1").get("automatic_ack", False) is automatic
    check_settings(consuming(policy))


@pytest.mark.parametrize(
    ("subject", "complaint"),
    [
        (Subject(producer={"confirm": "none"}), r"no producer setting 'confirm'.*'confirms'"),
        (Subject(producer={"confirms": "some"}), r"producer settings: Invalid enum value 'some'"),
        (Subject(producer={"persistent": "yes"}), r"producer settings: Expected `bool`"),
        (Subject(producer={"host": "elsewhere"}), "'host' says where to connect to"),
        (
            Subject(producer={"transactional": True, "confirms": "pipelined"}),
            "transactional channel has no confirms",
        ),
        (
            Subject(producer={"reply_to": "r"}, connection=Connection.SHARED),
            "connection 'shared': expected no 'reply_to'",
        ),
        (
            Subject(client="rstream", connection=Connection.SHARED),
            "connection 'shared': a client of a stream",
        ),
        (Subject(producer={"qqqqqqqqqqq": 1}), "Known: heartbeat"),
        (consuming(prefetc=3), r"no consumer setting 'prefetc'.*'prefetch'"),
        (consuming(take="get", prefetch=3), "neither prefetch nor exclusive"),
        (consuming(automatic_ack=True), "'automatic_ack' is True, but commit 'after_effect'"),
        (consuming(CommitPolicy.STORE_AFTER_EFFECT), "not to be had of a queue"),
    ],
    ids=[
        "misspelt",
        "value-that-is-none",
        "value-of-another-kind",
        "another-broker",
        "settings-that-exclude-each-other",
        "requester-on-a-shared-connection",
        "stream-on-a-shared-connection",
        "like-nothing-we-know",
        "misspelt-for-the-consumer",
        "bound-of-what-is-asked-for",
        "acks-against-the-policy",
        "policy-of-a-log",
    ],
)
def test_setting_that_would_not_work_is_refused_before_anything_runs(subject, complaint):
    with pytest.raises(SettingError, match=complaint):
        check_settings(subject)
    (refusal,) = client_program("rabbitmq").refused([subject])
    assert refusal is not None
