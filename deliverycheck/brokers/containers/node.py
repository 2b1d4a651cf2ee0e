"""A node of a broker in a container: its network, its published ports, its log."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker.errors
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from deliverycheck.brokers.broker import BrokerError
from deliverycheck.brokers.containers.child import ContainerChild
from deliverycheck.brokers.containers.cleaner import cleaner_command
from deliverycheck.brokers.containers.engine import Engine, asking
from deliverycheck.brokers.containers.images import is_here
from deliverycheck.brokers.containers.owner import labels
from deliverycheck.brokers.containers.shell import ContainerShell
from deliverycheck.brokers.guardian import Guardian
from deliverycheck.brokers.node import HOST, NODE, Node
from deliverycheck.brokers.ports import connections_to

EVERYWHERE = "0.0.0.0"  # noqa: S104  # Inside its container; published on loopback alone.
FILES = Path("/tmp/deliverycheck")  # noqa: S108  # In a container of our own, whoever its user is.
DATA = Path("/tmp/deliverycheck-data")  # noqa: S108  # As above.
_SOCKETS = "cat /proc/net/tcp /proc/net/tcp6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What a container is made of.

    Attributes:
        digest: tells it from others of the same name.
    """

    name: str
    digest: str

    def __str__(self) -> str:
        """As headers tell it; of the digest, what is unlikely to be another's."""
        return f"image {self.name} {self.digest[:19]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerPlan:
    """What a node in a container is made of.

    Attributes:
        folder: where its log lies; its data lie in the container.
        slots: how many link slots it has.
        overrides: settings of the broker's own that win over ours.
    """

    folder: Path
    slots: int
    image: Image
    overrides: Mapping[str, str] = field(default_factory=dict)

    @property
    def campaign(self) -> str:
        """The name of the campaign in whose folder it has its own."""
        return self.folder.resolve().parent.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What runs in a container.

    Attributes:
        script: for its shell; its last command is the node itself. Without one, the image's own
            program runs.
        words: for the image's own program.
        files: by their path.
        published: ports that are the same inside and on the loopback address.
    """

    script: str = ""
    words: Sequence[str] = ()
    files: Mapping[Path, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    published: Sequence[int] = ()


class ContainerNode(Node):
    """A node as a container of its own, on a network of its own.

    Its ports survive a kill: they are ours, and published under the same number.
    """

    def __init__(self, plan: ContainerPlan, engine: Engine, guardian: Guardian) -> None:
        """Nothing is made."""
        super().__init__(NODE, folder=plan.folder)
        self._plan = plan
        self._engine = engine
        self._guardian = guardian
        self._cleaner = cleaner_command(guardian.marker)
        self.labels = labels(guardian.marker, plan.campaign)
        self._network: Network | None = None
        self._container: DockerContainer | None = None
        self._shell: ContainerShell | None = None

    @property
    def network(self) -> Network:
        """The one that its proxies share with it."""
        if self._network is None:
            message = f"{self.name} was not prepared"
            raise BrokerError(message)
        return self._network

    def release(self) -> None:
        """No container, no network and no port of it is left; the log stays."""
        self._killed = True
        if self._shell is not None:
            self._shell.close()
            self._shell = None
        container, self._container, self._child = self._container, None, None
        network, self._network = self._network, None
        try:
            if container is not None:
                remove(container)
            if network is not None:
                with asking(f"remove the network of {self.name}"):
                    _remove_network(network)
                self._guardian.forget_cleaner(self._cleaner)
        finally:
            if network is not None:
                network._docker.client.close()  # noqa: SLF001  # It keeps connections otherwise.
            super().release()

    def connections_to(self, *ports: int) -> int:
        """How many ends of connections inside may still bring bytes to these ports."""
        if self._shell is None or self._child is None or self._child.exit_code() is not None:
            return 0
        return connections_to(*ports, tables=(self._shell.ask(_SOCKETS),))

    def tell(self, command: str) -> str:
        """What a command prints inside."""
        if self._shell is None:
            message = f"{self.name} was not started"
            raise BrokerError(message)
        return self._shell.ask(command)

    def published(self) -> frozenset[tuple[str, int]]:
        """The addresses of this machine that lead to it."""
        wrapped = self._wrapped()
        wrapped.reload()
        found = (one for many in wrapped.ports.values() for one in many or ())
        return frozenset((one["HostIp"], int(one["HostPort"])) for one in found)

    def isolate(self) -> dict[str, int]:
        """It is on no network: nothing comes in, nothing goes out, its connections stay open."""
        child = self._living("isolate")
        with asking(f"disconnect {self.name}"):
            network: Any = self.network._unwrap_network  # noqa: SLF001  # It has no other way.
            network.disconnect(self._wrapped())
        return {"pid": child.pid}

    def rejoin(self) -> dict[str, int]:
        """It is on its network again, by its own name."""
        child = self._living("rejoin")
        with asking(f"connect {self.name}"):
            self.network.connect(str(self._wrapped().id), [self.name])
        return {"pid": child.pid}

    def _new_network(self, count: int) -> tuple[int, ...]:
        """A network and ports of our own; what was before is released."""
        ports = self._new_ports(count)
        use_reaper_if_here(self._engine)
        self._guardian.clean_with(self._cleaner)
        network = Network(docker_network_kw={"labels": self.labels})
        with asking(f"make a network for {self.name}"):
            self._network = network.create()
        return ports

    def _run(self, program: Program) -> int:
        """A new container runs the program; nothing is awaited. Returns its pid."""
        container = self._container = new_container(
            self._plan.image, program, self.network, self.name, self.labels
        )
        self._child = started(container, self.log)
        self._killed = False
        self._shell = ContainerShell(self._wrapped())
        return self._child.pid

    def _run_again(self, files: Mapping[Path, str]) -> int:
        """The killed container runs again, with what it wrote, and with these files."""
        if self._child is not None and not self._killed:
            message = f"cannot start {self.name}: it runs already"
            raise BrokerError(message)
        wrapped = self._wrapped()
        with asking(f"start {self.name}"):
            for path, text in files.items():
                if self._container is not None:
                    self._container.copy_into_container(text.encode(), str(path))
        self._child = ContainerChild.begun(wrapped, self.log, wrapped.start)
        self._killed = False
        if self._shell is not None:
            self._shell.close()
        return self._child.pid

    def _wrapped(self) -> Any:  # noqa: ANN401  # docker-py's, without types.
        if self._container is None:
            message = f"{self.name} was not started"
            raise BrokerError(message)
        return self._container.get_wrapped_container()


def new_container(
    image: Image, program: Program, network: Network, alias: str, carried: Mapping[str, str]
) -> DockerContainer:
    """Nothing is made yet; by testcontainers, so that its reaper knows of it."""
    container = DockerContainer(image.name).with_network(network).with_network_aliases(alias)
    container.image = image.name  # It was named with the prefix for mirrors, if there is one.
    shell = {"entrypoint": ["/bin/sh", "-c", program.script]} if program.script else {}
    container.with_kwargs(labels=dict(carried), **shell)
    container.with_command(list(program.words))
    container.with_envs(**program.environment)
    for path, text in program.files.items():
        container.with_copy_into_container(text.encode(), str(path))
    for port in program.published:
        # testcontainers knows no address here; without one it is open to everybody.
        container.ports[f"{port}/tcp"] = (HOST, port)  # type: ignore[assignment]
    return container


def started(container: DockerContainer, log: Path) -> ContainerChild:
    """It runs for the first time.

    Raises:
        PortTakenError, BrokerError: it does not; what was made of it is there, to be removed.
    """
    with asking("start a container"):
        container.start()
        wrapped: Any = container.get_wrapped_container()
        output = wrapped.attach(stdout=True, stderr=True, stream=True, logs=True)
        log_start = log.stat().st_size if log.exists() else 0
        return ContainerChild(wrapped, log, log_start, output)


def remove(container: DockerContainer) -> None:
    """Nothing of it is left, nor of its volumes; who removed it before us is fine."""
    try:
        with asking("remove a container"), suppress(docker.errors.NotFound):
            container.stop(force=True, delete_volume=True)
    finally:
        container.get_docker_client().client.close()  # As of a network.


def _remove_network(network: Network) -> None:
    """It is gone, whoever is still on it, such as a proxy that is stopped after its broker."""
    wrapped: Any = network._unwrap_network  # noqa: SLF001  # It has no other way.
    wrapped.reload()
    for container in wrapped.containers:
        wrapped.disconnect(container, force=True)
    wrapped.remove()


def use_reaper_if_here(engine: Engine) -> None:
    """The clean-up of testcontainers is on where its image is; it would pull it without asking."""
    if not is_here(engine, testcontainers_config.ryuk_image):
        testcontainers_config.ryuk_disabled = True
