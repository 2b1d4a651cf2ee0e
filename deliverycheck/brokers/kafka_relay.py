"""Keeps clients of a cluster that is not ours on their link.

A cluster tells its clients its own address, so a client that entered by a proxy
would leave it with the first metadata. The relay stands behind the proxy::

    client ── proxy (slot.advertised) ── relay (slot.listener) ── cluster

Requests pass byte by byte, half frames too. Responses pass whole, those with
addresses rewritten to the slot's proxy.
"""

import asyncio
from contextlib import suppress

from deliverycheck.brokers.broker import Endpoint, Slot
from deliverycheck.brokers.kafka_rewrite import REWRITTEN, RequestKind, kind_of, rewritten
from deliverycheck.brokers.relay import End, pass_requests

_LENGTH_BYTES = 4
_KIND_BYTES = 8


async def serve_rewritten(slot: Slot, client: End, cluster: End) -> None:
    """One connection of a client passes, until either end closes."""
    kinds: dict[int, RequestKind] = {}
    frames = _FrameStarts()

    def note(data: bytes) -> None:
        """Which answers will have to be rewritten."""
        for start in frames.feed(data):
            kind = kind_of(start)
            if kind.api in REWRITTEN:
                kinds[kind.correlation] = kind

    async with asyncio.TaskGroup() as both:
        requests = both.create_task(pass_requests(client, cluster, note))
        both.create_task(_responses(client, cluster, slot.advertised, kinds, requests))


async def _responses(
    client: End,
    cluster: End,
    link: Endpoint,
    kinds: dict[int, RequestKind],
    requests: "asyncio.Task[None]",
) -> None:
    """Pass responses until the cluster closes; then no request has a place to go."""
    with suppress(asyncio.IncompleteReadError):
        while True:
            length = int.from_bytes(await cluster.reader.readexactly(_LENGTH_BYTES))
            frame = await cluster.reader.readexactly(length)
            kind = kinds.pop(int.from_bytes(frame[:4], signed=True), None)
            if kind is not None:
                frame = rewritten(frame, kind, link)
            client.writer.write(len(frame).to_bytes(_LENGTH_BYTES) + frame)
            await client.writer.drain()
    requests.cancel()


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
