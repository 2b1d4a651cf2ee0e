"""The Kafka worker program: commands in, events out; its one argument names its journal."""

import platform
import sys
from collections.abc import Callable
from typing import Any

from deliverycheck.clients import commands
from deliverycheck.clients.commands import Command, verb_of
from deliverycheck.clients.journal import JournalFile, append_effects
from deliverycheck.clients.kafka.batches import receive
from deliverycheck.clients.kafka.bulk import publish_bulk, receive_bulk
from deliverycheck.clients.kafka.consuming import Consuming
from deliverycheck.clients.kafka.library import libversion
from deliverycheck.clients.kafka.producing import Producing, error_name
from deliverycheck.clients.kafka.seeking import (
    pause_partitions,
    resume_partitions,
    seek_to,
    subscribe,
    unsubscribe,
)
from deliverycheck.clients.kafka.sharing import Sharing
from deliverycheck.clients.kafka.transacting import (
    abort_transaction,
    begin_transaction,
    commit_transaction,
    init_transactions,
    send_offsets,
)
from deliverycheck.clients.protocol import PROTOCOL, FailEvent, HelloEvent, OkEvent, Reply
from deliverycheck.clients.sink import SinkFile, StaleError
from deliverycheck.clients.worker_loop import WorkerLoop

# An open client is served at least this often between commands: reports come
# out, and a member that has nothing to do does not stall a rebalance.
_IDLE_S = 0.01
_LOOP_COMMANDS = ("arm", "release", "exit")


class NotOpenError(Exception):
    """The command needs a client that is not open."""


class KafkaClient:
    """At most one producer and one consumer, called once per command."""

    def __init__(self, loop: WorkerLoop, journal: str) -> None:
        self._loop = loop
        self._journal = JournalFile(journal)
        self._producing: Producing | None = None
        self._consuming: Consuming | None = None
        self._sharing: Sharing | None = None
        self._sink: SinkFile | None = None
        self._positions: SinkFile | None = None
        self._calls: dict[str, Callable[[int, Any], Reply]] = {
            "open_producer": self._open_producer,
            "publish": self._by_producer(Producing.publish),
            "flush": self._by_producer(Producing.flush),
            "purge": self._by_producer(Producing.purge),
            "poll": self._by_producer(Producing.poll),
            "publish_bulk": self._by_producer(publish_bulk),
            "open_consumer": self._open_consumer,
            "assign": self._by_consumer(Consuming.assign),
            "seek": self._by_consumer(Consuming.seek),
            "seek_to": self._by_consumer(seek_to),
            "pause_partitions": self._by_consumer(pause_partitions),
            "resume_partitions": self._by_consumer(resume_partitions),
            "unsubscribe": self._by_consumer(unsubscribe),
            "subscribe": self._by_consumer(subscribe),
            "receive": self._by_consumer(receive),
            "receive_bulk": self._by_consumer(receive_bulk),
            "open_share": self._open_share,
            "acquire": self._by_sharer(Sharing.acquire),
            "settle_records": self._by_sharer(Sharing.settle),
            "pump": self._pump,
            "effect": self._effect,
            "open_sink": self._open_sink,
            "row": self._row,
            "store_offset": self._by_consumer(Consuming.store_offset),
            "commit": self._by_consumer(Consuming.commit),
            "send_offsets": lambda identity, command: send_offsets(
                self.producing, self.consuming, identity, command
            ),
            "init_transactions": self._by_producer(init_transactions),
            "begin_transaction": self._by_producer(begin_transaction),
            "commit_transaction": self._by_producer(commit_transaction),
            "abort_transaction": self._by_producer(abort_transaction),
            "idle": self._idle,
            "close": self._close,
            "reset": self._reset,
        }

    @property
    def producing(self) -> Producing:
        if self._producing is None:
            msg = "no producer is open"
            raise NotOpenError(msg)
        return self._producing

    @property
    def consuming(self) -> Consuming:
        if self._consuming is None:
            msg = "no consumer is open"
            raise NotOpenError(msg)
        return self._consuming

    @property
    def sharing(self) -> Sharing:
        if self._sharing is None:
            msg = "no member of a share group is open"
            raise NotOpenError(msg)
        return self._sharing

    def hello(self) -> HelloEvent:
        return HelloEvent(
            protocol=PROTOCOL,
            language="python",
            library="confluent-kafka",
            version=f"librdkafka {libversion()[0]}",
            capabilities=(*self._calls, *_LOOP_COMMANDS),
            python=platform.python_version(),
        )

    def do(self, identity: int, command: Command) -> Reply:
        if self._consuming is not None:
            self._consuming.during(identity)
        try:
            return self._calls[verb_of(command)](identity, command)
        finally:
            if self._consuming is not None:
                self._consuming.during(None)

    def error_name(self, error: Exception) -> str:
        return error_name(error)

    def idle_s(self) -> float | None:
        return None if self._producing is None and self._consuming is None else _IDLE_S

    def serve(self) -> None:
        if self._producing is not None:
            self._producing.serve()
        if self._consuming is not None:
            self._consuming.serve()

    def close(self) -> None:
        if self._sharing is not None:
            self._sharing.close()
            self._sharing = None
        if self._consuming is not None:
            self._consuming.close()
            self._consuming = None
        if self._producing is not None:
            self._producing.close()
            self._producing = None

    def _by_producer(
        self, call: Callable[[Producing, int, Any], Reply]
    ) -> Callable[[int, Any], Reply]:
        return lambda identity, command: call(self.producing, identity, command)

    def _by_consumer(
        self, call: Callable[[Consuming, int, Any], Reply]
    ) -> Callable[[int, Any], Reply]:
        return lambda identity, command: call(self.consuming, identity, command)

    def _by_sharer(self, call: Callable[[Sharing, int, Any], Reply]) -> Callable[[int, Any], Reply]:
        return lambda identity, command: call(self.sharing, identity, command)

    def _open_share(self, identity: int, command: commands.OpenShare) -> Reply:
        self._sharing = Sharing(self._loop, command)
        return Reply(re=identity)

    def _open_producer(self, identity: int, command: commands.OpenProducer) -> Reply:
        self._producing = Producing(self._loop, command)
        return Reply(re=identity)

    def _open_consumer(self, identity: int, command: commands.OpenConsumer) -> Reply:
        self._consuming = Consuming(self._loop, command, self._positions)
        return Reply(re=identity)

    def _pump(self, identity: int, command: commands.Pump) -> Reply:
        if self._producing is not None and self._consuming is None:
            return self._producing.pump(identity, command)
        return self.consuming.pump(identity, command)

    def _effect(self, identity: int, command: commands.Effect) -> Reply:
        append_effects(self._journal.descriptor(), command.op, command.deliveries)
        if self._consuming is not None:
            self._consuming.worked_off(command.deliveries)
        self._loop.outbox.say(OkEvent(op=command.op))
        return Reply(re=identity)

    def _open_sink(self, identity: int, command: commands.OpenSink) -> Reply:
        self._close_sink()
        self._sink = SinkFile(command.path)
        self._positions = self._sink if command.positions else None
        return Reply(re=identity)

    def _row(self, identity: int, command: commands.Row) -> Reply:
        if self._sink is None:
            msg = "no sink is open"
            raise NotOpenError(msg)
        try:
            self._sink.write(command.op, command.delivery, command.covers)
        except StaleError:
            self._loop.outbox.say(FailEvent(op=command.op, error="_STALE"))
            self.consuming.go_back_to_stored(command.covers)
        else:
            self._loop.outbox.say(OkEvent(op=command.op))
        return Reply(re=identity)

    def _close_sink(self) -> None:
        if self._sink is not None:
            self._sink.close()
        self._sink = self._positions = None

    def _idle(self, identity: int, _: commands.Idle) -> Reply:
        if self._consuming is not None:
            self._consuming.in_hand = False
        return Reply(re=identity)

    def _close(self, identity: int, _: commands.Close) -> Reply:
        self.close()
        return Reply(re=identity)

    def _reset(self, identity: int, _: commands.Reset) -> Reply:
        self._loop.holds.disarm()
        if self._sharing is not None:
            self._sharing.close()
            self._sharing = None
        if self._consuming is not None:
            self._consuming.close()
            self._consuming = None
        if self._producing is not None:
            self._producing.drop()
            self._producing = None
        self._close_sink()
        self._journal.empty()
        return Reply(re=identity)


def main() -> None:
    """Serve until told to exit, or the harness is gone."""
    loop = WorkerLoop()
    loop.run(KafkaClient(loop, sys.argv[1]))


if __name__ == "__main__":
    main()
