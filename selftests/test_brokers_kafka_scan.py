"""The clients that scan: kept for a while, and never closed with a reply on its way."""

from typing import ClassVar

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.cimpl import KafkaError

from deliverycheck.brokers import BrokerError, kafka_scan
from deliverycheck.brokers.kafka_admin import PartitionEnd


class Reader:
    """A client that finds nothing, or fails."""

    made: ClassVar[list] = []

    def __init__(self, settings):
        self.closed = self.assigned = False
        Reader.made.append(self)

    def list_topics(self, topic, timeout):
        pass

    def assign(self, partitions):
        self.assigned = True

    def unassign(self):
        self.assigned = False

    def close(self):
        assert not self.assigned
        self.closed = True


class Admin:
    """Of a topic that is empty; whose end cannot be told, once it is broken."""

    position = 0

    def ends(self, topics):
        return {("t", 0): PartitionEnd(position=self.position, epoch=0)}

    def alive(self):
        raise BrokerError("gone")


@pytest.fixture
def scanning(monkeypatch):
    """A scanner whose clients are done after two scans, its admin client, and the clock."""
    now = [100.0]
    monkeypatch.setattr(kafka_scan, "Consumer", Reader)
    monkeypatch.setattr(kafka_scan, "_SCANS_MAX", 1)
    monkeypatch.setattr(kafka_scan.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(Reader, "made", [])
    monkeypatch.setattr(Reader, "poll", lambda *_: None, raising=False)
    admin = Admin()
    return kafka_scan.Scanner("x:1", admin), admin, now


def closed():
    return [reader.closed for reader in Reader.made]


def test_client_is_kept_for_some_scans_and_then_rests_before_it_is_closed(scanning):
    scanner, _, now = scanning
    for _ in range(4):
        scanner.scan({"t": 1})
    assert closed() == [False, False]
    now[0] += kafka_scan.REST_S
    for _ in range(2):
        scanner.scan({"t": 1})
    assert closed() == [True, True, False]


def test_client_that_failed_is_not_used_again_and_rests_too(scanning):
    scanner, admin, _ = scanning
    admin.position = 1
    with pytest.raises(BrokerError, match="gone"):
        scanner.scan({"t": 1})
    admin.position = 0
    scanner.scan({"t": 1})
    assert closed() == [False, False]


def test_every_client_is_closed_with_the_scanner(scanning):
    scanner, admin, _ = scanning
    admin.position = 1
    with pytest.raises(BrokerError, match="gone"):
        scanner.scan({"t": 1})
    admin.position = 0
    scanner.scan({"t": 1})
    scanner.close()
    assert closed() == [True, True]


class MovingStart:
    """Where the topic begins: further on each time that it is asked."""

    def __init__(self, *starts):
        self.left = list(starts)

    def starts(self, topics):
        return {("t", 0): self.left.pop(0)}


def out_of_range(*_):
    raise KafkaException(KafkaError(KafkaError._AUTO_OFFSET_RESET))  # noqa: SLF001  # Public; so named.  # noqa: SLF001  # so named


def test_topic_whose_start_moves_on_while_it_is_read_is_read_from_there(scanning, monkeypatch):
    scanner, admin, _ = scanning
    monkeypatch.setattr(Reader, "poll", out_of_range)
    admin.position, admin.records = 2, MovingStart(0, 2)
    assert scanner.scan({"t": 1}, dropping={"t"}).starts == {("t", 0): 2}


def test_topic_that_drops_nothing_and_is_out_of_range_is_an_error(scanning, monkeypatch):
    scanner, admin, _ = scanning
    monkeypatch.setattr(Reader, "poll", out_of_range)
    admin.position = 2
    with pytest.raises(BrokerError, match="_AUTO_OFFSET_RESET"):
        scanner.scan({"t": 1})
