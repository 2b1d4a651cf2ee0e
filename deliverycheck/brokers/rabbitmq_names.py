"""Answers in place of Erlang's port mapper, epmd: one name server for one node.

Erlang starts an epmd beside the first node, a daemon that outlives it and its whole
session. This one is a thread of the harness and ends with it. It speaks what a node
asks: the node registers with a connection that it keeps, and is known as long as that
lives; others ask for the port of a name, or for all names. The protocol is the one of
Erlang's "Distribution Protocol" document, chapter EPMD.
"""

import itertools
import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from deliverycheck.brokers.node import HOST

_REGISTER, _ASK_PORT, _ASK_NAMES = 120, 122, 110
_REGISTERED, _PORT_IS = 118, 119
_OK, _UNKNOWN = 0, 1
_REGISTRATION = struct.Struct(">HBBHHH")
_NORMAL_NODE, _TCP, _VERSION = 77, 0, 6
# 10 s: a node asks and reads within milliseconds; a stranger shall not keep a thread.
_REQUEST_S_MAX = 10.0
_REQUEST_BYTES_MAX = 1024


class NameServer:
    """Knows the nodes that registered at its port, as long as they live."""

    def __init__(self, port: int) -> None:
        """It answers.

        Raises:
            OSError: the port is taken.
        """
        self._port = port
        self._nodes: dict[bytes, int] = {}
        self._creations = itertools.count(1)
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server((HOST, port))
        threading.Thread(target=self._accept, name="node names", daemon=True).start()

    def close(self) -> None:
        """The port is free, and no connection is left."""
        with suppress(OSError):
            # Wakes the thread that accepts; closing alone would not.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._guard:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # Closed.
            with self._guard:
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, struct.error):
            try:
                connection.settimeout(_REQUEST_S_MAX)
                (length,) = struct.unpack(">H", _exactly(connection, 2))
                self._answer(connection, _exactly(connection, min(length, _REQUEST_BYTES_MAX)))
            finally:
                with self._guard:
                    self._open.discard(connection)

    def _answer(self, connection: socket.socket, request: bytes) -> None:
        kind, rest = int.from_bytes(request[:1]), request[1:]
        if kind == _REGISTER:
            self._register(connection, rest)
        elif kind == _ASK_PORT:
            connection.sendall(self._port_of(rest))
        elif kind == _ASK_NAMES:
            with self._guard:
                lines = [b"name %s at port %d\n" % known for known in self._nodes.items()]
            connection.sendall(struct.pack(">I", self._port) + b"".join(lines))

    def _register(self, connection: socket.socket, request: bytes) -> None:
        """The node is known until it closes the connection, or dies."""
        port, _, _, _, _, length = _REGISTRATION.unpack_from(request)
        name = request[_REGISTRATION.size :][:length]
        with self._guard:
            self._nodes[name] = port
            creation = next(self._creations)
        connection.sendall(struct.pack(">BBI", _REGISTERED, _OK, creation))
        connection.settimeout(None)
        try:
            while connection.recv(_REQUEST_BYTES_MAX):
                pass
        finally:
            with self._guard:
                self._nodes.pop(name, None)

    def _port_of(self, name: bytes) -> bytes:
        with self._guard:
            port = self._nodes.get(name)
        if port is None:
            return bytes([_PORT_IS, _UNKNOWN])
        facts = (port, _NORMAL_NODE, _TCP, _VERSION, _VERSION, len(name))
        return struct.pack(">BBHBBHHH", _PORT_IS, _OK, *facts) + name + b"\0\0"


def _exactly(connection: socket.socket, count: int) -> bytes:
    """So many bytes.

    Raises:
        OSError: the connection ended before.
    """
    received = b""
    while len(received) < count:
        more = connection.recv(count - len(received))
        if not more:
            raise ConnectionAbortedError
        received += more
    return received
