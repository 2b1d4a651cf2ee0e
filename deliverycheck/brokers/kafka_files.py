"""What the broker itself wrote: the headers of the first record batches of a partition.

Evidence that no client can colour: a sequence that was reported delivered and
never reached the log shows as a gap in the base sequences on disk.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# RecordBatch, magic 2 (Kafka documentation, 5.3.1 "Record Batch"): base offset, length, leader
# epoch, magic, crc, attributes, last offset delta, two timestamps, producer id,
# producer epoch, base sequence, number of records. The length counts from its own end.
_HEADER = struct.Struct(">qiibIhiqqqhii")
_LENGTH_ENDS_AT = 12
_MAGIC = 2
_FIRST_SEGMENT = "00000000000000000000.log"
# 64 KiB and 5 batches: the question is how a partition begins.
_BYTES_MAX = 64 * 1024
_BATCHES_MAX = 5
_NO_PRODUCER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHeader:
    """One record batch of a segment file.

    Attributes:
        producer_id: -1 for a producer without idempotence.
        base_sequence: sequence of its first record; -1 as above.
    """

    base_offset: int
    last_offset: int
    leader_epoch: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    records: int


def batch_headers(segment: bytes) -> Iterator[BatchHeader]:
    """The batches of a segment from its start, to its end or to where it makes no sense."""
    at = 0
    while at + _HEADER.size <= len(segment):
        base, length, leader_epoch, magic, _, _, last, _, _, producer, epoch, sequence, records = (
            _HEADER.unpack_from(segment, at)
        )
        if magic != _MAGIC or length <= 0:
            return
        yield BatchHeader(
            base_offset=base,
            last_offset=base + last,
            leader_epoch=leader_epoch,
            producer_id=producer,
            producer_epoch=epoch,
            base_sequence=sequence,
            records=records,
        )
        at += _LENGTH_ENDS_AT + length


def first_batches(data: Path, topic: str, partitions: int) -> tuple[str, ...]:
    """The first batches of each partition under the broker's data folder, a line each."""
    lines: list[str] = []
    for partition in range(partitions):
        name = f"{topic}-{partition}"
        try:
            with (data / name / _FIRST_SEGMENT).open("rb") as file:
                segment = file.read(_BYTES_MAX)
        except OSError as error:
            lines.append(f"{name}: no segment file ({error.strerror})")
            continue
        lines += [f"{name}: {line}" for line in described(segment)]
    return tuple(lines)


def described(segment: bytes) -> Iterator[str]:
    """Each of the first batches in words, with the sequences missing before it."""
    expected: dict[tuple[int, int], int] = {}
    for number, header in enumerate(batch_headers(segment)):
        if number == _BATCHES_MAX:
            return
        yield _sentence(header, expected.get((header.producer_id, header.producer_epoch), 0))
        producer = (header.producer_id, header.producer_epoch)
        expected[producer] = header.base_sequence + header.records


def _sentence(header: BatchHeader, expected: int) -> str:
    offsets = _span("offset", header.base_offset, header.last_offset)
    if header.producer_id == _NO_PRODUCER:
        return f"{offsets}, no producer id"
    text = (
        f"{offsets}, producer {header.producer_id} epoch {header.producer_epoch}, base sequence "
        f"{header.base_sequence}"
    )
    if header.base_sequence <= expected:
        return text
    missing = _span("sequence", expected, header.base_sequence - 1)
    return f"{text}; {missing} of this producer not written before it"


def _span(what: str, first: int, last: int) -> str:
    return f"{what} {first}" if first == last else f"{what}s {first} to {last}"
