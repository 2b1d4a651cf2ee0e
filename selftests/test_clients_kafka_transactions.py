"""The transactional calls of the Kafka worker, against librdkafka's own mock cluster."""

import pytest

from deliverycheck.clients import FailEvent, InfoEvent, OkEvent, Reply, commands
from deliverycheck.clients.protocol import Remedy
from deliverycheck.history import Position
from deliverycheck.plans import Member
from selftests.test_clients_kafka_worker import (
    ask,
    message,
    open_consumer,
    open_producer,
    publish,
    worker,
)

__all__ = ["worker"]  # The fixture.

INIT = commands.InitTransactions(op=1, timeout_ms=5000)
BEGIN = commands.BeginTransaction(op=2)
COMMIT = commands.CommitTransaction(op=4, timeout_ms=5000)
ABORT = commands.AbortTransaction(op=5, timeout_ms=5000)


def ended(heard):
    """Operations that are over, and how."""
    return {
        line.op: type(line) for line in heard if isinstance(line, OkEvent | FailEvent | InfoEvent)
    }


def told(worker, *asked):
    return [line for command in asked for line in ask(worker, command, 10)]


def test_transaction_is_begun_filled_and_committed(worker):
    open_producer(worker, **{"transactional.id": "x"})
    heard = told(worker, INIT, BEGIN, publish(message(3)), COMMIT)
    assert ended(heard) == dict.fromkeys((1, 2, 3, 4), OkEvent)
    assert all(line.error is None for line in heard if isinstance(line, Reply))


def test_transaction_is_begun_and_aborted_and_the_next_one_begins(worker):
    open_producer(worker, **{"transactional.id": "x"})
    again = commands.BeginTransaction(op=6)
    heard = told(worker, INIT, BEGIN, publish(message(3)), ABORT, again)
    assert ended(heard)[5] is ended(heard)[6] is OkEvent


@pytest.mark.parametrize("asked", [COMMIT, ABORT, BEGIN])
def test_call_that_has_no_place_here_is_told_and_proves_nothing(worker, asked):
    open_producer(worker, **{"transactional.id": "x"})
    heard = told(worker, asked)
    assert ended(heard) == {asked.op: InfoEvent}
    assert heard[-1].error == "_STATE"


def test_producer_without_a_transactional_id_is_told_so(worker):
    open_producer(worker)
    (ending, reply) = told(worker, INIT)
    assert (ending.op, ending.error) == (1, "_NOT_CONFIGURED")
    assert reply.error == "_NOT_CONFIGURED"


def test_message_outside_of_a_transaction_is_refused_for_good(worker):
    open_producer(worker, **{"transactional.id": "x"})
    heard = told(worker, INIT, publish(message(3)))
    assert ended(heard)[3] is FailEvent


def test_timeout_of_the_take_over_may_be_tried_again(worker):
    open_producer(worker, **{"transactional.id": "x"})
    reply = told(worker, commands.InitTransactions(op=1, timeout_ms=0))[-1]
    assert (reply.error, reply.remedy) == ("_TIMED_OUT", Remedy.AGAIN)


COVERS = (Position(source="t", partition=0, position=1),)
OFFSETS = commands.SendOffsets(op=6, covers=COVERS, timeout_ms=5000)


@pytest.mark.parametrize("member", Member)
def test_positions_of_the_group_belong_to_the_transaction(worker, member):
    open_producer(worker, **{"transactional.id": "x"})
    open_consumer(worker)
    asked = commands.SendOffsets(op=6, covers=COVERS, timeout_ms=5000, member=member)
    heard = told(worker, INIT, BEGIN, publish(message(3)), asked, COMMIT)
    assert OkEvent(op=6, confirmed=True, covers=COVERS) in heard
    assert ended(heard)[4] is OkEvent


def test_positions_outside_of_a_transaction_are_refused_and_prove_nothing(worker):
    open_producer(worker, **{"transactional.id": "x"})
    open_consumer(worker)
    heard = told(worker, INIT, OFFSETS)
    assert InfoEvent(op=6, error="_STATE", covers=COVERS) in heard
    assert heard[-1].error == "_STATE"


def test_positions_without_a_consumer_are_an_error(worker):
    open_producer(worker, **{"transactional.id": "x"})
    assert told(worker, INIT, BEGIN, OFFSETS)[-1].error == "NotOpenError"
