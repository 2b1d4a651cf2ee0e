"""What the worker's tests against a real RabbitMQ share: a broker, a place on it, clients."""

import time

import pytest

from deliverycheck.brokers import Guardian
from deliverycheck.brokers.provision.rabbitmq import provide_rabbitmq
from deliverycheck.brokers.rabbitmq import RabbitProcess
from deliverycheck.clients import (
    ClientErrorEvent,
    Reply,
    ReturnedEvent,
    WorkerHandle,
    client_program,
    commands,
)
from deliverycheck.clients.commands import Settlement
from deliverycheck.history import Position
from deliverycheck.plans import Exchange, Overflow, Queue, QueueKind, Subject, Topology

PROGRAM = client_program("rabbitmq")
TOPOLOGY = Topology(
    queues=(
        Queue(name="q1", dead_letter_exchange="", dead_letter_key="dead"),
        Queue(
            name="quorum",
            kind=QueueKind.QUORUM,
            dead_letter_exchange="",
            dead_letter_key="dead",
            delivery_limit=3,
        ),
        Queue(name="full", length_max=1, overflow=Overflow.REJECT_PUBLISH),
        Queue(name="priorities", priorities_max=5),
        Queue(name="stream", kind=QueueKind.STREAM),
        Queue(name="dead"),
        Queue(name="replies"),
    ),
    exchanges=(Exchange(name="x1"),),
)


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    distribution = provide_rabbitmq(lambda _: None)
    with Guardian.start() as guardian:
        folder = tmp_path_factory.mktemp("broker")
        broker = RabbitProcess(distribution, folder=folder, guardian=guardian, slots=2)
        try:
            broker.start()
            yield broker
        finally:
            broker.stop()


@pytest.fixture
def place(broker):
    """A namespace with the topology in it, and the address of it."""
    namespace = broker.lease_namespace()
    broker.declare(namespace, TOPOLOGY)
    yield Place(broker, namespace)
    broker.retire_namespace(namespace)


class Place:
    def __init__(self, broker, namespace):
        self.broker = broker
        self.namespace = namespace
        self.address = namespace.at(broker.direct_endpoint())

    def left_in(self, *queues):
        """Ids of what stands in the queues, with why, as a fresh reader finds it."""
        scan = self.broker.read_queues(self.namespace, queues)
        return [
            (one.message, one.source, one.reason)
            for many in scan.deliveries.values()
            for one in many
        ]


class Client:
    """A worker that is asked one thing after the other; what it says is kept."""

    def __init__(self, handle, address):
        self.handle = handle
        self.settings = PROGRAM.producer_settings(Subject(), address, "")
        self.heard = []
        self._op = 0

    def ask(self, command, seconds=15):
        identity = self.handle.send(command)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.handle.receive():
                self.heard.append(line)
                if isinstance(line, Reply) and line.re == identity:
                    return line
            time.sleep(0.001)
        pytest.fail(f"no reply to {command} within {seconds} s; heard {self.heard}")

    def op(self):
        self._op += 1
        return self._op

    def opened(self, **settings):
        reply = self.ask(commands.OpenProducer(settings={**self.settings, **settings}))
        assert reply.error is None, reply
        return self

    def reading(self, *queues, **settings):
        wanted = {**self.settings, **settings}
        reply = self.ask(commands.OpenConsumer(settings=wanted, topics=queues or ("q1",)))
        assert reply.error is None, reply
        return self

    def send(self, *messages, **fields):
        """Publish these ids; the operations."""
        letters = tuple(
            commands.Letter(op=self.op(), message=message, **{"key": "q1", **fields})
            for message in messages
        )
        self.ask(commands.Send(messages=letters, execution="e"))
        self.ask(commands.Flush(op=self.op(), timeout_ms=5000))
        return [self.outcome(letter.op) for letter in letters]

    def outcome(self, op):
        """How the operation ended; the event."""
        found = [
            line
            for line in self.heard
            if getattr(line, "op", None) == op and not isinstance(line, ReturnedEvent)
        ]
        assert len(found) <= 1, found
        return found[0] if found else None

    def receive(self, count=1, timeout_ms=2000, **fields):
        op = self.op()
        self.ask(commands.Receive(op=op, max=count, timeout_ms=timeout_ms, **fields))
        return list(self.outcome(op).deliveries)

    def receive_all(self, count):
        found = []
        while len(found) < count:
            more = self.receive(count - len(found))
            assert more, f"{len(found)} of {count} came"
            found += more
        return found

    def settle(self, deliveries, how=Settlement.ACK, **fields):
        op = self.op()
        covers = tuple(Position(source=one.source, position=one.position) for one in deliveries)
        self.ask(commands.Settle(op=op, covers=covers, how=how, **fields))
        self.ask(commands.Prove(timeout_ms=5000))
        return self.outcome(op)

    def errors(self):
        return [line.error for line in self.heard if isinstance(line, ClientErrorEvent)]


@pytest.fixture(scope="module")
def handles(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("workers"), []

    def start():
        handle = WorkerHandle(PROGRAM.argv, folder, f"w{len(made)}")
        made.append(handle)
        handle.await_hello(30)
        return handle

    yield start
    for handle in made:
        handle.kill()


@pytest.fixture
def client(handles, place):
    """Makes clients; those that live are used again, as new, by the next test."""
    used = []

    def make():
        idle = [one for one in POOL if one.alive]
        handle = idle.pop() if idle else handles()
        if handle in POOL:
            POOL.remove(handle)
        used.append(handle)
        return Client(handle, place.address)

    yield make
    for handle in used:
        if handle.alive:
            handle.call(commands.Reset(), 10)
            POOL.append(handle)


POOL = []
