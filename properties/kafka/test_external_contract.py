"""The external backend: a cluster that is not ours is used through links, and left as it was."""

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient

from deliverycheck.brokers import BrokerError, Capability, Guardian, KafkaExternal, KafkaProcess
from deliverycheck.brokers.credentials import Credentials
from deliverycheck.brokers.processes import wait_until
from deliverycheck.brokers.provision import toolchain
from deliverycheck.plans import FaultKind
from faults import Injector, Toxiproxy
from properties.certificates import certificate
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


def received_in_a_group(endpoint, topic, count, **settings):
    consumer = Consumer(
        {
            "bootstrap.servers": str(endpoint),
            "group.id": f"{topic}-group",
            "auto.offset.reset": "earliest",
            "log_level": 0,
            **settings,
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
        publish(cluster, topic, 1)
        assert received_in_a_group(cluster, topic, 1) == [0]
        assert {topic, f"{topic}-group"} <= ours(admin)
    finally:
        broker.stop()
    assert ours(admin) == set()


# A cluster that wants TLS and an account.

USER, PASSWORD = "anna", "tr0ub4dor"


@pytest.fixture(scope="module")
def secured(tools, guardian, tmp_path_factory):
    """Its address, and the certificate that it shows."""
    folder = tmp_path_factory.mktemp("secured")
    shown, _, both = certificate(folder)
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    protocols = ("INTERNAL:PLAINTEXT", "CONTROLLER:PLAINTEXT", "DIRECT:PLAINTEXT")
    broker = KafkaProcess(
        tools.kafka,
        folder=folder,
        guardian=guardian,
        slots=1,
        overrides={
            "listener.security.protocol.map": ",".join((*protocols, "SLOT0:SASL_SSL")),
            "listener.name.slot0.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.slot0.plain.sasl.jaas.config": f'{login} user_{USER}="{PASSWORD}";',
            "listener.name.slot0.ssl.keystore.type": "PEM",
            "listener.name.slot0.ssl.keystore.location": str(both),
        },
    )
    try:
        broker.start()
        yield str(broker.slots()[0].listener), shown, str(broker.direct_endpoint())
    finally:
        broker.stop()


def let_in(shown, password=PASSWORD):
    return Credentials(
        settings={
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "PLAIN",
            "sasl.username": USER,
            "sasl.password": password,
            "ssl.ca.location": str(shown),
        }
    )


def test_cluster_with_tls_and_an_account_is_used_by_links_and_left_as_it_was(
    secured, tools, guardian, tmp_path
):
    address, shown, inside = secured
    credentials = let_in(shown)
    broker = KafkaExternal(address, slots=2, credentials=credentials)
    proxy = None
    try:
        broker.start()
        slots = broker.slots()
        proxy = Toxiproxy(
            tools.toxiproxy.executable, slots=slots, folder=tmp_path, guardian=guardian
        )
        proxy.start()
        topic, account = broker.lease_topic(1), credentials.kafka_settings()
        broker.configure_group(f"{topic}-group", {"share.auto.offset.reset": "earliest"})
        assert publish(slots[0].advertised, topic, 3, **account) == [0, 1, 2]
        assert received_in_a_group(slots[1].advertised, topic, 3, **account) == [0, 1, 2]
        assert wait_until(lambda: broker.publishers_gone(slots[0]), timeout_s=5)
        assert len(messages(broker, topic)) == 3
        assert "by TLS" in broker.runtime()
    finally:
        if proxy is not None:
            proxy.stop()
        broker.stop()
    admin = AdminClient({"bootstrap.servers": inside, "log_level": 0})
    assert ours(admin) == set()


def ours(admin):
    """Topics and groups that a campaign made."""
    groups = admin.list_consumer_groups(request_timeout=5).result().valid
    names = {*admin.list_topics(timeout=5).topics, *(one.group_id for one in groups)}
    return {name for name in names if name.startswith("deliverycheck-")}


@pytest.mark.parametrize("what", ["password", "authority", "everything"])
def test_cluster_that_lets_us_not_in_is_told_without_the_secret(secured, monkeypatch, what):
    monkeypatch.setattr("deliverycheck.brokers.external._ANSWER_S_MAX", 2.0)
    address, shown, _ = secured
    credentials = {
        "password": let_in(shown, "not-this-one"),
        "authority": Credentials(settings=dict(let_in(shown).settings) | {"ssl.ca.location": ""}),
        "everything": Credentials(),
    }[what]
    broker = KafkaExternal(address, slots=1, credentials=credentials)
    try:
        with pytest.raises(BrokerError, match="no Kafka cluster answers") as caught:
            broker.start()
    finally:
        broker.stop()
    assert "--credentials" in str(caught.value)
    assert "not-this-one" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_what_a_run_would_create_is_told_and_not_made(cluster):
    admin = AdminClient({"bootstrap.servers": cluster, "log_level": 0})
    before = set(admin.list_topics(timeout=5).topics)
    told = "\n".join(KafkaExternal(cluster).would_create())
    assert "would create: topics deliverycheck-" in told
    assert "would delete at the end" in told
    assert set(admin.list_topics(timeout=5).topics) == before


def test_nodes_of_others_are_never_hit(external):
    assert external.capabilities() == {Capability.LINKS}
    with pytest.raises(BrokerError, match=r"cannot kill b1: the broker at .* is not ours"):
        external.kill("b1")


def test_address_that_is_none_is_refused_at_once():
    with pytest.raises(BrokerError, match="bootstrap 'nonsense': expected HOST:PORT"):
        KafkaExternal("nonsense")


def test_address_of_another_system_is_refused_without_telling_its_password():
    with pytest.raises(BrokerError, match="expected HOST:PORT") as raised:
        KafkaExternal("amqp://anna:tr0ub4dor@broker:5672")
    assert "tr0ub4dor" not in str(raised.value)


def test_cluster_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr("deliverycheck.brokers.external._ANSWER_S_MAX", 0.5)
    broker = KafkaExternal("127.0.0.1:1")
    with pytest.raises(BrokerError, match=r"no Kafka cluster answers at 127\.0\.0\.1:1"):
        broker.start()
    broker.stop()
