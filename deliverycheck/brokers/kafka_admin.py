"""The harness's own admin client: unproxied, with deadlines, its errors as `BrokerError`."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, IsolationLevel, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # Public, if not marked so.
    AdminClient,
    ClusterMetadata,
    OffsetSpec,
)
from confluent_kafka.cimpl import (
    KafkaError,
    NewPartitions,
    NewTopic,
)  # What the package hands on, with types.

from deliverycheck.brokers.broker import BrokerError
from deliverycheck.brokers.kafka_records import KafkaRecords

# Reconnects soon: after a restart the broker answers within milliseconds of
# listening, and each further back-off is time that an execution waits.
CLIENT_SETTINGS: Mapping[str, str | int | float | bool] = {
    "reconnect.backoff.ms": 10,
    "reconnect.backoff.max.ms": 100,
    "retry.backoff.ms": 10,
    "retry.backoff.max.ms": 100,
    "topic.metadata.refresh.fast.interval.ms": 20,
    "socket.timeout.ms": 5000,
    "log_level": 0,
}
# 15 s: fifty topics take 40 ms; at load 10 a request took 2 s.
_REQUEST_S_MAX = 15.0
# 2 s: answered in 2 ms, and a call that the library lets hang is asked again.
_OFFSETS_S_MAX = 2.0
# 5 s: answered in 3 ms; who waits for more than metadata asks again.
_METADATA_S_MAX = 5.0
# A request to a dead broker is given up soon, not at its own deadline.
_ALIVE_POLL_S = 0.25
# 10 s: a fenced broker is back with its next heartbeat, at load 25 within seconds; what is left of
# a dead transaction ends after its timeout, 2 s in the profile.
_ENDS_S_MAX = 10.0
_UNFENCED_S_MAX = 10.0
# 5 s: takes 0.6 s.
_WARM_UP_S_MAX = 5.0
# Asked every 5 ms: a partition answers 5 to 30 ms after its topic was created.
_POLL_S = 0.005
_GONE_ALREADY = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART})
_THERE_ALREADY = frozenset({KafkaError.TOPIC_ALREADY_EXISTS})
# No broker is left for replicas, or the library let go of its handle of the broker under the
# request (seen once, beside a stop of the harness): asked again, it works.
_PASSING = frozenset(
    {KafkaError.INVALID_REPLICATION_FACTOR, KafkaError._DESTROY_BROKER}  # noqa: SLF001  # the name it has
)

_Key = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionEnd:
    """Where a partition ends, as a reader of committed messages sees it.

    Attributes:
        epoch: its leader's; it rises whenever the partition gets a leader, or loses it.
    """

    position: int
    epoch: int


_Ends = tuple[dict[_Key, PartitionEnd], dict[_Key, object]]
"""Where partitions end, and why others did not tell."""

_Asking = Callable[[Mapping[str, int], IsolationLevel], _Ends]


class KafkaAdmin:
    """Topics and offsets of one cluster; any thread may call."""

    def __init__(
        self,
        bootstrap: str,
        *,
        replicas: int = 1,
        settings: Mapping[str, Any] | None = None,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """Connects at the first call; `settings` are those a secured cluster needs.

        `alive` raises `BrokerError` if waiting has become pointless.
        """
        self.alive = alive
        self._bootstrap = bootstrap
        self._replicas = replicas
        self._settings = dict(settings or {})
        self._client = AdminClient(
            {**CLIENT_SETTINGS, **self._settings, "bootstrap.servers": bootstrap}
        )
        self.records = KafkaRecords(self._client, alive=alive)

    def await_metadata(self, *, timeout_s: float, alive: Callable[[], None]) -> int:
        """The cluster answers metadata; returns its number of brokers.

        `alive` raises if waiting has become pointless.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            alive()
            try:
                return len(self._client.list_topics(timeout=0.5).brokers)
            except KafkaException as error:
                if time.monotonic() > deadline:
                    message = f"{self._bootstrap} gave no metadata in {timeout_s:.0f} s: {error}"
                    raise BrokerError(message) from error

    def create(self, names: Sequence[str], partitions: int) -> None:
        """The topics exist; their partitions need not answer yet.

        A broker that is fenced for a moment, as one that misses its heartbeats on a
        busy machine is, has no place for replicas: it is asked again until it has. What
        is there by then was made by the first request.
        """
        deadline, left = time.monotonic() + _UNFENCED_S_MAX, list(names)
        ignored: frozenset[int] = frozenset()
        while left:
            topics = [NewTopic(name, partitions, self._replicas) for name in left]
            futures = self._client.create_topics(
                topics, operation_timeout=_REQUEST_S_MAX, request_timeout=_REQUEST_S_MAX
            )
            self._await(futures)
            again = [name for name in left if _passes(futures[name])]
            if time.monotonic() > deadline:
                again = []
            done = {name: futures[name] for name in left if name not in again}
            self._all_done("create", done, ignored=ignored)
            left, ignored = again, _THERE_ALREADY
            if left:
                time.sleep(_POLL_S)

    def grow(self, name: str, partitions: int) -> None:
        """The topic is to have so many partitions; the new ones need not answer yet."""
        wanted = [NewPartitions(name, partitions)]
        futures = self._client.create_partitions(
            wanted, operation_timeout=_REQUEST_S_MAX, request_timeout=_REQUEST_S_MAX
        )
        self._all_done("grow", futures)

    def create_when_able(self, name: str, *, timeout_s: float, alive: Callable[[], None]) -> None:
        """The topic exists, as soon as the controller allows: just after a start it does not."""
        deadline = time.monotonic() + timeout_s
        while True:
            alive()
            try:
                self.create([name], 1)
            except BrokerError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_POLL_S)
            else:
                return

    def delete(self, names: Sequence[str]) -> None:
        """The topics are gone."""
        if names:
            self._all_done(
                "delete",
                self._client.delete_topics(
                    list(names), operation_timeout=_REQUEST_S_MAX, request_timeout=_REQUEST_S_MAX
                ),
                ignored=_GONE_ALREADY,
            )

    def await_gone(self, names: Sequence[str], *, timeout_s: float) -> None:
        """Metadata names none of the topics any more.

        Who asks right after the controller said that they are deleted may still be
        told of all of them (2 of 40 times, for 2 ms: the broker applies it later).
        """
        deadline = time.monotonic() + timeout_s
        while left := self._still_named(names):
            if time.monotonic() > deadline:
                message = (
                    f"{len(left)} deleted topics are still there after {timeout_s:.0f} s, the "
                    f"first is {min(left)}"
                )
                raise BrokerError(message)
            time.sleep(_POLL_S)

    def await_answering(
        self, topics: Mapping[str, int], *, timeout_s: float
    ) -> dict[_Key, PartitionEnd]:
        """Every partition of the topics (name to number of partitions) answers ListOffsets.

        A leader that does not know yet that it leads refuses writes, and an
        idempotent producer can then lose what it confirmed (a hazard of its own).
        """
        deadline = time.monotonic() + timeout_s
        left = list(topics)
        answered: dict[_Key, PartitionEnd] = {}
        while left:
            self.alive()
            found, errors = self._asked({name: topics[name] for name in left})
            answered |= found
            left = list({topic for topic, _ in errors})
            if left and time.monotonic() > deadline:
                (topic, partition), error = next(iter(errors.items()))
                message = (
                    f"{len(errors)} partitions do not answer after {timeout_s:.0f} s, the first is "
                    f"{topic}-{partition}: {error}"
                )
                raise BrokerError(message)
            if left:
                time.sleep(_POLL_S)
        return answered

    def warm_up(self, topic: str) -> None:
        """What a broker does once after its start is done: it has producer ids, and a coordinator.

        The first idempotent producer waits 0.5 s for its id while the broker asks
        the controller for a block of them.
        """
        settings = {**CLIENT_SETTINGS, **self._settings, "bootstrap.servers": self._bootstrap}
        producer = Producer({**settings, "enable.idempotence": True})
        producer.produce(topic, b"", partition=0)
        producer.flush(_WARM_UP_S_MAX)
        consumer = Consumer({**settings, "group.id": topic})
        try:
            consumer.committed([TopicPartition(topic, 0)], timeout=_WARM_UP_S_MAX)
        finally:
            consumer.close()

    def ends(self, topics: Mapping[str, int]) -> dict[_Key, PartitionEnd]:
        """The end of each partition, with no transaction open in any.

        A broker that was fenced for a moment, on a machine too busy for its
        heartbeats, has new leader epochs: what asked with the old ones asks again.

        The end of a transaction is answered before it stands in each partition, and
        what is behind an open one is hidden from readers of committed messages.
        """
        deadline = time.monotonic() + _ENDS_S_MAX
        found, errors = self._closed_ends(topics, self._list_offsets)
        while errors:
            if time.monotonic() > deadline:
                (topic, partition), error = next(iter(errors.items()))
                message = (
                    f"{topic}-{partition} did not tell its end position in {_ENDS_S_MAX:.0f} s: "
                    f"{error}"
                )
                raise BrokerError(message)
            self.alive()
            time.sleep(_POLL_S)
            found, errors = self._closed_ends(topics, self._asked)
        return found

    def _closed_ends(self, topics: Mapping[str, int], ask: _Asking) -> _Ends:
        """Ends for readers of committed messages that are those for any reader, and the others."""
        last, unknown = ask(topics, IsolationLevel.READ_UNCOMMITTED)
        found, errors = ask(topics, IsolationLevel.READ_COMMITTED)
        open_: dict[_Key, object] = {
            key: f"a transaction is open from {end.position} on"
            for key, end in found.items()
            if key in last and end.position < last[key].position
        }
        return found, unknown | errors | open_

    def _asked(
        self,
        topics: Mapping[str, int],
        isolation: IsolationLevel = IsolationLevel.READ_COMMITTED,
    ) -> _Ends:
        """The ends of those partitions that answer, and why others do not.

        Metadata first: asked for the offsets of a partition whose leader it does
        not know, the library waits for the whole request timeout, and again at
        the next call (measured: twice 15 s for a leader that was there in 30 ms).
        """
        try:
            known = self._metadata(list(topics)).topics
        except KafkaException as error:
            return {}, dict.fromkeys(_partitions(topics), error)
        missing: dict[_Key, object] = {
            (name, each): "no leader"
            for name, each in _partitions(topics)
            if name not in known
            or each not in known[name].partitions
            or known[name].partitions[each].leader < 0
        }
        return ({}, missing) if missing else self._list_offsets(topics, isolation)

    def _metadata(self, names: Sequence[str]) -> ClusterMetadata:
        """Of the one topic, or of all: the library asks for one or all."""
        if len(names) == 1:
            return self._client.list_topics(names[0], timeout=_METADATA_S_MAX)
        return self._client.list_topics(timeout=_METADATA_S_MAX)

    def _still_named(self, names: Sequence[str]) -> frozenset[str]:
        """Those of the names that metadata tells of: all where it does not come."""
        try:
            known = self._client.list_topics(timeout=_METADATA_S_MAX).topics
        except KafkaException:
            return frozenset(names)
        return frozenset(names) & known.keys()

    def _list_offsets(self, topics: Mapping[str, int], isolation: IsolationLevel) -> _Ends:
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # The library's.
        asked = {TopicPartition(*each): latest for each in _partitions(topics)}
        if not asked:
            return {}, {}
        futures = self._client.list_offsets(
            asked, isolation_level=isolation, request_timeout=_OFFSETS_S_MAX
        )
        found: dict[_Key, PartitionEnd] = {}
        errors: dict[_Key, object] = {}
        for each, future in futures.items():
            key = (each.topic, each.partition)
            try:
                end = future.result()
            except KafkaException as error:
                errors[key] = error
                continue
            if end.offset < 0:
                # A request that timed out comes back as a result with offset -1001 and
                # without an error (a broker stopped for 2 s: 5 of 5): not an empty topic.
                errors[key] = f"the library's answer is {end.offset}"
            else:
                found[key] = PartitionEnd(position=end.offset, epoch=end.leader_epoch or 0)
        return found, errors

    def _await(self, futures: Mapping[str, "Future[Any]"]) -> None:
        """Every future is done; raises as soon as no broker is left that could do it."""
        while wait(futures.values(), timeout=_ALIVE_POLL_S).not_done:
            self.alive()

    def _all_done(
        self,
        verb: str,
        futures: Mapping[str, "Future[Any]"],
        *,
        ignored: frozenset[int] = frozenset(),
    ) -> None:
        """Every future is awaited; the first error that is not ignored is raised."""
        self._await(futures)
        failed: dict[str, KafkaException] = {}
        for name, future in futures.items():
            try:
                future.result()
            except KafkaException as error:
                if error.args[0].code() not in ignored:
                    failed[name] = error
        for name, first in failed.items():
            message = (
                f"cannot {verb} topic {name!r} ({len(failed)} of {len(futures)} failed): {first}"
            )
            raise BrokerError(message) from first


def _passes(future: "Future[Any]") -> bool:
    """Whether it failed for a reason that is over in a moment."""
    error = future.exception()
    return isinstance(error, KafkaException) and error.args[0].code() in _PASSING


def _partitions(topics: Mapping[str, int]) -> list[_Key]:
    return [(name, each) for name, partitions in topics.items() for each in range(partitions)]
