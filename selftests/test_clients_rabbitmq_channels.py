"""Channels of one connection of the RabbitMQ worker: each lives, and ends, for itself."""

import pytest
from pika import spec

from deliverycheck.clients import (
    ClientErrorEvent,
    InfoEvent,
    OkEvent,
    Remedy,
    WorkerHandle,
    client_program,
    commands,
)
from selftests import amqp_peer
from selftests.amqp_peer import Peer
from selftests.amqp_worker import ask, body_of, hear_until, letter, of_op, opened, reading, send

PROGRAM = client_program("rabbitmq")


@pytest.fixture
def peer():
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture(scope="module")
def only_worker(tmp_path_factory):
    handle = WorkerHandle(PROGRAM.argv, tmp_path_factory.mktemp("worker"), "p1#1")
    handle.await_hello(20)
    yield handle
    handle.kill()


@pytest.fixture
def worker(only_worker):
    yield only_worker
    only_worker.call(commands.Reset(), 10)


def test_channels_of_one_connection_publish_and_end_for_themselves(worker, peer):
    def refuse_the_first(peer, channel, number, *_):
        if channel == 1:
            peer.send(1, spec.Channel.Close(404, "NOT_FOUND - no exchange 'x'", 60, 40))
        else:
            peer.send(channel, spec.Basic.Ack(number))

    peer.on_publish = refuse_the_first
    opened(worker, peer, confirms="pipelined", channel=1)
    opened(worker, peer, confirms="pipelined", channel=2)
    heard = ask(worker, send(letter(1)), 10)
    heard += ask(
        worker, commands.Send(execution="e", messages=(letter(2, exchange="x"),), channel=1)
    )
    heard += ask(worker, commands.Flush(op=3, timeout_ms=2000, channel=1))
    assert heard[-1].remedy is Remedy.DISCARD
    assert of_op(heard, 2)[-1] == InfoEvent(op=2, error="ChannelClosedByBroker 404")
    heard += ask(worker, commands.Flush(op=4, timeout_ms=2000, channel=2))
    assert heard[-1].remedy is None
    assert of_op(heard, 1)[-1] == OkEvent(op=1, confirmed=True), (
        "without a channel: the last opened"
    )
    (error,) = [line for line in heard if isinstance(line, ClientErrorEvent)]
    assert error.channel == 1


def test_receive_by_a_channel_takes_only_what_came_by_it(worker, peer):
    reading(worker, peer, channel=3)
    reading(worker, peer, channel=4)
    peer.deliver(3, tag_on(peer, 3), 1, body_of("m3"))
    hear_until(worker, lambda line: getattr(line, "channel", None) == 3)
    heard = ask(worker, commands.Receive(op=1, timeout_ms=50, channel=4))
    assert of_op(heard, 1) == [OkEvent(op=1)]
    peer.deliver(4, tag_on(peer, 4), 1, body_of("m4"))
    heard = ask(worker, commands.Receive(op=2, timeout_ms=2000, channel=4))
    assert [one.message for one in of_op(heard, 2)[0].deliveries] == ["m4"]
    assert ask(worker, commands.CloseChannel(channel=4))[-1].error is None
    heard = ask(worker, commands.Receive(op=3, timeout_ms=2000, channel=3))
    assert [one.message for one in of_op(heard, 3)[0].deliveries] == ["m3"]
    assert (
        ask(worker, commands.Receive(op=4, timeout_ms=50, channel=4))[-1].remedy is Remedy.DISCARD
    )


def tag_on(peer, channel):
    (tag,) = [
        method.consumer_tag
        for number, method in peer.seen
        if number == channel and isinstance(method, spec.Basic.Consume)
    ]
    return tag


def test_close_of_a_channel_that_never_was_is_no_error(worker, peer):
    opened(worker, peer)
    assert ask(worker, commands.CloseChannel(channel=7))[-1].error is None


def test_channel_is_broken_by_asking_for_a_queue_that_nobody_declared(worker, peer, monkeypatch):
    def refusal(_):
        return spec.Channel.Close(404, "NOT_FOUND - no queue", 50, 10)

    monkeypatch.setitem(amqp_peer.ANSWERS, spec.Queue.Declare, refusal)
    opened(worker, peer, confirms="pipelined", channel=1)
    opened(worker, peer, confirms="pipelined", channel=2)
    heard = ask(worker, commands.BreakChannel(channel=1))
    error = "ChannelClosedByBroker 404"
    assert (heard[-1].error, heard[-1].remedy) == (error, Remedy.DISCARD)
    (told,) = [line for line in heard if isinstance(line, ClientErrorEvent)]
    assert (told.error, told.channel) == (error, 1)
    heard = ask(worker, commands.Send(execution="e", messages=(letter(1),), channel=2))
    heard += ask(worker, commands.Flush(op=2, timeout_ms=2000, channel=2))
    assert of_op(heard, 1)[-1] == OkEvent(op=1, confirmed=True)
