"""Ways in which the Kafka worker hands messages over, and forgets them: librdkafka's own words."""

import pytest

from deliverycheck.clients import FailEvent, InfoEvent, OkEvent, ReturnedEvent, commands
from deliverycheck.plans import Call, Purged
from selftests.test_clients_kafka_worker import ask, message, open_producer, worker

__all__ = ["worker"]  # The fixture.

NOWHERE = {"bootstrap.servers": "127.0.0.1:1", "queue.buffering.max.messages": 2}


def batch(*messages):
    return commands.Publish(execution="e", messages=messages, call=Call.BATCH)


def open_without_a_broker(handle):
    command = commands.OpenProducer(settings=NOWHERE, connect=commands.Connect.COLD)
    ask(handle, command)


def kinds(heard, *wanted):
    return [line for line in heard if isinstance(line, wanted)]


def test_one_call_for_all_tells_of_each(worker):
    open_producer(worker, acks="all")
    heard = ask(worker, batch(message(1), message(2)))
    heard += ask(worker, commands.Flush(op=3, timeout_ms=5000))
    assert kinds(heard, ReturnedEvent) == [ReturnedEvent(op=1), ReturnedEvent(op=2)]
    assert kinds(heard, OkEvent)[:2] == [
        OkEvent(op=1, confirmed=True, partition=0, position=0),
        OkEvent(op=2, confirmed=True, partition=0, position=1),
    ]


def test_one_call_for_all_is_to_the_partition_that_was_asked_for(worker):
    open_producer(worker, acks="all", **{"sticky.partitioning.linger.ms": 0})
    heard = ask(worker, batch(*(message(op, partition=2) for op in range(1, 13))))
    heard += ask(worker, commands.Flush(op=99, timeout_ms=5000))
    assert {line.partition for line in kinds(heard, OkEvent) if line.op < 99} == {2}


def test_one_call_for_all_tells_which_it_refused(worker):
    open_without_a_broker(worker)
    heard = ask(worker, batch(message(1), message(2), message(3)))
    assert kinds(heard, ReturnedEvent, FailEvent) == [
        ReturnedEvent(op=1),
        ReturnedEvent(op=2),
        FailEvent(op=3, error="_QUEUE_FULL"),
    ]


def test_tombstone_is_confirmed_like_any_other(worker):
    open_producer(worker, acks="all")
    tombstone = message(1, key="k", tombstone=True)
    heard = ask(worker, commands.Publish(execution="e", messages=(tombstone,)))
    heard += ask(worker, commands.Flush(op=2, timeout_ms=5000))
    assert OkEvent(op=1, confirmed=True, partition=0, position=0) in heard


@pytest.mark.parametrize("what", [Purged.ALL, Purged.QUEUE])
def test_message_forgotten_in_the_queue_proves_nothing_since_it_may_have_been_sent(what, worker):
    open_without_a_broker(worker)
    ask(worker, commands.Publish(execution="e", messages=(message(1),)))
    heard = ask(worker, commands.Purge(what=what))
    assert kinds(heard, InfoEvent, FailEvent) == [
        InfoEvent(op=1, partition=0, error="_PURGE_QUEUE")
    ]


def test_what_is_queued_is_not_forgotten_with_what_is_in_flight(worker):
    open_without_a_broker(worker)
    ask(worker, commands.Publish(execution="e", messages=(message(1),)))
    heard = ask(worker, commands.Purge(what=Purged.IN_FLIGHT))
    assert kinds(heard, InfoEvent, FailEvent) == []
    assert heard[-1].remaining == 1
