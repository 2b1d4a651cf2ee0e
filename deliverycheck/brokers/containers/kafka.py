"""Kafka in a container: one combined KRaft node of any image that holds Kafka and Java."""

import re
from collections.abc import Mapping
from pathlib import Path

from deliverycheck.brokers.broker import Capability, Slot
from deliverycheck.brokers.containers.engine import Engine
from deliverycheck.brokers.containers.node import (
    DATA,
    EVERYWHERE,
    FILES,
    ContainerNode,
    ContainerPlan,
    Program,
)
from deliverycheck.brokers.guardian import Guardian
from deliverycheck.brokers.kafka import KafkaBroker
from deliverycheck.brokers.kafka_node import AnyKafkaNode, ports_needed, ports_of
from deliverycheck.brokers.kafka_properties import AFTER_A_KILL, render
from deliverycheck.brokers.node import HOST, NODE, accepts
from deliverycheck.brokers.provision.kafka import CLUSTER_ID, JVM_FLAGS

_PROPERTIES = FILES / "server.properties"
# Where Apache's images have it (docker/jvm/Dockerfile of Kafka's sources).
_JARS = "/opt/kafka/libs/*"
_JAVA = f'java {" ".join(JVM_FLAGS)} -cp "{_JARS}"'
_SCRIPT = (
    f"test -e {DATA}/meta.properties || {_JAVA} kafka.tools.StorageTool format -t {CLUSTER_ID} "
    f"-c {_PROPERTIES} || exit; exec {_JAVA} kafka.Kafka {_PROPERTIES}"
)
# What of Kafka and Java lies in the container.
_TELL = "ls /opt/kafka/libs; cat ${JAVA_HOME:-/opt/java/openjdk}/release"
_VERSION = re.compile(r"kafka-clients-([\d.]+)\.jar")
_JAVA_VERSION = re.compile(r'JAVA_VERSION="([^"]+)"')


class KafkaContainer(KafkaBroker):
    """The container backend (see `Broker` for what each method promises).

    Its log lies in its folder; its data lie in its container, which `stop` removes.
    """

    backend = "container"
    inner_host = NODE
    start_factor = 3.0  # Formats first, and has no start-up cache: two Java starts of 1.4 s.

    def __init__(self, plan: ContainerPlan, engine: Engine, guardian: Guardian) -> None:
        """Nothing is made."""
        self._image, self._engine = plan.image, engine
        self._told = ""
        self.node = KafkaContainerNode(plan, engine, guardian)
        super().__init__(self.node, plan.overrides)

    def start(self) -> None:
        super().start()
        self._told = self.node.tell(_TELL)

    def publishers_gone(self, slot: Slot) -> bool:
        return self.node.connections_to(slot.listener.port) == 0

    def isolate(self, node: str) -> Mapping[str, int]:
        """Nothing comes to it and nothing from it; no connection is closed."""
        with self._topics.at_rest():
            self._named(node)
            return self.node.isolate()

    def rejoin(self, node: str) -> Mapping[str, int]:
        """It can be reached again; usable when this returns."""
        self._named(node)
        evidence = self.node.rejoin()
        self._await_usable()
        return evidence

    def first_batches(self, topic: str, partitions: int) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def version(self) -> str:
        found = _VERSION.search(self._told)
        return found[1] if found else "of unknown version"

    def runtime(self) -> str:
        found = _JAVA_VERSION.search(self._told)
        java = f"Java {found[1]}, " if found else ""
        return f"{java}{self._image}, Docker {self._engine.version}"

    def capabilities(self) -> frozenset[Capability]:
        return frozenset(Capability) - {Capability.FILES}


class KafkaContainerNode(AnyKafkaNode, ContainerNode):
    """Kafka as a container."""

    def prepare(self) -> None:
        """A network and ports of our own are there."""
        slots = self._plan.slots
        self.ports = ports_of(self._new_network(ports_needed(slots)), slots)

    def spawn(self) -> int:
        """The program runs; nothing is awaited. Returns its pid."""
        if self._container is not None:
            return self._run_again(self._files(AFTER_A_KILL))
        published = (self.ports.direct,)
        return self._run(Program(script=_SCRIPT, files=self._files({}), published=published))

    def await_listening(self, timeout_s: float) -> None:
        """The direct port accepts: of the engine's proxy at once, so metadata is what tells."""
        direct = self.ports.direct
        self._await(lambda: accepts(direct), timeout_s, f"does not listen on {HOST}:{direct}")

    def _files(self, settings: Mapping[str, str]) -> dict[Path, str]:
        """The subject's own settings win."""
        wanted = {**settings, **self._plan.overrides}
        return {_PROPERTIES: render(DATA, self.ports, wanted, listening_on=EVERYWHERE)}
