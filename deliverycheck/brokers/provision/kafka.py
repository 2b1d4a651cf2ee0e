"""Kafka: the locked jars, a formatted data folder to copy, and the command line."""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deliverycheck.brokers.kafka_properties import BrokerPorts, render
from deliverycheck.brokers.provision.cache import Notes, made_once
from deliverycheck.brokers.provision.commands import output_of
from deliverycheck.brokers.provision.download import (
    JarSource,
    fetch_jars,
    from_jgo,
    from_maven,
    read_jar_lock,
)
from deliverycheck.brokers.provision.java import JavaRuntime
from deliverycheck.brokers.provision.kafka_release import KafkaRelease
from deliverycheck.brokers.provision.progress import Progress

# 22 characters of URL-safe base64, as KRaft wants it. Fixed, so that a template
# made twice is the same; nodes of different runs never meet.
CLUSTER_ID = "ZGVsaXZlcnljaGVjay0wMQ"

_JVM_FLAGS = (
    "-Xms192m",
    "-Xmx320m",  # 32 link slots with one network thread each fit; resident 240 MB.
    "-Xss512k",
    "-XX:+UseSerialGC",  # Two shared cores: collector threads would only compete.
    "-XX:TieredStopAtLevel=1",  # A broker of a minute's life never earns the second compiler.
    "-XX:-UsePerfData",
    # A broker without memory must die, so that the execution is inconclusive;
    # one that limps on would be accused of what it loses.
    "-XX:+ExitOnOutOfMemoryError",
)
_LOG_FLAGS = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)
JVM_FLAGS = _JVM_FLAGS + _LOG_FLAGS


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaDistribution:
    """Everything needed to start a broker but its ports and data.

    Attributes:
        release: whose jars they are.
        java: the runtime of the command line.
        jars: sorted: the class path must be the same text each time, or the JVM
            refuses the start-up cache that was made with it.
        template: formatted data folder of node 1; copy it, never start on it.
        startup_flags: what makes the JVM use the start-up cache; empty without one.
    """

    release: KafkaRelease
    java: JavaRuntime
    jars: tuple[Path, ...]
    template: Path
    startup_flags: tuple[str, ...] = ()

    def command(self, properties: Path) -> list[str]:
        """The command line of a broker that reads `properties`."""
        return [
            *java_command(self.java, self.jars, self.startup_flags),
            "kafka.Kafka",
            str(properties),
        ]


def java_command(
    java: JavaRuntime, jars: Iterable[Path], startup_flags: Iterable[str] = ()
) -> list[str]:
    """Everything before the main class."""
    class_path = os.pathsep.join(str(jar) for jar in jars)
    return [str(java.executable), *JVM_FLAGS, *startup_flags, "-cp", class_path]


def provide_jars(release: KafkaRelease, progress: Progress) -> tuple[Path, ...]:
    """All jars of the release, sorted, each compared with its hash when it was fetched."""
    folder, jars = release.folder, read_jar_lock(release.lock)

    def build(draft: Path) -> Notes:
        with progress.doing(f"kafka {release.version}: fetching {len(jars)} jars (44 MB)"):
            return {"origin": fetch_jars(jars, draft / "libs", _sources())}

    made_once(folder, build, progress, space_mb_min=100)
    return tuple(sorted(folder / "libs" / jar.file_name for jar in jars))


def _sources() -> list[tuple[str, JarSource]]:
    """Ask jgo before Maven, unless Maven knows a mirror: jgo does not read settings.xml."""
    sources: list[tuple[str, JarSource]] = [("jgo", from_jgo), ("maven", from_maven)]
    if shutil.which("mvn") and Path.home().joinpath(".m2", "settings.xml").is_file():
        sources.reverse()
    return sources


def provide_template(
    release: KafkaRelease, java: JavaRuntime, jars: tuple[Path, ...], progress: Progress
) -> Path:
    """A data folder formatted for node 1, made once per set of jars."""
    folder = release.beside("template")

    def build(draft: Path) -> Notes:
        # Formatting reads the node's roles and folder; its ports are of no account.
        ports = BrokerPorts(internal=20090, controller=20093, direct=20092)
        properties = draft / "format.properties"
        properties.write_text(render(draft / "data", ports))
        command = [*java_command(java, jars), "kafka.tools.StorageTool", "format"]
        with progress.doing(f"kafka {release.version}: formatting a data folder"):
            output_of(
                [*command, "-t", CLUSTER_ID, "-c", properties],
                component="kafka",
                fix="run `deliverycheck doctor`; is the Java runtime complete?",
                timeout_s_max=120,
            )
        properties.unlink()
        return {"cluster_id": CLUSTER_ID}

    made_once(folder, build, progress)
    return folder / "data"
