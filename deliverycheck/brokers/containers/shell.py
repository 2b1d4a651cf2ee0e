"""A shell that stays open in a container: a question takes 1 ms, a process of its own 80."""

import socket
import struct
from contextlib import suppress
from threading import Lock
from typing import Any

from deliverycheck.brokers.broker import BrokerError

_END = "==end of answer=="
# (stream, three bytes of nothing, length), before each piece of what a container prints.
_HEADER = struct.Struct(">BxxxL")
_ANSWER_S_MAX = 10.0
_CHUNK_BYTES = 1 << 16


class ContainerShell:
    """Asks one container, one question at a time. From any thread."""

    def __init__(self, container: Any) -> None:  # noqa: ANN401  # docker-py's, without types.
        """Nothing runs yet."""
        self._container = container
        self._lock = Lock()
        self._opened: Any = None

    def ask(self, command: str) -> str:
        """What the command prints.

        Raises:
            BrokerError: the container does not answer in time, or at all.
        """
        with self._lock:
            try:
                connection = self._connection()
                connection.sendall(f"{command} 2>&1; echo; echo {_END}\n".encode())
                return self._answer(connection)
            except (OSError, EOFError) as error:
                self._close()
                message = f"the container {self._container.name} does not answer: {error!r}"
                raise BrokerError(message) from error

    def close(self) -> None:
        """No shell of ours runs there."""
        with self._lock:
            self._close()

    def _connection(self) -> socket.socket:
        if self._opened is None:
            api = self._container.client.api
            made = api.exec_create(self._container.id, ["/bin/sh"], stdin=True, stderr=False)
            self._opened = api.exec_start(made["Id"], socket=True)
            self._raw().settimeout(_ANSWER_S_MAX)
        return self._raw()

    def _raw(self) -> socket.socket:
        """docker-py wraps the socket of an engine of this machine in a file."""
        raw: socket.socket = getattr(self._opened, "_sock", self._opened)
        return raw

    def _answer(self, connection: socket.socket) -> str:
        said = b""
        while _END.encode() not in said:
            _, length = _HEADER.unpack(_exactly(connection, _HEADER.size))
            said += _exactly(connection, length)
        return said.decode(errors="replace").partition(_END)[0].rstrip("\n")

    def _close(self) -> None:
        if self._opened is not None:
            with suppress(OSError):
                self._raw().close()
            with suppress(OSError):
                self._opened.close()
            self._opened = None


def _exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        more = connection.recv(min(_CHUNK_BYTES, count - len(received)))
        if not more:
            raise EOFError("its shell has ended")
        received += more
    return received
