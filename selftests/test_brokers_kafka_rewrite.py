"""Addresses in Kafka's responses are replaced, and nothing else is."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverycheck.brokers import Endpoint
from deliverycheck.brokers.kafka_relay import _FrameStarts
from deliverycheck.brokers.kafka_rewrite import (
    FIND_COORDINATOR,
    METADATA,
    RequestKind,
    kind_of,
    rewritten,
)

LINK = Endpoint(host="127.0.0.1", port=12345)
ELSEWHERE = Endpoint(host="a-broker.of-somebody.example", port=9092)
REST = b"topics and whatever else a later version adds"


def varint(value):
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + varint(value >> 7)


def text(value, *, flexible):
    if value is None:
        return b"\0" if flexible else struct.pack(">h", -1)
    raw = value.encode()
    return (varint(len(raw) + 1) if flexible else struct.pack(">h", len(raw))) + raw


def node(number, endpoint, *, flexible):
    host = text(endpoint.host, flexible=flexible)
    return struct.pack(">i", number) + host + struct.pack(">i", endpoint.port)


def metadata(version, endpoint):
    flexible = version >= 9
    tags = b"\1\5\3abc" if flexible else b""  # One tagged field, number 5.
    out = struct.pack(">i", 77) + tags
    out += struct.pack(">i", 0) if version >= 3 else b""
    out += varint(3) if flexible else struct.pack(">i", 2)
    for number, rack in ((1, None), (2, "rack " * 40)):
        out += node(number, endpoint, flexible=flexible)
        out += text(rack, flexible=flexible) if version >= 1 else b""
        out += tags
    return out + REST


def coordinator(version, endpoint, number=1):
    flexible = version >= 3
    tags = b"\0" if flexible else b""
    out = struct.pack(">i", 77) + tags
    out += struct.pack(">i", 0) if version >= 1 else b""
    error = struct.pack(">h", 0)
    note = text("a note", flexible=flexible) if version >= 1 else b""
    where = node(number, endpoint, flexible=flexible)
    if version >= 4:
        return out + varint(2) + text("group", flexible=True) + where + error + note + tags + tags
    return out + error + note + where + tags


@pytest.mark.parametrize("version", range(13))
def test_metadata_of_every_version_leads_back_to_the_link(version):
    kind = RequestKind(api=METADATA, version=version, correlation=77)
    assert rewritten(metadata(version, ELSEWHERE), kind, LINK) == metadata(version, LINK)


@pytest.mark.parametrize("version", range(6))
def test_coordinator_of_every_version_leads_back_to_the_link(version):
    kind = RequestKind(api=FIND_COORDINATOR, version=version, correlation=77)
    assert rewritten(coordinator(version, ELSEWHERE), kind, LINK) == coordinator(version, LINK)


@pytest.mark.parametrize("version", range(6))
def test_answer_without_a_coordinator_stays_as_it_is(version):
    kind = RequestKind(api=FIND_COORDINATOR, version=version, correlation=77)
    nowhere = coordinator(version, Endpoint(host="", port=-1), number=-1)
    assert rewritten(nowhere, kind, LINK) == nowhere


@given(
    st.lists(st.binary(max_size=40), min_size=1, max_size=6),
    st.lists(st.integers(0, 200), max_size=8),
)
def test_requests_are_recognised_however_the_stream_is_cut(bodies, cuts):
    starts = [struct.pack(">hhi", 3, 9, number) for number in range(len(bodies))]
    frames = [start + body for start, body in zip(starts, bodies, strict=True)]
    stream = b"".join(struct.pack(">i", len(frame)) + frame for frame in frames)
    parser, found, at = _FrameStarts(), [], 0
    for cut in (*sorted(cut for cut in cuts if cut < len(stream)), len(stream)):
        found += parser.feed(stream[at:cut])
        at = cut
    assert found == starts
    assert [kind_of(start).correlation for start in found] == list(range(len(bodies)))
