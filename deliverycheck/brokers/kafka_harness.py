"""What the harness asks of a Kafka by clients of its own, whoever runs the broker."""

from collections.abc import Collection, Mapping, Sequence

from deliverycheck.brokers.broker import SCAN_ISOLATION, Scan
from deliverycheck.brokers.kafka_admin import KafkaAdmin
from deliverycheck.brokers.kafka_groups import GroupSettings
from deliverycheck.brokers.kafka_scan import Scanner
from deliverycheck.brokers.kafka_topics import TopicFactory
from deliverycheck.history import Source
from deliverycheck.plans import Setting
from deliverycheck.plans.kafka_topic import source_of


class KafkaHarness:
    """The parts of `Broker` that go the unproxied way; a backend makes the clients for it."""

    _admin: KafkaAdmin
    _topics: TopicFactory
    _groups: GroupSettings
    _scanner: Scanner

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
