"""One combined KRaft node as a plain child process: its folder, ports, process and log."""

import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deliverycheck.brokers.broker import BrokerError, Death, DeathCause, Endpoint
from deliverycheck.brokers.guardian import Guardian
from deliverycheck.brokers.kafka_properties import (
    AFTER_A_KILL,
    BrokerPorts,
    SlotPorts,
    render,
)
from deliverycheck.brokers.ports import PortBlock, PortsError, pids_behind
from deliverycheck.brokers.processes import (
    Child,
    ProcessError,
    exit_text,
    wait_until,
)
from deliverycheck.brokers.provision import KafkaDistribution
from deliverycheck.brokers.storage import new_storage

HOST = "127.0.0.1"
_NODE_PORTS = 3
_LISTEN_POLL_S = 0.01
# -XX:+ExitOnOutOfMemoryError ends the JVM with this code.
_OUT_OF_MEMORY_CODE = 3
_PORT_TAKEN = "Address already in use"
_SIGNS = {
    DeathCause.OUT_OF_MEMORY: ("OutOfMemoryError", "insufficient memory for the Java Runtime"),
    DeathCause.DISK_FULL: ("No space left on device", "Disk quota exceeded", "File too large"),
}
_LOG_LINES = 400
_SHOWN_LINES = 5
_STACK_TRACE = ("at ", "... ")


class PortTakenError(BrokerError):
    """The node ended because a port of its was taken between the check and the start."""


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


class KafkaNode:
    """A node that can be started, killed, and started again on its old data and ports."""

    def __init__(self, plan: NodePlan, kafka: KafkaDistribution, guardian: Guardian) -> None:
        """Nothing is written or started."""
        self.name = plan.name
        self.log = plan.folder / f"{plan.name}.log"
        self.storage: Path | None = None
        self.ports = BrokerPorts(internal=0, controller=0, direct=0)
        self._plan = plan
        self._kafka = kafka
        self._guardian = guardian
        # Absolute: the program runs in the folder of its log.
        self._properties = plan.folder.absolute() / f"{plan.name}.properties"
        self._block: PortBlock | None = None
        self._child: Child | None = None
        self._killed = False

    def prepare(self) -> None:
        """A formatted data folder and a properties file with ports of our own are there.

        The new ports are leased before the old ones are given back, so they differ.
        """
        try:
            block = PortBlock.lease()
            self.release()
            self._block = block
            slots = self._plan.slots
            internal, controller, direct, *rest = self._block.take(_NODE_PORTS + 2 * slots)
            listeners, advertised = rest[:slots], rest[slots:]
            self.ports = BrokerPorts(
                internal=internal,
                controller=controller,
                direct=direct,
                slots=tuple(
                    SlotPorts(listener=each, advertised=other)
                    for each, other in zip(listeners, advertised, strict=True)
                ),
            )
            self._plan.folder.mkdir(parents=True, exist_ok=True)
            data = self.storage = new_storage(self._guardian)
            shutil.copytree(self._kafka.template, data, dirs_exist_ok=True)
            self._write_properties(data, {})
        except PortsError as error:
            raise BrokerError(str(error)) from error
        except (OSError, shutil.Error) as error:
            message = f"{self.name}: cannot write its folder {self._plan.folder}: {error}"
            raise BrokerError(message) from error

    def _write_properties(self, data: Path, settings: Mapping[str, str]) -> None:
        """The subject's own win."""
        self._properties.write_text(render(data, self.ports, {**settings, **self._plan.overrides}))

    def spawn(self) -> int:
        """The program runs; nothing is awaited. Returns its pid."""
        if self._child is not None and self._child.exit_code() is None:
            message = f"cannot start {self.name}: it runs already, as pid {self._child.pid}"
            raise BrokerError(message)
        try:
            self._child = Child.spawn(
                self._kafka.command(self._properties), log=self.log, guardian=self._guardian
            )
        except ProcessError as error:
            message = f"{self.name}: {error}; run `deliverycheck doctor`"
            raise BrokerError(message) from error
        self._killed = False
        return self._child.pid

    def await_listening(self, timeout_s: float) -> None:
        """The direct port accepts, and every port of the node belongs to its process."""

        def over() -> bool:
            self.require_alive()
            return _accepts(self.ports.direct)

        if not wait_until(over, timeout_s=timeout_s, poll_s=_LISTEN_POLL_S):
            what = (
                f"does not listen on {HOST}:{self.ports.direct} {timeout_s:.0f} s after its start"
            )
            raise BrokerError(self.complaint(what))
        self._require_own_ports()

    def require_alive(self) -> None:
        """Raises if the program has ended."""
        if self._child is None:
            message = f"{self.name} was not started"
            raise BrokerError(message)
        code = self._child.exit_code()
        if code is None:
            return
        taken = any(_PORT_TAKEN in line for line in self._child.last_lines(_LOG_LINES))
        kind = PortTakenError if taken else BrokerError
        raise kind(self.complaint(f"is gone ({exit_text(code)})"))

    def died(self) -> Death | None:
        """How it ended, if it did and nobody killed it."""
        child = None if self._killed else self._child
        code = None if child is None else child.exit_code()
        if child is None or code is None:
            return None
        cause = cause_of_death(code, child.last_lines(_LOG_LINES))
        words = "" if cause is DeathCause.ITSELF else f", {cause.replace('_', ' ')}"
        text = self.complaint(f"died by itself ({exit_text(code)}{words})")
        return Death(node=self.name, cause=cause, text=text)

    def kill(self) -> dict[str, int]:
        """SIGKILL; evidence: the pid that was and how it ended."""
        child = self._living("kill")
        self._killed = True
        evidence = {"pid": child.pid, "exit_code": child.kill()}
        if self.storage is not None:
            self._write_properties(self.storage, AFTER_A_KILL)
        return evidence

    def pause(self) -> dict[str, int]:
        """Every thread of it has stopped."""
        child = self._living("pause")
        child.pause()
        return {"pid": child.pid}

    def resume(self) -> dict[str, int]:
        """It runs again."""
        child = self._living("resume")
        child.resume()
        return {"pid": child.pid}

    def release(self) -> None:
        """No process, no port and no data of it is left; the log stays."""
        if self._child is not None:
            self._killed = True
            self._child.kill()
            self._child = None
        if self._block is not None:
            self._block.close()
            self._block = None
        if self.storage is not None:
            shutil.rmtree(self.storage)
            self.storage = None

    def complaint(self, what: str) -> str:
        """What is wrong with the node, and where the evidence lies."""
        logged = () if self._child is None else self._child.last_lines(_LOG_LINES)
        # What failed stands above its stack trace, which says nothing to who runs a broker.
        said = [line for line in logged if not line.lstrip().startswith(_STACK_TRACE)][
            -_SHOWN_LINES:
        ]
        lines = "".join(f"\n    {line}" for line in said)
        return f"{self.name} {what}; the end of {self.log}:{lines or ' (empty)'}"

    def _living(self, verb: str) -> Child:
        if self._child is None or self._killed:
            message = f"cannot {verb} {self.name}: it is not running"
            raise BrokerError(message)
        self.require_alive()
        return self._child

    def _require_own_ports(self) -> None:
        """A broker that another harness left would answer as well, and look healthy."""
        pid = self._child.pid if self._child is not None else 0
        ports = (self.ports.direct, *(slot.listener for slot in self.ports.slots))
        owners = pids_behind(ports, likely=(pid,))
        for port, owner in owners.items():
            if owner != pid:
                what = f"(pid {pid}) does not own its port {port}: pid {owner} listens there"
                raise BrokerError(self.complaint(what))


def cause_of_death(exit_code: int, log_lines: tuple[str, ...]) -> DeathCause:
    """Why a node ended by itself, from its exit code and the end of its log."""
    text = "\n".join(log_lines)
    for cause, signs in _SIGNS.items():
        if any(sign in text for sign in signs):
            return cause
    # SIGKILL from outside, which we did not send: the kernel's out-of-memory killer.
    out_of_memory = exit_code in {_OUT_OF_MEMORY_CODE, -9}
    return DeathCause.OUT_OF_MEMORY if out_of_memory else DeathCause.ITSELF


def loopback(port: int) -> Endpoint:
    """The port on this machine."""
    return Endpoint(host=HOST, port=port)


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1.0).close()
    except OSError:
        return False
    return True
