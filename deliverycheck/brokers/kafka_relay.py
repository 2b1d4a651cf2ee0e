"""Keeps clients of a cluster that is not ours on their link.

A cluster tells its clients its own address, so a client that entered by a proxy
would leave it with the first metadata. The relay stands behind the proxy::

    client ── proxy (slot.advertised) ── relay (slot.listener) ── cluster

Requests pass byte by byte, half frames too. Responses pass whole, those with
addresses rewritten to the slot's proxy.
"""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress

from deliverycheck.brokers.broker import Endpoint, Slot
from deliverycheck.brokers.kafka_rewrite import REWRITTEN, RequestKind, kind_of, rewritten

_LENGTH_BYTES = 4
_KIND_BYTES = 8
_CHUNK_BYTES = 1 << 16
# 5 s: a cluster that was sent the end of a stream closes its own end in milliseconds.
_CLOSE_S_MAX = 5.0
_START_S_MAX = 10.0


class Relay:
    """One listener per slot, all leading to one broker of the cluster; runs in a thread."""

    def __init__(self, slots: tuple[Slot, ...], cluster: Endpoint) -> None:
        """Nothing listens yet."""
        self._slots = slots
        self._cluster = cluster
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Every slot's listener accepts.

        Raises:
            OSError: a port is taken.
        """
        self._thread.start()
        self._wait(self._listen())

    def stop(self) -> None:
        """No listener and no connection of it is left."""
        if self._thread.is_alive():
            self._wait(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_CLOSE_S_MAX)
        if not self._loop.is_running():
            self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _wait(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_S_MAX)

    async def _listen(self) -> None:
        for slot in self._slots:
            handler = _Handler(slot.advertised, self._cluster, self._open)
            listener = slot.listener
            self._servers.append(
                await asyncio.start_server(handler.accepted, listener.host, listener.port)
            )

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


class _Handler:
    """What happens to each connection of one slot."""

    def __init__(self, link: Endpoint, cluster: Endpoint, tasks: set["asyncio.Task[None]"]) -> None:
        self._link = link
        self._cluster = cluster
        self._tasks = tasks

    async def accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either end closes."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with suppress(OSError, asyncio.CancelledError):
            try:
                await self._serve(reader, writer)
            finally:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cluster_reader, cluster_writer = await asyncio.open_connection(
            self._cluster.host, self._cluster.port
        )
        kinds: dict[int, RequestKind] = {}
        try:
            async with asyncio.TaskGroup() as both:
                requests = both.create_task(_requests(reader, cluster_writer, kinds))
                both.create_task(self._responses(cluster_reader, writer, kinds, requests))
        except* (OSError, asyncio.IncompleteReadError):
            pass  # Either end was reset, which ends the other end too.
        finally:
            cluster_writer.close()

    async def _responses(
        self,
        cluster: asyncio.StreamReader,
        client: asyncio.StreamWriter,
        kinds: dict[int, RequestKind],
        requests: "asyncio.Task[None]",
    ) -> None:
        """Pass responses until the cluster closes; then no request has a place to go."""
        with suppress(asyncio.IncompleteReadError):
            while True:
                length = int.from_bytes(await cluster.readexactly(_LENGTH_BYTES))
                frame = await cluster.readexactly(length)
                kind = kinds.pop(int.from_bytes(frame[:4], signed=True), None)
                if kind is not None:
                    frame = rewritten(frame, kind, self._link)
                client.write(len(frame).to_bytes(_LENGTH_BYTES) + frame)
                await client.drain()
        requests.cancel()


async def _requests(
    client: asyncio.StreamReader, cluster: asyncio.StreamWriter, kinds: dict[int, RequestKind]
) -> None:
    """Pass bytes as they come, noting which answers will have to be rewritten.

    At their end the cluster is told, and closes when it has read everything:
    until then the client's end stays open, and `publishers_gone` says no.
    """
    frames = _FrameStarts()
    with suppress(ConnectionError):
        while data := await client.read(_CHUNK_BYTES):
            for start in frames.feed(data):
                kind = kind_of(start)
                if kind.api in REWRITTEN:
                    kinds[kind.correlation] = kind
            cluster.write(data)
            await cluster.drain()
    cluster.write_eof()
    await asyncio.sleep(_CLOSE_S_MAX)
    raise ConnectionAbortedError


class _FrameStarts:
    """Finds the first bytes of each frame in a stream that is cut anywhere."""

    def __init__(self) -> None:
        self._start = bytearray()
        self._skip = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The starts that became complete, without their length words."""
        found: list[bytes] = []
        at = 0
        while at < len(data):
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                continue
            wanted = _LENGTH_BYTES + _KIND_BYTES - len(self._start)
            self._start += data[at : at + wanted]
            at += wanted
            if len(self._start) == _LENGTH_BYTES + _KIND_BYTES:
                length = int.from_bytes(self._start[:_LENGTH_BYTES])
                found.append(bytes(self._start[_LENGTH_BYTES:]))
                self._skip = max(0, length - _KIND_BYTES)
                self._start.clear()
        return found
