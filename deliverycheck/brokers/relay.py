"""Link slots to a broker that is not ours: a listener of our own for each, all leading to it."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from deliverycheck.brokers.broker import Endpoint, Slot
from deliverycheck.brokers.node import loopback

_CHUNK_BYTES = 1 << 16
# 5 s: a broker that was sent the end of a stream closes its own end in milliseconds.
_CLOSE_S_MAX = 5.0
_START_S_MAX = 10.0
_LAST_ROUNDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end of what the relay connects."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


def link_slots(ports: Sequence[int]) -> tuple[Slot, ...]:
    """Slots of two ports each: a listener of ours, and a proxy before it."""
    pairs = zip(ports[::2], ports[1::2], strict=True)
    return tuple(
        Slot(name=f"slot{index}", listener=loopback(listener), advertised=loopback(proxy))
        for index, (listener, proxy) in enumerate(pairs)
    )


def own_way(port: int) -> Slot:
    """A way of the harness's own, before which stands no proxy."""
    return Slot(name="own", listener=loopback(port), advertised=loopback(port))


_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

Serve = Callable[[Slot, End, End], Awaitable[None]]
"""Serves one connection of a slot, given its client's end and the broker's, until either closes."""


class Relay:
    """One listener per slot, all leading to one broker; runs in a thread."""

    def __init__(
        self,
        slots: tuple[Slot, ...],
        broker: Endpoint,
        serve: Serve,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing listens yet; with `tls` the relay speaks it for its clients."""
        self._slots = slots
        self._broker = broker
        self._serve = serve
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.Task[None]] = set()
        self._connecting: set[asyncio.Future[_Streams]] = set()

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
            accepted = partial(self._accepted, slot)
            self._servers.append(
                await asyncio.start_server(accepted, slot.listener.host, slot.listener.port)
            )

    async def _close(self) -> None:
        """What was accepted a moment ago has its task in the next round, and its end in another."""
        for server in self._servers:
            server.close()
        for _ in range(_LAST_ROUNDS):
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
            await self._drop_connecting()
            await asyncio.sleep(0)

    async def _drop_connecting(self) -> None:
        """What is being connected is so, or failed, and is closed."""
        if not self._connecting:
            return
        done, late = await asyncio.wait(set(self._connecting), timeout=_CLOSE_S_MAX)
        self._connecting.clear()
        for each in late:
            each.cancel()
        for each in done:
            if each.exception() is None:
                each.result()[1].transport.abort()

    async def _accepted(
        self, slot: Slot, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one connection until either end closes."""
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        with suppress(OSError, asyncio.CancelledError):
            try:
                await self._connect(slot, End(reader=reader, writer=writer))
            finally:
                writer.close()

    async def _connect(self, slot: Slot, client: End) -> None:
        host, port = self._broker.host, self._broker.port
        name = None if self._tls is None else host
        connecting = asyncio.ensure_future(
            asyncio.open_connection(host, port, ssl=self._tls, server_hostname=name)
        )
        self._connecting.add(connecting)
        # A connection that is cancelled while it is made may stay open behind asyncio's back:
        # who is cancelled here leaves it to `_close`.
        await asyncio.wait({connecting})
        self._connecting.discard(connecting)
        reader, writer = connecting.result()
        try:
            await self._serve(slot, client, End(reader=reader, writer=writer))
        except* (OSError, asyncio.IncompleteReadError):
            pass  # Either end was reset, which ends the other end too.
        finally:
            await _ended(writer)


async def _ended(writer: asyncio.StreamWriter) -> None:
    """It is closed: in order, which by TLS takes an answer, or at once where none comes."""
    try:
        # By TLS a second `close` would take from `abort` what it is to end.
        if not writer.is_closing():
            writer.close()
            with suppress(OSError):
                await asyncio.wait_for(writer.wait_closed(), _CLOSE_S_MAX)
    finally:
        writer.transport.abort()


async def pass_through(slot: Slot, client: End, broker: End) -> None:  # noqa: ARG001
    """Every byte passes as it comes, both ways, until the broker closes."""
    async with asyncio.TaskGroup() as both:
        requests = both.create_task(pass_requests(client, broker, lambda _: None))
        both.create_task(_pass_responses(client, broker, requests))


async def pass_requests(client: End, broker: End, seen: Callable[[bytes], None]) -> None:
    """Bytes pass as they come, each chunk `seen` before.

    At their end the broker is told, and closes when it has read everything:
    until then the client's end stays open, and `publishers_gone` says no.
    """
    with suppress(ConnectionError):
        while data := await client.reader.read(_CHUNK_BYTES):
            seen(data)
            broker.writer.write(data)
            await broker.writer.drain()
    if broker.writer.can_write_eof():
        broker.writer.write_eof()
        await asyncio.sleep(_CLOSE_S_MAX)
    else:
        # TLS has no half of a connection: its end is answered when all before was read.
        broker.writer.close()
        with suppress(OSError):
            await asyncio.wait_for(broker.writer.wait_closed(), _CLOSE_S_MAX)
    raise ConnectionAbortedError


async def _pass_responses(client: End, broker: End, requests: "asyncio.Task[None]") -> None:
    """Until the broker closes; then no request has a place to go."""
    while data := await broker.reader.read(_CHUNK_BYTES):
        client.writer.write(data)
        await client.writer.drain()
    requests.cancel()
