"""Reads what is left in queues: fresh readers of the harness take it, until nothing more comes."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker

from deliverycheck.brokers.broker import BrokerError, Endpoint, Namespace, Scan
from deliverycheck.brokers.rabbitmq_amqp import connected
from deliverycheck.brokers.rabbitmq_api import RabbitApi, RefusedError
from deliverycheck.history import Delivery, delivery_of_letter

# 20 s: a queue answers in milliseconds, and a few seconds after its node has started again.
_READ_S_MAX = 20.0
# 30 ms: what a queue was about to get when the connection of its publisher or its consumer
# ended is there a few steps of the same virtual machine later.
_QUIET_S = 0.03
# 0.5 s: the last chunk of a stream was there after 2 to 15 ms; an empty stream has none.
_STREAM_EMPTY_S = 0.5
# 20 ms: the messages of a chunk come together.
_CHUNK_S = 0.02
# 0.2 s: what a queue holds is pushed within some ms of the subscription.
_PUSHED_S = 0.2
_RESOURCE_LOCKED = 405
_RETRY_S = 0.1
_PREFETCH = 200
_OFFSET = "x-stream-offset"


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

        Messages are taken from queues; of a stream they are read, and stay.

        Raises:
            BrokerError: a queue did not answer, or did not come to its end in time.
        """
        left = {queue.name: queue for queue in self._readable(namespace, names)}
        end_s = time.monotonic() + _READ_S_MAX
        self._empty(namespace, [queue for queue in left.values() if not queue.is_stream], end_s)
        for queue in left.values():
            if queue.is_stream:
                self._read_stream(namespace, queue, end_s)
        self._require_no_alarm()
        deliveries = {(name, 0): left[name].found if name in left else [] for name in names}
        ends = {key: len(found) for key, found in deliveries.items()}
        return Scan(deliveries=deliveries, ends=ends)

    def _readable(self, namespace: Namespace, names: Sequence[str]) -> Iterator[_Left]:
        """Those that are there; an exclusive one is its connection's alone, and goes with it."""
        for queue in self.api.get("queues", namespace.name):
            if queue["name"] in names and not queue["exclusive"]:
                yield _Left(name=queue["name"], is_stream=queue.get("type") == "stream")

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
                if self._is_gone(namespace, queue):
                    return
                _retry_until(end_s, queue, error)
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
                    last = _last_offset(connection.channel(), queue)
                    if last is not None:
                        _read_up_to(last, connection.channel(), queue, end_s)
            except (ChannelClosedByBroker, BrokerError) as error:
                # For some seconds after a restart the broker refuses to read any stream.
                if self._is_gone(namespace, queue):
                    return
                _retry_until(end_s, queue, error)
            else:
                return

    def _is_gone(self, namespace: Namespace, queue: _Left) -> bool:
        return all(each["name"] != queue.name for each in self.api.get("queues", namespace.name))

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


def _last_offset(channel: Any, queue: _Left) -> int | None:  # noqa: ANN401
    """The position of the stream's last message; ``None`` if it has none."""
    last, end_s = None, time.monotonic() + _STREAM_EMPTY_S
    for _, properties, _ in _consumed(channel, queue, "last"):
        if properties is not None:
            last = _offset(properties)
        elif last is not None or time.monotonic() > end_s:
            break
    return last


def _read_up_to(last: int, channel: Any, queue: _Left, end_s: float) -> None:  # noqa: ANN401
    for method, properties, body in _consumed(channel, queue, "first"):
        if properties is not None:
            queue.found.append(_delivery(queue, method, properties, body))
            if _offset(properties) >= last:
                return
        if time.monotonic() > end_s:
            break
    message = f"stream {queue.name!r}: the end is {last}, {len(queue.found)} messages were read"
    raise BrokerError(message)


def _consumed(channel: Any, queue: _Left, start: str) -> Iterator[Any]:  # noqa: ANN401
    """What comes, without an end; three times ``None`` when nothing came for a moment."""
    channel.basic_qos(prefetch_count=_PREFETCH)
    for method, properties, body in channel.consume(
        queue.name, arguments={_OFFSET: start}, inactivity_timeout=_CHUNK_S
    ):
        if method is not None:
            channel.basic_ack(method.delivery_tag)
        yield method, properties, body


def _offset(properties: Any) -> int:  # noqa: ANN401
    return int(properties.headers[_OFFSET])


def _retry_until(end_s: float, queue: _Left, error: Exception) -> None:
    if time.monotonic() > end_s:
        message = f"queue {queue.name!r} cannot be read, for {_READ_S_MAX:.0f} s: {error}"
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
