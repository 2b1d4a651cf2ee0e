"""A Kafka cluster that somebody else runs: used, and left as it was found."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from deliverycheck.brokers.broker import (
    SCAN_ISOLATION,
    BrokerError,
    Capability,
    Death,
    Endpoint,
    Scan,
    Slot,
)
from deliverycheck.brokers.credentials import NO_CREDENTIALS, Credentials
from deliverycheck.brokers.kafka_admin import KafkaAdmin
from deliverycheck.brokers.kafka_groups import GroupSettings
from deliverycheck.brokers.kafka_relay import serve_rewritten
from deliverycheck.brokers.kafka_scan import Scanner
from deliverycheck.brokers.kafka_topics import TopicFactory
from deliverycheck.brokers.ports import PortBlock, PortsError, connections_to
from deliverycheck.brokers.relay import Relay, link_slots, own_way
from deliverycheck.history import Source
from deliverycheck.plans import Setting
from deliverycheck.plans.kafka_topic import source_of

# 10 s: a cluster that runs answers in milliseconds.
_ANSWER_S_MAX = 10.0
_REPLICAS_OF_THE_CLUSTER = -1
_HINT = ". If it wants TLS or an account, name a file of client settings with --credentials"


class KafkaExternal:
    """The external backend (see `Broker` for what each method promises).

    Topics and groups are named ``deliverycheck-<campaign>-…`` and deleted at `stop`; nothing
    else in the cluster is touched. Link slots lead through a relay of ours, which speaks TLS
    for its clients, and exist where the cluster has one broker: with several, a slot would
    need a proxy for each.
    """

    system = "kafka"
    backend = "external"

    def __init__(
        self, bootstrap: str, *, slots: int = 32, credentials: Credentials = NO_CREDENTIALS
    ) -> None:
        """Nothing is asked yet; `bootstrap` is ``HOST:PORT``, several divided by commas."""
        self._bootstrap = bootstrap
        self._cluster = self._direct = _first_endpoint(bootstrap)
        self._credentials = credentials
        self._slots_wanted = slots
        self._slots: tuple[Slot, ...] = ()
        self._block: PortBlock | None = None
        self._relay: Relay | None = None
        self._answers = False
        # Not from `random`, which Hypothesis seeds: two campaigns would share names.
        self._prefix = f"deliverycheck-{secrets.token_hex(4)}-"
        self._connect(bootstrap)

    def start(self) -> None:
        try:
            if self._credentials.is_tls:
                self._open_relay()  # The harness's own clients go by it too.
            brokers = self._admin.await_metadata(timeout_s=_ANSWER_S_MAX, alive=lambda: None)
        except BrokerError as error:
            message = f"no Kafka cluster answers at {self._bootstrap}: {error}{_HINT}"
            raise BrokerError(message) from error
        if brokers > 1:
            message = (
                f"the cluster at {self._bootstrap} has {brokers} brokers: only one of a single "
                "broker can be put to the test, since a link to several needs a proxy for each"
            )
            raise BrokerError(message)
        self._answers = True
        if self._relay is None:
            self._open_relay()

    def would_create(self) -> tuple[str, ...]:
        """What a run makes there, and what stays; the cluster is asked for metadata, and left.

        Raises:
            BrokerError: it does not answer, or cannot be put to the test.
        """
        try:
            self.start()
            runtime = self.runtime()
        finally:
            self.stop()
        names = "deliverycheck-<8 hex digits>-"
        return (
            f"answers: {runtime}",
            (
                f"would create: topics {names}1, {names}2 and so on, 50 at a time, with as many "
                "replicas as the cluster gives by default"
            ),
            (
                f"would create: groups {names}<n>-group, with settings of their own where a claim "
                "needs them"
            ),
            "would delete at the end: these topics, groups and settings; nothing else is touched",
            "stays: producer and transactional ids, which the cluster forgets by itself",
        )

    def stop(self) -> None:
        try:
            self._scanner.close()
            self._topics.delete_all()
            if self._answers:
                self._groups.delete(self._prefix)
        finally:
            if self._relay is not None:
                self._relay.stop()
                self._relay = None
            if self._block is not None:
                self._block.close()
                self._block = None
            self._slots = ()

    def kill(self, node: str) -> Mapping[str, int]:
        raise self._not_ours("kill", node)

    def pause(self, node: str) -> Mapping[str, int]:
        raise self._not_ours("pause", node)

    def resume(self, node: str) -> Mapping[str, int]:
        raise self._not_ours("resume", node)

    def restart(self, node: str) -> Mapping[str, int]:
        raise self._not_ours("restart", node)

    def died(self) -> Death | None:
        return None

    def slots(self) -> tuple[Slot, ...]:
        return self._slots

    def direct_endpoint(self) -> Endpoint:
        return self._direct

    def lease_topic(self, partitions: int) -> str:
        return self._topics.lease(partitions)

    def create_topic(self, name: str, partitions: int) -> None:
        self._topics.create(name, partitions)

    def await_topic(self, name: str, partitions: int) -> None:
        self._topics.await_answering(name, partitions)

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
        how = ", by TLS" if self._credentials.is_tls else ""
        return f"a running broker at {self._bootstrap}{how}"

    def deviations(self) -> tuple[str, ...]:
        return ()

    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.LINKS}) if self._slots else frozenset()

    def logs(self) -> tuple[Path, ...]:
        return ()

    def _connect(self, bootstrap: str) -> None:
        """The harness's own clients, for this address."""
        settings = self._credentials.kafka_settings()
        self._admin = KafkaAdmin(bootstrap, replicas=_REPLICAS_OF_THE_CLUSTER, settings=settings)
        self._groups = GroupSettings(bootstrap, settings)
        self._scanner = Scanner(bootstrap, self._admin, settings)
        self._topics = TopicFactory(self._admin, prefix=self._prefix)

    def _open_relay(self) -> None:
        """Link slots lead to the cluster and back; with TLS so does a way of the harness's own."""
        tls = self._credentials.tls() if self._credentials.is_tls else None
        try:
            self._block = PortBlock.lease()
            first, *ports = self._block.take(2 * self._slots_wanted + 1)
            own, self._slots = own_way(first), link_slots(ports)
            self._relay = Relay((own, *self._slots), self._cluster, serve_rewritten, tls=tls)
            self._relay.start()
        except (PortsError, OSError) as error:
            message = f"no link slots to {self._bootstrap}: {error}"
            raise BrokerError(message) from error
        if tls is not None:
            self._direct = own.listener
            self._connect(str(self._direct))

    def _not_ours(self, verb: str, node: str) -> BrokerError:
        return BrokerError(f"cannot {verb} {node}: the cluster at {self._bootstrap} is not ours")


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
