"""Where partitions begin and end, and the deletion of what they hold."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from typing import Any

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # Public, if not marked so.
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    OffsetSpec,
    ResourceType,
)

from deliverycheck.brokers.broker import BrokerError
from deliverycheck.plans import Setting

# 2 s: answered in 2 ms, and a call that the library lets hang is asked again.
_OFFSETS_S_MAX = 2.0
# 10 s: as long as ends are waited for.
_TOLD_S_MAX = 10.0
# 15 s: takes 3 ms; at load 30 it took up to 1 s.
_REQUEST_S_MAX = 15.0
_ALIVE_POLL_S = 0.25

SOON: Mapping[str, Setting] = {"segment.ms": 1, "min.cleanable.dirty.ratio": 0.0}
"""Of a topic with settings of its own: a segment is closed by the next batch, and cleaned soon.
Kafka's defaults are a week, and half of the log."""

_Key = tuple[str, int]


class KafkaRecords:
    """Any thread may call; `alive` raises `BrokerError` if waiting has become pointless."""

    def __init__(self, client: AdminClient, *, alive: Callable[[], None]) -> None:
        self._client = client
        self._alive = alive

    def log_end(self, topic: str, partition: int) -> int:
        """Where the next record of the partition goes, one of a transaction or not."""
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # The library's.
        return self._told({(topic, partition): latest})[topic, partition]

    def starts(self, topics: Mapping[str, int]) -> dict[_Key, int]:
        """Where each partition of the topics (name to number of partitions) begins."""
        earliest = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # The library's.
        keys = [(name, each) for name, many in topics.items() for each in range(many)]
        return self._told(dict.fromkeys(keys, earliest))

    def delete_below(self, topic: str, partition: int, position: int) -> int:
        """What stands in the partition below the position is gone; where it begins now."""
        wanted = [TopicPartition(topic, partition, position)]
        (future,) = self._client.delete_records(
            wanted, operation_timeout=_REQUEST_S_MAX, request_timeout=_REQUEST_S_MAX
        ).values()
        self._await(future)
        try:
            return int(future.result().low_watermark)
        except KafkaException as error:
            message = f"cannot delete below {position} of {topic}-{partition}: {error}"
            raise BrokerError(message) from error

    def configure(self, topic: str, settings: Mapping[str, Setting]) -> None:
        """The topic has these settings, and each batch is a segment: only those are cleaned."""
        entries = [
            ConfigEntry(name, str(value), incremental_operation=AlterConfigOpType.SET)
            for name, value in {**SOON, **settings}.items()
        ]
        wanted = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        (future,) = self._client.incremental_alter_configs(
            [wanted], request_timeout=_REQUEST_S_MAX
        ).values()
        self._await(future)
        try:
            future.result()
        except KafkaException as error:
            message = f"topic {topic} does not take the settings {dict(settings)}: {error}"
            raise BrokerError(message) from error

    def _told(self, asked: Mapping[_Key, OffsetSpec]) -> dict[_Key, int]:
        """What these partitions answer; asked again until they do."""
        deadline = time.monotonic() + _TOLD_S_MAX
        found: dict[_Key, int] = {}
        while left := {key: spec for key, spec in asked.items() if key not in found}:
            answers = self._asked(left)
            found |= {key: told for key, told in answers.items() if isinstance(told, int)}
            if len(found) < len(asked) and time.monotonic() > deadline:
                (topic, partition), error = next(
                    (key, told) for key, told in answers.items() if not isinstance(told, int)
                )
                message = f"{topic}-{partition} did not tell its offset: {error}"
                raise BrokerError(message)
            self._alive()
        return found

    def _asked(self, asked: Mapping[_Key, OffsetSpec]) -> dict[_Key, int | str]:
        """Each offset, or why it was not told: a number below 0 is a timeout, not an offset."""
        futures = self._client.list_offsets(
            {TopicPartition(*key): spec for key, spec in asked.items()},
            isolation_level=IsolationLevel.READ_UNCOMMITTED,
            request_timeout=_OFFSETS_S_MAX,
        )
        found: dict[_Key, int | str] = {}
        for each, future in futures.items():
            try:
                offset = future.result().offset
            except KafkaException as error:
                found[each.topic, each.partition] = str(error)
            else:
                told = offset if offset >= 0 else f"the library's answer is {offset}"
                found[each.topic, each.partition] = told
        return found

    def _await(self, future: "Future[Any]") -> None:
        while wait([future], timeout=_ALIVE_POLL_S).not_done:
            self._alive()
