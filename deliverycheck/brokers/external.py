"""A Kafka cluster that somebody else runs: used, and left as it was found."""

import secrets
from collections.abc import Collection, Mapping, Sequence

from deliverycheck.brokers.broker import (
    SCAN_ISOLATION,
    BrokerError,
    Endpoint,
    Scan,
    Slot,
)
from deliverycheck.brokers.kafka_admin import KafkaAdmin
from deliverycheck.brokers.kafka_groups import GroupSettings
from deliverycheck.brokers.kafka_relay import serve_rewritten
from deliverycheck.brokers.kafka_scan import Scanner
from deliverycheck.brokers.kafka_topics import TopicFactory
from deliverycheck.brokers.not_ours import NotOurs
from deliverycheck.brokers.ports import connections_to
from deliverycheck.history import Source
from deliverycheck.plans import Setting
from deliverycheck.plans.kafka_topic import source_of

# 10 s: a cluster that runs answers in milliseconds.
_ANSWER_S_MAX = 10.0
_REPLICAS_OF_THE_CLUSTER = -1


class KafkaExternal(NotOurs):
    """The external backend (see `Broker` for what each method promises).

    Topics are named ``deliverycheck-<campaign>-…`` and deleted at `stop`; nothing
    else in the cluster is touched. Link slots lead through a relay of ours, and
    exist where the cluster has one broker: with several, a slot would need a
    proxy for each.
    """

    system = "kafka"

    def __init__(self, bootstrap: str, *, slots: int = 32) -> None:
        """Nothing is asked yet; `bootstrap` is ``HOST:PORT``, several divided by commas."""
        super().__init__(bootstrap, slots=slots)
        self._bootstrap = bootstrap
        self._direct = _first_endpoint(bootstrap)
        self._brokers = 0
        self._admin = KafkaAdmin(bootstrap, replicas=_REPLICAS_OF_THE_CLUSTER)
        self._groups = GroupSettings(bootstrap)
        self._scanner = Scanner(bootstrap, self._admin)
        # Not from `random`, which Hypothesis seeds: two campaigns would share names.
        prefix = f"deliverycheck-{secrets.token_hex(4)}-"
        self._topics = TopicFactory(self._admin, prefix=prefix)

    def start(self) -> None:
        try:
            self._brokers = self._admin.await_metadata(timeout_s=_ANSWER_S_MAX, alive=lambda: None)
        except BrokerError as error:
            message = f"no Kafka cluster answers at {self._bootstrap}: {error}"
            raise BrokerError(message) from error
        if self._brokers == 1:
            self._open_links(self._direct, serve_rewritten)

    def stop(self) -> None:
        try:
            self._scanner.close()
            self._topics.delete_all()
        finally:
            self._close_links()

    def direct_endpoint(self) -> Endpoint:
        return self._direct

    def lease_topic(self, partitions: int) -> str:
        return self._topics.lease(partitions)

    def create_topic(self, name: str, partitions: int) -> None:
        self._topics.create(name, partitions)

    def await_topic(self, name: str, partitions: int) -> None:
        self._topics.await_answering(name, partitions)

    def delete_topic(self, name: str) -> None:
        self._topics.delete(name)

    def grow_topic(self, name: str, partitions: int) -> None:
        self._topics.grow(name, partitions)

    def configure_group(self, group: str, settings: Mapping[str, str | int | float | bool]) -> None:
        self._groups.set(group, settings)

    def source_of(self, settings: Mapping[str, Setting]) -> Source | None:
        return source_of(settings)

    def configure_topic(self, name: str, settings: Mapping[str, Setting]) -> None:
        self._admin.records.configure(name, settings)

    def log_end(self, topic: str, partition: int) -> int:
        return self._admin.records.log_end(topic, partition)

    def delete_records(self, topic: str, partition: int, position: int) -> int:
        return self._admin.records.delete_below(topic, partition, position)

    def scan(
        self,
        topics: Mapping[str, int],
        isolation: str = SCAN_ISOLATION,
        dropping: Collection[str] = (),
    ) -> Scan:
        return self._scanner.scan(topics, isolation, dropping)

    def retire_topics(self, names: Sequence[str]) -> None:
        self._topics.retire(names)

    def publishers_gone(self, slot: Slot) -> bool:
        return connections_to(slot.listener.port) == 0

    def first_batches(self, topic: str, partitions: int) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def version(self) -> str:
        return "of unknown version"

    def runtime(self) -> str:
        return f"a running cluster of {self._brokers} at {self._bootstrap}"


def _first_endpoint(bootstrap: str) -> Endpoint:
    """The first address of a bootstrap list.

    Raises:
        BrokerError: it is not ``HOST:PORT``.
    """
    host, _, port = bootstrap.split(",", 1)[0].strip().rpartition(":")
    if not host or not port.isdigit():
        message = f"bootstrap {bootstrap!r}: expected HOST:PORT, or several divided by commas"
        raise BrokerError(message)
    return Endpoint(host=host.strip("[]"), port=int(port))
