"""Everything that is not Python: provided together, in the order that ends soonest."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from deliverycheck.brokers.provision.commands import allow_commands, stop_commands
from deliverycheck.brokers.provision.errors import ProvisionError
from deliverycheck.brokers.provision.java import JavaRuntime, provide_java
from deliverycheck.brokers.provision.kafka import (
    KafkaDistribution,
    provide_jars,
    provide_template,
)
from deliverycheck.brokers.provision.kafka_release import (
    KAFKA_VERSION,
    KafkaRelease,
    kafka_release,
)
from deliverycheck.brokers.provision.progress import Progress, silent
from deliverycheck.brokers.provision.rabbitmq import (
    RABBITMQ_NEWEST,
    RabbitDistribution,
    provide_rabbitmq,
)
from deliverycheck.brokers.provision.startup_cache import provide_startup_flags
from deliverycheck.brokers.provision.toxiproxy import ToxiproxyBinary, provide_toxiproxy


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """What a run against Kafka of this machine uses."""

    java: JavaRuntime
    kafka: KafkaDistribution
    toxiproxy: ToxiproxyBinary


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitToolchain:
    """What a run against RabbitMQ of this machine uses."""

    rabbitmq: RabbitDistribution
    toxiproxy: ToxiproxyBinary


@dataclass(frozen=True, slots=True, kw_only=True)
class AllTools:
    """What a set-up provides.

    Attributes:
        rabbitmq: what went wrong, where there is none to be had: not every machine can.
    """

    kafka: Toolchain
    rabbitmq: RabbitDistribution | ProvisionError


def toolchain(
    report: Callable[[str], None] = silent, *, kafka_version: str = KAFKA_VERSION
) -> Toolchain:
    """All tools for Kafka are there: found in the cache, or provisioned now.

    Raises a ProvisionError with one message and the fix. Calls `report` from
    several threads, one at a time.
    """
    with _SetUp(report) as set_up:
        return set_up.kafka(kafka_version, set_up.toxiproxy())


def rabbit_toolchain(
    report: Callable[[str], None] = silent, *, version: str = RABBITMQ_NEWEST
) -> RabbitToolchain:
    """The same for RabbitMQ; `version` is one such as ``4``, ``4.0`` or ``3.10``."""
    with _SetUp(report) as set_up:
        toxiproxy, rabbitmq = set_up.toxiproxy(), set_up.rabbitmq(version)
        return RabbitToolchain(rabbitmq=rabbitmq.result(), toxiproxy=toxiproxy.result())


def proxy_toolchain(report: Callable[[str], None] = silent) -> ToxiproxyBinary:
    """Toxiproxy alone: for a broker that somebody else runs."""
    with _SetUp(report) as set_up:
        return set_up.toxiproxy().result()


def all_tools(report: Callable[[str], None] = silent) -> AllTools:
    """Both at once; what cannot be had of RabbitMQ is told and keeps nothing else back."""
    with _SetUp(report) as set_up:
        # The build of Toxiproxy is the longest step, so it starts first.
        toxiproxy, rabbitmq = set_up.toxiproxy(), set_up.rabbitmq(RABBITMQ_NEWEST)
        kafka = set_up.kafka(KAFKA_VERSION, toxiproxy)
        try:
            return AllTools(kafka=kafka, rabbitmq=rabbitmq.result())
        except ProvisionError as error:
            return AllTools(kafka=kafka, rabbitmq=error)


class _SetUp:
    """Tools that are provided side by side; when one fails, the others are not waited for."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._progress = Progress(report)
        self._pool = ThreadPoolExecutor(4, "provision")

    def __enter__(self) -> Self:
        allow_commands()
        self._progress.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        if raised[0] is not None:
            # Also for Ctrl-C: leaving the pool waits for what its threads run.
            stop_commands()
        self._pool.shutdown()
        self._progress.__exit__(None, None, None)

    def toxiproxy(self) -> Future[ToxiproxyBinary]:
        return self._pool.submit(provide_toxiproxy, self._progress)

    def rabbitmq(self, version: str) -> Future[RabbitDistribution]:
        return self._pool.submit(provide_rabbitmq, self._progress, version=version)

    def kafka(self, version: str, toxiproxy: Future[ToxiproxyBinary]) -> Toolchain:
        java = self._pool.submit(provide_java, self._progress)
        release = self._pool.submit(kafka_release, version, self._progress)
        kafka = _kafka(release.result(), java, self._progress)
        return Toolchain(java=kafka.java, kafka=kafka, toxiproxy=toxiproxy.result())


def _kafka(
    release: KafkaRelease, java: Future[JavaRuntime], progress: Progress
) -> KafkaDistribution:
    """The jars are fetched while Java still is."""
    jars = provide_jars(release, progress)
    runtime = java.result()
    template = provide_template(release, runtime, jars, progress)
    return KafkaDistribution(
        release=release,
        java=runtime,
        jars=jars,
        template=template,
        startup_flags=provide_startup_flags(release, runtime, jars, template, progress),
    )
