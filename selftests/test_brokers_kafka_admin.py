"""Topics are made although the first request for them met what is over in a moment."""

from concurrent.futures import Future

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.cimpl import KafkaError

from deliverycheck.brokers.broker import BrokerError
from deliverycheck.brokers.kafka_admin import KafkaAdmin

LET_GO = KafkaError._DESTROY_BROKER  # noqa: SLF001  # the name it has
NO_ROOM = KafkaError.INVALID_REPLICATION_FACTOR
THERE = KafkaError.TOPIC_ALREADY_EXISTS


class Answers:
    """Answers each request for a topic with the next of its error codes; ``None`` is success."""

    def __init__(self, **codes):
        self.codes = {name: list(some) for name, some in codes.items()}
        self.asked = []

    def create_topics(self, topics, **_):
        self.asked.append(sorted(topic.topic for topic in topics))
        return {topic.topic: self._answer(topic.topic) for topic in topics}

    def _answer(self, name):
        future, code = Future(), self.codes[name].pop(0)
        if code is None:
            future.set_result(None)
        else:
            future.set_exception(KafkaException(KafkaError(code)))
        return future


def admin(answers):
    made = KafkaAdmin("127.0.0.1:1")
    made._client = answers  # noqa: SLF001  # what the library would say
    return made


@pytest.mark.parametrize("first", [LET_GO, NO_ROOM])
@pytest.mark.parametrize("second", [None, THERE], ids=["then-made", "was-made-by-the-first"])
def test_what_is_over_in_a_moment_is_asked_again_for_the_topics_it_met(first, second):
    answers = Answers(a=[None], b=[first, second])
    admin(answers).create(["a", "b"], 1)
    assert answers.asked == [["a", "b"], ["b"]]


@pytest.mark.parametrize("code", [THERE, KafkaError.TOPIC_AUTHORIZATION_FAILED])
def test_anything_else_is_an_error_at_once(code):
    with pytest.raises(BrokerError, match="cannot create topic 'a'"):
        admin(Answers(a=[code])).create(["a"], 1)
