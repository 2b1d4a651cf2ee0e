"""A node of a broker: started, killed, asked how it fares; as a child process, its ports too."""

import re
import shutil
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Protocol

from deliverycheck.brokers.broker import BrokerError, Death, DeathCause, Endpoint
from deliverycheck.brokers.guardian import Guardian
from deliverycheck.brokers.ports import PortBlock, PortsError, pids_behind
from deliverycheck.brokers.processes import Child, ProcessError, exit_text, wait_until
from deliverycheck.brokers.storage import new_storage

HOST = "127.0.0.1"
NODE = "b1"
"""The only node of a broker of ours, as plans name it."""

_LISTEN_POLL_S = 0.01
_KILLED_CODE = -9
_LOG_LINES = 400
_SHOWN_LINES = 5


class PortTakenError(BrokerError):
    """The node ended because a port of its was taken between the check and the start."""


class Running(Protocol):
    """What a node is while it runs: a child process, or a container."""

    pid: int

    def exit_code(self) -> int | None:
        """How it ended, a signal as a negative number; ``None`` while it lives."""

    def kill(self) -> int:
        """SIGKILL, which also ends what is stopped; returns how it ended."""

    def pause(self) -> None:
        """Every thread of it has stopped."""

    def resume(self) -> None:
        """It runs again."""

    def last_lines(self, count: int = 5) -> tuple[str, ...]:
        """The end of what it printed itself."""


class Node:
    """A node that can be killed and started again on its old data and ports.

    Attributes:
        log: what it prints.
        signs: what its log says when it dies for want of memory or disk.
        out_of_memory_codes: how it ends without memory; SIGKILL is always one of them.
        port_taken: what its log says when another has a port of its, a word of each.
        noise: the beginning of lines that say nothing to who runs a broker.
    """

    signs: ClassVar[Mapping[DeathCause, Sequence[str]]] = {}
    out_of_memory_codes: frozenset[int] = frozenset()
    port_taken: tuple[str, ...] = ("Address already in use",)
    noise: ClassVar[re.Pattern[str]] = re.compile(r"\s*$")

    def __init__(self, name: str, *, folder: Path) -> None:
        """Nothing is written or started."""
        self.name = name
        self.log = folder / f"{name}.log"
        self._folder = folder
        self._block: PortBlock | None = None
        self._child: Running | None = None
        self._killed = False

    def require_alive(self) -> None:
        """Raises if the program has ended."""
        if self._child is None:
            message = f"{self.name} was not started"
            raise BrokerError(message)
        code = self._child.exit_code()
        if code is None:
            return
        said = "\n".join(self._child.last_lines(_LOG_LINES))
        kind = PortTakenError if any(sign in said for sign in self.port_taken) else BrokerError
        raise kind(self.complaint(f"is gone ({exit_text(code)})"))

    def died(self) -> Death | None:
        """How it ended, if it did and nobody killed it."""
        child = None if self._killed else self._child
        code = None if child is None else child.exit_code()
        if child is None or code is None:
            return None
        cause = self.cause_of_death(code, child.last_lines(_LOG_LINES))
        words = "" if cause is DeathCause.ITSELF else f", {cause.replace('_', ' ')}"
        text = self.complaint(f"died by itself ({exit_text(code)}{words})")
        return Death(node=self.name, cause=cause, text=text)

    @classmethod
    def cause_of_death(cls, exit_code: int, log_lines: Sequence[str]) -> DeathCause:
        """Why it ended by itself, from its exit code and the end of its log."""
        text = "\n".join(log_lines)
        for cause, signs in cls.signs.items():
            if any(sign in text for sign in signs):
                return cause
        # SIGKILL from outside, which we did not send: the kernel's out-of-memory killer.
        out_of_memory = exit_code == _KILLED_CODE or exit_code in cls.out_of_memory_codes
        return DeathCause.OUT_OF_MEMORY if out_of_memory else DeathCause.ITSELF

    def kill(self) -> dict[str, int]:
        """SIGKILL; evidence: the pid that was and how it ended."""
        child = self._living("kill")
        self._killed = True
        return {"pid": child.pid, "exit_code": child.kill()}

    def pause(self) -> dict[str, int]:
        """Every thread of it has stopped.

        Raises:
            BrokerError: it did not obey.
        """
        return self._signalled("pause", lambda child: child.pause())

    def resume(self) -> dict[str, int]:
        """It runs again.

        Raises:
            BrokerError: it did not obey.
        """
        return self._signalled("resume", lambda child: child.resume())

    def release(self) -> None:
        """No process and no port of it is left; the log stays."""
        if self._child is not None:
            self._killed = True
            self._child.kill()
            self._child = None
        if self._block is not None:
            self._block.close()
            self._block = None

    def complaint(self, what: str) -> str:
        """What is wrong with the node, and where the evidence lies."""
        logged = () if self._child is None else self._child.last_lines(_LOG_LINES)
        # What failed stands above its stack trace, which says nothing to who runs a broker.
        said = [line for line in logged if not self.noise.match(line)]
        lines = "".join(f"\n    {line}" for line in said[-_SHOWN_LINES:])
        return f"{self.name} {what}; the end of {self.log}:{lines or ' (empty)'}"

    def _new_ports(self, count: int) -> tuple[int, ...]:
        """Ports of our own, and a folder for the log; what was before is released.

        The new ports are leased before the old ones are given back, so they differ.

        Raises:
            BrokerError: no ports or no room for a folder.
        """
        try:
            block = PortBlock.lease()
            self.release()
            self._block = block
            self._folder.mkdir(parents=True, exist_ok=True)
            return self._block.take(count)
        except PortsError as error:
            raise BrokerError(str(error)) from error
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> BrokerError:
        return BrokerError(f"{self.name}: cannot write its folder {self._folder}: {error}")

    def _await(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        """It came true while the node lives.

        Raises:
            BrokerError: the node is gone, or `what` is said of it after the time.
        """

        def over() -> bool:
            self.require_alive()
            return condition()

        if not wait_until(over, timeout_s=timeout_s, poll_s=_LISTEN_POLL_S):
            raise BrokerError(self.complaint(f"{what} {timeout_s:.0f} s after its start"))

    def _living(self, verb: str) -> Running:
        if self._child is None or self._killed:
            message = f"cannot {verb} {self.name}: it is not running"
            raise BrokerError(message)
        self.require_alive()
        return self._child

    def _signalled(self, verb: str, signal: Callable[[Running], None]) -> dict[str, int]:
        child = self._living(verb)
        try:
            signal(child)
        except ProcessError as error:
            raise BrokerError(self.complaint(str(error))) from error
        return {"pid": child.pid}


class ProcessNode(Node):
    """A node as a child process.

    Attributes:
        storage: its data; ``None`` before `prepare` and after `release`.
    """

    def __init__(self, name: str, *, folder: Path, guardian: Guardian) -> None:
        """Nothing is written or started."""
        super().__init__(name, folder=folder)
        self.storage: Path | None = None
        self._guardian = guardian

    def release(self) -> None:
        """No process, no port and no data of it is left; the log stays."""
        super().release()
        if self.storage is not None:
            shutil.rmtree(self.storage)
            self.storage = None

    def _new_place(self, count: int) -> tuple[Path, tuple[int, ...]]:
        """An empty folder for data, and ports of our own, as `_new_ports` has them.

        Raises:
            BrokerError: no ports or no room for a folder.
        """
        ports = self._new_ports(count)
        try:
            self.storage = new_storage(self._guardian)
        except OSError as error:
            raise self._unwritable(error) from error
        return self.storage, ports

    def _run(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
        """The program runs; nothing is awaited. Returns its pid."""
        if self._child is not None and self._child.exit_code() is None:
            message = f"cannot start {self.name}: it runs already, as pid {self._child.pid}"
            raise BrokerError(message)
        try:
            self._child = Child.spawn(
                command, log=self.log, guardian=self._guardian, environment=environment
            )
        except ProcessError as error:
            message = f"{self.name}: {error}; run `deliverycheck doctor`"
            raise BrokerError(message) from error
        self._killed = False
        return self._child.pid

    def _require_own_ports(self, ports: Sequence[int]) -> None:
        """A broker that another harness left would answer as well, and look healthy."""
        pid = self._child.pid if self._child is not None else 0
        for port, owner in pids_behind(ports, likely=(pid,)).items():
            if owner != pid:
                what = f"(pid {pid}) does not own its port {port}: pid {owner} listens there"
                raise BrokerError(self.complaint(what))


def loopback(port: int) -> Endpoint:
    """The port on this machine."""
    return Endpoint(host=HOST, port=port)


def accepts(port: int) -> bool:
    """Somebody listens on the loopback port."""
    try:
        socket.create_connection((HOST, port), timeout=1.0).close()
    except OSError:
        return False
    return True
