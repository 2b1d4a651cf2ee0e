"""How the broker of each system is made: a further system is a further entry."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version as version_of_package
from pathlib import Path

import confluent_kafka

from deliverycheck.brokers import (
    Broker,
    Guardian,
    KafkaExternal,
    KafkaProcess,
    RabbitExternal,
    RabbitProcess,
)
from deliverycheck.brokers.provision import (
    KAFKA_VERSION,
    RABBITMQ_NEWEST,
    ToxiproxyBinary,
    locked_versions,
    rabbit_toolchain,
    toolchain,
)
from deliverycheck.cli.systems import UsageError

NewBroker = Callable[[Path, Guardian, int], Broker]
"""Of a folder, the guardian and a number of link slots; the broker is not started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What brokers of one system and version are made of on this machine."""

    toxiproxy: ToxiproxyBinary
    new_broker: NewBroker


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """One system's brokers.

    Attributes:
        title: the system's name for people.
        usual: the version without one asked for.
        client: library and version of the workers of our own, as reports name them.
        tools: of a way to tell people of progress and a version; fetched if need be.
        external: of an address and a number of slots, the broker that somebody else runs.
        versions: words on which versions there are.
    """

    title: str
    usual: str
    client: str
    tools: Callable[[Callable[[str], None], str], Tools]
    external: Callable[[str, int], Broker] | None
    versions: Callable[[], str]

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


def maker_of(system: str) -> Maker:
    """How brokers of this system are made.

    Raises:
        UsageError: there is no such system.
    """
    if system not in _MAKERS:
        msg = f"no system {system!r}; there are: {', '.join(_MAKERS)}"
        raise UsageError(msg)
    return _MAKERS[system]


def _kafka(say: Callable[[str], None], version: str) -> Tools:
    tools = toolchain(say, kafka_version=version)

    def new_broker(folder: Path, guardian: Guardian, slots: int) -> Broker:
        return KafkaProcess(tools.kafka, folder=folder, guardian=guardian, slots=slots)

    return Tools(toxiproxy=tools.toxiproxy, new_broker=new_broker)


def _locked_kafkas() -> str:
    return (
        f"such as kafka:{locked_versions()[0]}; locked are: {', '.join(locked_versions())}, any "
        "other is fetched and marked as not locked"
    )


def _rabbitmq(say: Callable[[str], None], version: str) -> Tools:
    tools = rabbit_toolchain(say, version=version)

    def new_broker(folder: Path, guardian: Guardian, slots: int) -> Broker:
        return RabbitProcess(tools.rabbitmq, folder=folder, guardian=guardian, slots=slots)

    return Tools(toxiproxy=tools.toxiproxy, new_broker=new_broker)


_MAKERS = {
    "kafka": Maker(
        title="Kafka",
        usual=KAFKA_VERSION,
        client=(
            f"confluent-kafka {confluent_kafka.__version__} "
            f"(librdkafka {confluent_kafka.libversion()[0]})"
        ),
        tools=_kafka,
        external=lambda address, slots: KafkaExternal(address, slots=slots),
        versions=_locked_kafkas,
    ),
    "rabbitmq": Maker(
        title="RabbitMQ",
        usual=RABBITMQ_NEWEST,
        client=f"pika {version_of_package('pika')}",
        tools=_rabbitmq,
        external=lambda address, slots: RabbitExternal(address, slots=slots),
        versions=lambda: "such as rabbitmq:4.0 or rabbitmq:3.10, as the distribution has them",
    ),
}
