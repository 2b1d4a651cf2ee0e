"""What a RabbitMQ is limited to while it runs: queues by policies, a node by its memory."""

from threading import Thread

import pytest

from deliverycheck.brokers import BrokerError, Guardian
from deliverycheck.brokers.processes import wait_until
from deliverycheck.plans import Overflow, Queue, QueueKind
from properties.rabbitmq.brokers import declared, messages, numbered, opened_on, publish

NODE = "b1"


@pytest.fixture(scope="module", params=["4", "4.0", "3.10"])
def broker(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("a broker")
    with Guardian.start() as guardian, opened_on(request.param, folder, guardian) as (broker, _):
        try:
            broker.start()
            yield broker
        finally:
            broker.stop()


@pytest.fixture
def namespace(broker):
    leased = broker.lease_namespace()
    yield leased
    broker.retire_namespace(leased)


@pytest.mark.parametrize("kind", [QueueKind.CLASSIC, QueueKind.QUORUM])
def test_queue_in_use_has_the_limits_of_its_policy(broker, namespace, kind):
    declared(broker, namespace, Queue(name="q1", kind=kind), Queue(name="q12", kind=kind))
    for queue in ("q1", "q12"):
        publish(broker.direct_endpoint(), namespace, queue, 5)
    broker.set_policy(namespace, "q1", {"length_max": 2})
    assert messages(broker, namespace, "q1") == numbered(5)[-2:]
    assert messages(broker, namespace, "q12") == numbered(5), "of another queue it is not"
    broker.set_policy(namespace, "q1", {"length_max": 1, "overflow": Overflow.REJECT_PUBLISH.value})


def test_policy_that_defines_nothing_takes_the_one_before_away(broker, namespace):
    declared(broker, namespace, Queue(name="q1"))
    for limits in ({"length_max": 1}, {"length_max": 3}, {}, {}):
        broker.set_policy(namespace, "q1", limits)
        publish(broker.direct_endpoint(), namespace, "q1", 5)
        kept = min(5, limits.get("length_max", 5))
        assert messages(broker, namespace, "q1") == numbered(5)[-kept:]


def test_policy_that_is_refused_is_named_with_the_brokers_words(broker, namespace):
    declared(broker, namespace, Queue(name="q1"))
    with pytest.raises(BrokerError, match=r"for queue 'q1' was refused: .*not a valid maximum"):
        broker.set_policy(namespace, "q1", {"length_max": -1})
    with pytest.raises(BrokerError, match="no policy sets priorities_max"):
        broker.set_policy(namespace, "q1", {"priorities_max": 3})


def test_starved_node_takes_nothing_until_it_has_its_memory_back(broker, namespace):
    declared(broker, namespace, Queue(name="q1"), Queue(name="q2"))
    publish(broker.direct_endpoint(), namespace, "q1", 1)
    evidence = broker.starve(NODE)
    assert evidence == {"watermark": "0", "alarm": "memory"}
    sends = Thread(target=publish, args=(broker.direct_endpoint(), namespace, "q2", 3))
    try:
        sends.start()
        with pytest.raises(BrokerError, match="short of memory or disk"):
            messages(broker, namespace, "q1")
        assert not wait_until(lambda: not sends.is_alive(), timeout_s=0.5), "it was not blocked"
    finally:
        assert broker.feed(NODE)["alarm"] == "none"
    sends.join(timeout=10)
    assert messages(broker, namespace, "q2") == numbered(3)


def test_node_that_was_not_starved_has_nothing_to_get_back(broker):
    assert broker.feed(NODE) == {}
