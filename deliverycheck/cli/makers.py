"""How the broker of each system is made: a further system is a further entry."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version as version_of_package
from pathlib import Path
from typing import TYPE_CHECKING

import confluent_kafka

from deliverycheck.brokers import (
    Broker,
    Guardian,
    KafkaExternal,
    KafkaProcess,
    RabbitExternal,
    RabbitProcess,
)
from deliverycheck.brokers.credentials import NO_CREDENTIALS, Credentials
from deliverycheck.brokers.provision import (
    KAFKA_VERSION,
    RABBITMQ_NEWEST,
    ToxiproxyBinary,
    locked_versions,
    proxy_toolchain,
    rabbit_toolchain,
    toolchain,
)
from deliverycheck.cli.backends import Backend
from deliverycheck.cli.systems import UsageError
from deliverycheck.cli.tools import NewBroker, Tools, proxied
from deliverycheck.plans import Setting

if TYPE_CHECKING:
    from faults import ProxyServer

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for.

    Attributes:
        backend: the one that is taken, not ``auto``.
        broker: ``kafka:3.9.2``, another version than the usual one.
        address: of a broker that somebody else runs.
    """

    system: str
    backend: Backend
    broker: str | None = None
    address: str | None = None
    credentials: Credentials = NO_CREDENTIALS


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """One system's brokers.

    Attributes:
        title: the system's name for people.
        usual: the version without one asked for.
        library: the package of the client library that its workers use.
        schemes: what addresses of its brokers begin with, where they have a scheme.
        client: library and version of the workers of our own, as reports name them.
        process: of a way to tell people of progress and a version; fetched if need be.
        external: of an address, a number of slots and credentials, the broker that somebody else
            runs.
        secured: of credentials, what clients need besides their own settings.
        versions: words on which versions there are.
    """

    title: str
    usual: str
    library: str
    schemes: tuple[str, ...]
    client: str
    process: Callable[[Say, str], Tools]
    external: Callable[[str, int, Credentials], KafkaExternal | RabbitExternal]
    secured: Callable[[Credentials], Mapping[str, Setting]]
    versions: Callable[[], str]

    def tools(self, wanted: Wanted, say: Say) -> Tools:
        """What the backend needs is here, fetched if need be; never an image.

        Raises:
            ProvisionError: something cannot be had.
            UsageError: no such version, or one asked for of a broker that runs already.
        """
        version = self.version(wanted.system, wanted.broker)
        if wanted.backend is Backend.CONTAINER:
            from deliverycheck.cli.container_tools import container_tools  # noqa: PLC0415  # 0.3 s to import

            return container_tools(wanted.system, version)
        if wanted.backend is Backend.EXTERNAL:
            return self._external(wanted, say)
        return self.process(say, version)

    def _external(self, wanted: Wanted, say: Say) -> Tools:
        """A proxy of our own before a broker of somebody else, whatever its version is."""
        if wanted.broker is not None:
            msg = (
                f"--broker {wanted.broker!r} says what is started here; {wanted.address} runs "
                "already: leave --broker out, the report tells its version"
            )
            raise UsageError(msg)
        toxiproxy = proxy_toolchain(say)

        def new_broker(folder: Path, guardian: Guardian, slots: int) -> Broker:  # noqa: ARG001  # it has neither logs nor processes
            return self.external(wanted.address or "", slots, wanted.credentials)

        tools = _with_proxy(toxiproxy, new_broker)
        return replace(tools, client_settings=self.secured(wanted.credentials))

    def version(self, system: str, broker: str | None) -> str:
        """The version in ``kafka:3.9.2``, or the usual one.

        Raises:
            UsageError: it is not written so, or names another system.
        """
        if broker is None:
            return self.usual
        name, _, version = broker.partition(":")
        if name != system or not re.fullmatch(r"\d+(\.\d+)*", version):
            msg = (
                f"--broker {broker!r}: expected {system}:VERSION with numbers and dots; "
                f"{self.versions()}"
            )
            raise UsageError(msg)
        return version

    def check_client(self, client: str | None) -> None:
        """Nothing is fetched.

        Raises:
            UsageError: it is a version of another library, which no worker of ours would use.
        """
        library, equals, _ = (client or "").partition("==")
        if equals and library != self.library:
            msg = f"client {client}: those of {self.title} are {self.library}==VERSION"
            raise UsageError(msg)


def system_of_client(client: str) -> str | None:
    """Whose client library ``pika==1.3.2`` is a version of, if it is one of ours."""
    library = client.partition("==")[0]
    return next((name for name, maker in _MAKERS.items() if maker.library == library), None)


def system_of_address(address: str) -> str:
    """Whose broker runs there: by the scheme, and without one the first of all."""
    schemes = ((name, maker.schemes) for name, maker in _MAKERS.items())
    return next((name for name, some in schemes if address.startswith(some)), next(iter(_MAKERS)))


def maker_of(system: str) -> Maker:
    """How brokers of this system are made.

    Raises:
        UsageError: there is no such system.
    """
    if system not in _MAKERS:
        msg = f"no system {system!r}; there are: {', '.join(_MAKERS)}"
        raise UsageError(msg)
    return _MAKERS[system]


def _with_proxy(toxiproxy: ToxiproxyBinary, new_broker: NewBroker) -> Tools:
    """Brokers with proxies that are processes of this machine."""

    def new_proxy(broker: Broker, folder: Path, guardian: Guardian) -> "ProxyServer":
        from faults import Toxiproxy  # noqa: PLC0415  # importable once `content` has said where it lies

        slots = proxied(broker)
        return Toxiproxy(toxiproxy.executable, slots=slots, folder=folder, guardian=guardian)

    name = f"Toxiproxy {toxiproxy.version}"
    return Tools(proxy=name, new_broker=new_broker, new_proxy=new_proxy)


def _kafka(say: Say, version: str) -> Tools:
    tools = toolchain(say, kafka_version=version)

    def new_broker(folder: Path, guardian: Guardian, slots: int) -> Broker:
        return KafkaProcess(tools.kafka, folder=folder, guardian=guardian, slots=slots)

    return _with_proxy(tools.toxiproxy, new_broker)


def _locked_kafkas() -> str:
    return (
        f"such as kafka:{locked_versions()[0]}; locked are: {', '.join(locked_versions())}, any "
        "other is fetched and marked as not locked"
    )


def _rabbitmq(say: Say, version: str) -> Tools:
    tools = rabbit_toolchain(say, version=version)

    def new_broker(folder: Path, guardian: Guardian, slots: int) -> Broker:
        return RabbitProcess(tools.rabbitmq, folder=folder, guardian=guardian, slots=slots)

    return _with_proxy(tools.toxiproxy, new_broker)


_MAKERS = {
    "kafka": Maker(
        title="Kafka",
        usual=KAFKA_VERSION,
        library="confluent-kafka",
        schemes=(),
        client=(
            f"confluent-kafka {confluent_kafka.__version__} "
            f"(librdkafka {confluent_kafka.libversion()[0]})"
        ),
        process=_kafka,
        external=lambda address, slots, credentials: KafkaExternal(
            address, slots=slots, credentials=credentials
        ),
        secured=Credentials.kafka_settings,
        versions=_locked_kafkas,
    ),
    "rabbitmq": Maker(
        title="RabbitMQ",
        usual=RABBITMQ_NEWEST,
        library="pika",
        schemes=("amqp:", "amqps:"),
        client=f"pika {version_of_package('pika')}",
        process=_rabbitmq,
        external=lambda address, slots, credentials: RabbitExternal(
            address, slots=slots, credentials=credentials
        ),
        secured=lambda _: {},  # A namespace's address has the account.
        versions=lambda: "such as rabbitmq:4.0 or rabbitmq:3.10, as the distribution has them",
    ),
}
