"""What brokers in containers are made of: an engine, and the images that it has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from deliverycheck.brokers import Broker, Guardian
from deliverycheck.brokers.containers.engine import Engine
from deliverycheck.brokers.containers.images import digest_of_image, image_of, is_here, pull
from deliverycheck.brokers.containers.kafka import KafkaContainer
from deliverycheck.brokers.containers.node import ContainerPlan, Image
from deliverycheck.brokers.containers.rabbitmq import RabbitContainer
from deliverycheck.brokers.provision.toxiproxy import locked_version
from deliverycheck.cli.tools import Tools, proxied

if TYPE_CHECKING:
    from faults import ProxyServer

_BROKERS: Mapping[str, type[KafkaContainer | RabbitContainer]] = {
    "kafka": KafkaContainer,
    "rabbitmq": RabbitContainer,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineWithImages:
    """An engine that has what a system's broker and its proxy are made of."""

    engine: Engine
    broker: Image
    proxy: Image


def engine_with_images(system: str, version: str | None = None) -> EngineWithImages:
    """Found; nothing is changed.

    Raises:
        ProvisionError: there is no engine, or it lacks an image; says what to do.
    """
    engine = Engine()
    try:
        broker, proxy = (
            Image(name=name, digest=digest_of_image(engine, component, name))
            for component, name in _wanted(system, version)
        )
    except BaseException:
        engine.close()
        raise
    return EngineWithImages(engine=engine, broker=broker, proxy=proxy)


def container_tools(system: str, version: str) -> Tools:
    """Brokers of this system in containers; what dead harnesses left in the engine is gone.

    Raises:
        ProvisionError: as `engine_with_images`.
    """
    found = engine_with_images(system, version)
    found.engine.sweep()

    def new_broker(folder: Path, guardian: Guardian, slots: int) -> Broker:
        plan = ContainerPlan(folder=folder, slots=slots, image=found.broker)
        broker: Broker = _BROKERS[system](plan, found.engine, guardian)
        return broker

    def new_proxy(broker: Broker, folder: Path, guardian: Guardian) -> "ProxyServer":  # noqa: ARG001  # the broker's node has one
        from faults.toxiproxy_container import ToxiproxyContainer  # noqa: PLC0415  # importable once `content` has said where it lies

        node = cast("KafkaContainer | RabbitContainer", broker).node
        return ToxiproxyContainer(found.proxy, slots=proxied(broker), folder=folder, node=node)

    return Tools(
        proxy=f"Toxiproxy, {found.proxy}",
        new_broker=new_broker,
        new_proxy=new_proxy,
        close=found.engine.close,
    )


def pull_images(systems: tuple[str, ...], say: Callable[[str], None]) -> None:
    """The engine has every image that these systems need; those that it has stay as they are.

    Raises:
        ProvisionError: there is no engine, or an image could not be had.
    """
    engine = Engine()
    try:
        wanted = dict.fromkeys(each for system in systems for each in _wanted(system, None))
        for component, name in wanted:
            if is_here(engine, name):
                say(f"{name}: here already, {digest_of_image(engine, component, name)}")
            else:
                say(f"{name}: pulling …")
                pull(engine, component, name, say)
    finally:
        engine.close()


def _wanted(system: str, version: str | None) -> tuple[tuple[str, str], ...]:
    from deliverycheck.cli.makers import maker_of  # noqa: PLC0415  # It imports this module.

    broker = image_of(system, version or maker_of(system).usual)
    return (system, broker), ("toxiproxy", image_of("toxiproxy", locked_version()))
