"""The JVM's start-up cache: a broker is ready in 0.6 s with it, in 1.4 s without.

From Java 25 it is an ahead-of-time cache, before that an archive of class data
(1.2 s). Both are written when a JVM ends, so one broker is started, used as
plans use it, and ended.
"""

from pathlib import Path

from deliverycheck.brokers.provision.cache import Notes, made_once
from deliverycheck.brokers.provision.commands import output_of
from deliverycheck.brokers.provision.errors import ProvisionError, in_one_line
from deliverycheck.brokers.provision.java import JavaRuntime
from deliverycheck.brokers.provision.kafka import JVM_FLAGS, java_command
from deliverycheck.brokers.provision.kafka_release import KafkaRelease
from deliverycheck.brokers.provision.places import digest_of
from deliverycheck.brokers.provision.progress import Progress
from deliverycheck.brokers.provision.training import train

# JEP 514: one command makes the cache. Java 24 needs two for the same.
_AHEAD_OF_TIME_SINCE = 25
_FILE = "startup.cache"
# Java 25 warns of a few precompiled adapters that do not fit; it compiles them anew.
# Older ones know no such tag, and refuse to start.
_QUIET = ("-Xlog:aot*=error",)


def startup_folder(release: KafkaRelease, java: JavaRuntime) -> Path:
    """Where the cache of this runtime and these jars is kept.

    The JVM refuses a cache whose runtime, flags or class path (as text) differ
    from those it was made with, so each of these is part of the name.
    """
    runtime = f"{java.executable} {java.version} {java.executable.stat().st_mtime_ns}"
    key = digest_of(runtime, str(release.folder), " ".join(JVM_FLAGS))
    return release.beside(f"startup-{key}")


def startup_flags(java: JavaRuntime, cache: Path) -> tuple[str, ...]:
    """What makes a JVM start from `cache`."""
    if java.major >= _AHEAD_OF_TIME_SINCE:
        return (f"-XX:AOTCache={cache}", *_QUIET)
    return (f"-XX:SharedArchiveFile={cache}",)


def training_flag(java: JavaRuntime, cache: Path) -> str:
    """What makes a JVM write `cache` when it ends."""
    if java.major >= _AHEAD_OF_TIME_SINCE:
        return f"-XX:AOTCacheOutput={cache}"
    return f"-XX:ArchiveClassesAtExit={cache}"


def provide_startup_flags(
    release: KafkaRelease,
    java: JavaRuntime,
    jars: tuple[Path, ...],
    template: Path,
    progress: Progress,
) -> tuple[str, ...]:
    """Flags that use the cache; none, and a line that says why, where it cannot be made."""
    folder = startup_folder(release, java)

    def build(draft: Path) -> Notes:
        with progress.doing(f"kafka {release.version}: making the start-up cache"):
            command = java_command(java, jars, [training_flag(java, draft / _FILE)])
            train(
                command,
                template,
                draft / "training",
                draft / _FILE,
                protocols=release.group_protocols,
            )
            # A flag that this JVM does not know would stop every broker.
            started = java_command(java, jars, startup_flags(java, draft / _FILE))
            output_of(
                [*started, "-version"],
                component="start-up cache",
                fix="a run works without this cache",
                timeout_s_max=60,
            )
        return {"java": java.version}

    try:
        made_once(folder, build, progress, space_mb_min=150)
    except ProvisionError as error:
        why = in_one_line(error.problem)
        progress.say(f"kafka: no start-up cache, each start takes 0.8 s longer: {why}")
        return ()
    return startup_flags(java, folder / _FILE)
