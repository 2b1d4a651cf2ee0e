"""What the application did survives its worker, whole line by whole line."""

import os

import pytest

from deliverycheck.clients import JournalLine
from deliverycheck.clients.journal import append_effects, read_journal
from deliverycheck.history import Delivery

DELIVERIES = tuple(
    Delivery(message=f"p1#1-{n}", source="t", partition=0, position=n, execution="é")
    for n in range(3)
)


def written(path):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    append_effects(descriptor, 4, DELIVERIES[:2])
    append_effects(descriptor, 9, DELIVERIES[2:])
    os.close(descriptor)
    return path.read_bytes()


def test_effects_are_read_back_with_their_operations(tmp_path):
    written(tmp_path / "journal")
    assert read_journal(tmp_path / "journal") == [
        JournalLine(op=4, delivery=DELIVERIES[0]),
        JournalLine(op=4, delivery=DELIVERIES[1]),
        JournalLine(op=9, delivery=DELIVERIES[2]),
    ]


def test_journal_torn_at_any_byte_gives_its_whole_lines(tmp_path):
    path = tmp_path / "journal"
    data = written(path)
    whole = read_journal(path)
    for cut in range(len(data) + 1):
        path.write_bytes(data[:cut])
        assert read_journal(path) == whole[: data[:cut].count(b"\n")]


def test_worker_that_did_nothing_has_no_effects(tmp_path):
    assert read_journal(tmp_path / "never-made") == []


def test_effect_that_does_not_fit_on_the_disk_is_an_error(tmp_path, monkeypatch):
    descriptor = os.open(tmp_path / "journal", os.O_WRONLY | os.O_CREAT)
    monkeypatch.setattr(os, "write", lambda *_: 5)
    with pytest.raises(OSError, match="is the disk full"):
        append_effects(descriptor, 1, DELIVERIES)
    os.close(descriptor)
