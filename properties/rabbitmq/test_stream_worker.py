"""Publishers of a stream by its own protocol: one with a name writes once what it sends twice."""

import time

import pytest

from deliverycheck.brokers import Guardian
from deliverycheck.brokers.processes import wait_until
from deliverycheck.brokers.provision.rabbitmq import provide_rabbitmq
from deliverycheck.brokers.provision.toolchain import toolchain
from deliverycheck.brokers.rabbitmq import RabbitProcess
from deliverycheck.clients import (
    InfoEvent,
    OkEvent,
    Reply,
    ReturnedEvent,
    WorkerHandle,
    client_program,
    commands,
)
from deliverycheck.plans import Queue, QueueKind, Subject, Topology
from faults import Toxiproxy

PROGRAM = client_program("rabbitmq-streams")
STREAM = Topology(queues=(Queue(name="s1", kind=QueueKind.STREAM),))


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    distribution = provide_rabbitmq(lambda _: None)
    with Guardian.start() as guardian:
        folder = tmp_path_factory.mktemp("broker")
        broker = RabbitProcess(distribution, folder=folder, guardian=guardian, slots=1)
        proxy = None
        try:
            broker.start()
            proxy = Toxiproxy(
                toolchain().toxiproxy.executable,
                slots=(*broker.slots(), broker.stream_slot()),
                folder=folder,
                guardian=guardian,
            )
            proxy.start()
            yield broker
        finally:
            if proxy is not None:
                proxy.stop()
            broker.stop()


@pytest.fixture
def place(broker):
    namespace = broker.lease_namespace()
    broker.declare(namespace, STREAM)
    yield namespace
    broker.retire_namespace(namespace)


@pytest.fixture
def publisher(tmp_path, broker, place):
    """Makes publishers, each a process of its own."""
    made = []

    def make(**settings):
        handle = WorkerHandle(PROGRAM.argv, tmp_path, f"p1#{len(made) + 1}")
        made.append(handle)
        handle.await_hello(30)
        address = place.at(broker.stream_slot().advertised)
        wanted = {**PROGRAM.producer_settings(Subject(producer=settings), address, "")}
        heard = ask(handle, commands.OpenProducer(settings=wanted))
        assert heard[-1].error is None, heard
        return handle

    yield make
    for handle in made:
        handle.kill()


def ask(handle, command, seconds=30):
    identity = handle.send(command)
    heard, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        heard += handle.receive()
        if any(isinstance(line, Reply) and line.re == identity for line in heard):
            return heard
        time.sleep(0.001)
    pytest.fail(f"no reply to {command}; heard {heard}")


def sent(handle, numbers, attempt=1, *, ids=True):
    """How each of these messages ended, by its number."""
    letters = tuple(
        commands.Letter(
            op=number,
            message=f"m{number}",
            key="s1",
            attempt=attempt,
            publishing_id=number if ids else None,
        )
        for number in numbers
    )
    heard = ask(handle, commands.Send(messages=letters, execution="e"))
    heard += ask(handle, commands.Flush(op=1000, timeout_ms=10_000))
    return {
        line.op: type(line)
        for line in heard
        if getattr(line, "op", 1000) != 1000 and not isinstance(line, ReturnedEvent)
    }


def stored(broker, place):
    scan = broker.read_queues(place, ["s1"])
    return [one.message for many in scan.deliveries.values() for one in many]


ALL_OK = dict.fromkeys(range(1, 6), OkEvent)


def test_named_publisher_that_sends_again_after_a_crash_writes_once(publisher, broker, place):
    first = publisher(name="p1")
    assert sent(first, range(1, 6)) == ALL_OK
    first.kill()
    again = publisher(name="p1")
    assert sent(again, range(1, 8), attempt=2) == {**ALL_OK, 6: OkEvent, 7: OkEvent}
    assert stored(broker, place) == [f"m{number}" for number in range(1, 8)]


def test_publisher_without_a_name_writes_twice_what_it_sends_twice(publisher, broker, place):
    first = publisher()
    assert sent(first, range(1, 6)) == ALL_OK
    first.kill()
    assert sent(publisher(), range(1, 6), attempt=2) == ALL_OK
    assert stored(broker, place) == [f"m{number}" for number in (*range(1, 6), *range(1, 6))]


def test_id_that_is_not_higher_is_confirmed_and_never_written(publisher, broker, place):
    one = publisher(name="p1")
    assert sent(one, [10]) == {10: OkEvent}
    assert sent(one, [4]) == {4: OkEvent}
    assert stored(broker, place) == ["m10"]


def test_client_numbers_on_from_what_the_broker_has_of_its_name(publisher, broker, place):
    assert sent(publisher(name="p1"), [1, 2], ids=False) == {1: OkEvent, 2: OkEvent}
    assert sent(publisher(name="p1"), [3], ids=False) == {3: OkEvent}
    assert stored(broker, place) == ["m1", "m2", "m3"]


def test_what_is_open_when_the_broker_dies_is_unknown(publisher, broker, place):
    one = publisher(name="p1")
    assert sent(one, [1]) == {1: OkEvent}
    broker.pause("b1")
    letter = commands.Letter(op=2, message="m2", key="s1", publishing_id=2)
    heard = ask(one, commands.Send(messages=(letter,), execution="e"))
    broker.kill("b1")
    heard += ask(one, commands.Flush(op=3, timeout_ms=5000))
    broker.restart("b1")
    assert [type(line) for line in heard if getattr(line, "op", None) == 2][-1] is InfoEvent
    assert wait_until(lambda: "m1" in stored(broker, place), timeout_s=20)
