"""The worker's publisher against a real RabbitMQ: what each call makes of the queues."""

import time

import pytest

from deliverycheck.brokers.processes import wait_until
from deliverycheck.clients import (
    FailEvent,
    InfoEvent,
    OkEvent,
    Remedy,
    commands,
)
from deliverycheck.history import Position

MODES = ("none", "synchronous", "pipelined")
CONFIRMING = ("synchronous", "pipelined")


@pytest.mark.parametrize("queue", ["q1", "quorum", "stream"])
@pytest.mark.parametrize("confirms", MODES)
def test_what_is_published_is_there(client, place, confirms, queue):
    publisher = client().opened(confirms=confirms, persistent=True)
    ended = publisher.send("m1", "m2", key=queue)
    kind = InfoEvent if confirms == "none" else OkEvent
    assert [type(one) for one in ended] == [kind, kind]
    assert wait_until(
        lambda: [message for message, _, _ in place.left_in(queue)] == ["m1", "m2"], timeout_s=5
    )


@pytest.mark.parametrize("confirms", MODES)
def test_mandatory_message_without_a_queue_comes_back_and_another_vanishes(client, confirms):
    publisher = client().opened(confirms=confirms)
    (returned,) = publisher.send("m1", exchange="x1", key="nowhere", mandatory=True)
    assert returned == FailEvent(op=returned.op, error="NO_ROUTE", returned_unroutable=True)
    (gone,) = publisher.send("m2", exchange="x1", key="nowhere")
    assert isinstance(gone, InfoEvent if confirms == "none" else OkEvent)


@pytest.mark.parametrize("confirms", CONFIRMING)
def test_message_to_a_full_queue_is_refused(client, place, confirms):
    publisher = client().opened(confirms=confirms)
    took, refused = publisher.send("m1", "m2", key="full", refusable=True)
    assert isinstance(took, OkEvent)
    assert refused == FailEvent(op=refused.op, error="NackError")
    assert place.left_in("full") == [("m1", "full", None)]


@pytest.mark.parametrize("confirms", CONFIRMING)
def test_missing_exchange_closes_the_channel_and_the_next_open_mends_it(client, confirms):
    publisher = client().opened(confirms=confirms)
    (unknown,) = publisher.send("m1", exchange="missing", key="k")
    assert unknown == InfoEvent(op=unknown.op, error="ChannelClosedByBroker 404")
    (refused,) = publisher.send("m2")
    assert refused == FailEvent(op=refused.op, error="ChannelWrongStateError")
    publisher.opened(confirms=confirms)
    (taken,) = publisher.send("m3")
    assert isinstance(taken, OkEvent)


def test_letter_comes_as_it_was_sent(client):
    headers = (("n", 1), ("t", "1"), ("b", True), ("v", None), ("big", 2**40), ("neg", -1))
    publisher = client().opened(confirms="pipelined")
    publisher.send(
        "m1", headers=headers, priority=3, expires_ms=60_000, correlation="c", persistent=True
    )
    publisher.send("m2", bytes=300_000)
    first, second = client().reading("q1").receive_all(2)
    assert (first.mangled, first.redelivered, first.correlation) == ((), False, "c")
    assert (second.mangled, second.message) == ((), "m2")


def test_higher_priority_goes_first(client):
    publisher = client().opened(confirms="pipelined")
    for level in (1, 5, 3):
        publisher.send(f"m{level}", key="priorities", priority=level)
    came = client().reading("priorities", take="get").receive_all(3)
    assert [one.message for one in came] == ["m5", "m3", "m1"]


def test_message_past_its_time_is_a_dead_letter_with_its_reason(client, place):
    client().opened(confirms="pipelined").send("m1", expires_ms=1)
    assert wait_until(lambda: place.left_in("dead") == [("m1", "dead", "expired")], timeout_s=5)


def test_nothing_of_a_transaction_is_seen_before_its_commit_and_nothing_after_an_abort(
    client, place
):
    publisher = client().opened(transactional=True, persistent=True)
    letter = commands.Letter(op=publisher.op(), message="m1", key="q1")
    publisher.ask(commands.Send(messages=(letter,), execution="e"))
    assert publisher.outcome(letter.op) is None
    assert place.left_in("q1") == []
    publisher.ask(commands.CommitTransaction(op=publisher.op(), timeout_ms=5000))
    assert publisher.outcome(letter.op) == OkEvent(op=letter.op, confirmed=True)
    assert place.left_in("q1") == [("m1", "q1", None)]
    letter = commands.Letter(op=publisher.op(), message="m2", key="q1")
    publisher.ask(commands.Send(messages=(letter,), execution="e"))
    publisher.ask(commands.AbortTransaction(op=publisher.op(), timeout_ms=5000))
    assert publisher.outcome(letter.op) == FailEvent(op=letter.op, error="rolled_back")
    assert place.left_in("q1") == []


def test_acks_of_an_aborted_transaction_are_undone(client, place):
    client().opened(confirms="pipelined").send("m1")
    worker = client().opened(transactional=True).reading()
    (delivery,) = worker.receive()
    assert worker.settle([delivery]) is None
    op = worker.op() - 1
    worker.ask(commands.AbortTransaction(op=worker.op(), timeout_ms=5000))
    assert worker.outcome(op) == FailEvent(op=op, error="rolled_back")
    worker.handle.kill()
    assert place.left_in("q1") == [("m1", "q1", None)]


@pytest.mark.parametrize("reply_to", ["replies", "amq.rabbitmq.reply-to"])
def test_reply_goes_to_who_asked(client, reply_to):
    direct = reply_to.startswith("amq.")
    requester = client().opened(confirms="none").reading(reply_to, automatic_ack=direct)
    requester.send("m1", correlation="r1", reply_to=reply_to)
    replier = client().opened(confirms="pipelined").reading()
    (request,) = replier.receive()
    assert (request.correlation, request.mangled) == (None, ())
    (sent,) = replier.send("a1", key="", answers=Position(source="q1", position=request.position))
    assert isinstance(sent, OkEvent)
    (reply,) = requester.receive()
    assert (reply.message, reply.correlation) == ("a1", "r1")


def test_stream_is_read_from_its_beginning(client):
    client().opened(confirms="pipelined").send("m1", "m2", key="stream")
    reader = client().reading("stream", prefetch=10, stream_offset="first")
    came = reader.receive_all(2)
    assert [(one.message, one.mangled) for one in came] == [("m1", ()), ("m2", ())]


def test_idle_client_keeps_its_connection_by_heartbeats_and_a_stopped_one_loses_it(client):
    idle = client().opened(heartbeat=1)
    stopped = client().opened(heartbeat=1)
    stopped.handle.pause()
    time.sleep(4)
    stopped.handle.resume()
    assert idle.send("m1")[0].error is None
    assert idle.errors() == []
    assert wait_until(lambda: stopped.send("m2") and stopped.errors() != [], timeout_s=5)


def test_client_that_serves_nothing_while_it_works_loses_its_connection(client):
    client().opened(confirms="pipelined").send("m1")
    busy = client().reading(heartbeat=1, heartbeat_in_hand=False)
    (delivery,) = busy.receive()
    time.sleep(4)
    assert isinstance(busy.settle([delivery]), InfoEvent | FailEvent)
    assert busy.errors() != []


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"password": "wrong"}, "ProbableAuthenticationError"),
        ({"virtual_host": "missing"}, "ConnectionClosedByBroker 530"),
    ],
    ids=["wrong-password", "no-such-virtual-host"],
)
def test_connection_that_the_broker_refuses_is_named(client, settings, error):
    asking = client()
    reply = asking.ask(commands.OpenProducer(settings={**asking.settings, **settings}))
    assert reply.error in {error, "AuthenticationError", "ProbableAccessDeniedError"}


def test_consumer_of_a_missing_queue_is_refused(client):
    asking = client()
    reply = asking.ask(commands.OpenConsumer(settings=asking.settings, topics=("missing",)))
    assert reply.error == "ChannelClosedByBroker 404"


def test_killed_broker_leaves_open_publishes_unknown_and_keeps_what_it_confirmed(
    broker, client, place
):
    publisher = client().opened(confirms="pipelined", persistent=True)
    (taken,) = publisher.send("m1")
    time.sleep(0.5)
    broker.kill("b1")
    try:
        letter = commands.Letter(op=publisher.op(), message="m2", key="q1")
        publisher.ask(commands.Send(messages=(letter,), execution="e"))
        reply = publisher.ask(commands.Flush(op=publisher.op(), timeout_ms=2000))
    finally:
        broker.restart("b1")
    assert isinstance(taken, OkEvent)
    assert isinstance(publisher.outcome(letter.op), InfoEvent | FailEvent)
    assert reply.remedy is Remedy.DISCARD
    assert place.left_in("q1") == [("m1", "q1", None)]


def test_paused_broker_ends_a_call_by_its_bound(broker, client):
    publisher = client().opened(confirms="synchronous", call_timeout_s=0.5)
    broker.pause("b1")
    try:
        (unknown,) = publisher.send("m1")
    finally:
        broker.resume("b1")
    assert unknown == InfoEvent(op=unknown.op, error="CallTimedOut")
