"""The external backend: a RabbitMQ that is not ours is used through links, and left as it was."""

import os

import pytest

from deliverycheck.brokers import (
    BrokerError,
    Capability,
    Guardian,
    RabbitExternal,
    RabbitProcess,
)
from deliverycheck.brokers.credentials import Credentials
from deliverycheck.brokers.ports import PortBlock, is_free
from deliverycheck.brokers.processes import wait_until
from deliverycheck.brokers.provision import rabbit_toolchain
from deliverycheck.brokers.provision.rabbitmq import installed_at
from deliverycheck.brokers.rabbitmq_api import Account, RabbitApi
from deliverycheck.plans import FaultKind, Queue, QueueKind
from faults import Injector, Toxiproxy
from properties.certificates import certificate
from properties.rabbitmq.brokers import REFUSED, connection
from properties.rabbitmq.test_broker_contract import (
    declared,
    messages,
    numbered,
    publish,
)


@pytest.fixture(scope="module")
def tools():
    return rabbit_toolchain()


@pytest.fixture(scope="module")
def guardian():
    with Guardian.start() as running:
        yield running


@pytest.fixture(scope="module")
def owner(tools, guardian, tmp_path_factory):
    """Runs a broker, and lets somebody use it."""
    broker = RabbitProcess(
        tools.rabbitmq, folder=tmp_path_factory.mktemp("theirs"), guardian=guardian, slots=0
    )
    try:
        broker.start()
        owner = Owner(broker)
        yield owner
        owner.api.close()
    finally:
        broker.stop()


class Owner:
    def __init__(self, broker):
        own = broker.lease_namespace()
        ports = broker._node.ports  # noqa: SLF001  # Whoever runs a broker knows its ports.
        self.amqp, self.api_port, self.namespace = broker.direct_endpoint(), ports.api, own
        endpoint = type(self.amqp)(host=self.amqp.host, port=ports.api)
        self.api = RabbitApi(endpoint, Account(user=own.user, password=own.password))

    def address(self, user=None, password=None, api=None):
        who = f"{user or self.namespace.user}:{password or self.namespace.password}"
        return f"amqp://{who}@{self.amqp}?api={api or self.api_port}"

    def names(self):
        return {each["name"] for each in self.api.get("vhosts")}


@pytest.fixture
def external(owner):
    broker = RabbitExternal(owner.address(), slots=2)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


def test_clients_go_by_their_link(external, tools, guardian, tmp_path):
    namespace, slot = external.lease_namespace(), external.slots()[0]
    declared(external, namespace, Queue(name="q1"), Queue(name="q2", kind=QueueKind.QUORUM))
    proxy = Toxiproxy(
        tools.toxiproxy.executable, slots=external.slots(), folder=tmp_path, guardian=guardian
    )
    try:
        proxy.start()
        injector = Injector(proxy)
        publish(slot.advertised, namespace, "q1", 3)
        assert wait_until(lambda: external.publishers_gone(slot), timeout_s=2)
        opened = connection(slot.advertised, namespace)
        assert not external.publishers_gone(slot)
        opened.close()
        injector.inject(FaultKind.REFUSE, slot, None)
        with pytest.raises(REFUSED):
            publish(slot.advertised, namespace, "q1", 1)
        publish(external.slots()[1].advertised, namespace, "q2", 1)
        injector.heal(slot)
        assert messages(external, namespace, "q1") == numbered(3)
        assert messages(external, namespace, "q2") == numbered(1)
    finally:
        proxy.stop()


def test_broker_is_left_as_it_was_found(owner):
    before = owner.names()
    external = RabbitExternal(owner.address(), slots=1)
    external.start()
    kept, retired = external.lease_namespace(), external.lease_namespace()
    assert {kept.name, retired.name} <= owner.names()
    external.retire_namespace(retired)
    listener = external.slots()[0].listener.port
    external.stop()
    # The owner's own may go meanwhile: it made one to see whether it is usable.
    assert owner.names() <= before
    assert owner.namespace.name in owner.names()
    assert is_free(listener)


def test_broker_of_somebody_else_is_not_killed(external):
    assert external.capabilities() == {Capability.LINKS}
    with pytest.raises(BrokerError, match=r"cannot kill b1: the broker at .* is not ours"):
        external.kill("b1")


def test_version_is_the_one_that_the_broker_tells(external, tools):
    assert external.version() == tools.rabbitmq.version
    assert "Erlang/OTP" in external.runtime()


def refusal(address):
    broker = RabbitExternal(address, slots=1)
    try:
        with pytest.raises(BrokerError) as caught:
            broker.start()
    finally:
        broker.stop()
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_wrong_password_is_named_and_not_repeated(owner):
    said = refusal(owner.address(password="not-this-one"))  # noqa: S106
    assert "does not let user 'deliverycheck'" in said
    assert "wrong user or password" in said
    assert "not-this-one" not in said


def test_password_is_taken_from_the_environment(owner, monkeypatch):
    monkeypatch.setenv("DELIVERYCHECK_AMQP_PASSWORD", owner.namespace.password)
    address = owner.address().replace(f":{owner.namespace.password}@", "@")
    assert owner.namespace.password not in address
    broker = RabbitExternal(address, slots=0)
    try:
        broker.start()
    finally:
        broker.stop()


def test_user_who_may_not_make_virtual_hosts_is_told_what_it_takes(owner):
    owner.api.put("users", "reader", body={"password": "reads", "tags": "management"})
    said = refusal(owner.address(user="reader", password="reads"))  # noqa: S106
    assert "cannot make a virtual host" in said
    assert "'reader' must be an administrator" in said


def test_broker_without_the_http_api_is_told_which_plugin_is_missing(owner):
    said = refusal(owner.address(api=1))
    assert "rabbitmq_management must answer at 127.0.0.1:1" in said


@pytest.mark.parametrize(
    "address", ["localhost:5672", "http://127.0.0.1", "amqp://127.0.0.1:many", "amqp://"]
)
def test_address_that_is_none_is_refused_with_what_is_expected(address):
    with pytest.raises(BrokerError, match="expected amqp://USER:PASSWORD@HOST:PORT"):
        RabbitExternal(address)


# A broker that wants TLS.


@pytest.fixture(scope="module")
def secured(tools, guardian, tmp_path_factory):
    """Its address by TLS, the certificate that it shows, and its own account."""
    folder = tmp_path_factory.mktemp("secured")
    shown, key, _ = certificate(folder)
    with PortBlock.lease() as block:
        amqps, api = block.take(2)
        files = {"certfile": str(shown), "keyfile": str(key)}
        broker = RabbitProcess(
            tools.rabbitmq,
            folder=folder,
            guardian=guardian,
            slots=0,
            overrides={
                "listeners.ssl.1": f"127.0.0.1:{amqps}",
                **{f"ssl_options.{name}": value for name, value in files.items()},
                "management.ssl.ip": "127.0.0.1",
                "management.ssl.port": str(api),
                **{f"management.ssl.{name}": value for name, value in files.items()},
            },
        )
        try:
            broker.start()
            yield f"amqps://127.0.0.1:{amqps}?api={api}", shown, broker.lease_namespace()
        finally:
            broker.stop()


def test_broker_with_tls_is_used_by_links(secured, tools, guardian, tmp_path):
    address, shown, own = secured
    told = {"ssl.ca.location": str(shown), "username": own.user, "password": own.password}
    broker = RabbitExternal(address, slots=1, credentials=Credentials(settings=told))
    proxy = None
    try:
        broker.start()
        slot, namespace = broker.slots()[0], broker.lease_namespace()
        proxy = Toxiproxy(
            tools.toxiproxy.executable, slots=(slot,), folder=tmp_path, guardian=guardian
        )
        proxy.start()
        declared(broker, namespace, Queue(name="q1"))
        publish(slot.advertised, namespace, "q1", 3)
        assert wait_until(lambda: broker.publishers_gone(slot), timeout_s=5)
        assert messages(broker, namespace, "q1") == numbered(3)
        assert "by TLS" in broker.runtime()
    finally:
        if proxy is not None:
            proxy.stop()
        broker.stop()


def test_broker_whose_certificate_nobody_vouches_for_is_not_used(secured):
    address, _, own = secured
    told = {"username": own.user, "password": own.password}
    broker = RabbitExternal(address, slots=1, credentials=Credentials(settings=told))
    try:
        with pytest.raises(BrokerError, match="no RabbitMQ can be used at") as caught:
            broker.start()
    finally:
        broker.stop()
    assert own.password not in str(caught.value)


def test_what_a_run_would_create_is_told_and_not_made(owner):
    before = owner.names()
    told = "\n".join(RabbitExternal(owner.address()).would_create())
    assert "would create: virtual hosts deliverycheck-" in told
    assert "would delete at the end" in told
    assert owner.namespace.password not in told
    assert owner.names() <= before


# An installed server stands in for the packages.


def test_server_on_path_is_run_as_it_is(tools, guardian, tmp_path, monkeypatch):

    monkeypatch.setenv("PATH", str(tools.rabbitmq.erlang_bin), prepend=os.pathsep)
    installed = installed_at(tools.rabbitmq.script, "PATH")
    assert installed.version == tools.rabbitmq.version
    broker = RabbitProcess(installed, folder=tmp_path, guardian=guardian, slots=1)
    try:
        broker.start()
        assert "(PATH)" in broker.runtime()
    finally:
        broker.stop()
