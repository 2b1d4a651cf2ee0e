"""Reads what is left in queues: fresh readers of the harness take it, until nothing more comes."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pika import BasicProperties
from pika.exceptions import (
    AMQPConnectionError,
    ChannelClosedByBroker,
    NackError,
    UnroutableError,
)

from deliverycheck.brokers.broker import BrokerError, Endpoint, Namespace, Scan
from deliverycheck.brokers.rabbitmq_amqp import connected
from deliverycheck.brokers.rabbitmq_api import RabbitApi, RefusedError
from deliverycheck.history import Delivery, delivery_of_letter

# 20 s: a queue answers in milliseconds, and a few seconds after its node has started again.
_READ_S_MAX = 20.0
# 30 ms: what a queue was about to get when the connection of its publisher or its consumer
# ended is there a few steps of the same virtual machine later.
_QUIET_S = 0.03
# 0.1 s: how often a reader that nothing comes to looks at the clock.
_LOOK_S = 0.1
# 0.2 s: what a queue holds is pushed within some ms of the subscription.
_PUSHED_S = 0.2
_NOT_FOUND = 404
_NO_QUEUE = "no queue"
"""Of a durable queue that is not there yet the broker says so: *home node … is down or
inaccessible* (rabbit_misc.erl, not_found; rabbit_amqqueue.erl, absent)."""

_RESOURCE_LOCKED = 405
_RETRY_S = 0.1
_PREFETCH = 200
_OFFSET = "x-stream-offset"
_END = "deliverycheck-end"
"""The type of the message that a reader of a stream adds, to know where it ended."""


@dataclass(slots=True)
class _Left:
    """What is known of a queue while it is read.

    Attributes:
        subscribes: it lets nobody ask for single messages: a quorum queue with a single active
            consumer (405).
    """

    name: str
    is_stream: bool
    subscribes: bool = False
    found: list[Delivery] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueReader:
    """Reads the queues of one broker, by its unproxied way in.

    Attributes:
        api: says which queues there are.
    """

    endpoint: Endpoint
    api: RabbitApi

    def read(self, namespace: Namespace, names: Sequence[str]) -> Scan:
        """All that is left in them, by (queue, 0); a queue that is gone has nothing.

        Messages are taken from queues; of a stream they are read, and stay, with one more behind
        them that tells its readers where it ended.

        Raises:
            BrokerError: a queue did not answer, or did not come to its end in time.
        """
        end_s = time.monotonic() + _READ_S_MAX
        left = {queue.name: queue for queue in self._readable(namespace, names, end_s)}
        self._empty(namespace, [queue for queue in left.values() if not queue.is_stream], end_s)
        for queue in left.values():
            if queue.is_stream:
                self._read_stream(namespace, queue, end_s)
        self._require_no_alarm()
        deliveries = {(name, 0): left[name].found if name in left else [] for name in names}
        ends = {key: len(found) for key, found in deliveries.items()}
        return Scan(deliveries=deliveries, ends=ends)

    def _readable(self, namespace: Namespace, names: Sequence[str], end_s: float) -> list[_Left]:
        """Those that are there; an exclusive one is its connection's alone, and goes with it.

        For some 50 ms after a restart RabbitMQ 4.0 does not list its streams.
        """
        while True:
            listed = {queue["name"]: queue for queue in self.api.get("queues", namespace.name)}
            away = [name for name in names if name not in listed]
            late = [name for name in away if not self._is_gone(namespace, name)]
            if not late:
                return [
                    _Left(name=name, is_stream=listed[name].get("type") == "stream")
                    for name in names
                    if name in listed and not listed[name]["exclusive"]
                ]
            _retry_until(end_s, late[0], BrokerError("it is there, and is not listed"))

    def _empty(self, namespace: Namespace, queues: Sequence[_Left], end_s: float) -> None:
        """All was taken, again and again until for a while nothing more came."""
        if not queues:
            return
        with connected(self.endpoint, namespace, _READ_S_MAX) as connection:
            self._pass(connection, namespace, queues, end_s)
            time.sleep(_QUIET_S)
            while self._pass(connection, namespace, queues, end_s):
                time.sleep(_QUIET_S)

    def _pass(
        self,
        connection: Any,  # noqa: ANN401  # Of pika, which has no types.
        namespace: Namespace,
        queues: Sequence[_Left],
        end_s: float,
    ) -> bool:
        """Each queue was emptied once; whether one had something."""
        before = sum(len(queue.found) for queue in queues)
        for queue in queues:
            self._take(connection, namespace, queue, end_s)
        return sum(len(queue.found) for queue in queues) > before

    def _take(self, connection: Any, namespace: Namespace, queue: _Left, end_s: float) -> None:  # noqa: ANN401
        """The queue was emptied once.

        What the broker refuses may be on its way back after a restart.
        """
        while True:
            try:
                channel = connection.channel()
                _take_all(channel, queue)
                channel.close()
            except ChannelClosedByBroker as error:
                if error.reply_code == _RESOURCE_LOCKED and not queue.subscribes:
                    queue.subscribes = True
                    continue
                if self._is_gone(namespace, queue.name):
                    return
                _retry_until(end_s, queue.name, error)
            except AMQPConnectionError as error:
                message = f"queue {queue.name!r} in {namespace.name} did not answer: {error!r}"
                raise BrokerError(message) from error
            else:
                return

    def _read_stream(self, namespace: Namespace, queue: _Left, end_s: float) -> None:
        """From its first message to what is its last now."""
        while True:
            queue.found.clear()
            try:
                with connected(self.endpoint, namespace, _READ_S_MAX) as connection:
                    end = _marked(connection.channel(), queue)
                    _read_up_to(end, connection.channel(), queue, end_s)
            except (ChannelClosedByBroker, NackError, UnroutableError, BrokerError) as error:
                # For some seconds after a restart the broker refuses to read any stream.
                if self._is_gone(namespace, queue.name):
                    return
                _retry_until(end_s, queue.name, error)
            else:
                return

    def _is_gone(self, namespace: Namespace, name: str) -> bool:
        """There is no such queue, nor will it come back: its node is up, and knows none."""
        with connected(self.endpoint, namespace, _READ_S_MAX) as connection:
            try:
                connection.channel().queue_declare(name, passive=True)
            except ChannelClosedByBroker as error:
                return error.reply_code == _NOT_FOUND and _NO_QUEUE in error.reply_text
        return False

    def _require_no_alarm(self) -> None:
        """A broker that is short of memory or disk blocks its publishers: not the subject's fault.

        Raises:
            BrokerError: it is.
        """
        try:
            self.api.get("health", "checks", "local-alarms")
        except RefusedError as error:
            message = f"RabbitMQ is short of memory or disk and blocks publishers: {error}"
            raise BrokerError(message) from error


def _take_all(channel: Any, queue: _Left) -> None:  # noqa: ANN401  # Of pika, which has no types.
    """Taken without an ack: one that is lost on its way ends the whole reading with an error."""
    if queue.subscribes:
        _take_what_comes(channel, queue)
        return
    while True:
        method, properties, body = channel.basic_get(queue.name, auto_ack=True)
        if method is None:
            return
        queue.found.append(_delivery(queue, method, properties, body))


def _take_what_comes(channel: Any, queue: _Left) -> None:  # noqa: ANN401
    """The same of a subscription, until for a while nothing more comes."""
    for method, properties, body in channel.consume(
        queue.name, auto_ack=True, inactivity_timeout=_PUSHED_S
    ):
        if method is None:
            break
        queue.found.append(_delivery(queue, method, properties, body))
    channel.cancel()


def _marked(channel: Any, queue: _Left) -> str:  # noqa: ANN401  # Of pika, which has no types.
    """What the message says that stands behind all that was in the stream."""
    end = secrets.token_hex(8)  # Not from `random`, which Hypothesis seeds.
    channel.confirm_delivery()
    marker = BasicProperties(type=_END, message_id=end)  # type: ignore[no-untyped-call]  # Of pika.
    channel.basic_publish("", queue.name, b"", marker, mandatory=True)
    return end


def _read_up_to(end: str, channel: Any, queue: _Left, end_s: float) -> None:  # noqa: ANN401
    channel.basic_qos(prefetch_count=_PREFETCH)
    for method, properties, body in channel.consume(
        queue.name, arguments={_OFFSET: "first"}, inactivity_timeout=_LOOK_S
    ):
        if method is not None:
            channel.basic_ack(method.delivery_tag)
            if properties.type != _END:
                queue.found.append(_delivery(queue, method, properties, body))
            elif properties.message_id == end:
                return
        if time.monotonic() > end_s:
            break
    message = f"stream {queue.name!r}: {len(queue.found)} messages were read, and its end not seen"
    raise BrokerError(message)


def _offset(properties: Any) -> int:  # noqa: ANN401
    return int(properties.headers[_OFFSET])


def _retry_until(end_s: float, name: str, error: Exception) -> None:
    if time.monotonic() > end_s:
        message = f"queue {name!r} cannot be read, for {_READ_S_MAX:.0f} s: {error}"
        raise BrokerError(message) from error
    time.sleep(_RETRY_S)


def _delivery(queue: _Left, method: Any, properties: Any, body: bytes) -> Delivery:  # noqa: ANN401
    return delivery_of_letter(
        value=body,
        source=queue.name,
        position=_offset(properties) if queue.is_stream else None,
        redelivered=bool(method.redelivered),
        key=method.routing_key,
        properties=properties,
    )
