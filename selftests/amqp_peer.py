"""A peer that speaks AMQP 0-9-1 as far as it is told to: what no real broker does when asked.

It answers the handshake and each synchronous call; what a test scripts comes besides, or instead.
It holds no queue, so nothing is claimed with it but what a worker says of the frames it gets.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from pika import BasicProperties, frame, spec

HEADER_BYTES = 8


class Peer:
    """Listens on a port of its own for one connection after the other.

    Attributes:
        on_publish: what to send for the n-th publish of a channel, counted from 1.
        silent: methods that get no answer.
        seen: the methods that came, in their order, each with its channel.
    """

    def __init__(self) -> None:
        self.on_publish: Callable[[Peer, int, int, spec.Basic.Publish, bytes], None] = confirm
        self.silent: set[type] = set()
        self.seen: list[tuple[int, object]] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._connection: socket.socket | None = None
        self._published: dict[int, int] = {}
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._listening.getsockname()[1]

    def send(self, channel: int, method, properties=None, body=b"") -> None:
        """A method of the broker's own accord, with its content if it has one."""
        frames = [frame.Method(channel, method)]
        if properties is not None:
            frames.append(frame.Header(channel, len(body), properties))
            frames.append(frame.Body(channel, body))
        self._connection.sendall(b"".join(one.marshal() for one in frames))

    def deliver(self, channel: int, consumer: str, tag: int, body: bytes, **properties) -> None:
        method = spec.Basic.Deliver(consumer, tag, redelivered=False, exchange="", routing_key="q")
        self.send(channel, method, BasicProperties(**properties), body)

    def saw(self, kind: type) -> list:
        """What came of that method."""
        return [method for _, method in self.seen if isinstance(method, kind)]

    def await_seen(self, kind: type, count: int = 1, seconds: float = 5) -> list:
        end = time.monotonic() + seconds
        while len(self.saw(kind)) < count:
            assert time.monotonic() < end, f"{kind.NAME} did not come; came: {self.seen}"
            time.sleep(0.002)
        return self.saw(kind)

    def cut(self) -> None:
        """The connection is gone, as when a node is killed."""
        self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Nobody listens any more, and nobody speaks."""
        for one in (self._listening, self._connection):
            if one is not None:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listening.close()

    def _serve(self) -> None:
        try:
            while True:
                self._connection, _ = self._listening.accept()
                self._published = {}
                with self._connection, suppress(OSError):
                    self._converse(self._connection)
        except OSError:
            return

    def _converse(self, connection: socket.socket) -> None:
        data = b""
        while len(data) < HEADER_BYTES:
            data += connection.recv(4096)
        data = data[HEADER_BYTES:]
        capabilities = {"publisher_confirms": True, "basic.nack": True, "connection.blocked": True}
        start = spec.Connection.Start(0, 9, {"capabilities": capabilities}, "PLAIN", "en_US")
        self.send(0, start)
        publish, content = None, b""
        while True:
            consumed, one = frame.decode_frame(data)
            if one is None:
                more = connection.recv(65536)
                if not more:
                    return
                data += more
                continue
            data = data[consumed:]
            if isinstance(one, frame.Method):
                self.seen.append((one.channel_number, one.method))
                publish, content = one.method, b""
                self._answer(one.channel_number, one.method)
            elif isinstance(one, frame.Header):
                size = one.body_size
            elif isinstance(one, frame.Body):
                content += one.fragment
                if len(content) == size:
                    number = self._published[one.channel_number] = (
                        self._published.get(one.channel_number, 0) + 1
                    )
                    self.on_publish(self, one.channel_number, number, publish, content)

    def _answer(self, channel: int, method) -> None:
        if type(method) in self.silent:
            return
        answer = ANSWERS.get(type(method))
        if answer is not None:
            self.send(channel, answer(method))


def confirm(peer: Peer, channel: int, number: int, _publish, _body: bytes) -> None:
    """As a broker does in the best of cases."""
    peer.send(channel, spec.Basic.Ack(number))


def keep_silent(_peer: Peer, _channel: int, _number: int, _publish, _body: bytes) -> None:
    """As a broker does that is stalled, or one whose channel has no confirms."""


def give_back(peer: Peer, channel: int, number: int, publish, body: bytes) -> None:
    """As a broker does with a mandatory message that no queue wants."""
    returned = spec.Basic.Return(312, "NO_ROUTE", publish.exchange, publish.routing_key)
    peer.send(channel, returned, BasicProperties(), body)
    peer.send(channel, spec.Basic.Ack(number))


ANSWERS = {
    spec.Connection.StartOk: lambda _: spec.Connection.Tune(2047, 131072, 60),
    spec.Connection.Open: lambda _: spec.Connection.OpenOk(),
    spec.Connection.Close: lambda _: spec.Connection.CloseOk(),
    spec.Channel.Open: lambda _: spec.Channel.OpenOk(),
    spec.Channel.Close: lambda _: spec.Channel.CloseOk(),
    spec.Confirm.Select: lambda _: spec.Confirm.SelectOk(),
    spec.Tx.Select: lambda _: spec.Tx.SelectOk(),
    spec.Tx.Commit: lambda _: spec.Tx.CommitOk(),
    spec.Tx.Rollback: lambda _: spec.Tx.RollbackOk(),
    spec.Basic.Qos: lambda _: spec.Basic.QosOk(),
    spec.Basic.Consume: lambda method: spec.Basic.ConsumeOk(method.consumer_tag),
    spec.Basic.Cancel: lambda method: spec.Basic.CancelOk(method.consumer_tag),
    spec.Basic.Get: lambda _: spec.Basic.GetEmpty(),
}
