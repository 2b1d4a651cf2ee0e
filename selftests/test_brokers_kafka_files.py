"""Record batch headers from the bytes of a segment file."""

import struct

import pytest

from deliverycheck.brokers.kafka_files import batch_headers, described, first_batches

HEADER = struct.Struct(">qiibIhiqqqhii")


def batch(*, base, records=1, producer=7, sequence=0, magic=2):
    payload = b"payload"
    epoch = 0 if producer >= 0 else -1
    length = HEADER.size - 12 + len(payload)
    times = (1_700_000_000_000, 1_700_000_000_001)
    last = records - 1
    fields = (base, length, 3, magic, 99, 0, last, *times, producer, epoch, sequence, records)
    return HEADER.pack(*fields) + payload


def test_batches_are_read_one_after_the_other():
    headers = list(batch_headers(batch(base=0, records=3) + batch(base=3, sequence=3)))
    assert [(each.base_offset, each.last_offset) for each in headers] == [(0, 2), (3, 3)]
    assert [(each.base_sequence, each.records) for each in headers] == [(0, 3), (3, 1)]
    assert {(each.producer_id, each.producer_epoch, each.leader_epoch) for each in headers} == {
        (7, 0, 3)
    }


@pytest.mark.parametrize("cut", [0, 1, 12, 60])
def test_segment_cut_in_a_header_ends_before_it(cut):
    segment = batch(base=0) + batch(base=1, sequence=1)[:cut]
    assert len(list(batch_headers(segment))) == 1


@pytest.mark.parametrize(
    "rest",
    [bytes(200), batch(base=0, magic=1), b"\xff" * 200],
    ids=["zeros-of-a-preallocated-file", "older-format", "rubbish"],
)
def test_what_is_no_batch_ends_the_reading(rest):
    assert len(list(batch_headers(batch(base=0) + rest))) == 1


def test_first_batch_that_starts_late_names_the_sequences_not_written():
    (line,) = described(batch(base=0, sequence=2))
    assert line == (
        "offset 0, producer 7 epoch 0, base sequence 2; "
        "sequences 0 to 1 of this producer not written before it"
    )


def test_each_producer_has_sequences_of_its_own():
    segment = batch(base=0, records=2) + batch(base=2, producer=8) + batch(base=3, sequence=2)
    assert [line for line in described(segment) if "not written" in line] == []


def test_producer_without_idempotence_has_no_sequences_to_miss():
    (line,) = described(batch(base=0, producer=-1, sequence=-1))
    assert line == "offset 0, no producer id"


def test_partition_without_a_segment_is_told(tmp_path):
    folder = tmp_path / "t1-0"
    folder.mkdir()
    folder.joinpath("00000000000000000000.log").write_bytes(batch(base=0))
    assert first_batches(tmp_path, "t1", 2) == (
        "t1-0: offset 0, producer 7 epoch 0, base sequence 0",
        "t1-1: no segment file (No such file or directory)",
    )
