"""A server that sends back what it is sent, and remembers it."""

import socket
import threading
from contextlib import suppress


class EchoServer:
    """Listens on a loopback port until closed; every connection has its thread."""

    def __init__(self, port):
        self.received = bytearray()
        self.closed_connections = 0
        self._open = []
        self._server = socket.create_server(("127.0.0.1", port))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        with suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                self._open.append(connection)
                self._threads.append(
                    threading.Thread(target=self._echo, args=(connection,), daemon=True)
                )
                self._threads[-1].start()

    def _echo(self, connection):
        with connection, suppress(OSError):
            while data := connection.recv(65536):
                self.received += data
                connection.sendall(data)
        self.closed_connections += 1

    def close(self):
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
