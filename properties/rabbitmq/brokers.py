"""Brokers for the contract, one backend after the other, how soon each is there, and a way in."""

import os
from contextlib import contextmanager

import pika
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPConnectionError

from deliverycheck.brokers.containers.rabbitmq import RabbitContainer
from deliverycheck.brokers.provision import RABBITMQ_NEWEST, rabbit_toolchain
from deliverycheck.brokers.rabbitmq import RabbitProcess
from deliverycheck.history import encode_body
from deliverycheck.history.letter import letter_body
from deliverycheck.plans import Topology
from faults import Toxiproxy
from properties.in_containers import Containers

REFUSED = (AMQPConnectionError, AMQPConnectorException)
# The goals of 4.x, with a core for each process that is ready to run; 3.10 takes half as long
# again. Where they queue for one it takes a multiple.
READY_S_MAX = 4.0
READY_S_MAX_OF_3 = 6.0
READY_S_MAX_IN_CONTAINER = 8.0


def opened_on(which, folder, guardian):
    """A broker that is not started, and what makes a proxy before it: a version, or contained."""
    kind = in_a_container if which == "container" else in_a_process
    return kind(folder, guardian, which)


@contextmanager
def in_a_process(folder, guardian, version):
    tools = rabbit_toolchain(version=version)

    def proxy_before(_, slots):
        executable = tools.toxiproxy.executable
        return Toxiproxy(executable, slots=slots, folder=folder, guardian=guardian)

    broker = RabbitProcess(tools.rabbitmq, folder=folder, guardian=guardian, slots=3)
    yield broker, proxy_before


@contextmanager
def in_a_container(folder, guardian, _):
    containers, made = Containers("rabbitmq", RABBITMQ_NEWEST), set()

    def proxy_before(broker, slots):
        made.update(containers.made_by(guardian.marker))
        return containers.proxy(broker, slots, folder)

    broker = containers.broker(RabbitContainer, folder=folder, guardian=guardian, slots=3)
    yield broker, proxy_before
    assert {kind for kind, _ in made} == {"container", "network", "volume"}
    assert containers.left_of(made) == containers.made_by(guardian.marker) == set()
    containers.engine.close()


def overload():
    """How many processes are ready to run for each core; at least 1."""
    return max(1.0, os.getloadavg()[0] / os.cpu_count())


def limit_s(broker):
    """An image loads all of its plugins; a process has only those that it needs."""
    if broker.backend == "container":
        return overload() * READY_S_MAX_IN_CONTAINER
    return overload() * (READY_S_MAX_OF_3 if broker.version().startswith("3") else READY_S_MAX)


def connection(endpoint, namespace):
    credentials = pika.PlainCredentials(namespace.user, namespace.password)
    return pika.BlockingConnection(
        pika.ConnectionParameters(
            host=endpoint.host,
            port=endpoint.port,
            virtual_host=namespace.name,
            credentials=credentials,
            socket_timeout=1.0,
            stack_timeout=1.0,
        )
    )


def declared(broker, namespace, *queues, **others):
    broker.declare(namespace, Topology(queues=queues, **others))


def publish(endpoint, namespace, key, count, *, exchange="", headers=None):  # noqa: PLR0913
    """Each is confirmed, or an error is raised."""
    opened = connection(endpoint, namespace)
    channel = opened.channel()
    channel.confirm_delivery()
    for number in range(count):
        properties = pika.BasicProperties(delivery_mode=2, headers=headers)
        body = letter_body(
            execution="contract",
            message=f"p1#1-{number}",
            attempt=1,
            exchange=exchange,
            key=key,
            properties=properties,
        )
        channel.basic_publish(exchange, key, encode_body(body), properties, mandatory=True)
    opened.close()


def messages(broker, namespace, queue):
    return [each.message for each in broker.read_queues(namespace, [queue]).deliveries[queue, 0]]


def numbered(count):
    return [f"p1#1-{number}" for number in range(count)]
