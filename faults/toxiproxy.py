"""The proxy server: one process, one proxy per link slot."""

from abc import ABC, abstractmethod
from pathlib import Path

from deliverycheck.brokers.broker import BrokerError, Endpoint, Slot
from deliverycheck.brokers.guardian import Guardian
from deliverycheck.brokers.node import HOST, Running
from deliverycheck.brokers.ports import PortBlock, PortsError, pids_behind
from deliverycheck.brokers.processes import Child, ProcessError, exit_text, wait_until
from faults.errors import FaultError, ToxiproxyStartError, ToxiproxyUnreachableError
from faults.wrapper import ToxiproxyClient

# At level info each connection is a line, at warn each one that a fault breaks: 10^6 in a night.
ENVIRONMENT = {"LOG_LEVEL": "error"}
# 10 s: up in 17 to 80 ms; the binary may come from a cold disk.
_START_S_MAX = 10.0
_POLL_S = 0.005


class ProxyServer(ABC):
    """Toxiproxy in front of a broker's slots, wherever it runs; each proxy has its slot's name."""

    def __init__(self, name: str, *, slots: tuple[Slot, ...], folder: Path) -> None:
        """Nothing is started."""
        self.slots = slots
        self.log = folder / "toxiproxy.log"
        self._name = name
        self._block: PortBlock | None = None
        self._child: Running | None = None
        self._client: ToxiproxyClient | None = None

    @property
    def client(self) -> ToxiproxyClient:
        """For calls while the server is up."""
        if self._client is None:
            message = "Toxiproxy was not started"
            raise ToxiproxyUnreachableError(message)
        return self._client

    def start(self) -> None:
        """Every slot's advertised address leads through a proxy to the broker.

        Raises:
            ToxiproxyStartError: it did not come up, or an address belongs to another process.
        """
        self.stop()
        try:
            self._block = PortBlock.lease()
            self.log.parent.mkdir(parents=True, exist_ok=True)
            endpoint = Endpoint(host=HOST, port=self._block.take(1)[0])
            self._child = self._begun(endpoint)
            self._client = ToxiproxyClient(endpoint, self.died)
            self._await_up()
            self.client.populate(self._seen_from_inside())
            self._require_own_ports()
        except (FaultError, PortsError, ProcessError, BrokerError) as error:
            words = self._words()
            self.stop()
            message = f"Toxiproxy {self._name} did not start: {error}{words}"
            raise ToxiproxyStartError(message) from error

    def stop(self) -> None:
        """No process and no port of it is left; the log stays."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._child is not None:
            self._child.kill()
            self._child = None
        if self._block is not None:
            self._block.close()
            self._block = None

    def died(self) -> str | None:
        """How its process ended, if it did by itself, with the end of its log."""
        code = self._child.exit_code() if self._child is not None else None
        return None if code is None else f"is gone ({exit_text(code)}){self._words()}"

    def pid(self) -> int | None:
        """Of its process."""
        return None if self._child is None else self._child.pid

    def version(self) -> str:
        """As the running server tells it."""
        return self.client.version()

    @abstractmethod
    def _begun(self, endpoint: Endpoint) -> Running:
        """The server runs, and will answer at this endpoint."""

    def _seen_from_inside(self) -> tuple[Slot, ...]:
        """The slots, with the addresses at which the server itself listens."""
        return self.slots

    @abstractmethod
    def _require_own_ports(self) -> None:
        """Raises if another process has one of its ports."""

    def _await_up(self) -> None:
        """It answers; if it never does, the last attempt's error is raised."""

        def answers() -> bool:
            try:
                self.client.version()
            except ToxiproxyUnreachableError:
                return self.died() is not None
            return True

        wait_until(answers, timeout_s=_START_S_MAX, poll_s=_POLL_S)
        self.client.version()

    def _words(self) -> str:
        lines = self._child.last_lines() if self._child is not None else ()
        return f"; the end of {self.log}:" + "".join(f"\n    {line}" for line in lines or ["-"])


class Toxiproxy(ProxyServer):
    """Toxiproxy as a child process."""

    def __init__(
        self, executable: Path, *, slots: tuple[Slot, ...], folder: Path, guardian: Guardian
    ) -> None:
        """Nothing is started."""
        super().__init__(str(executable), slots=slots, folder=folder)
        self._executable = executable
        self._guardian = guardian

    def _begun(self, endpoint: Endpoint) -> Running:
        return Child.spawn(
            [str(self._executable), "-host", endpoint.host, "-port", str(endpoint.port)],
            log=self.log,
            guardian=self._guardian,
            environment=ENVIRONMENT,
        )

    def _require_own_ports(self) -> None:
        """A proxy that another harness left would answer as well, and lead elsewhere."""
        ports = [slot.advertised.port for slot in self.slots]
        pid = self.pid() or 0
        for port, owner in pids_behind(ports, likely=(pid,)).items():
            if owner != pid:
                message = f"port {port} belongs to pid {owner}, not to Toxiproxy (pid {pid})"
                raise ToxiproxyStartError(message)
