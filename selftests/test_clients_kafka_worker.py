"""The Kafka worker against librdkafka's own mock cluster: what a call says, where it holds."""

import time

import pytest

from deliverycheck.clients import (
    FailEvent,
    HeldEvent,
    InfoEvent,
    OkEvent,
    Reply,
    ReturnedEvent,
    WorkerHandle,
    client_program,
    commands,
)
from deliverycheck.history import Delivery, Position
from deliverycheck.plans import CommitPolicy, Consumer, HoldPoint, Subject

# The cluster lives inside the client that asks for it, so a test here has one client.
MOCK = {"test.mock.num.brokers": 1}
PROGRAM = client_program("kafka")


@pytest.fixture
def worker(tmp_path):
    handle = WorkerHandle(PROGRAM.argv, tmp_path, "p1#1")
    handle.await_hello(10)
    yield handle
    handle.kill()


def ask(handle, command, seconds=5):
    """Everything up to the command's reply."""
    return hear(handle, handle.send(command), seconds)


def hear(handle, identity, seconds=5):
    heard = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        heard += handle.receive()
        if any(isinstance(line, Reply) and line.re == identity for line in heard):
            return heard
        time.sleep(0.001)
    pytest.fail(f"no reply to {identity} within {seconds} s; heard {heard}")


def hear_for(handle, seconds):
    heard = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        heard += handle.receive()
        time.sleep(0.001)
    return heard


def open_producer(handle, **settings):
    subject = Subject(producer={**MOCK, **settings})
    wanted = PROGRAM.producer_settings(subject, "unused:1")
    del wanted["bootstrap.servers"]
    heard = ask(handle, commands.OpenProducer(settings=wanted, topics=("t",)))
    assert heard == [Reply(re=1)]


def open_consumer(handle, commit=CommitPolicy.AFTER_EFFECT):
    subject = Subject(consumer=Consumer(commit=commit, settings=MOCK))
    settings = PROGRAM.consumer_settings(subject, "unused:1", "g", "c1")
    del settings["bootstrap.servers"]
    assert ask(handle, commands.OpenConsumer(settings=settings))[-1].error is None


def publish(*messages):
    return commands.Publish(execution="e", messages=messages)


def message(op, partition=0, **fields):
    return commands.Message(op=op, message=f"p1#1-{op}", topic="t", partition=partition, **fields)


def test_publish_returns_and_is_confirmed_with_its_position(worker):
    open_producer(worker, acks="all")
    heard = ask(worker, publish(message(1), message(2)))
    heard += ask(worker, commands.Flush(op=3, timeout_ms=5000))
    assert [line for line in heard if isinstance(line, ReturnedEvent)] == [
        ReturnedEvent(op=1),
        ReturnedEvent(op=2),
    ]
    assert [line for line in heard if isinstance(line, OkEvent)] == [
        OkEvent(op=1, confirmed=True, partition=0, position=0),
        OkEvent(op=2, confirmed=True, partition=0, position=1),
        OkEvent(op=3, remaining=0),
    ]


def test_confirm_comes_between_commands_without_being_asked_for(worker):
    open_producer(worker)
    ask(worker, publish(message(1)))
    assert OkEvent(op=1, confirmed=True, partition=0, position=0) in hear_for(worker, 0.3)


def test_confirm_without_acks_proves_nothing(worker):
    open_producer(worker, acks=0)
    heard = ask(worker, publish(message(1))) + hear_for(worker, 0.2)
    assert [line for line in heard if getattr(line, "op", None) == 1] == [
        ReturnedEvent(op=1),
        InfoEvent(op=1, confirmed=True, partition=0),
    ]


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (message(1, partition=99), "_UNKNOWN_PARTITION"),
        (message(1, key="k" * 2_000_000), "MSG_SIZE_TOO_LARGE"),
    ],
    ids=["no-such-partition", "too-large"],
)
def test_message_refused_by_the_call_has_failed_and_never_returned(worker, refused, error):
    open_producer(worker)
    heard = ask(worker, publish(refused, message(2)))
    assert heard[:2] == [FailEvent(op=1, error=error), ReturnedEvent(op=2)]


def test_message_refused_because_the_queue_is_full_has_failed(worker):
    # 2 messages fit; without connections none leaves.
    settings = {"queue.buffering.max.messages": 2, "bootstrap.servers": "127.0.0.1:1"}
    command = commands.OpenProducer(settings=settings, connect=commands.Connect.COLD)
    ask(worker, command)
    heard = ask(worker, publish(message(1), message(2), message(3)))
    assert [line for line in heard if isinstance(line, (ReturnedEvent, FailEvent))] == [
        ReturnedEvent(op=1),
        ReturnedEvent(op=2),
        FailEvent(op=3, error="_QUEUE_FULL"),
    ]


def test_worker_held_in_a_confirm_obeys_nothing_but_release(worker):
    open_producer(worker)
    ask(worker, commands.Arm(point=HoldPoint.ON_DELIVERY))
    worker.send(publish(message(1)))
    worker.await_line(lambda line: isinstance(line, HeldEvent), 5, "its hold")
    flush = worker.send(commands.Flush(op=2, timeout_ms=1000))
    assert hear_for(worker, 0.1) == []
    release = worker.send(commands.Release())
    heard = hear(worker, flush)
    assert [line.re for line in heard if isinstance(line, Reply)] == [release, flush]
    assert OkEvent(op=1, confirmed=True, partition=0, position=0) in heard


def test_worker_killed_in_a_held_confirm_has_not_told_it(worker):
    open_producer(worker)
    ask(worker, commands.Arm(point=HoldPoint.ON_DELIVERY))
    worker.send(publish(message(1)))
    worker.await_line(lambda line: isinstance(line, HeldEvent), 5, "its hold")
    assert worker.kill() == []


def test_hold_is_for_once(worker):
    open_producer(worker)
    ask(worker, commands.Arm(point=HoldPoint.ON_DELIVERY))
    worker.send(publish(message(1), message(2)))
    worker.await_line(lambda line: isinstance(line, HeldEvent), 5, "its hold")
    worker.send(commands.Release())
    heard = hear_for(worker, 0.2)
    assert [line.op for line in heard if isinstance(line, OkEvent)] == [1, 2]
    assert not [line for line in heard if isinstance(line, HeldEvent)]


def test_bulk_publish_is_one_operation_with_runs(worker):
    open_producer(worker)
    command = commands.PublishBulk(
        op=1, topic="t", count=1500, process="p1#1", execution="e", partition=2, first_sequence=95
    )
    (done, reply) = ask(worker, command)
    assert [list_of(run) for run in done.runs] == [[95, 2, 0, 1500]]
    assert done.confirmed
    assert (done.remaining, reply.remaining) == (0, 0)


def list_of(run):
    return [run.first_sequence, run.partition, run.first_position, run.count]


def test_bulk_publish_that_is_not_confirmed_in_time_is_unknown(worker):
    settings = {"bootstrap.servers": "127.0.0.1:1"}
    ask(worker, commands.OpenProducer(settings=settings, connect=commands.Connect.COLD))
    command = commands.PublishBulk(
        op=1, topic="t", count=10, process="p1#1", execution="e", timeout_ms=100
    )
    done = next(line for line in ask(worker, command) if isinstance(line, InfoEvent))
    assert (done.confirmed, done.remaining, done.runs) == (False, 10, ())


def test_effect_is_in_the_journal_when_it_is_answered_and_gone_after_a_reset(worker):
    delivery = Delivery(message="p1#1-1", source="t", partition=0, position=4)
    heard = ask(worker, commands.Effect(op=1, deliveries=(delivery,)))
    assert heard == [OkEvent(op=1), Reply(re=1)]
    assert [(line.op, line.delivery) for line in worker.journal_lines()] == [(1, delivery)]
    ask(worker, commands.Reset())
    assert worker.journal_lines() == []


def test_effect_survives_a_kill(worker):
    delivery = Delivery(message="p1#1-1", source="t", partition=0, position=4)
    ask(worker, commands.Effect(op=1, deliveries=(delivery,)))
    worker.kill()
    assert len(worker.journal_lines()) == 1


def test_call_without_its_client_is_an_error_and_the_worker_lives_on(worker):
    reply = ask(worker, commands.Commit(op=1, covers=()))[-1]
    assert reply.error == "NotOpenError"
    assert ask(worker, commands.Idle()) == [Reply(re=2)]


def test_worker_is_reusable_after_a_reset(worker):
    open_producer(worker)
    ask(worker, publish(message(1)))
    ask(worker, commands.Reset())
    heard = ask(worker, commands.Poll())
    assert heard[-1].error == "NotOpenError"
    settings = PROGRAM.producer_settings(Subject(producer=MOCK), "unused:1")
    del settings["bootstrap.servers"]
    assert ask(worker, commands.OpenProducer(settings=settings, topics=("t",)))[-1].error is None


def test_offset_of_a_partition_that_was_given_up_is_not_stored(worker):
    open_consumer(worker, CommitPolicy.STORE_AFTER_EFFECT)
    covers = (Position(source="t", partition=0, position=1),)
    ask(worker, commands.Assign(positions=covers))
    ask(worker, commands.Assign(positions=()))
    heard = ask(worker, commands.StoreOffset(op=1, covers=covers))
    assert heard[0] == FailEvent(op=1, error="_STATE", covers=covers)


def test_end_of_input_lets_a_held_worker_go(worker):
    open_producer(worker)
    ask(worker, commands.Arm(point=HoldPoint.ON_DELIVERY))
    worker.send(publish(message(1)))
    worker.await_line(lambda line: isinstance(line, HeldEvent), 5, "its hold")
    heard = worker.close(5)
    assert OkEvent(op=1, confirmed=True, partition=0, position=0) in heard
    assert worker.exit_status() == 0
