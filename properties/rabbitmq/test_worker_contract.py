"""The worker against a real RabbitMQ: what each call makes of the queues, of crash and of close."""

import time

import pytest

from deliverycheck.brokers import Guardian
from deliverycheck.brokers.processes import wait_until
from deliverycheck.brokers.provision.rabbitmq import provide_rabbitmq
from deliverycheck.brokers.rabbitmq import RabbitProcess
from deliverycheck.clients import (
    ClientErrorEvent,
    FailEvent,
    InfoEvent,
    OkEvent,
    Remedy,
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
MODES = ("none", "synchronous", "pipelined")
CONFIRMING = ("synchronous", "pipelined")


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


@pytest.mark.parametrize("take", ["push", "get"])
def test_ack_is_done_once_it_is_proven(client, place, take):
    client().opened(confirms="pipelined").send("m1", "m2")
    reader = client().reading(take=take)
    first, _ = reader.receive_all(2)
    done = reader.settle([first])
    assert done == OkEvent(op=done.op)
    reader.handle.kill()
    assert place.left_in("q1") == [("m2", "q1", None)]


@pytest.mark.parametrize("queue", ["q1", "quorum"])
@pytest.mark.parametrize("how", [Settlement.NACK, Settlement.REJECT])
@pytest.mark.parametrize("requeue", [True, False], ids=["again", "away"])
def test_what_is_refused_goes_where_it_was_told(client, place, queue, how, requeue):
    client().opened(confirms="pipelined").send("m1", key=queue)
    reader = client().reading(queue, take="get")
    (delivery,) = reader.receive()
    assert isinstance(reader.settle([delivery], how, requeue=requeue), OkEvent)
    if not requeue:
        assert wait_until(
            lambda: place.left_in("dead") == [("m1", "dead", "rejected")], timeout_s=5
        )
        return
    (again,) = reader.receive()
    assert (again.message, again.redelivered) == ("m1", True)
    counted = None if queue == "q1" else 2
    assert again.deliveries == counted


@pytest.mark.parametrize("how", [Settlement.ACK, Settlement.NACK])
def test_one_call_settles_all_up_to_a_delivery(client, place, how):
    client().opened(confirms="pipelined").send("m1", "m2", "m3")
    reader = client().reading(prefetch=3)
    came = reader.receive_all(3)
    done = reader.settle([came[1]], how, multiple=True)
    assert [one.position for one in done.covers] == [1, 2]
    reader.handle.kill()
    assert place.left_in("q1") == [("m3", "q1", None)]


def test_prefetch_bounds_what_is_pushed(client):
    client().opened(confirms="pipelined").send(*(f"m{n}" for n in range(9)))
    reader = client().reading(prefetch=2)
    came = reader.receive_all(2)
    assert reader.receive(timeout_ms=100) == []
    reader.settle(came[:1])
    assert len(reader.receive(5)) == 1


def test_automatic_ack_loses_what_a_killed_consumer_had_in_hand(client, place):
    client().opened(confirms="pipelined").send(*(f"m{n}" for n in range(5)))
    reader = client().reading(automatic_ack=True)
    assert [one.message for one in reader.receive()] == ["m0"]
    assert wait_until(lambda: reader.ask(commands.Pump(deliveries=4)).count == 4, timeout_s=5)
    reader.handle.kill()
    assert place.left_in("q1") == []


def test_killed_consumer_gives_back_what_it_had_not_acked(client):
    client().opened(confirms="pipelined").send("m1", "m2")
    reader = client().reading()
    assert len(reader.receive_all(2)) == 2
    reader.handle.kill()
    other = client().reading(take="get")
    assert wait_until(lambda: (came := other.receive()) and came[0].redelivered, timeout_s=5)


def test_close_in_order_proves_what_was_settled(client, place):
    client().opened(confirms="pipelined").send("m1", "m2")
    reader = client().reading()
    first, _ = reader.receive_all(2)
    op = reader.op()
    covers = (Position(source="q1", position=first.position),)
    reader.ask(commands.Settle(op=op, covers=covers))
    reader.ask(commands.Close())
    assert reader.outcome(op) == OkEvent(op=op)
    assert place.left_in("q1") == [("m2", "q1", None)]


def test_second_ack_of_a_delivery_closes_the_channel_and_is_unknown(client):
    client().opened(confirms="pipelined").send("m1")
    reader = client().reading()
    (delivery,) = reader.receive()
    reader.settle([delivery])
    again = reader.settle([delivery])
    assert again == InfoEvent(op=again.op, error="ChannelClosedByBroker 406")
    assert reader.receive(timeout_ms=10) == []


def test_channels_of_one_connection_live_and_end_for_themselves(client, place):
    client().opened(confirms="pipelined").send("m1", "m2")
    reader = client().reading("q1", prefetch=1).reading("q1", prefetch=1, channel=2)
    came = reader.receive_all(2)
    assert len({one.position for one in came}) == 2
    (mine,) = [one for one in came if one.position < 10**9]
    op = reader.op()
    covers = (Position(source="q1", position=mine.position),)
    reader.ask(commands.CloseChannel(channel=2))
    reader.ask(commands.Settle(op=op, covers=covers))
    reader.ask(commands.CloseChannel(channel=1))
    assert reader.outcome(op) == OkEvent(op=op)
    assert len(place.left_in("q1")) == 1


def test_cancelled_subscription_brings_no_more_and_keeps_its_deliveries(client, place):
    client().opened(confirms="pipelined").send("m1")
    reader = client().reading()
    (delivery,) = reader.receive()
    reader.ask(commands.Cancel(queue="q1"))
    client().opened(confirms="pipelined").send("m2")
    assert reader.receive(timeout_ms=100) == []
    assert isinstance(reader.settle([delivery]), OkEvent)
    assert place.left_in("q1") == [("m2", "q1", None)]


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
