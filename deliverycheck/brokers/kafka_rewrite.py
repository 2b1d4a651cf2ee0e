"""Kafka responses that tell clients where to go, rewritten so that they stay on their link.

Pure: bytes in, bytes out. Only two kinds of response hold addresses in what
librdkafka asks: Metadata and FindCoordinator, in the versions of
Kafka's protocol guide; everything else passes as it is.
"""

import struct
from dataclasses import dataclass

from deliverycheck.brokers.broker import Endpoint

METADATA = 3
FIND_COORDINATOR = 10
REWRITTEN = frozenset({METADATA, FIND_COORDINATOR})

# The first version with compact strings and tagged fields, and with a throttle time.
_METADATA_FLEXIBLE, _METADATA_THROTTLE, _METADATA_RACK = 9, 3, 1
_COORDINATOR_FLEXIBLE, _COORDINATOR_MANY, _COORDINATOR_THROTTLE = 3, 4, 1

_CORRELATION_BYTES = 4
_INT16 = struct.Struct(">h")
_INT32 = struct.Struct(">i")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKind:
    """Which answer belongs to a request: they share the correlation id."""

    api: int
    version: int
    correlation: int


def kind_of(frame: bytes) -> RequestKind:
    """The kind of a request from its first 8 bytes, its length word left out."""
    api, version, correlation = struct.unpack_from(">hhi", frame)
    return RequestKind(api=api, version=version, correlation=correlation)


def rewritten(frame: bytes, kind: RequestKind, link: Endpoint) -> bytes:
    """The response with `link` in the place of every address, its length word left out."""
    if kind.api == METADATA:
        flexible = kind.version >= _METADATA_FLEXIBLE
        walk = _Walk(frame, link, flexible=flexible)
        walk.header()
        if kind.version >= _METADATA_THROTTLE:
            walk.keep(4)
        for _ in range(walk.array()):
            walk.node_address()
            if kind.version >= _METADATA_RACK:
                walk.string()
            walk.tags()
        return walk.done()
    return _coordinator(frame, kind.version, link)


def _coordinator(frame: bytes, version: int, link: Endpoint) -> bytes:
    """FindCoordinator: one address up to version 3, a list of them from version 4."""
    walk = _Walk(frame, link, flexible=version >= _COORDINATOR_FLEXIBLE)
    walk.header()
    if version >= _COORDINATOR_THROTTLE:
        walk.keep(4)
    if version < _COORDINATOR_MANY:
        walk.keep(2)
        if version >= _COORDINATOR_THROTTLE:
            walk.string()
        walk.node_address()
        return walk.done()
    for _ in range(walk.array()):
        walk.string()
        walk.node_address()
        walk.keep(2)
        walk.string()
        walk.tags()
    return walk.done()


class _Walk:
    """Copies a response field by field, addresses replaced."""

    def __init__(self, frame: bytes, link: Endpoint, *, flexible: bool) -> None:
        self._frame = frame
        self._link = link
        self._flexible = flexible
        self._at = 0
        self._out = bytearray()

    def keep(self, count: int) -> bytes:
        """The next `count` bytes as they are."""
        field = self._frame[self._at : self._at + count]
        self._at += count
        self._out += field
        return field

    def header(self) -> None:
        """Correlation id, and tagged fields where the response has them."""
        self.keep(_CORRELATION_BYTES)
        self.tags()

    def array(self) -> int:
        """How many elements follow; a null array counts as none."""
        return max(0, self._varint() - 1 if self._flexible else _INT32.unpack(self.keep(4))[0])

    def string(self) -> None:
        """A string, which may be null."""
        self.keep(max(0, self._length()))

    def node_address(self) -> None:
        """Node id, host and port; an answer that knows no node has none to replace."""
        known = _INT32.unpack(self.keep(4))[0] >= 0
        if not known:
            self.string()
            self.keep(4)
            return
        mark = len(self._out)
        self.string()
        self.keep(4)
        del self._out[mark:]
        host = self._link.host.encode()
        self._out += _varint_of(len(host) + 1) if self._flexible else _INT16.pack(len(host))
        self._out += host + _INT32.pack(self._link.port)

    def tags(self) -> None:
        """Tagged fields, in flexible versions."""
        if self._flexible:
            for _ in range(self._varint()):
                self._varint()
                self.keep(self._varint())

    def done(self) -> bytes:
        """All of it, with the rest unchanged."""
        self.keep(len(self._frame) - self._at)
        return bytes(self._out)

    def _length(self) -> int:
        return self._varint() - 1 if self._flexible else int(_INT16.unpack(self.keep(2))[0])

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.keep(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:  # noqa: PLR2004  # The top bit says that more follows.
                return value


def _varint_of(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:  # noqa: PLR2004
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
