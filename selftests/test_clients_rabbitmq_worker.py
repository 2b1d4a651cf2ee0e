"""The RabbitMQ worker and a peer that answers as told: what each answer makes of calls."""

import socket
import time

import pytest
from pika import spec
from pika.adapters.utils.connection_workflow import AMQPConnectorStackTimeout
from pika.exceptions import AMQPError

from deliverycheck.clients import (
    ClientErrorEvent,
    FailEvent,
    HeldEvent,
    InfoEvent,
    OkEvent,
    Remedy,
    Reply,
    ReturnedEvent,
    WorkerHandle,
    client_program,
    commands,
)
from deliverycheck.clients.protocol import ConfirmedAgainEvent
from deliverycheck.clients.rabbitmq.connecting import CONNECT_S_MAX
from deliverycheck.history import Position
from deliverycheck.plans import HoldPoint
from selftests.amqp_peer import Peer, give_back, keep_silent
from selftests.amqp_worker import (
    ask,
    body_of,
    hear,
    hear_until,
    letter,
    of_op,
    opened,
    over,
    reading,
    send,
)

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


@pytest.mark.parametrize(
    ("confirms", "expected"),
    [
        ("none", [ReturnedEvent(op=1), InfoEvent(op=1)]),
        ("synchronous", [OkEvent(op=1, confirmed=True)]),
        ("pipelined", [ReturnedEvent(op=1), OkEvent(op=1, confirmed=True)]),
    ],
)
def test_publish_ends_as_its_confirms_allow(worker, peer, confirms, expected):
    if confirms == "none":
        peer.on_publish = keep_silent
    opened(worker, peer, confirms=confirms)
    heard = ask(worker, send(letter(1)))
    heard += ask(worker, commands.Flush(op=2, timeout_ms=5000))
    assert of_op(heard, 1) == expected
    assert of_op(heard, 2) == [OkEvent(op=2, remaining=0)]


@pytest.mark.parametrize("confirms", ["none", "synchronous", "pipelined"])
def test_message_that_came_back_has_failed(worker, peer, confirms):
    peer.on_publish = give_back
    opened(worker, peer, confirms=confirms, mandatory=True)
    heard = ask(worker, send(letter(1)))
    heard += ask(worker, commands.Flush(op=2, timeout_ms=5000))
    assert of_op(heard, 1)[-1] == FailEvent(op=1, error="NO_ROUTE", returned_unroutable=True)


@pytest.mark.parametrize("confirms", ["synchronous", "pipelined"])
def test_reply_that_came_back_from_a_direct_address_may_be_there(worker, peer, confirms):
    peer.on_publish = give_back
    opened(worker, peer, confirms=confirms, mandatory=True)
    heard = ask(worker, send(letter(1, key="amq.rabbitmq.reply-to.abc")))
    heard += ask(worker, commands.Flush(op=2, timeout_ms=5000))
    assert of_op(heard, 1)[-1] == InfoEvent(op=1, error="NO_ROUTE", returned_unroutable=True)


@pytest.mark.parametrize("confirms", ["synchronous", "pipelined"])
@pytest.mark.parametrize(
    ("refusable", "kind"),
    [(False, InfoEvent), (True, FailEvent)],
    ids=["it-may-stand-in-another-queue", "its-only-queue-refused-it"],
)
def test_refused_message(worker, peer, confirms, refusable, kind):
    peer.on_publish = lambda peer, channel, number, *_: peer.send(channel, spec.Basic.Nack(number))
    opened(worker, peer, confirms=confirms)
    heard = ask(worker, send(letter(1, refusable=refusable)))
    heard += ask(worker, commands.Flush(op=2, timeout_ms=5000))
    assert of_op(heard, 1)[-1] == kind(op=1, error="NackError")


def test_confirm_of_several_confirms_each_and_no_later_one(worker, peer):
    peer.on_publish = keep_silent
    opened(worker, peer, confirms="pipelined")
    heard = ask(worker, send(*map(letter, range(1, 5))))
    assert heard[-1].remaining == 4
    peer.await_seen(spec.Basic.Publish, 4)
    peer.send(1, spec.Basic.Ack(3, multiple=True))
    heard = hear_until(worker, over(3))
    assert heard == [OkEvent(op=op, confirmed=True) for op in (1, 2, 3)]
    assert ask(worker, commands.Flush(op=9, timeout_ms=50))[-1].remaining == 1


def test_second_answer_to_a_publish_is_told(worker, peer):
    opened(worker, peer, confirms="pipelined")
    ask(worker, send(letter(7)))
    ask(worker, commands.Flush(op=8, timeout_ms=5000))
    peer.send(1, spec.Basic.Ack(1))
    heard = hear_until(worker, lambda line: isinstance(line, ConfirmedAgainEvent))
    assert heard == [ConfirmedAgainEvent(op=7)]


def test_worker_held_in_a_confirm_obeys_nothing_but_release(worker, peer):
    opened(worker, peer, confirms="pipelined")
    ask(worker, commands.Arm(point=HoldPoint.ON_DELIVERY))
    worker.send(send(letter(1)))
    worker.await_line(lambda line: isinstance(line, HeldEvent), 5, "its hold")
    flush = worker.send(commands.Flush(op=2, timeout_ms=1000))
    release = worker.send(commands.Release())
    heard = hear(worker, flush)
    assert [line.re for line in heard if isinstance(line, Reply)][-2:] == [release, flush]
    assert OkEvent(op=1, confirmed=True) in heard


@pytest.mark.parametrize("confirms", ["synchronous", "pipelined"])
def test_what_was_open_when_the_connection_went_is_unknown_and_what_follows_has_failed(
    worker, peer, confirms
):
    peer.on_publish = lambda peer, *_: peer.cut()
    opened(worker, peer, confirms=confirms)
    heard = ask(worker, send(letter(1)))
    heard += ask(worker, commands.Flush(op=2, timeout_ms=2000))
    (unknown,) = [line for line in of_op(heard, 1) if isinstance(line, InfoEvent)]
    assert unknown.error in {"StreamLostError", "ConnectionClosedByBroker"}
    assert [line for line in heard if isinstance(line, ClientErrorEvent)]
    heard = ask(worker, send(letter(3)))
    assert isinstance(of_op(heard, 3)[0], FailEvent)
    assert heard[-1].remedy is Remedy.DISCARD


def test_publisher_opens_again_what_has_gone(worker, peer):
    opened(worker, peer, confirms="pipelined")
    peer.cut()
    hear_until(worker, lambda line: isinstance(line, ClientErrorEvent))
    opened(worker, peer, confirms="pipelined")
    heard = ask(worker, send(letter(1)))
    heard += ask(worker, commands.Flush(op=2, timeout_ms=2000))
    assert OkEvent(op=1, confirmed=True) in heard


def test_channel_that_the_broker_closes_takes_its_open_publishes_with_it(worker, peer):
    def refuse(peer, channel, *_):
        peer.send(channel, spec.Channel.Close(404, "NOT_FOUND - no exchange 'x'", 60, 40))

    peer.on_publish = refuse
    opened(worker, peer, confirms="pipelined")
    heard = ask(worker, send(letter(1, exchange="x"), letter(2)))
    heard += ask(worker, commands.Flush(op=3, timeout_ms=2000))
    name = "ChannelClosedByBroker 404"
    assert InfoEvent(op=1, error=name) in heard
    assert InfoEvent(op=2, error=name) in heard
    assert heard[-1].remedy is Remedy.DISCARD
    (told,) = [line for line in heard if isinstance(line, ClientErrorEvent)]
    assert told.error == name
    heard = ask(worker, send(letter(4)))
    assert of_op(heard, 4) == [FailEvent(op=4, error="ChannelWrongStateError")]


def test_call_without_an_answer_ends_with_its_connection(worker, peer):
    peer.on_publish = keep_silent
    opened(worker, peer, confirms="synchronous", call_timeout_s=0.2)
    heard = ask(worker, send(letter(1)))
    assert of_op(heard, 1) == [InfoEvent(op=1, error="CallTimedOut")]
    assert [line.error for line in heard if isinstance(line, ClientErrorEvent)] == ["CallTimedOut"]


def test_key_that_is_too_long_never_leaves(worker, peer):
    opened(worker, peer, confirms="pipelined")
    heard = ask(worker, send(letter(1, key="k" * 256), letter(2)))
    heard += ask(worker, commands.Flush(op=3, timeout_ms=2000))
    assert of_op(heard, 1) == [FailEvent(op=1, error="ShortStringTooLong")]
    assert of_op(heard, 2)[-1] == OkEvent(op=2, confirmed=True)


def test_blocked_connection_is_told_with_its_reason(worker, peer):
    opened(worker, peer)
    peer.send(0, spec.Connection.Blocked("low on memory"))
    peer.send(0, spec.Connection.Unblocked())
    heard = hear_until(worker, lambda line: getattr(line, "error", "") == "ConnectionUnblocked")
    assert heard[0] == ClientErrorEvent(error="ConnectionBlocked", text="low on memory")


def test_settlement_is_done_only_when_a_later_call_was_answered(worker, peer):
    reading(worker, peer)
    (consume,) = peer.await_seen(spec.Basic.Consume)
    peer.deliver(1, consume.consumer_tag, 1, body_of())
    ask(worker, commands.Receive(op=1, timeout_ms=2000))
    covers = (Position(source="q", position=1),)
    heard = ask(worker, commands.Settle(op=2, covers=covers))
    assert of_op(heard, 2) == [ReturnedEvent(op=2)]
    heard = ask(worker, commands.Prove())
    assert of_op(heard, 2) == [OkEvent(op=2)]


def test_settlement_without_a_proof_is_unknown_when_its_channel_ends(worker, peer):
    reading(worker, peer)
    (consume,) = peer.await_seen(spec.Basic.Consume)
    peer.deliver(1, consume.consumer_tag, 1, body_of())
    ask(worker, commands.Receive(op=1, timeout_ms=2000))
    peer.silent.add(spec.Basic.Qos)
    covers = (Position(source="q", position=1),)
    ask(worker, commands.Settle(op=2, covers=covers))
    heard = ask(worker, commands.Prove(timeout_ms=100))
    assert heard == [Reply(re=heard[-1].re, error="NoAnswer", text=heard[-1].text)]
    peer.cut()
    heard = hear_until(worker, over(2))
    assert isinstance(of_op(heard, 2)[0], InfoEvent)
    heard = ask(worker, commands.Settle(op=3, covers=covers))
    assert of_op(heard, 3) == [FailEvent(op=3, error="ChannelWrongStateError")]


def test_one_call_for_several_says_which_it_settled(worker, peer):
    reading(worker, peer, prefetch=5)
    (consume,) = peer.await_seen(spec.Basic.Consume)
    for tag in (1, 2, 3):
        peer.deliver(1, consume.consumer_tag, tag, body_of(f"m{tag}"))
    taken = 0
    while taken < 3:
        taken += ask(worker, commands.Receive(op=1, max=3, timeout_ms=2000))[-1].count
    covers = (Position(source="q", position=2),)
    ask(worker, commands.Settle(op=2, covers=covers, multiple=True))
    heard = ask(worker, commands.Prove())
    settled = tuple(Position(source="q", position=tag) for tag in (1, 2))
    assert of_op(heard, 2) == [OkEvent(op=2, covers=settled)]
    assert [(one.delivery_tag, one.multiple) for one in peer.saw(spec.Basic.Ack)] == [(2, True)]


def test_end_of_a_transaction_ends_what_is_in_it(worker, peer):
    peer.on_publish = keep_silent
    opened(worker, peer, transactional=True)
    ask(worker, commands.BeginTransaction(op=1))
    assert of_op(ask(worker, send(letter(2))), 2) == [ReturnedEvent(op=2)]
    heard = ask(worker, commands.CommitTransaction(op=3, timeout_ms=1000))
    assert heard[:2] == [OkEvent(op=2, confirmed=True), OkEvent(op=3, confirmed=True)]
    ask(worker, send(letter(4)))
    heard = ask(worker, commands.AbortTransaction(op=5, timeout_ms=1000))
    assert heard[:2] == [FailEvent(op=4, error="rolled_back"), OkEvent(op=5, confirmed=True)]


def test_settlement_in_a_transaction_is_proven_by_its_end_alone(worker, peer):
    opened(worker, peer, transactional=True)
    reading(worker, peer)
    (consume,) = peer.await_seen(spec.Basic.Consume)
    peer.deliver(1, consume.consumer_tag, 1, body_of())
    ask(worker, commands.Receive(op=1, timeout_ms=2000))
    ask(worker, commands.Settle(op=2, covers=(Position(source="q", position=1),)))
    assert of_op(ask(worker, commands.Prove()), 2) == []
    heard = ask(worker, commands.CommitTransaction(op=3, timeout_ms=1000))
    assert of_op(heard, 2) == [OkEvent(op=2)]


def test_commit_without_an_answer_leaves_everything_unknown(worker, peer):
    peer.on_publish = keep_silent
    peer.silent.add(spec.Tx.Commit)
    opened(worker, peer, transactional=True)
    ask(worker, send(letter(1)))
    heard = ask(worker, commands.CommitTransaction(op=2, timeout_ms=100))
    assert of_op(heard, 1) == [InfoEvent(op=1, error="CallTimedOut")]
    assert of_op(heard, 2) == [InfoEvent(op=2, error="CallTimedOut")]
    assert heard[-1].remedy is Remedy.DISCARD


def test_subscription_that_the_broker_ends_is_told(worker, peer):
    reading(worker, peer)
    (consume,) = peer.await_seen(spec.Basic.Consume)
    peer.send(1, spec.Basic.Cancel(consume.consumer_tag))
    heard = hear_until(worker, lambda line: isinstance(line, ClientErrorEvent))
    assert heard == [ClientErrorEvent(error="ConsumerCancelled", text="q", channel=1)]


def test_deliveries_that_nobody_took_go_with_their_channel(worker, peer):
    reading(worker, peer, automatic_ack=True)
    (consume,) = peer.await_seen(spec.Basic.Consume)
    peer.deliver(1, consume.consumer_tag, 1, body_of())
    hear_until(worker, lambda line: getattr(line, "delivery", None) is not None)
    peer.cut()
    hear_until(worker, lambda line: isinstance(line, ClientErrorEvent))
    heard = ask(worker, commands.Receive(op=1, timeout_ms=50))
    assert heard[0] == OkEvent(op=1)
    assert heard[-1].remedy is Remedy.DISCARD


def test_worker_is_as_new_after_a_reset(worker, peer):
    opened(worker, peer)
    assert ask(worker, commands.Reset())[-1].error is None
    peer.await_seen(spec.Connection.Close)
    assert ask(worker, commands.Flush(op=1, timeout_ms=1))[-1].error == "NotOpenError"


def test_connection_that_is_refused_is_answered_with_the_error_of_the_library(worker, peer):
    port = peer.port
    peer.close()
    heard = ask(worker, commands.OpenProducer(settings={"port": port}))
    assert heard[-1].error == "AMQPConnectionError"


def test_peer_that_never_answers_is_told_as_a_timeout_of_the_library(worker):
    """pika's own error for it is no `AMQPError`: whoever catches only those would die of it."""
    assert not issubclass(AMQPConnectorStackTimeout, AMQPError)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began_s = time.monotonic()
        port = silent.getsockname()[1]
        heard = ask(worker, commands.OpenProducer(settings={"port": port}), seconds=30)
        assert heard[-1].error == "AMQPConnectorStackTimeout"
        assert time.monotonic() - began_s < CONNECT_S_MAX + 10
        again = ask(worker, commands.Flush(op=1, timeout_ms=1))
    assert again[-1].error == "NotOpenError", "the worker lives on"
