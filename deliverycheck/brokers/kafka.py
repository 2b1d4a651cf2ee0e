"""Kafka on this machine, one combined KRaft node: as a plain child process of the harness."""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from confluent_kafka import KafkaException

from deliverycheck.brokers.broker import (
    BrokerError,
    Capability,
    Death,
    Endpoint,
    Slot,
)
from deliverycheck.brokers.guardian import Guardian
from deliverycheck.brokers.kafka_admin import KafkaAdmin
from deliverycheck.brokers.kafka_files import first_batches
from deliverycheck.brokers.kafka_groups import GroupSettings
from deliverycheck.brokers.kafka_harness import KafkaHarness
from deliverycheck.brokers.kafka_node import AnyKafkaNode, KafkaNode, NodePlan
from deliverycheck.brokers.kafka_properties import deviations
from deliverycheck.brokers.kafka_scan import Scanner
from deliverycheck.brokers.kafka_topics import TopicFactory
from deliverycheck.brokers.node import HOST, NODE, PortTakenError, loopback
from deliverycheck.brokers.ports import connections_to
from deliverycheck.brokers.provision import KafkaDistribution

# 60 s: usable in 0.6 to 1.0 s with the start-up cache, 2.0 s without; starts took
# up to 6 s at load 10, and 26 s to over 30 s at load 30 on two cores.
_USABLE_S_MAX = 60.0
_TOPIC_PREFIX = "t"


class KafkaBroker(KafkaHarness):
    """What the backends that run a node share (see `Broker` for what each method promises)."""

    system = "kafka"
    inner_host = HOST
    """Where proxies find the node."""
    start_factor = 1.0
    """How much longer a start may take than that of a process with its start-up cache."""

    def __init__(self, node: AnyKafkaNode, overrides: Mapping[str, str]) -> None:
        """Nothing is started."""
        self._node = node
        self._overrides = overrides
        self._connect()

    def start(self) -> None:
        self._node.release()
        try:
            self._begin()
        except PortTakenError:
            # Somebody outside took a port after it was checked; other ports, once.
            self._begin()

    def stop(self) -> None:
        self._scanner.close()
        self._node.release()

    def kill(self, node: str) -> Mapping[str, int]:
        with self._topics.at_rest():
            evidence = self._named(node).kill()
        self._scanner.close()
        return evidence

    def pause(self, node: str) -> Mapping[str, int]:
        with self._topics.at_rest():
            return self._named(node).pause()

    def resume(self, node: str) -> Mapping[str, int]:
        return self._named(node).resume()

    def restart(self, node: str) -> Mapping[str, int]:
        begun = time.monotonic()
        pid = self._named(node).spawn()
        self._await_usable()
        self._topics.await_all()
        return {"pid": pid, "usable_ms": round(1000 * (time.monotonic() - begun))}

    def died(self) -> Death | None:
        return self._node.died()

    def slots(self) -> tuple[Slot, ...]:
        return tuple(
            Slot(
                name=f"slot{index}",
                listener=Endpoint(host=self.inner_host, port=ports.listener),
                advertised=loopback(ports.advertised),
            )
            for index, ports in enumerate(self._node.ports.slots)
        )

    def own_slots(self) -> Mapping[str, tuple[Slot, ...]]:
        return {}

    def direct_endpoint(self) -> Endpoint:
        return loopback(self._node.ports.direct)

    def deviations(self) -> tuple[str, ...]:
        settings = deviations(self._overrides)
        return tuple(f"{item.name}={item.value} ({item.default})" for item in settings)

    def logs(self) -> tuple[Path, ...]:
        return (self._node.log,)

    def _begin(self) -> None:
        """A fresh node on ports of its own is usable."""
        self._node.prepare()
        self._connect()
        self._node.spawn()
        self._await_usable()

    def _connect(self) -> None:
        """The harness's own clients, for the ports that the node has now."""
        bootstrap = str(self.direct_endpoint())
        self._admin = KafkaAdmin(bootstrap, alive=self._node.require_alive)
        self._topics = TopicFactory(self._admin, prefix=_TOPIC_PREFIX)
        self._groups = GroupSettings(bootstrap)
        self._scanner = Scanner(bootstrap, self._admin, moved=self._topics.moved)

    def _await_usable(self) -> None:
        """It answers metadata, and a topic can be made and answers."""
        limit_s = self.start_factor * _USABLE_S_MAX
        node, deadline = self._node, time.monotonic() + limit_s
        try:
            node.await_listening(limit_s)
            left_s = deadline - time.monotonic()
            self._admin.await_metadata(timeout_s=left_s, alive=node.require_alive)
            probe = f"{_TOPIC_PREFIX}-probe-{time.monotonic_ns()}"
            left_s = deadline - time.monotonic()
            self._admin.create_when_able(probe, timeout_s=left_s, alive=node.require_alive)
            self._admin.await_answering({probe: 1}, timeout_s=limit_s)
        except PortTakenError:
            raise
        except BrokerError as error:
            node.require_alive()
            raise BrokerError(node.complaint(f"is not usable: {error}")) from error
        threading.Thread(target=self._warm_up, args=(probe,), daemon=True).start()

    def _warm_up(self, probe: str) -> None:
        """Beside what follows: nothing waits for it, and a node killed meanwhile is no trouble."""
        with suppress(BrokerError, KafkaException):
            self._admin.warm_up(probe)
            self._admin.delete([probe])

    def _named(self, node: str) -> AnyKafkaNode:
        if node != self._node.name:
            message = f"no node {node!r}; this broker has {self._node.name}"
            raise BrokerError(message)
        return self._node


class KafkaProcess(KafkaBroker):
    """The process backend (see `Broker` for what each method promises).

    Its log and properties lie in its folder; its data lie with other temporary files
    (`storage`), and `stop` removes them.
    """

    backend = "process"

    def __init__(
        self,
        kafka: KafkaDistribution,
        *,
        folder: Path,
        guardian: Guardian,
        slots: int = 32,
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing is started; `overrides` are broker settings that win over the fast profile."""
        self._kafka = kafka
        wanted = dict(overrides or {})
        plan = NodePlan(name=NODE, folder=folder, slots=slots, overrides=wanted)
        self._process = KafkaNode(plan, kafka, guardian)
        super().__init__(self._process, wanted)

    def publishers_gone(self, slot: Slot) -> bool:
        return connections_to(slot.listener.port) == 0

    def first_batches(self, topic: str, partitions: int) -> tuple[str, ...]:
        storage = self._process.storage
        return () if storage is None else first_batches(storage, topic, partitions)

    def version(self) -> str:
        return str(self._kafka.release)

    def runtime(self) -> str:
        return f"Java {self._kafka.java.version} ({self._kafka.java.origin})"

    def capabilities(self) -> frozenset[Capability]:
        return frozenset(Capability) - {Capability.PARTITION}
