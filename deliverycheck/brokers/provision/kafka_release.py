"""Which Kafka: a version, and the jars that it consists of, each with its hash."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from deliverycheck.brokers.provision.cache import Notes, made_once
from deliverycheck.brokers.provision.download import Jar, from_jgo
from deliverycheck.brokers.provision.errors import ProvisionError, in_one_line
from deliverycheck.brokers.provision.places import cache_folder, digest_of, locks_folder
from deliverycheck.brokers.provision.progress import Progress

KAFKA_VERSION = "4.3.1"
"""Unless somebody asks for another."""

_MAJOR_WITH_KIP_848 = 4
_BROKER = ("org.apache.kafka", "kafka_2.13")
# Kafka logs through SLF4J 1.7 up to now, and brings no backend for it.
_LOGGING = ("org.slf4j", "slf4j-simple", "1.7.36")
_AT_RUN_TIME = frozenset({"compile", "runtime"})


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaRelease:
    """One version of Kafka, as a lock describes it.

    Attributes:
        lock: the list of its jars with their hashes.
        is_locked: the list is a committed one; else it was made on this machine, from what a
            Maven repository served when it was first asked for.
    """

    version: str
    lock: Path
    is_locked: bool

    @property
    def folder(self) -> Path:
        """Where the jars are kept, once for all clones."""
        return cache_folder() / f"kafka-{self.version}-{digest_of(self.lock)}"

    @property
    def group_protocols(self) -> tuple[str, ...]:
        """What a consumer may join a group by; the new protocol is on by default since 4.0."""
        return (
            ("classic",)
            if int(self.version.partition(".")[0]) < _MAJOR_WITH_KIP_848
            else ("classic", "consumer")
        )

    def __str__(self) -> str:
        """As a header names it."""
        return self.version if self.is_locked else f"{self.version} (not locked)"

    def beside(self, what: str) -> Path:
        """Where something is kept that was made from the jars."""
        return self.folder.with_name(f"{self.folder.name}-{what}")


def locked_versions() -> tuple[str, ...]:
    """The versions whose jars have a committed list."""
    locks = locks_folder().glob("kafka-*.lock")
    return tuple(sorted(lock.stem.removeprefix("kafka-") for lock in locks))


def locked_release(version: str = KAFKA_VERSION) -> KafkaRelease:
    """The release of one of the `locked_versions`."""
    lock = locks_folder() / f"kafka-{version}.lock"
    return KafkaRelease(version=version, lock=lock, is_locked=True)


def kafka_release(version: str, progress: Progress) -> KafkaRelease:
    """The release of this version; one without a committed list is resolved once, and kept.

    Raises:
        ProvisionError: no Maven repository has this version.
    """
    if version in locked_versions():
        return locked_release(version)
    folder = cache_folder() / f"kafka-{version}-resolved"

    def build(draft: Path) -> Notes:
        with progress.doing(f"kafka {version}: no lock; asking Maven what it consists of"):
            resolve(version, draft / "kafka.lock")
        return {"version": version}

    made_once(folder, build, progress, space_mb_min=200)
    return KafkaRelease(version=version, lock=folder / "kafka.lock", is_locked=False)


def resolve(version: str, lock: Path) -> None:
    """`lock` lists the jars of a broker of this version, with the hashes they have today.

    Raises:
        ProvisionError: the version is unknown, or no repository can be reached.
    """
    scratch = lock.with_name(f"{lock.name}-scratch")
    jars = scratch / "jars"
    jars.mkdir(parents=True)
    try:
        named = _jars_of(version, scratch / "poms")
        from_jgo(named, jars)
    except Exception as error:  # A library of network code: any error means "not to be had".
        component = f"kafka {version}"
        raise ProvisionError(
            component,
            in_one_line(str(error)) or type(error).__name__,
            f"check the version and the network; locked are: {', '.join(locked_versions())}",
        ) from error
    lines = sorted(f"{jar.coordinates} sha256:{_sha256(jars / jar.file_name)}" for jar in named)
    lock.write_text("".join(f"{line}\n" for line in lines))
    shutil.rmtree(scratch)


def _jars_of(version: str, poms: Path) -> list[Jar]:
    """All that a broker needs at run time, of hashes that are not yet known."""
    from jgo.maven import MavenContext, Model, PythonResolver  # noqa: PLC0415  # 0.2 s, rarely needed.

    context = MavenContext(resolver=PythonResolver(), repo_cache=poms, local_repos=[])
    broker = context.project(*_BROKER).at_version(version)
    needed, _ = Model(broker.pom(), context).dependencies()
    found = {(*_BROKER, version), _LOGGING} | {
        (one.groupId, one.artifactId, one.version) for one in needed if one.scope in _AT_RUN_TIME
    }
    return [
        Jar(group=group, artifact=artifact, version=release, sha256="")
        for group, artifact, release in sorted(found)
    ]


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
