"""The one connection of a RabbitMQ worker: opened, served, its calls bounded, its end told."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pika
from pika.exceptions import (
    AMQPConnectionError,
    AMQPError,
    ChannelClosed,
    ConnectionClosed,
    ConnectionClosedByClient,
)

from deliverycheck.clients.protocol import ClientErrorEvent
from deliverycheck.clients.rabbitmq.names import ConnectionSettings
from deliverycheck.clients.worker_loop import Outbox

CONNECT_S_MAX = 5.0
"""A connection to a healthy broker takes some 10 ms; pika's own limit is 15 s."""

CLOSE_S_MAX = 0.5
"""A close takes one answer of the broker for each subscription, channel and connection."""

_TEXT_CHARACTERS_MAX = 300


class CallTimedOutError(AMQPConnectionError):
    """The broker did not answer a call in the time that the settings give it."""


def error_name(error: BaseException) -> str:
    """The library's name of an error, with the code of the broker's reply where it has one."""
    name = type(error).__name__
    if isinstance(error, (ChannelClosed, ConnectionClosed)):
        return f"{name} {error.reply_code}"
    return name.removesuffix("Error") if isinstance(error, CallTimedOutError) else name


def told(error: BaseException, channel: int | None = None) -> ClientErrorEvent:
    """The event for an error that belongs to no call, of that channel or of the connection."""
    text = str(error)[:_TEXT_CHARACTERS_MAX]
    return ClientErrorEvent(error=error_name(error), text=text, channel=channel)


class Connection:
    """An open connection, or one that has ended: pika opens none anew.

    Attributes:
        blocking: pika's own.
        settings: of the client that opened it.
    """

    def __init__(self, outbox: Outbox, settings: ConnectionSettings) -> None:
        self._outbox = outbox
        self._told_end = False
        self.settings = settings
        self.blocking = pika.BlockingConnection(_parameters(settings))
        # The implementation's callbacks come at once, those of the blocking one after the call.
        self.impl: Any = self.blocking._impl  # noqa: SLF001
        self.impl.add_on_close_callback(self._ended)
        self.impl.add_on_connection_blocked_callback(self._blocked)
        self.impl.add_on_connection_unblocked_callback(self._unblocked)

    @property
    def is_open(self) -> bool:
        return bool(self.blocking.is_open)

    def serve(self, timeout_s: float = 0) -> None:
        """What came, or comes in that time, was handed to its callbacks.

        It returns after the first delivery; what answers a call or confirms does not end it.

        An end of the connection was told by then and is no error of this call.
        """
        if not self.is_open:
            return
        with suppress(AMQPError), self.bounded(timeout_s + self.settings.call_timeout_s):
            self.blocking.process_data_events(timeout_s)

    def wait(self, done: Callable[[], bool], timeout_s: float) -> bool:
        """Serve until `done`, the deadline, or the end of the connection; whether it is done.

        `process_data_events` would not do: what pika keeps for no callback of the blocking
        connection, such as a confirm, does not wake it.
        """
        end = time.monotonic() + timeout_s
        if not done() and self.is_open:
            timer = self.impl.ioloop.call_later(timeout_s, _wake)
            with suppress(AMQPError), self.bounded(timeout_s + self.settings.call_timeout_s):
                self.blocking._flush_output(done, lambda: time.monotonic() >= end)  # noqa: SLF001
            if self.is_open:
                self.impl.ioloop.remove_timeout(timer)
        return done()

    @contextmanager
    def bounded(self, seconds: float | None = None) -> Iterator[None]:
        """The calls inside end after so long, by the end of the connection.

        pika waits for an answer without a limit, and its own timers do not interrupt it. This
        one is of its loop below, and ends the stream as a missed heartbeat does.
        """
        if not self.is_open:
            yield  # pika refuses the call at once, and its loop is closed.
            return
        limit = self.settings.call_timeout_s if seconds is None else seconds
        timer = self.impl.ioloop.call_later(limit, lambda: self._give_up(limit))
        try:
            yield
        finally:
            if self.is_open:
                self.impl.ioloop.remove_timeout(timer)

    def close(self, timeout_s: float = CLOSE_S_MAX) -> None:
        """Closed in order with its channels or, if the broker does not answer, without it."""
        if self.is_open:
            with suppress(AMQPError), self.bounded(timeout_s):
                self.blocking.close()

    def _give_up(self, seconds: float) -> None:
        msg = f"no answer within {seconds:g} s"
        self.impl._terminate_stream(CallTimedOutError(msg))  # noqa: SLF001  # As its heartbeat does.

    def _ended(self, _: object, error: Exception) -> None:
        self.tell_end(error)

    def tell_end(self, error: Exception) -> None:
        """Say, once, that the connection ended, unless it was meant to.

        pika tells the channels first; what was open on them ends because the connection did, and
        whoever reads the events must see it so.
        """
        if not self._told_end and not isinstance(error, ConnectionClosedByClient):
            self._told_end = True
            self._outbox.say(told(error))

    def _blocked(self, _: object, frame: Any) -> None:  # noqa: ANN401  # pika.frame.Method
        self._outbox.say(ClientErrorEvent(error="ConnectionBlocked", text=frame.method.reason))

    def _unblocked(self, _: object, __: object) -> None:
        self._outbox.say(ClientErrorEvent(error="ConnectionUnblocked"))


def _wake() -> None:
    """A timer that is due ends the wait for the socket; there is nothing else to do."""


def _parameters(settings: ConnectionSettings) -> pika.ConnectionParameters:
    return pika.ConnectionParameters(
        host=settings.host,
        port=settings.port,
        virtual_host=settings.virtual_host,
        credentials=pika.PlainCredentials(settings.username, settings.password),
        heartbeat=settings.heartbeat,
        blocked_connection_timeout=settings.blocked_connection_timeout_s,
        socket_timeout=CONNECT_S_MAX,
        stack_timeout=CONNECT_S_MAX,
    )
