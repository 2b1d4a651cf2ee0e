"""One RabbitMQ node: its ports, and how it runs as a child process with a name server."""

import re
import secrets
import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from deliverycheck.brokers.broker import BrokerError, DeathCause
from deliverycheck.brokers.guardian import Guardian
from deliverycheck.brokers.node import HOST, Node, ProcessNode
from deliverycheck.brokers.provision import RabbitDistribution
from deliverycheck.brokers.rabbitmq_names import NameServer
from deliverycheck.brokers.rabbitmq_plugins import link_plugins
from deliverycheck.brokers.rabbitmq_settings import (
    PLUGINS,
    PORTS_OF_A_NODE,
    NodeFiles,
    RabbitPorts,
    advanced_configuration,
    configuration,
    enabled_plugins,
    environment,
    node_name,
)

_AMQP_HEADER = b"AMQP\x00\x00\x09\x01"
_METHOD_FRAME = b"\x01"
_ANSWER_S_MAX = 1.0
# 10 s: a call took 5 to 30 ms on a quiet machine.
_CALL_S_MAX = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitPlan:
    """What a node is made of, besides the program.

    Attributes:
        folder: where its log lies; its data lie with other temporary files.
        slots: how many link slots it has.
        overrides: settings that win over ours.
    """

    name: str
    folder: Path
    slots: int
    overrides: Mapping[str, str] = field(default_factory=dict)


class AnyRabbitNode(Node, ABC):
    """What a RabbitMQ node is, wherever it runs; signals reach its virtual machine.

    Attributes:
        ports: what it was given by the last `prepare`.
        password: of the harness's own user; another after each `prepare`.
    """

    signs: ClassVar = {
        DeathCause.OUT_OF_MEMORY: ("Cannot allocate", "Cannot reallocate", "system_limit"),
        DeathCause.DISK_FULL: ("enospc", "No space left on device", "edquot", "efbig"),
    }
    # Reports of crashed Erlang processes are indented; of a failed start they say it three times.
    noise = re.compile(
        r"(\S+ \S+ \[\w+\] <[\d.]+>)?(\s{4,}|\s*$|\s*(BOOT FAILED|=+$|crasher:|neighbours:"
        r"|Application \w+ exited|Kernel pid terminated|\{exit,terminating))"
    )
    port_taken = ("eaddrinuse", "dist_port_already_used", "Address already in use")
    ports = RabbitPorts()
    password = ""

    @abstractmethod
    def prepare(self) -> None:
        """All that it is started with is there, with ports of our own."""

    @abstractmethod
    def spawn(self) -> int:
        """The program runs; nothing is awaited. Returns its pid."""

    def await_listening(self, timeout_s: float) -> None:
        """It answers AMQP."""
        direct = self.ports.direct
        self._await(lambda: _answers(direct), timeout_s, f"does not answer on {HOST}:{direct}")


def ports_of(ports: Sequence[int], slots: int) -> RabbitPorts:
    """Which is for what, of `PORTS_OF_A_NODE` and two for each slot."""
    direct, api, stream, names, distribution, first, second, *rest = ports
    return RabbitPorts(
        direct=direct,
        api=api,
        stream=stream,
        names=names,
        distribution=distribution,
        stream_slot=(first, second),
        slots=tuple(zip(rest[:slots], rest[slots:], strict=True)),
    )


class RabbitNode(AnyRabbitNode, ProcessNode):
    """RabbitMQ as a child process."""

    def __init__(self, plan: RabbitPlan, rabbitmq: RabbitDistribution, guardian: Guardian) -> None:
        """Nothing is written or started."""
        super().__init__(plan.name, folder=plan.folder, guardian=guardian)
        self._plan = plan
        self._rabbitmq = rabbitmq
        self._names: NameServer | None = None

    def prepare(self) -> None:
        """A data folder with the configuration, a name server and ports of our own are there."""
        slots = self._plan.slots
        data, ports = self._new_place(PORTS_OF_A_NODE + 2 * slots)
        self.ports = ports_of(ports, slots)
        self.password = secrets.token_hex(16)
        try:
            self._write(NodeFiles(folder=data))
            self._names = NameServer(self.ports.names)
        except OSError as error:
            raise self._unwritable(error) from error

    def spawn(self) -> int:
        """The program runs; nothing is awaited. Returns its pid."""
        if self.storage is None:
            message = f"cannot start {self.name}: it was not prepared"
            raise BrokerError(message)
        files = NodeFiles(folder=self.storage)
        settings = environment(self.name, self.ports, files, self._rabbitmq)
        return self._run([str(self._rabbitmq.script)], settings)

    def await_listening(self, timeout_s: float) -> None:
        """It answers AMQP, and every port of the node belongs to its process."""
        super().await_listening(timeout_s)
        self._require_own_ports(self.ports.listeners)

    def memory(self, function: str, argument: str) -> str:
        """What the node's monitor of its memory answers.

        Raises:
            BrokerError: it does not; says why.
        """
        if self.storage is None or not self.storage.exists():
            message = f"{self.name} was not prepared: nobody answers for its memory"
            raise BrokerError(message)
        call = f"vm_memory_monitor {function} [{argument}]"
        try:
            told = self._erl_call(call)
        except subprocess.TimeoutExpired:
            message = f"{self.name} did not do {call}: no answer within {_CALL_S_MAX:.0f} s"
            raise BrokerError(message) from None
        if told.returncode or not told.stdout.strip():
            said = (told.stderr or told.stdout).strip()
            message = f"{self.name} did not do {call}: erl_call says {said}"
            raise BrokerError(message)
        return told.stdout.strip()

    def _erl_call(self, call: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # A program of the distribution, and words of ours.
            [self._rabbitmq.caller, "-n", node_name(self.name), "-a", call],
            # It finds the node's cookie in its home, where no list of processes shows it.
            env={"ERL_EPMD_PORT": str(self.ports.names), "HOME": str(self.storage)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_CALL_S_MAX,
            check=False,
        )

    def release(self) -> None:
        """No process, no port and no data of it is left; the log stays."""
        super().release()
        if self._names is not None:
            self._names.close()
            self._names = None

    def _write(self, files: NodeFiles) -> None:
        plugins = self._rabbitmq.server / "plugins"
        link_plugins(plugins, PLUGINS, files.plugins)
        files.server.symlink_to(self._rabbitmq.server)
        files.configuration.write_text(
            configuration(self.ports, self.password, self._plan.overrides)
        )
        files.advanced.write_text(advanced_configuration())
        files.enabled_plugins.write_text(enabled_plugins())
        files.no_environment_file.touch()
        files.cookie.write_text(secrets.token_hex(20))
        files.cookie.chmod(0o400)


def _answers(port: int) -> bool:
    """It greets as AMQP 0-9-1 has it: with a method, Connection.Start."""
    try:
        with socket.create_connection((HOST, port), timeout=_ANSWER_S_MAX) as connection:
            connection.sendall(_AMQP_HEADER)
            return connection.recv(1) == _METHOD_FRAME
    except OSError:
        return False
