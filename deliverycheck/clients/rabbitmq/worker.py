"""The RabbitMQ worker program: commands in, events out; its one argument names its journal."""

import platform
import sys
from collections.abc import Callable
from typing import Any

import pika
from pika.exceptions import AMQPError

from deliverycheck.clients import commands
from deliverycheck.clients.commands import Command, verb_of
from deliverycheck.clients.journal import JournalFile, append_effects
from deliverycheck.clients.protocol import PROTOCOL, HelloEvent, OkEvent, Remedy, Reply
from deliverycheck.clients.rabbitmq.bulk import publish_bulk, receive_bulk
from deliverycheck.clients.rabbitmq.channels import Channel
from deliverycheck.clients.rabbitmq.connecting import Connection, error_name
from deliverycheck.clients.rabbitmq.consuming import Consuming
from deliverycheck.clients.rabbitmq.names import ConnectionSettings
from deliverycheck.clients.rabbitmq.publishing import MS_PER_S, Publishing
from deliverycheck.clients.rabbitmq.settings import consumer_settings_of, publisher_settings_of
from deliverycheck.clients.rabbitmq.settling import settle
from deliverycheck.clients.rabbitmq.transacting import (
    abort_transaction,
    begin_transaction,
    commit_transaction,
)
from deliverycheck.clients.worker_loop import WorkerLoop

# An open connection is served at least this often between commands: confirms come out, heartbeats
# are answered, and what is pushed is kept.
_IDLE_S = 0.01
_LOOP_COMMANDS = ("arm", "release", "exit")
_PROVE_S_MAX = 0.5
_NO_QUEUE = "nobody-declared-this"


class NotOpenError(Exception):
    """The command needs a client that is not open."""


class RabbitClient:
    """At most one connection, its channels, a publisher and subscriptions on any of them."""

    def __init__(self, loop: WorkerLoop, journal: str) -> None:
        self._loop = loop
        self._journal = JournalFile(journal)
        self._connection: Connection | None = None
        self._channels: dict[int, Channel] = {}
        self._publishers: dict[int, Publishing] = {}
        self._consuming = Consuming(loop)
        self._calls: dict[str, Callable[[int, Any], Reply]] = {
            "open_producer": self._open_producer,
            "send": self._by_publisher(Publishing.send),
            "publish_bulk": self._by_publisher(publish_bulk),
            "flush": self._by_publisher(Publishing.flush),
            "poll": self._by_publisher(Publishing.poll),
            "open_consumer": self._open_consumer,
            "receive": self._receive,
            "receive_bulk": lambda identity, command: receive_bulk(
                self.consuming, identity, command
            ),
            "pump": self._pump,
            "effect": self._effect,
            "settle": self._settle,
            "prove": self._prove,
            "cancel": self._cancel,
            "close_channel": self._close_channel,
            "break_channel": self._break_channel,
            "begin_transaction": lambda identity, command: begin_transaction(
                loop.outbox, identity, command
            ),
            "commit_transaction": lambda identity, command: commit_transaction(
                loop.outbox, self.publishing(command.channel).channel, identity, command
            ),
            "abort_transaction": lambda identity, command: abort_transaction(
                loop.outbox, self.publishing(command.channel).channel, identity, command
            ),
            "idle": self._idle,
            "close": self._close,
            "reset": self._reset,
        }

    def publishing(self, channel: int | None = None) -> Publishing:
        """The publisher on that channel; without one, who was opened last."""
        if channel is None:
            channel = next(reversed(self._publishers), None)
        if channel not in self._publishers:
            msg = "no producer is open" + ("" if channel is None else f" on channel {channel}")
            raise NotOpenError(msg)
        return self._publishers[channel]

    @property
    def consuming(self) -> Consuming:
        if self._consuming.last_channel is None:
            msg = "no consumer is open"
            raise NotOpenError(msg)
        return self._consuming

    def hello(self) -> HelloEvent:
        return HelloEvent(
            protocol=PROTOCOL,
            language="python",
            library="pika",
            version=f"pika {pika.__version__}",
            capabilities=(*self._calls, *_LOOP_COMMANDS),
            python=platform.python_version(),
        )

    def do(self, identity: int, command: Command) -> Reply:
        return self._calls[verb_of(command)](identity, command)

    def error_name(self, error: Exception) -> str:
        return error_name(error)

    def idle_s(self) -> float | None:
        open_ = self._connection is not None and self._connection.is_open
        return _IDLE_S if open_ else None

    def serve(self) -> None:
        if self._connection is None:
            return
        if self._consuming.in_hand and not self._consuming.serves_in_hand:
            return
        self._connection.serve()

    def close(self) -> None:
        """What was settled is proven as far as the broker answers; then all is closed in order."""
        for channel in self._channels.values():
            if channel.settling and not channel.transactional:
                channel.prove(_PROVE_S_MAX)
        self._end()

    # Clients.

    def _channel(self, settings: ConnectionSettings) -> Channel:
        """The channel of that number, opened with its connection if it is not there."""
        if self._connection is None or not self._connection.is_open:
            self._connection = Connection(self._loop.outbox, settings)
        for channel in self._channels.values():
            if channel.number == settings.channel and channel.is_open:
                return channel
        channel = Channel(
            self._connection,
            self._loop.outbox,
            self._loop.holds,
            number=settings.channel,
            ordinal=len(self._channels),
        )
        self._channels[channel.ordinal] = channel
        return channel

    def _open_producer(self, identity: int, command: commands.OpenProducer) -> Reply:
        settings = publisher_settings_of(command.settings)
        self._publishers.pop(settings.channel, None)
        channel = self._channel(settings)
        self._publishers[settings.channel] = Publishing(
            self._loop, self._channels, channel, settings
        )
        return Reply(re=identity)

    def _open_consumer(self, identity: int, command: commands.OpenConsumer) -> Reply:
        settings = consumer_settings_of(command.settings)
        self._consuming.subscribe(self._channel(settings), command, settings)
        return Reply(re=identity)

    def _by_publisher(
        self, call: Callable[[Publishing, int, Any], Reply]
    ) -> Callable[[int, Any], Reply]:
        return lambda identity, command: call(
            self.publishing(getattr(command, "channel", None)), identity, command
        )

    def _numbered(self, number: int) -> Channel:
        """The channel that has, or had last, that number."""
        for channel in reversed(self._channels.values()):
            if channel.number == number:
                return channel
        msg = f"channel {number} was never opened"
        raise NotOpenError(msg)

    # Calls.

    def _receive(self, identity: int, command: commands.Receive) -> Reply:
        return self.consuming.receive(identity, command)

    def _pump(self, identity: int, command: commands.Pump) -> Reply:
        if self._publishers and not self._consuming.subscriptions:
            return self.publishing().pump(identity, command)
        return self.consuming.pump(identity, command)

    def _effect(self, identity: int, command: commands.Effect) -> Reply:
        append_effects(self._journal.descriptor(), command.op, command.deliveries)
        self._loop.outbox.say(OkEvent(op=command.op))
        return Reply(re=identity)

    def _settle(self, identity: int, command: commands.Settle) -> Reply:
        last = self._consuming.last_channel
        return settle(self._loop.outbox, self._channels, last, identity, command)

    def _prove(self, identity: int, command: commands.Prove) -> Reply:
        channel = self._numbered(command.channel)
        if channel.prove(command.timeout_ms / MS_PER_S):
            return Reply(re=identity)
        remedy = None if channel.is_open else Remedy.DISCARD
        text = "the round trip has not come back"
        return Reply(re=identity, error="NoAnswer", text=text, remedy=remedy)

    def _cancel(self, identity: int, command: commands.Cancel) -> Reply:
        self.consuming.cancel(command)
        return Reply(re=identity)

    def _close_channel(self, identity: int, command: commands.CloseChannel) -> Reply:
        """One that is not there is as good as closed."""
        for channel in list(self._channels.values()):
            if channel.number == command.channel:
                channel.close(command.timeout_ms / MS_PER_S)
        return Reply(re=identity)

    def _break_channel(self, identity: int, command: commands.BreakChannel) -> Reply:
        """The error of the channel is what was asked for, and the answer."""
        channel = self._numbered(command.channel)
        try:
            with channel.connection.bounded(command.timeout_ms / MS_PER_S):
                channel.blocking.queue_declare(_NO_QUEUE, passive=True)
        except AMQPError as error:
            name = error_name(error)
            return Reply(re=identity, error=name, text=str(error)[:200], remedy=Remedy.DISCARD)
        return Reply(re=identity)

    def _idle(self, identity: int, _: commands.Idle) -> Reply:
        self._consuming.in_hand = False
        return Reply(re=identity)

    def _close(self, identity: int, _: commands.Close) -> Reply:
        self.close()
        return Reply(re=identity)

    def _reset(self, identity: int, _: commands.Reset) -> Reply:
        self._loop.holds.disarm()
        self._end()
        self._channels = {}
        self._journal.empty()
        return Reply(re=identity)

    def _end(self) -> None:
        """Nothing is open, and the broker has heard of it if it hears anything."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._publishers = None, {}
        self._consuming = Consuming(self._loop)


def main() -> None:
    """Serve until told to exit, or the harness is gone."""
    loop = WorkerLoop()
    loop.run(RabbitClient(loop, sys.argv[1]))


if __name__ == "__main__":
    main()
