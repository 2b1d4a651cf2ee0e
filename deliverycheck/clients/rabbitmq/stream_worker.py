"""The worker program for rstream: a stream by its own protocol, its publishers named or not."""

import asyncio
import itertools
import platform
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Coroutine
from functools import partial
from importlib.metadata import version
from typing import Any, TypeVar

from rstream import (
    AMQPMessage,
    ConfirmationStatus,
    Consumer,
    ConsumerOffsetSpecification,
    MessageContext,
    OffsetType,
    OnClosedErrorInfo,
    Producer,
)
from rstream.recovery import BackOffRecoveryStrategy

from deliverycheck.clients import commands
from deliverycheck.clients.commands import Command, Letter, verb_of
from deliverycheck.clients.journal import JournalFile, append_effects
from deliverycheck.clients.protocol import (
    PROTOCOL,
    ClientErrorEvent,
    DeliveryEvent,
    HelloEvent,
    InfoEvent,
    OkEvent,
    Remedy,
    Reply,
    ReturnedEvent,
)
from deliverycheck.clients.rabbitmq.names import StreamSettings
from deliverycheck.clients.rabbitmq.settings import stream_settings_of
from deliverycheck.clients.worker_loop import Deadline, WorkerLoop
from deliverycheck.history import Body, Delivery, delivery_of, encode_body, padding_of
from deliverycheck.plans import HoldPoint

_IDLE_S = 0.01
_SLICE_S = 0.02
_CLOSE_S_MAX = 2.0
_MS_PER_S = 1000
_LOOP_COMMANDS = ("arm", "release", "exit")
_CLOSED = "ConnectionClosed"
_T = TypeVar("_T")


class NotOpenError(Exception):
    """The command needs a client that is not open."""


class StreamClient:
    """At most one publisher and one consumer, on an event loop that runs while it is called."""

    def __init__(self, loop: WorkerLoop, journal: str) -> None:
        self._loop = loop
        self._say = loop.outbox.say
        self._journal = JournalFile(journal)
        self._events = asyncio.new_event_loop()
        self._producer: Producer | None = None
        self._consumer: Consumer | None = None
        self._settings = StreamSettings()
        self._opened: Counter[type] = Counter()  # Publishers and consumers, those of before too.
        self._confirm = partial(self._confirmed, 0)  # One: rstream keeps ids by it.
        self._forget()
        self._calls: dict[str, Callable[[int, Any], Reply]] = {
            "open_producer": self._open_producer,
            "send": self._send,
            "flush": self._flush,
            "poll": self._poll,
            "open_consumer": self._open_consumer,
            "receive": self._receive,
            "pump": self._pump,
            "effect": self._effect,
            "idle": lambda identity, _: Reply(re=identity),
            "close": self._close,
            "reset": self._reset,
        }

    def _forget(self) -> None:
        self._numbers = itertools.count(1)
        self._open: dict[int, deque[int]] = defaultdict(deque)
        self._early: dict[int, ConfirmationStatus] = {}
        self._kept: deque[Delivery] = deque()
        self._gone = False

    @property
    def producer(self) -> Producer:
        if self._producer is None:
            msg = "no producer is open"
            raise NotOpenError(msg)
        return self._producer

    def hello(self) -> HelloEvent:
        return HelloEvent(
            protocol=PROTOCOL,
            language="python",
            library="rstream",
            version=f"rstream {version('rstream')}",
            capabilities=(*self._calls, *_LOOP_COMMANDS),
            python=platform.python_version(),
        )

    def do(self, identity: int, command: Command) -> Reply:
        return self._calls[verb_of(command)](identity, command)

    def error_name(self, error: Exception) -> str:
        return type(error).__name__

    def idle_s(self) -> float | None:
        return None if self._producer is None and self._consumer is None else _IDLE_S

    def serve(self) -> None:
        self._run(asyncio.sleep(0))

    def close(self) -> None:
        for one in (self._producer, self._consumer):
            if one is not None:
                try:
                    self._run(asyncio.wait_for(one.close(), _CLOSE_S_MAX))
                except Exception as error:  # noqa: BLE001  # It is gone either way; that is told.
                    self._say(ClientErrorEvent(error=self.error_name(error), text=str(error)[:200]))
        self._producer = self._consumer = None

    def _run(self, call: Coroutine[Any, Any, _T]) -> _T:
        return self._events.run_until_complete(call)

    def _open_producer(self, identity: int, command: commands.OpenProducer) -> Reply:
        self._settings = settings = stream_settings_of(command.settings)
        self._opened[Producer] += 1
        lost = partial(self._lost, Producer, self._opened[Producer])
        self._confirm = partial(self._confirmed, self._opened[Producer])
        self._producer = Producer(**_connection(settings), on_close_handler=lost)
        self._run(asyncio.wait_for(self._producer.start(), settings.call_timeout_s))
        self._gone = False
        return Reply(re=identity)

    def _send(self, identity: int, command: commands.Send) -> Reply:
        """Nothing goes out once the connection is gone, though rstream would open another one.

        What it took with it would be overtaken: a publishing id below one that the stream has is
        confirmed, and not written (seen with RabbitMQ 4.3.6: 7 of 12 messages were lost so).
        """
        producer = self.producer
        for letter in command.messages:
            if self._gone:
                self._say(InfoEvent(op=letter.op, error=_CLOSED))
            else:
                self._hand_over(producer, letter, command.execution)
        return self._reply(identity)

    def _hand_over(self, producer: Producer, letter: Letter, execution: str) -> None:
        body = Body(
            execution=execution,
            message=letter.message,
            target=letter.target,
            attempt=letter.attempt,
            padding=padding_of(letter.message, letter.bytes),
        )
        message = AMQPMessage(body=encode_body(body))
        number = letter.publishing_id
        if number is None and self._settings.name is None:
            number = next(self._numbers)  # The same as rstream would give it, but known to us.
        message.publishing_id = number
        if number is not None:
            self._open[number].append(letter.op)
        try:
            (given,) = self._run(
                asyncio.wait_for(
                    producer.send_batch(
                        letter.key,
                        [message],
                        publisher_name=self._settings.name,
                        on_publish_confirm=self._confirm,
                    ),
                    self._settings.call_timeout_s,
                )
            )
        except Exception as error:  # noqa: BLE001  # No error of rstream proves that nothing was sent.
            # It may have been written, or not: the next one must not overtake it.
            self._gone = True
            if number is None:
                self._say(InfoEvent(op=letter.op, error=self.error_name(error)))
            elif letter.op in self._open[number]:  # Else its end was told during the call.
                self._open[number].remove(letter.op)
                self._say(InfoEvent(op=letter.op, error=self.error_name(error)))
            return
        self._say(ReturnedEvent(op=letter.op))
        if number is None and given in self._early:
            self._complete(letter.op, self._early.pop(given))
        elif number is None:
            self._open[given].append(letter.op)

    def _confirmed(self, opened: int, status: ConfirmationStatus) -> None:
        """A publishing id that the stream has had from this name is confirmed, and dropped.

        A client that lost its connection goes on to refuse what it had: the same ids may be
        under way by the next one.
        """
        if opened != self._opened[Producer]:
            return
        self._loop.holds.reached(HoldPoint.ON_DELIVERY)
        ops = self._open[status.message_id]
        if ops:
            self._complete(ops.popleft(), status)
        else:
            self._early[status.message_id] = status  # Of what the library numbered by itself.

    def _complete(self, op: int, status: ConfirmationStatus) -> None:
        if status.is_confirmed:
            self._say(OkEvent(op=op, confirmed=True))
        else:
            self._say(InfoEvent(op=op, error=f"PublishError {status.response_code}"))

    def _flush(self, identity: int, command: commands.Flush) -> Reply:
        _, deadline = self.producer, Deadline(command.timeout_ms)
        while self._remaining() and not self._gone and not deadline.passed():
            self._run(asyncio.sleep(0.001))
        self._say(OkEvent(op=command.op, remaining=self._remaining()))
        return self._reply(identity)

    def _poll(self, identity: int, command: commands.Poll) -> Reply:
        self._run(asyncio.sleep(command.timeout_ms / _MS_PER_S))
        return self._reply(identity)

    def _remaining(self) -> int:
        return sum(map(len, self._open.values()))

    def _reply(self, identity: int) -> Reply:
        remedy = Remedy.DISCARD if self._gone else None
        return Reply(re=identity, remaining=self._remaining(), remedy=remedy)

    def _lost(self, kind: type, opened: int, info: OnClosedErrorInfo) -> None:
        """Nothing is known of what was open; what the library says of it later is no news."""
        if opened != self._opened[kind]:
            return
        self._gone = True
        left = [op for ops in self._open.values() for op in ops]
        self._open.clear()
        # First the end: what was open ended because of it, and who reads must see it so.
        self._say(ClientErrorEvent(error=_CLOSED, text=str(info.reason)[:200]))
        self._loop.outbox.say_all([InfoEvent(op=op, error=_CLOSED) for op in left])

    def _open_consumer(self, identity: int, command: commands.OpenConsumer) -> Reply:
        settings = stream_settings_of(command.settings)
        self._opened[Consumer] += 1
        lost = partial(self._lost, Consumer, self._opened[Consumer])
        consumer = self._consumer = Consumer(**_connection(settings), on_close_handler=lost)
        self._run(asyncio.wait_for(consumer.start(), settings.call_timeout_s))
        for stream in command.topics:
            reading = consumer.subscribe(
                stream,
                self._came,
                offset_specification=ConsumerOffsetSpecification(OffsetType.FIRST, None),
                decoder=_body_of,
            )
            self._run(asyncio.wait_for(reading, settings.call_timeout_s))
        self._gone = False
        return Reply(re=identity)

    def _came(self, body: Any, context: MessageContext) -> None:  # noqa: ANN401  # As rstream has it.
        delivery = delivery_of(
            value=body, source=context.stream, partition=None, position=context.offset
        )
        self._kept.append(delivery)
        self._say(DeliveryEvent(delivery=delivery))

    def _receive(self, identity: int, command: commands.Receive) -> Reply:
        if self._consumer is None:
            msg = "no consumer is open"
            raise NotOpenError(msg)
        deadline = Deadline(command.timeout_ms)
        while not self._kept and not self._gone and not deadline.passed():
            self._run(asyncio.sleep(min(0.001, deadline.left_s())))
        taken = [self._kept.popleft() for _ in range(min(command.max, len(self._kept)))]
        self._say(OkEvent(op=command.op, deliveries=tuple(taken)))
        return Reply(re=identity, count=len(taken), remedy=Remedy.DISCARD if self._gone else None)

    def _pump(self, identity: int, command: commands.Pump) -> Reply:
        deadline = Deadline(command.timeout_ms)
        while not deadline.passed() and not self._loop.inbox.wait(0):
            self._run(asyncio.sleep(min(_SLICE_S, deadline.left_s())))
            if self._consumer is not None and len(self._kept) >= command.deliveries:
                break
        return Reply(re=identity, count=len(self._kept), remaining=self._remaining())

    def _effect(self, identity: int, command: commands.Effect) -> Reply:
        append_effects(self._journal.descriptor(), command.op, command.deliveries)
        self._say(OkEvent(op=command.op))
        return Reply(re=identity)

    def _close(self, identity: int, _: commands.Close) -> Reply:
        self.close()
        return Reply(re=identity)

    def _reset(self, identity: int, _: commands.Reset) -> Reply:
        self._loop.holds.disarm()
        self.close()
        self._forget()
        self._journal.empty()
        return Reply(re=identity)


def _connection(settings: StreamSettings) -> dict[str, Any]:
    """The arguments by which rstream connects; it does not connect again by itself."""
    return {
        "host": settings.host,
        "port": settings.port,
        "vhost": settings.virtual_host,
        "username": settings.username,
        "password": settings.password,
        "heartbeat": settings.heartbeat,
        "recovery_strategy": BackOffRecoveryStrategy(enable=False),
    }


def _body_of(data: bytes) -> Any:  # noqa: ANN401  # What the sender put there.
    from rstream import amqp_decoder  # noqa: PLC0415  # Only a consumer needs it.

    return amqp_decoder(data).body


def main() -> None:
    """Serve until told to exit, or the harness is gone."""
    loop = WorkerLoop()
    loop.run(StreamClient(loop, sys.argv[1]))


if __name__ == "__main__":
    main()
