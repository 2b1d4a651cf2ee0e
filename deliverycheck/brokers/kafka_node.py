"""One combined KRaft node: its ports and program, and how it runs as a child process."""

import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from deliverycheck.brokers.broker import DeathCause
from deliverycheck.brokers.guardian import Guardian
from deliverycheck.brokers.kafka_properties import (
    AFTER_A_KILL,
    BrokerPorts,
    SlotPorts,
    render,
)
from deliverycheck.brokers.node import HOST, Node, ProcessNode, accepts
from deliverycheck.brokers.provision import KafkaDistribution

_NODE_PORTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlan:
    """What a node is made of, besides the program.

    Attributes:
        folder: where its log and properties lie, and its data if there is no memory for it.
        slots: how many link slots it has.
        overrides: settings that win over the fast profile.
    """

    name: str
    folder: Path
    slots: int
    overrides: Mapping[str, str] = field(default_factory=dict)


class AnyKafkaNode(Node, ABC):
    """What a Kafka node is, wherever it runs.

    Attributes:
        ports: what it was given by the last `prepare`.
    """

    signs: ClassVar = {
        DeathCause.OUT_OF_MEMORY: ("OutOfMemoryError", "insufficient memory for the Java Runtime"),
        DeathCause.DISK_FULL: ("No space left on device", "Disk quota exceeded", "File too large"),
    }
    # -XX:+ExitOnOutOfMemoryError ends the JVM with this code.
    out_of_memory_codes = frozenset({3})
    noise = re.compile(r"\s*(at |\.\.\. )")
    ports = BrokerPorts(internal=0, controller=0, direct=0)

    @abstractmethod
    def prepare(self) -> None:
        """All that it is started with is there, with ports of our own."""

    @abstractmethod
    def spawn(self) -> int:
        """The program runs; nothing is awaited. Returns its pid."""

    @abstractmethod
    def await_listening(self, timeout_s: float) -> None:
        """The direct port accepts."""


def ports_needed(slots: int) -> int:
    """How many ports a node with so many slots has."""
    return _NODE_PORTS + 2 * slots


def ports_of(ports: Sequence[int], slots: int) -> BrokerPorts:
    """Which is for what, of `ports_needed`."""
    internal, controller, direct, *rest = ports
    return BrokerPorts(
        internal=internal,
        controller=controller,
        direct=direct,
        slots=tuple(
            SlotPorts(listener=each, advertised=other)
            for each, other in zip(rest[:slots], rest[slots:], strict=True)
        ),
    )


class KafkaNode(AnyKafkaNode, ProcessNode):
    """Kafka as a child process."""

    def __init__(self, plan: NodePlan, kafka: KafkaDistribution, guardian: Guardian) -> None:
        """Nothing is written or started."""
        super().__init__(plan.name, folder=plan.folder, guardian=guardian)
        self._plan = plan
        self._kafka = kafka
        # Absolute: the program runs in the folder of its log.
        self._properties = plan.folder.absolute() / f"{plan.name}.properties"

    def prepare(self) -> None:
        """A formatted data folder and a properties file with ports of our own are there."""
        slots = self._plan.slots
        data, ports = self._new_place(ports_needed(slots))
        self.ports = ports_of(ports, slots)
        try:
            shutil.copytree(self._kafka.template, data, dirs_exist_ok=True)
            self._write_properties(data, {})
        except OSError as error:  # shutil.Error is one.
            raise self._unwritable(error) from error

    def _write_properties(self, data: Path, settings: Mapping[str, str]) -> None:
        """The subject's own win."""
        self._properties.write_text(render(data, self.ports, {**settings, **self._plan.overrides}))

    def spawn(self) -> int:
        """The program runs; nothing is awaited. Returns its pid."""
        return self._run(self._kafka.command(self._properties))

    def await_listening(self, timeout_s: float) -> None:
        """The direct port accepts, and every port of the node belongs to its process."""
        direct = self.ports.direct
        self._await(lambda: accepts(direct), timeout_s, f"does not listen on {HOST}:{direct}")
        self._require_own_ports((direct, *(slot.listener for slot in self.ports.slots)))

    def kill(self) -> dict[str, int]:
        """SIGKILL; evidence: the pid that was and how it ended."""
        evidence = super().kill()
        if self.storage is not None:
            self._write_properties(self.storage, AFTER_A_KILL)
        return evidence
