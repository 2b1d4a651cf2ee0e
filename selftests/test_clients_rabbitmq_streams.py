"""The worker for streams, with a client library that fails as told: each call has one end."""

import asyncio
from contextlib import closing
from types import SimpleNamespace

import pytest
from rstream import ConfirmationStatus, OnClosedErrorInfo

from deliverycheck.clients import ClientErrorEvent, InfoEvent, OkEvent, ReturnedEvent, commands
from deliverycheck.clients.commands import Letter
from deliverycheck.clients.rabbitmq import stream_worker
from deliverycheck.clients.rabbitmq.stream_worker import StreamClient


class Library:
    """A publisher or a consumer that does with each batch what the test says."""

    def __init__(self, on_close_handler, **_):
        self.lose = on_close_handler
        self.meanwhile = lambda _: None
        self.fails = None

    async def start(self):
        """It is connected."""

    async def close(self):
        """It is not any more."""

    async def send_batch(self, _, batch, publisher_name, on_publish_confirm):
        self.confirm = on_publish_confirm
        self.meanwhile(on_publish_confirm)
        if self.fails is not None:
            raise self.fails
        return [batch[0].publishing_id]


class Reader(Library):
    """The same; nobody subscribes to anything."""


class Worker:
    """The client, and what it has said."""

    def __init__(self, folder):
        self.said = []
        outbox = SimpleNamespace(say=self.said.append, say_all=self.said.extend)
        holds = SimpleNamespace(reached=lambda _: None, disarm=lambda: None)
        self.client = StreamClient(
            SimpleNamespace(outbox=outbox, holds=holds), str(folder / "journal")
        )
        self.publish()

    def publish(self):
        self.client.do(0, commands.OpenProducer(settings={}))
        self.library = self.client.producer

    def send(self, op):
        letter = Letter(op=op, message=f"p1#1-{op}", key="q", publishing_id=op)
        self.client.do(op, commands.Send(messages=(letter,), execution="x"))

    def told_of(self, op):
        ends = [one for one in self.said if isinstance(one, (OkEvent, InfoEvent)) and one.op == op]
        return [getattr(one, "error", None) or "ok" for one in ends]


@pytest.fixture
def worker(tmp_path, monkeypatch):
    monkeypatch.setattr(stream_worker, "Producer", Library)
    monkeypatch.setattr(stream_worker, "Consumer", Reader)
    with closing(asyncio.new_event_loop()) as events:
        monkeypatch.setattr(asyncio, "new_event_loop", lambda: events)
        made = Worker(tmp_path)
        yield made
        made.client.close()


def test_call_that_fails_because_its_connection_was_lost_is_told_once(worker):
    worker.library.meanwhile = lambda _: worker.library.lose(OnClosedErrorInfo("gone", []))
    worker.library.fails = ConnectionError("gone")
    worker.send(1)
    assert worker.told_of(1) == ["ConnectionClosed"]
    assert isinstance(worker.said[0], ClientErrorEvent)


def test_call_that_fails_after_its_confirm_is_told_once(worker):
    worker.library.meanwhile = lambda confirm: confirm(ConfirmationStatus(1, is_confirmed=True))
    worker.library.fails = TimeoutError()
    worker.send(1)
    assert worker.told_of(1) == ["ok"]


def test_call_that_fails_by_itself_is_unknown(worker):
    worker.library.fails = TimeoutError()
    worker.send(1)
    assert worker.told_of(1) == ["TimeoutError"]
    assert not any(isinstance(one, ReturnedEvent) for one in worker.said)


def test_publisher_hears_its_confirms_though_a_consumer_was_opened_since(worker):
    worker.send(1)
    worker.client.do(2, commands.OpenConsumer(settings={}))
    worker.library.confirm(ConfirmationStatus(1, is_confirmed=True))
    assert worker.told_of(1) == ["ok"]


@pytest.mark.parametrize("reset", [False, True], ids=["opened-again", "reset-and-opened-again"])
def test_what_a_publisher_of_before_says_late_is_no_news(worker, reset):
    worker.send(1)
    late = worker.library
    if reset:
        worker.client.do(3, commands.Reset())
    worker.publish()
    worker.send(1)
    late.confirm(ConfirmationStatus(1, is_confirmed=False, response_code=1))
    late.lose(OnClosedErrorInfo("gone", []))
    assert worker.told_of(1) == []
    worker.library.confirm(ConfirmationStatus(1, is_confirmed=True))
    assert worker.told_of(1) == ["ok"]
