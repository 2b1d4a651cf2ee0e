"""Both backends keep the broker contract: real RabbitMQ, killed, paused, read, proxied."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from deliverycheck.brokers import BrokerError, Capability, DeathCause, Guardian
from deliverycheck.brokers.ports import is_free, pid_behind
from deliverycheck.brokers.processes import wait_until
from deliverycheck.plans import (
    Binding,
    Exchange,
    ExchangeKind,
    FaultKind,
    Match,
    Queue,
    QueueKind,
)
from faults import Injector
from properties.rabbitmq.brokers import (
    REFUSED,
    connection,
    declared,
    limit_s,
    messages,
    numbered,
    opened_on,
    overload,
    publish,
)

NODE = "b1"
# A quorum queue or a stream whose node is killed within about a second of its declaration is
# lost, with all that it had: a matter of claims, not of this contract.
SETTLED_S = 1.5


@pytest.fixture(scope="module", params=["4", "4.0", "3.10", "container"])
def broker(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("a broker")
    with (
        Guardian.start() as guardian,
        opened_on(request.param, folder, guardian) as (broker, proxy_before),
    ):
        proxy = None
        try:
            begun = time.monotonic()
            broker.start()
            assert time.monotonic() - begun < limit_s(broker)
            proxy = proxy_before(broker, (*broker.slots(), broker.stream_slot()))
            proxy.start()
            broker.proxy = proxy
            yield broker
        finally:
            if proxy is not None:
                proxy.stop()
            broker.stop()


@pytest.fixture
def namespace(broker):
    leased = broker.lease_namespace()
    yield leased
    broker.retire_namespace(leased)


# Namespaces and what is declared in them.


def test_leased_namespaces_are_fresh_and_usable(broker):
    leased = [broker.lease_namespace() for _ in range(20)]
    assert len({each.name for each in leased}) == 20
    for each in leased:
        connection(broker.direct_endpoint(), each).close()
        assert broker.read_queues(each, []).deliveries == {}
        broker.retire_namespace(each)
    assert leased[0].password not in repr(leased[0])


def test_retired_namespace_is_deleted_some_time(broker):
    leased = broker.lease_namespace()
    broker.retire_namespace(leased)

    assert wait_until(lambda: is_deleted(broker, leased), timeout_s=10)


def is_deleted(broker, namespace):
    try:
        connection(broker.direct_endpoint(), namespace).close()
    except REFUSED:
        return True
    return False


def test_same_names_in_two_namespaces_are_different_queues(broker, namespace):
    other = broker.lease_namespace()
    for each in (namespace, other):
        declared(broker, each, Queue(name="q1"))
    publish(broker.direct_endpoint(), namespace, "q1", 2)
    assert messages(broker, other, "q1") == []
    assert messages(broker, namespace, "q1") == numbered(2)
    broker.retire_namespace(other)


@pytest.mark.parametrize("kind", QueueKind)
def test_what_is_left_is_found_in_order_and_whole(broker, namespace, kind):
    declared(broker, namespace, Queue(name="q1", kind=kind))
    publish(broker.direct_endpoint(), namespace, "q1", 25, headers={"a": 1, "b": "1", "c": None})
    scan = broker.read_queues(namespace, ["q1"])
    found = scan.deliveries["q1", 0]
    assert [each.message for each in found] == numbered(25)
    assert scan.ends == {("q1", 0): 25}
    assert {each.mangled for each in found} == {()}
    assert {each.source for each in found} == {"q1"}
    taken = kind is not QueueKind.STREAM
    assert messages(broker, namespace, "q1") == ([] if taken else numbered(25))


def test_empty_and_missing_queues_have_nothing(broker, namespace):
    declared(
        broker,
        namespace,
        Queue(name="q1"),
        Queue(name="q2", kind=QueueKind.QUORUM),
        Queue(name="s1", kind=QueueKind.STREAM),
        Queue(name="gone", exclusive=True, durable=False),
    )
    names = ["q1", "q2", "s1", "gone", "never-declared"]
    scan = broker.read_queues(namespace, names)
    assert scan.deliveries == {(name, 0): [] for name in names}


def test_topology_routes_as_declared(broker, namespace):
    declared(
        broker,
        namespace,
        Queue(name="q1"),
        Queue(name="q2"),
        Queue(name="q3"),
        exchanges=(
            Exchange(name="x1", kind=ExchangeKind.TOPIC, alternate="x3"),
            Exchange(name="x2", kind=ExchangeKind.HEADERS),
            Exchange(name="x3", kind=ExchangeKind.FANOUT),
        ),
        bindings=(
            Binding(source="x1", destination="q1", key="a.*"),
            Binding(source="x2", destination="q2", match=Match.ANY, headers=(("n", 1),)),
            Binding(source="x3", destination="q3"),
        ),
    )
    direct = broker.direct_endpoint()
    publish(direct, namespace, "a.b", 1, exchange="x1")
    publish(direct, namespace, "b", 2, exchange="x1")
    publish(direct, namespace, "", 3, exchange="x2", headers={"n": 1, "other": "x"})
    found = broker.read_queues(namespace, ["q1", "q2", "q3"]).ends
    assert found == {("q1", 0): 1, ("q2", 0): 3, ("q3", 0): 2}


def test_binding_that_was_taken_away_routes_no_more(broker, namespace):
    binding = Binding(source="x1", destination="q1", match=Match.ALL, headers=(("n", 1),))
    stays = Binding(source="x1", destination="q2")
    declared(
        broker,
        namespace,
        Queue(name="q1"),
        Queue(name="q2"),
        exchanges=(Exchange(name="x1", kind=ExchangeKind.HEADERS),),
        bindings=(binding, stays),
    )
    broker.unbind(namespace, binding)
    publish(broker.direct_endpoint(), namespace, "", 1, exchange="x1", headers={"n": 1})
    assert broker.read_queues(namespace, ["q1", "q2"]).ends == {("q1", 0): 0, ("q2", 0): 1}


def test_declaration_that_is_refused_is_named_with_the_brokers_words(broker, namespace):
    declared(broker, namespace, Queue(name="q1"))
    with pytest.raises(BrokerError, match=r"refused classic queue 'q1': 406 PRECONDITION_FAILED"):
        declared(broker, namespace, Queue(name="q1", length_max=3))


# Links.


def test_slot_leads_through_its_proxy(broker, namespace):
    slot = broker.slots()[0]
    declared(broker, namespace, Queue(name="q1"))
    if broker.backend == "process":  # The engine has a process of its own before each port.
        assert pid_behind(slot.advertised.port) == broker.proxy.pid()
    publish(slot.advertised, namespace, "q1", 2)
    assert wait_until(lambda: broker.publishers_gone(slot), timeout_s=2)

    injector = Injector(broker.proxy)
    injector.inject(FaultKind.REFUSE, slot, None)
    with pytest.raises(REFUSED):
        publish(slot.advertised, namespace, "q1", 1)
    publish(broker.slots()[1].advertised, namespace, "q1", 1)
    injector.heal(slot)
    publish(slot.advertised, namespace, "q1", 1)
    assert len(messages(broker, namespace, "q1")) == 4


def test_publishers_are_gone_when_the_broker_has_closed_their_connections(broker, namespace):
    slot = broker.slots()[0]
    opened = connection(slot.advertised, namespace)
    assert not broker.publishers_gone(slot)
    assert broker.publishers_gone(broker.slots()[1])
    opened.close()
    assert wait_until(lambda: broker.publishers_gone(slot), timeout_s=2)


def test_streams_tell_their_clients_the_slot_of_streams(broker):
    slot = broker.stream_slot()
    if broker.backend == "process":
        assert pid_behind(slot.advertised.port) == broker.proxy.pid()
    assert broker.clients_gone((slot,))


# The node is killed, paused, and dies.


def test_killed_node_comes_back_with_what_it_had(broker, namespace):
    declared(
        broker,
        namespace,
        Queue(name="q1"),
        Queue(name="q2", kind=QueueKind.QUORUM),
        Queue(name="s1", kind=QueueKind.STREAM),
    )
    time.sleep(SETTLED_S * overload())
    for queue in ("q1", "q2", "s1"):
        publish(broker.direct_endpoint(), namespace, queue, 5)
    killed = broker.kill(NODE)
    assert killed["exit_code"] == -signal.SIGKILL
    assert broker.died() is None, "a node that we killed did not die by itself"
    with pytest.raises(BrokerError, match="cannot pause b1: it is not running"):
        broker.pause(NODE)

    begun = time.monotonic()
    restarted = broker.restart(NODE)
    assert time.monotonic() - begun < limit_s(broker)
    assert restarted["pid"] != killed["pid"]
    for queue in ("q1", "q2", "s1"):
        assert messages(broker, namespace, queue) == numbered(5), queue
    publish(broker.direct_endpoint(), namespace, "q1", 1)
    connection(broker.direct_endpoint(), broker.lease_namespace()).close()


def test_paused_node_answers_nobody_until_it_is_resumed(broker, namespace):
    declared(broker, namespace, Queue(name="q1"))
    broker.pause(NODE)
    try:
        with pytest.raises(BrokerError, match="takes no connection"):
            declared(broker, namespace, Queue(name="q2"))
    finally:
        broker.resume(NODE)
    publish(broker.direct_endpoint(), namespace, "q1", 1)


def test_namespace_that_is_retired_while_the_node_is_paused_keeps_nobody_waiting(broker):
    leased = broker.lease_namespace()
    broker.pause(NODE)
    broker.retire_namespace(leased)
    time.sleep(0.2)  # A deletion would have begun.
    begun = time.monotonic()
    broker.kill(NODE)
    assert time.monotonic() - begun < limit_s(broker) / 4
    broker.restart(NODE)
    assert wait_until(lambda: is_deleted(broker, leased), timeout_s=10)


def test_isolated_node_answers_nobody_until_it_is_back_on_its_network(broker, namespace):
    if Capability.PARTITION not in broker.capabilities():
        assert broker.backend == "process"
        return
    slot = broker.slots()[2]
    declared(broker, namespace, Queue(name="q1"))
    publish(slot.advertised, namespace, "q1", 1)
    broker.isolate(NODE)
    with pytest.raises(REFUSED):
        publish(slot.advertised, namespace, "q1", 1)
    broker.rejoin(NODE)
    assert wait_until(lambda: is_taken(slot, namespace), timeout_s=limit_s(broker), poll_s=0.1)


def is_taken(slot, namespace):
    try:
        publish(slot.advertised, namespace, "q1", 1)
    except REFUSED:
        return False
    return True


def test_backend_says_what_it_can_do(broker):
    can = {Capability.KILL, Capability.PAUSE, Capability.LINKS}
    own = {"process": {Capability.STARVE}, "container": {Capability.PARTITION}}
    more = own[broker.backend]
    assert broker.capabilities() == can | more
    told = broker.deviations()
    assert "dead_letter_worker_publisher_confirm_timeout=2000 (180000)" in told
    assert "Erlang/OTP" in broker.runtime()


def test_no_port_mapper_runs_and_nothing_listens_on_other_interfaces(broker):
    """Erlang would start an epmd that outlives the node, and listen for nodes everywhere."""
    if broker.backend == "container":
        published = broker.node.published()
        assert {host for host, _ in published} == {"127.0.0.1"}
        assert len(published) == 3
        return
    assert "epmd" not in {program(path) for path in Path("/proc").glob("[0-9]*/comm")}
    inodes = set()
    for each in Path(f"/proc/{pid_behind(broker.direct_endpoint().port)}/fd").iterdir():
        with suppress(FileNotFoundError):  # It was closed meanwhile.
            inodes.add(each.readlink().name.removeprefix("socket:[").removesuffix("]"))
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    listening = [fields[1] for fields in lines if fields[3] == "0A" and fields[9] in inodes]
    assert len(listening) > 4
    assert {address.partition(":")[0] for address in listening} == {"0100007F"}


def program(comm):
    try:
        return comm.read_text().strip()
    except OSError:
        return ""  # It has ended meanwhile.


def test_node_that_dies_by_itself_is_told_and_stop_leaves_nothing(broker):
    direct = broker.direct_endpoint().port
    if broker.backend == "process":
        os.kill(pid_behind(direct), signal.SIGABRT)
    else:
        with suppress(BrokerError):  # The shell that asks is ended with all others.
            broker.node.tell("kill -ABRT 1; kill -USR1 1")
    assert wait_until(lambda: broker.died() is not None, timeout_s=10)
    death = broker.died()
    assert death.cause is DeathCause.ITSELF
    ended = "ended by SIGABRT" if broker.backend == "process" else "exit code"
    assert f"b1 died by itself ({ended}" in death.text
    broker.stop()
    assert is_free(direct)
