"""RabbitMQ's node without a node: its settings, plugins, names, and a topology in its words."""

import socket
import struct
from types import SimpleNamespace

import pytest

from deliverycheck.brokers import BrokerError, DeathCause
from deliverycheck.brokers.node import loopback
from deliverycheck.brokers.ports import PortBlock, is_free
from deliverycheck.brokers.processes import wait_until
from deliverycheck.brokers.rabbitmq_api import Account, RabbitApi
from deliverycheck.brokers.rabbitmq_external import Address
from deliverycheck.brokers.rabbitmq_names import NameServer
from deliverycheck.brokers.rabbitmq_node import RabbitNode
from deliverycheck.brokers.rabbitmq_plugins import link_plugins, needed, parse_needs
from deliverycheck.brokers.rabbitmq_settings import (
    RabbitPorts,
    advanced_configuration,
    configuration,
    deviations,
)
from deliverycheck.brokers.rabbitmq_topology import (
    binding_arguments,
    declare,
    exchange_arguments,
    limits_of,
    policy_definition,
    queue_arguments,
)
from deliverycheck.plans import (
    Binding,
    DeadLettering,
    Exchange,
    Match,
    Overflow,
    Queue,
    QueueKind,
    Topology,
)

# Settings.

PORTS = RabbitPorts(
    direct=1, api=2, stream=3, names=4, distribution=5, slots=((6, 7), (8, 9)), stream_slot=(10, 11)
)


def lines(overrides):
    text = configuration(PORTS, "secret", overrides)
    return dict(line.split(" = ") for line in text.splitlines())


def test_each_link_slot_is_a_listener_of_its_own_on_the_loopback_address():
    found = lines({})
    listeners = {value for name, value in found.items() if name.startswith("listeners.tcp.")}
    assert listeners == {"127.0.0.1:1", "127.0.0.1:6", "127.0.0.1:8"}
    assert found["management.tcp.ip"] == "127.0.0.1"
    assert set(PORTS.listeners) == {1, 2, 3, 6, 8, 10}


def test_streams_send_their_clients_to_the_proxy():
    assert lines({})["stream.advertised_port"] == "11"


def test_every_deviation_is_what_the_node_is_started_with():
    written = {**lines({}), "advanced": advanced_configuration()}
    for each in deviations({}):
        assert each.value != each.default
        assert each.why
        in_a_line = written.get(each.name) == each.value
        in_advanced = f"{{{each.name}, {each.value}}}" in written["advanced"]
        elsewhere = each.name.startswith("+") or each.name == "enabled_plugins"
        assert in_a_line or in_advanced or elsewhere, each


def test_setting_of_the_subject_wins_and_is_told():
    wanted = {"raft.wal_max_size_bytes": "1048576", "heartbeat": "7"}
    assert wanted.items() <= lines(wanted).items()
    told = {each.name: each for each in deviations(wanted)}
    assert told["heartbeat"].default == "unknown"
    assert told["raft.wal_max_size_bytes"].default == "536870912"


def test_setting_that_the_subject_gives_its_default_back_is_no_deviation():
    told = {each.name for each in deviations({"log.console.level": "info"})}
    assert "log.console.level" not in told


# Plugins.


APPLICATION = """
{application, 'rabbit', [
    {description, "RabbitMQ"},
    {applications, [kernel,stdlib, ranch,
        'rabbit_common']},
    {optional_applications, [extra]},
    {env, [{applications_of_nobody, [no]}]}
]}.
"""


def test_needs_of_a_plugin_are_read_from_its_description():
    assert parse_needs(APPLICATION) == {"kernel", "stdlib", "ranch", "rabbit_common", "extra"}


def test_plugins_that_are_needed_are_found_through_others_and_cycles():
    needs = {
        "rabbit": frozenset({"kernel", "ranch"}),
        "rabbitmq_prelaunch": frozenset({"rabbit"}),
        "ranch": frozenset(),
        "wanted": frozenset({"below", "rabbit"}),
        "below": frozenset({"wanted"}),
        "other": frozenset({"rabbit"}),
    }
    assert needed(needs, ["wanted"]) == needs.keys() - {"other"}


def test_plugin_that_is_missing_is_named_with_the_folder(tmp_path):
    (tmp_path / "rabbit-4.3.6" / "ebin").mkdir(parents=True)
    with pytest.raises(BrokerError, match=r"plugin rabbitmq_stream is missing: .* does not hold"):
        link_plugins(tmp_path, ["rabbitmq_stream"], tmp_path / "linked")


def test_packed_plugins_are_linked_as_they_are(tmp_path):
    available = tmp_path / "available"
    (available / "rabbit-4.3.6" / "ebin").mkdir(parents=True)
    (available / "rabbitmq_stream-4.3.6.ez").touch()
    (available / "README").touch()
    link_plugins(available, ["rabbitmq_stream"], tmp_path / "linked")
    linked = {path.name for path in (tmp_path / "linked").iterdir()}
    assert linked == {"rabbit-4.3.6", "rabbitmq_stream-4.3.6.ez"}


# Names, as a node asks for them.


@pytest.fixture
def names():
    with PortBlock.lease() as block:
        (port,) = block.take(1)
        with NameServer(port):
            yield port


def ask(port, request):
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection.sendall(struct.pack(">H", len(request)) + request)
    return connection


def registration(name, port):
    facts = struct.pack(">HBBHHH", port, 77, 0, 6, 5, len(name))
    return bytes([120]) + facts + name + b"\0\0"


def answer(port, request):
    with ask(port, request) as connection:
        return connection.recv(1024)


def port_of(names, name):
    said = answer(names, bytes([122]) + name)
    return struct.unpack(">H", said[2:4])[0] if said[1] == 0 else None


def test_node_is_known_as_long_as_its_connection_lives(names):
    assert port_of(names, b"b1") is None
    node = ask(names, registration(b"b1", 4711))
    kind, result, first = struct.unpack(">BBI", node.recv(6))
    assert (kind, result) == (118, 0)
    assert port_of(names, b"b1") == 4711
    assert b"name b1 at port 4711\n" in answer(names, bytes([110]))
    node.close()
    assert wait_until(lambda: port_of(names, b"b1") is None, timeout_s=2)
    with ask(names, registration(b"b1", 4711)) as again:
        assert struct.unpack(">BBI", again.recv(6))[2] != first, "another life of the node"


@pytest.mark.parametrize("request_", [b"", b"y", bytes([120]), bytes([122])])
def test_request_that_is_none_ends_its_connection_alone(names, request_):
    ask(names, request_).close()
    assert port_of(names, b"b1") is None


def test_closed_name_server_has_no_port_and_no_connection():
    with PortBlock.lease() as block:
        (port,) = block.take(1)
        server = NameServer(port)
        node = ask(port, registration(b"b1", 4711))
        node.recv(6)
        server.close()
        assert node.recv(1) == b""
        node.close()
        assert wait_until(lambda: is_free(port), timeout_s=2)


# Topologies in RabbitMQ's words.


@pytest.mark.parametrize(
    ("queue", "arguments"),
    [
        (Queue(name="q1"), {}),
        (Queue(name="q1", kind=QueueKind.QUORUM), {"x-queue-type": "quorum"}),
        (
            Queue(name="q1", expires_ms=0, length_max=0, delivery_limit=0),
            {"x-message-ttl": 0, "x-max-length": 0, "x-delivery-limit": 0},
        ),
        (
            Queue(name="q1", dead_letter_exchange="", dead_letter_key="drop_head"),
            {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "drop_head"},
        ),
        (
            Queue(
                name="q1",
                overflow=Overflow.REJECT_PUBLISH,
                dead_lettering=DeadLettering.AT_LEAST_ONCE,
            ),
            {"x-overflow": "reject-publish", "x-dead-letter-strategy": "at-least-once"},
        ),
        (
            Queue(name="q1", priorities_max=5, single_active=True, queue_expires_ms=9),
            {"x-max-priority": 5, "x-single-active-consumer": True, "x-expires": 9},
        ),
    ],
    ids=["usual", "quorum", "zero-is-a-limit", "default-exchange", "enumerations", "the-rest"],
)
def test_arguments_of_a_queue(queue, arguments):
    assert queue_arguments(queue) == arguments


def test_queue_whose_limits_a_policy_sets_is_declared_without_them():
    queue = Queue(name="q1", kind=QueueKind.QUORUM, length_max=3, overflow=Overflow.REJECT_PUBLISH)
    told = []
    channel = SimpleNamespace(queue_declare=lambda **fields: told.append(fields["arguments"]))
    for by_policy in ((), ("q1",)):
        declare(channel, Topology(queues=(queue,), by_policy=by_policy))
    kind = {"x-queue-type": "quorum"}
    assert told == [{"x-max-length": 3, "x-overflow": "reject-publish", **kind}, kind]
    assert limits_of(queue) == {"length_max": 3, "overflow": Overflow.REJECT_PUBLISH}
    assert policy_definition(limits_of(queue)) == {"max-length": 3, "overflow": "reject-publish"}


@pytest.mark.parametrize(
    ("by_policy", "limited_later"), [(("q2",), ()), (("q1",), ("q1",))], ids=["unknown", "twice"]
)
def test_policy_from_the_start_is_of_a_declared_queue_that_no_later_one_limits(
    by_policy, limited_later
):
    with pytest.raises(ValueError, match="by_policy: expected a queue that no later policy"):
        Topology(queues=(Queue(name="q1"),), by_policy=by_policy, limited_later=limited_later)


def test_arguments_of_exchanges_and_bindings():
    assert exchange_arguments(Exchange(name="x1")) == {}
    assert exchange_arguments(Exchange(name="x1", alternate="x2")) == {"alternate-exchange": "x2"}
    assert binding_arguments(Binding(source="x1", destination="q1", key="k")) == {}
    typed = (("a", 1), ("b", "1"), ("c", True), ("d", None))
    binding = Binding(source="x1", destination="q1", match=Match.ANY_WITH_X, headers=typed)
    assert binding_arguments(binding) == {"x-match": "any-with-x", **dict(typed)}


def test_policy_says_the_same_without_the_x():
    limits = {"length_max": 3, "overflow": "reject_publish", "dead_letter_exchange": "x1"}
    assert policy_definition(limits) == {
        "max-length": 3,
        "overflow": "reject-publish",
        "dead-letter-exchange": "x1",
    }
    with pytest.raises(BrokerError, match="no policy sets single_active; one may set dead_letter"):
        policy_definition({"single_active": True})


# What a node says when it ends, and where nobody answers.


@pytest.mark.parametrize(
    ("code", "said", "cause"),
    [
        (1, "eheap_alloc: Cannot allocate 12 bytes", DeathCause.OUT_OF_MEMORY),
        (-9, "", DeathCause.OUT_OF_MEMORY),
        (1, "{error,enospc}", DeathCause.DISK_FULL),
        (1, "BOOT FAILED", DeathCause.ITSELF),
        (-6, "", DeathCause.ITSELF),
    ],
)
def test_cause_of_death(code, said, cause):
    assert RabbitNode.cause_of_death(code, [said]) is cause


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("2026-12-01 01:51:22.1+00:00 [error] <0.144.0>   - unknown variable: x", True),
        ("2026-12-01 01:51:22.1+00:00 [error] <0.144.0> Error during startup", True),
        ("sh: erl: not found", True),
        ("2026-12-01 01:51:22.1+00:00 [error] <0.144.0>     stack_size: 29", False),
        ("2026-12-01 01:51:22.1+00:00 [error] <0.144.0> ", False),
        ("2026-12-01 01:51:22.1+00:00 [error] <0.144.0> BOOT FAILED", False),
        ("===========", False),
        ("Kernel pid terminated (application_controller)", False),
    ],
)
def test_lines_of_the_log_that_say_something(line, told):
    assert (RabbitNode.noise.match(line) is None) is told


def test_api_that_nobody_answers_at_is_named():
    with PortBlock.lease() as block:
        (port,) = block.take(1)
        api = RabbitApi(loopback(port), Account(user="u", password="secret"))  # noqa: S106
        with pytest.raises(BrokerError, match=f"HTTP API at 127.0.0.1:{port} does not answer"):
            api.get("overview")
        assert not api.answers()


# Addresses.


def test_address_of_a_broker_has_what_the_uri_says_and_the_usual_rest():
    address = Address.parse("amqp://me:p%40ss@host:77/vhost?api=88")
    assert (str(address.amqp), str(address.api)) == ("host:77", "host:88")
    assert address.account == Account(user="me", password="p@ss")  # noqa: S106
    usual = Address.parse("amqp://host")
    assert (str(usual.amqp), str(usual.api)) == ("host:5672", "host:15672")


def test_password_is_in_no_text_of_an_address():
    assert "secret" not in repr(Address.parse("amqp://me:secret@host"))


@pytest.mark.parametrize("mark", ["/", "?", "#", "@sec/", "@sec?"])
def test_password_that_is_not_quoted_is_refused_and_not_told(mark):
    with pytest.raises(BrokerError, match="written %2F %3F %23 %40") as raised:
        Address.parse(f"amqp://me:secret{mark}more@host")
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    assert "sec" not in str(raised.value)
