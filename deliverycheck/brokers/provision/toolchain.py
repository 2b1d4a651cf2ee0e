"""Everything that is not Python: provided together, in the order that ends soonest."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from deliverycheck.brokers.provision.commands import allow_commands, stop_commands
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
from deliverycheck.brokers.provision.startup_cache import provide_startup_flags
from deliverycheck.brokers.provision.toxiproxy import ToxiproxyBinary, provide_toxiproxy


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """What a run of this machine uses."""

    java: JavaRuntime
    kafka: KafkaDistribution
    toxiproxy: ToxiproxyBinary


def toolchain(
    report: Callable[[str], None] = silent, *, kafka_version: str = KAFKA_VERSION
) -> Toolchain:
    """All tools are there: found in the cache, or provisioned now.

    Raises a ProvisionError with one message and the fix. Calls `report` from
    several threads, one at a time.
    """
    allow_commands()
    with Progress(report) as progress, ThreadPoolExecutor(3, "provision") as pool:
        # The build of Toxiproxy is the longest step, so it starts first.
        toxiproxy = pool.submit(provide_toxiproxy, progress)
        java = pool.submit(provide_java, progress)
        release = pool.submit(kafka_release, kafka_version, progress)
        try:
            kafka = _kafka(release.result(), java, progress)
            return Toolchain(java=kafka.java, kafka=kafka, toxiproxy=toxiproxy.result())
        except BaseException:
            # Also for Ctrl-C: leaving the pool waits for what its threads run.
            stop_commands()
            raise


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
