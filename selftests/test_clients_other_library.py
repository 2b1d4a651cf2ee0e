"""Another version of the client library is asked itself what it takes of our settings."""

import pytest

from deliverycheck.clients import SettingError, client_program
from deliverycheck.plans import CommitPolicy, Consumer, Subject

OLD = """
class KafkaException(Exception):
    pass

class _Error:
    def __init__(self, text):
        self.text = text
    def str(self):
        return self.text

class Producer:
    def __init__(self, settings):
        for name in ("retry.backoff.max.ms", "group.protocol"):
            if name in settings:
                raise KafkaException(_Error(f'No such configuration property: "{name}"'))

Consumer = Producer
"""
NEW_GROUP = Subject(
    consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, settings={"group.protocol": "consumer"})
)


@pytest.fixture(name="old")
def an_old_library(tmp_path):
    (tmp_path / "confluent_kafka").mkdir()
    (tmp_path / "confluent_kafka" / "__init__.py").write_text(OLD)
    return client_program("kafka", tmp_path)


def test_what_it_does_not_know_of_the_profile_is_left_out(old):
    settings = old.producer_settings(Subject(), "127.0.0.1:9", "x")
    usual = client_program("kafka").producer_settings(Subject(), "127.0.0.1:9", "x")
    assert usual.keys() - settings.keys() == {"retry.backoff.max.ms"}
    assert settings["retry.backoff.ms"] == usual["retry.backoff.ms"]
    assert not any("retry.backoff.max.ms" in one for one in old.deviations)


def test_what_it_does_not_know_of_a_subject_is_refused_in_its_own_words(old):
    held, refused = old.refused([Subject(), NEW_GROUP])
    assert held is None
    assert 'No such configuration property: "group.protocol"' in refused
    with pytest.raises(SettingError, match=r"group\.protocol"):
        old.check_settings(NEW_GROUP)


def test_setting_that_the_subject_asks_for_is_never_left_out(old):
    subject = Subject(producer={"retry.backoff.max.ms": 70})
    assert old.producer_settings(subject, "", "")["retry.backoff.max.ms"] == 70
    assert old.refused([subject])[0] is not None


def test_library_of_our_own_says_the_same_in_both_ways():
    wrong = Subject(producer={"acks": "never"})
    assert client_program("kafka").refused([Subject(), NEW_GROUP, wrong])[:2] == (None, None)
    assert "acks" in client_program("kafka").refused([wrong])[0]
