"""The worker's consumer against a real RabbitMQ: what it says of deliveries, crash and close."""

import pytest

from deliverycheck.brokers.processes import wait_until
from deliverycheck.clients import InfoEvent, OkEvent, commands
from deliverycheck.clients.commands import Settlement
from deliverycheck.history import Position


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
