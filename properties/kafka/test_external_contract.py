"""The external backend: a cluster that is not ours is used through links, and left as it was."""

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient

from deliverycheck.brokers import BrokerError, Capability, Guardian, KafkaExternal, KafkaProcess
from deliverycheck.brokers.processes import wait_until
from deliverycheck.brokers.provision import toolchain
from deliverycheck.plans import FaultKind
from faults import Injector, Toxiproxy
from properties.kafka.test_broker_contract import messages, publish


@pytest.fixture(scope="module")
def tools():
    return toolchain()


@pytest.fixture(scope="module")
def guardian():
    with Guardian.start() as running:
        yield running


@pytest.fixture(scope="module")
def cluster(tools, guardian, tmp_path_factory):
    """Stands for a cluster of somebody else."""
    broker = KafkaProcess(
        tools.kafka, folder=tmp_path_factory.mktemp("cluster"), guardian=guardian, slots=0
    )
    try:
        broker.start()
        yield str(broker.direct_endpoint())
    finally:
        broker.stop()


@pytest.fixture
def external(cluster):
    broker = KafkaExternal(cluster, slots=2)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


def test_clients_stay_on_their_link(external, tools, guardian, tmp_path):
    topic, slot = external.lease_topic(1), external.slots()[0]
    proxy = Toxiproxy(
        tools.toxiproxy.executable, slots=external.slots(), folder=tmp_path, guardian=guardian
    )
    try:
        proxy.start()
        injector = Injector(proxy)
        assert publish(slot.advertised, topic, 3) == [0, 1, 2]
        assert received_in_a_group(slot.advertised, topic, 3) == [0, 1, 2]
        assert wait_until(lambda: external.publishers_gone(slot), timeout_s=2)
        injector.inject(FaultKind.REFUSE, slot, None)
        assert publish(slot.advertised, topic, 1) == ["_MSG_TIMED_OUT"]
        injector.heal(slot)
        assert publish(slot.advertised, topic, 1) == [3]
        assert len(messages(external, topic)) == 4
    finally:
        proxy.stop()


def received_in_a_group(endpoint, topic, count):
    consumer = Consumer(
        {
            "bootstrap.servers": str(endpoint),
            "group.id": f"{topic}-group",
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
    )
    try:
        consumer.subscribe([topic])
        offsets = [each.offset() for each in consumer.consume(count, 10)]
        consumer.commit(asynchronous=False)
        return offsets
    finally:
        consumer.close()


def test_nothing_of_ours_is_left_in_the_cluster(cluster):
    admin = AdminClient({"bootstrap.servers": cluster, "log_level": 0})
    broker = KafkaExternal(cluster, slots=1)
    broker.start()
    try:
        topic = broker.lease_topic(1)
        broker.create_topic(f"{topic}-t2", 1)
        assert topic in admin.list_topics(timeout=5).topics
    finally:
        broker.stop()
    left = admin.list_topics(timeout=5).topics
    assert [name for name in left if name.startswith("deliverycheck-")] == []


def test_nodes_of_others_are_never_hit(external):
    assert external.capabilities() == {Capability.LINKS}
    with pytest.raises(BrokerError, match=r"cannot kill b1: the broker at .* is not ours"):
        external.kill("b1")


def test_address_that_is_none_is_refused_at_once():
    with pytest.raises(BrokerError, match="bootstrap 'nonsense': expected HOST:PORT"):
        KafkaExternal("nonsense")


def test_cluster_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr("deliverycheck.brokers.external._ANSWER_S_MAX", 0.5)
    broker = KafkaExternal("127.0.0.1:1")
    with pytest.raises(BrokerError, match=r"no Kafka cluster answers at 127\.0\.0\.1:1"):
        broker.start()
    broker.stop()
