"""A broker that somebody else runs: its nodes are left alone, its links lead through us."""

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from deliverycheck.brokers.broker import BrokerError, Capability, Death, Endpoint, Slot
from deliverycheck.brokers.node import loopback
from deliverycheck.brokers.ports import PortBlock, PortsError
from deliverycheck.brokers.relay import Relay, Serve


class NotOurs:
    """What external backends have in common (see `Broker` for what each method promises)."""

    backend = "external"

    def __init__(self, where: str, *, slots: int) -> None:
        """Nothing is asked yet, and no port is taken."""
        self._where = where
        self._slots_wanted = slots
        self._slots: tuple[Slot, ...] = ()
        self._block: PortBlock | None = None
        self._relay: Relay | None = None

    def kill(self, node: str) -> Mapping[str, int]:
        self._refuse("kill", node)

    def pause(self, node: str) -> Mapping[str, int]:
        self._refuse("pause", node)

    def resume(self, node: str) -> Mapping[str, int]:
        self._refuse("resume", node)

    def restart(self, node: str) -> Mapping[str, int]:
        self._refuse("restart", node)

    def died(self) -> Death | None:
        return None

    def slots(self) -> tuple[Slot, ...]:
        return self._slots

    def own_slots(self) -> Mapping[str, tuple[Slot, ...]]:
        return {}

    def deviations(self) -> tuple[str, ...]:
        return ()

    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.LINKS}) if self._slots else frozenset()

    def logs(self) -> tuple[Path, ...]:
        return ()

    def _open_links(self, direct: Endpoint, serve: Serve) -> None:
        """Link slots lead to the broker and back: by a listener of ours its ends are seen."""
        try:
            self._block = PortBlock.lease()
            ports = self._block.take(2 * self._slots_wanted)
            self._slots = tuple(
                Slot(name=f"slot{index}", listener=loopback(listener), advertised=loopback(proxy))
                for index, (listener, proxy) in enumerate(zip(ports[::2], ports[1::2], strict=True))
            )
            self._relay = Relay(self._slots, direct, serve)
            self._relay.start()
        except (PortsError, OSError) as error:
            message = f"no link slots to {self._where}: {error}"
            raise BrokerError(message) from error

    def _close_links(self) -> None:
        if self._relay is not None:
            self._relay.stop()
            self._relay = None
        if self._block is not None:
            self._block.close()
            self._block = None
        self._slots = ()

    def _refuse(self, verb: str, node: str) -> NoReturn:
        message = f"cannot {verb} {node}: the broker at {self._where} is not ours"
        raise BrokerError(message)
