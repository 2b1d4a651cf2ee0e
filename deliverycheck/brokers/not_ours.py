"""A broker that somebody else runs: its nodes are left alone, its links lead through us."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from deliverycheck.brokers.broker import BrokerError, Capability, Death, Endpoint, Slot
from deliverycheck.brokers.ports import PortBlock, PortsError
from deliverycheck.brokers.relay import Relay, Serve, link_slots, own_way


class NotOurs:
    """What external backends have in common (see `Broker` for what each method promises)."""

    backend = "external"

    def __init__(self, where: str, *, slots: int) -> None:
        """Nothing is asked yet, and no port is taken."""
        self._where = where
        self._slots_wanted = slots
        self._slots: tuple[Slot, ...] = ()
        self._block: PortBlock | None = None
        self._relays: list[Relay] = []

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

    def _open_links(
        self, broker: Endpoint, serve: Serve, *more: Endpoint, tls: ssl.SSLContext | None = None
    ) -> tuple[Endpoint, ...]:
        """Link slots lead to the broker and back: by a listener of ours its ends are seen.

        Returns:
            ways of the harness's own by the same relays, before which stands no proxy: to the
            broker and to each of `more`.
        """
        try:
            self._block = PortBlock.lease()
            ports = self._block.take(1 + len(more) + 2 * self._slots_wanted)
            own, *others = (own_way(port) for port in ports[: 1 + len(more)])
            self._slots = link_slots(ports[1 + len(more) :])
            self._lead((own, *self._slots), broker, serve, tls)
            for way, endpoint in zip(others, more, strict=True):
                self._lead((way,), endpoint, serve, tls)
        except (PortsError, OSError) as error:
            message = f"no link slots to {self._where}: {error}"
            raise BrokerError(message) from error
        return tuple(way.listener for way in (own, *others))

    def _lead(
        self, slots: tuple[Slot, ...], to: Endpoint, serve: Serve, tls: ssl.SSLContext | None
    ) -> None:
        self._relays.append(Relay(slots, to, serve, tls=tls))
        self._relays[-1].start()

    def _close_links(self) -> None:
        for relay in self._relays:
            relay.stop()
        self._relays.clear()
        if self._block is not None:
            self._block.close()
            self._block = None
        self._slots = ()

    def _refuse(self, verb: str, node: str) -> NoReturn:
        message = f"cannot {verb} {node}: the broker at {self._where} is not ours"
        raise BrokerError(message)
