"""What a topic holds: read from the start to the end by clients that no fault reaches."""

import queue
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any

from confluent_kafka import (
    TIMESTAMP_CREATE_TIME,
    Consumer,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.cimpl import KafkaError, Message

from deliverycheck.brokers.broker import SCAN_ISOLATION, BrokerError, Scan
from deliverycheck.brokers.kafka_admin import CLIENT_SETTINGS, KafkaAdmin, PartitionEnd
from deliverycheck.history import Delivery, delivery_of

_READER_SETTINGS: Mapping[str, str | int | float | bool] = {
    "group.id": "deliverycheck-scan",  # The library wants one; nothing is committed, nobody joins.
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "error",
    "isolation.level": SCAN_ISOLATION,
    "fetch.wait.max.ms": 10,
    "fetch.error.backoff.ms": 10,
}
# 10 s without a message: a fetch takes milliseconds, its back-offs 100 ms.
_STALL_S_MAX = 10.0
_POLL_S = 0.1
# 5: the broker looks for what is too old every 200 ms, and a topic is read in less.
_STARTS_MAX = 5
_OUT_OF_RANGE = KafkaError._AUTO_OFFSET_RESET  # noqa: SLF001  # Public; so named.
# 100: a new client for so many scans costs 0.13 ms a scan and bounds what each one remembers.
_SCANS_MAX = 100
# 6 s: what a client still asked for has been answered by then, or given up after 5 s.
REST_S = 6.0
_METADATA_S_MAX = 10.0

_Key = tuple[str, int]


class Scanner:
    """Reads whole topics; any thread may call. Clients are kept, since a new one costs 13 ms.

    Not for ever: a client remembers each topic that it ever read, some 10 kB of three partitions.
    One that is done with rests before it is closed: librdkafka 2.16 may crash if it forgets its
    topics while a reply to a Fetch is on its way (`docs/findings/fetch-reply-meets-close.md`).
    """

    def __init__(
        self,
        bootstrap: str,
        admin: KafkaAdmin,
        settings: Mapping[str, Any] | None = None,
        *,
        moved: Callable[[Mapping[_Key, Collection[int]]], tuple[str, ...]] = lambda _: (),
    ) -> None:
        """Connects at the first scan.

        `moved` tells which partitions lost their leader without need; of a cluster that is
        somebody else's nobody can: there it may be what its owner wants to see.
        """
        self._admin = admin
        self._moved = moved
        self._settings = {
            **CLIENT_SETTINGS,
            **_READER_SETTINGS,
            **(settings or {}),
            "bootstrap.servers": bootstrap,
        }
        self._idle: dict[str, queue.LifoQueue[tuple[Consumer, int]]] = defaultdict(queue.LifoQueue)
        self._resting: queue.SimpleQueue[tuple[Consumer, float]] = queue.SimpleQueue()

    def scan(
        self,
        topics: Mapping[str, int],
        isolation: str = SCAN_ISOLATION,
        dropping: Collection[str] = (),
    ) -> Scan:
        """All deliveries of the topics up to the end they have now.

        Those in `dropping` are asked where they begin.

        Raises:
            BrokerError: the end was not reached; nothing may be concluded.
        """
        told = self._admin.ends(topics)
        ends = {key: end.position for key, end in told.items()}
        asked = {name: topics[name] for name in dropping}
        reader, scans = self._borrowed(isolation)
        try:
            starts, found = self._read_from_the_start(reader, asked, ends)
        except KafkaException as error:
            self._retire(reader)
            message = f"scan of {', '.join(topics)}: {error}"
            raise BrokerError(message) from error
        except BrokerError:
            self._retire(reader)
            raise
        if scans < _SCANS_MAX:
            self._idle[isolation].put((reader, scans + 1))
        else:
            self._retire(reader)
        moved = self._moved({key: _epochs(end, found.get(key, ())) for key, end in told.items()})
        return Scan(deliveries=found, starts=starts, ends=ends, moved=moved)

    def _read_from_the_start(
        self, reader: Consumer, asked: Mapping[str, int], ends: Mapping[_Key, int]
    ) -> tuple[dict[_Key, int], dict[_Key, list[Delivery]]]:
        """Where these topics begin, and all deliveries; once more if a start moves on meanwhile."""
        left = _STARTS_MAX if asked else 1
        while True:
            left -= 1
            starts = self._admin.records.starts(asked) if asked else {}
            try:
                return starts, _read(reader, starts, ends, self._admin.alive)
            except KafkaException as error:
                if not left or error.args[0].code() != _OUT_OF_RANGE:
                    raise
                reader.unassign()

    def close(self) -> None:
        """Close the clients; the next scan makes new ones."""
        with suppress(queue.Empty):
            while True:
                self._resting.get_nowait()[0].close()
        for idle in self._idle.values():
            with suppress(queue.Empty):
                while True:
                    idle.get_nowait()[0].close()

    def _retire(self, reader: Consumer) -> None:
        """The client asks for nothing any more; those that have rested are closed."""
        with suppress(KafkaException):
            reader.unassign()
        self._resting.put((reader, time.monotonic()))
        with suppress(queue.Empty):
            while True:
                rested, since_s = self._resting.get_nowait()
                if time.monotonic() - since_s < REST_S:
                    self._resting.put((rested, since_s))
                    return
                rested.close()

    def _borrowed(self, isolation: str) -> tuple[Consumer, int]:
        """A client, and how many scans it has made."""
        try:
            return self._idle[isolation].get_nowait()
        except queue.Empty:
            return Consumer({**self._settings, "isolation.level": isolation}), 0


def _epochs(end: PartitionEnd, found: Iterable[Delivery]) -> frozenset[int]:
    """Of the leader that is there, and of each that was when something was written."""
    written = {one.epoch for one in found if one.epoch is not None}
    return frozenset({end.epoch, *written})


def _read(
    reader: Consumer,
    starts: Mapping[_Key, int],
    ends: Mapping[_Key, int],
    alive: Callable[[], None],
) -> dict[_Key, list[Delivery]]:
    """Every message from the starts, or the first position, to the ends."""
    found: dict[_Key, list[Delivery]] = {key: [] for key in ends}
    left = {key: end for key, end in ends.items() if end > starts.get(key, 0)}
    # A kept client that is assigned a topic it has never heard of waits 1.00 s
    # for the next turn of its metadata timer; asking first costs 1 ms.
    for topic in {topic for topic, _ in left}:
        reader.list_topics(topic, timeout=_METADATA_S_MAX)
    reader.assign([TopicPartition(*key, starts.get(key, 0)) for key in left])
    deadline = time.monotonic() + _STALL_S_MAX
    while left:
        message = reader.poll(_POLL_S)
        if message is not None:
            _take(message, left, found)
            deadline = time.monotonic() + _STALL_S_MAX
        elif time.monotonic() > deadline:
            raise BrokerError(_stalled(left, found))
        else:
            alive()
    reader.unassign()
    return found


def _take(message: Message, left: dict[_Key, int], found: dict[_Key, list[Delivery]]) -> None:
    """Add one message, or the news that a partition has no more."""
    error, offset = message.error(), message.offset()
    if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  # Public; so named.
        raise KafkaException(error)
    topic, partition = message.topic(), message.partition()
    if topic is None or partition is None or offset is None:
        return
    key = (topic, partition)
    end = left.get(key)
    if end is None:
        return
    if error is None and offset < end:
        found[key].append(_delivery(message, key, offset))
    if offset >= (end if error is not None else end - 1):
        del left[key]


def _delivery(message: Message, key: _Key, offset: int) -> Delivery:
    kind, timestamp_ms = message.timestamp()
    return delivery_of(
        value=message.value(),
        source=key[0],
        partition=key[1],
        position=offset,
        key=message.key(),
        epoch=message.leader_epoch(),
        headers=message.headers() or (),  # type: ignore[arg-type]  # A list, or None.
        timestamp_ms=timestamp_ms if kind == TIMESTAMP_CREATE_TIME else None,
    )


def _stalled(left: Mapping[_Key, int], found: Mapping[_Key, list[Delivery]]) -> str:
    (topic, partition), end = next(iter(left.items()))
    return (
        f"scan: nothing read for {_STALL_S_MAX:.0f} s; {len(left)} partitions have not reached "
        f"their end, the first is {topic}-{partition}: {len(found[topic, partition])} messages "
        f"read, the end is {end}"
    )
