"""The proxy server in a container, on the network of the broker that it stands before."""

from dataclasses import replace
from pathlib import Path

from testcontainers.core.container import DockerContainer

from deliverycheck.brokers.broker import Endpoint, Slot
from deliverycheck.brokers.containers.node import (
    EVERYWHERE,
    ContainerNode,
    Image,
    Program,
    new_container,
    remove,
    started,
)
from deliverycheck.brokers.node import Running
from faults.toxiproxy import ENVIRONMENT, ProxyServer

_ALIAS = "toxiproxy"


class ToxiproxyContainer(ProxyServer):
    """Toxiproxy as a container; its proxies' ports are published under the same numbers."""

    def __init__(
        self, image: Image, *, slots: tuple[Slot, ...], folder: Path, node: ContainerNode
    ) -> None:
        """Nothing is made; the node is there."""
        super().__init__(str(image), slots=slots, folder=folder)
        self._image = image
        self._node = node
        self._container: DockerContainer | None = None

    def stop(self) -> None:
        """No container and no port of it is left; the log stays."""
        container, self._container, self._child = self._container, None, None
        try:
            if container is not None:
                remove(container)
        finally:
            super().stop()

    def _begun(self, endpoint: Endpoint) -> Running:
        program = Program(
            words=("-host", EVERYWHERE, "-port", str(endpoint.port)),
            environment=ENVIRONMENT,
            published=(endpoint.port, *(slot.advertised.port for slot in self.slots)),
        )
        self._container = new_container(
            self._image, program, self._node.network, _ALIAS, self._node.labels
        )
        return started(self._container, self.log)

    def _seen_from_inside(self) -> tuple[Slot, ...]:
        return tuple(
            replace(slot, advertised=replace(slot.advertised, host=EVERYWHERE))
            for slot in self.slots
        )

    def _require_own_ports(self) -> None:
        """The engine refuses to start a container that publishes a port which is taken."""
