"""Pinned files from a package index or a Maven repository, through their own clients.

Nothing here names a host: where packages come from is the user's own
configuration of pip, of Maven and of Go. What arrives is compared with a
SHA-256 that is committed in `locks/`.
"""

import hashlib
import shutil
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from deliverycheck.brokers.provision.commands import output_of
from deliverycheck.brokers.provision.errors import ProvisionError, in_one_line

# 8 at once fetched 46 jars in 4 to 7 s; one after the other took 14 to 22 s.
_JARS_AT_ONCE = 8
_TRIES_MAX = 3
NETWORK_FIX = "check the network (a proxy is set in pip.conf, HTTPS_PROXY or ~/.m2/settings.xml)"


def install_wheel(lock: Path, into: Path, component: str) -> None:
    """The one wheel that `lock` pins lies unpacked in `into`; pip checks its hash."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-cache-dir"]
    options = ["--no-deps", "--no-compile", "--only-binary=:all:", "--require-hashes"]
    output_of(
        [*pip, *options, "--target", str(into), "--requirement", str(lock)],
        component=component,
        fix=NETWORK_FIX,
        timeout_s_max=600,
        # A user's `user = true` or prefix in pip.conf contradicts --target.
        environment={"PIP_USER": "0", "PIP_PREFIX": "", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )


def download_wheel(requirement: str, into: Path, component: str) -> Path:
    """The wheel of a requirement that nothing pins; it lies in `into`, alone."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-cache-dir"]
    output_of(
        [*pip, "--no-deps", "--only-binary=:all:", "--dest", str(into), requirement],
        component=component,
        fix=f"is there such a version, with a wheel for this Python? {NETWORK_FIX}",
        timeout_s_max=600,
        environment={"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    return next(into.glob("*.whl"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Jar:
    """One file of a Maven repository, by coordinates and content."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def coordinates(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def read_jar_lock(lock: Path) -> tuple[Jar, ...]:
    """The jars of a lock: lines `group:artifact:version sha256:…`."""
    return tuple(_read_jar(line, lock) for line in lock.read_text().splitlines() if line.strip())


def _read_jar(line: str, lock: Path) -> Jar:
    coordinates, _, sha256 = line.partition(" sha256:")
    parts = coordinates.split(":")
    if len(parts) != 3 or len(sha256) != 64:  # noqa: PLR2004  # The three coordinates; a SHA-256.
        raise ProvisionError(
            lock.name,
            f"cannot read the line {line!r}; expected group:artifact:version sha256:<64 digits>",
            f"git checkout -- {lock}",
        )
    return Jar(group=parts[0], artifact=parts[1], version=parts[2], sha256=sha256)


JarSource = Callable[[Sequence[Jar], Path], None]


def fetch_jars(jars: Sequence[Jar], into: Path, sources: Sequence[tuple[str, JarSource]]) -> str:
    """All `jars` lie in `into`, from the first source that has them, each with its hash.

    A wrong hash ends it: another source would only hide that somebody serves
    other bytes under this name.
    """
    problems = []
    for name, source in sources:
        draft = into.with_name(f"{into.name}-{name}")
        draft.mkdir(parents=True)
        try:
            source(jars, draft)
        except Exception as error:  # noqa: BLE001  # A library of network code: any error means "not from here".
            problems.append(f"{name}: {in_one_line(str(error)) or type(error).__name__}")
            continue
        for jar in jars:
            require_sha256(draft / jar.file_name, jar)
        draft.rename(into)
        return name
    raise ProvisionError("kafka jars", "; ".join(problems) or "no source", NETWORK_FIX)


def require_sha256(file: Path, jar: Jar) -> None:
    """`file` is the jar that the lock means, byte for byte."""
    with file.open("rb") as content:
        seen = hashlib.file_digest(content, "sha256").hexdigest()
    if seen != jar.sha256:
        raise ProvisionError(
            "kafka jars",
            f"{jar.file_name} has SHA-256 {seen}, the lock says {jar.sha256}",
            "find out who serves other bytes under this name (a proxy, a mirror); "
            "nothing of it was kept",
        )


def from_jgo(jars: Sequence[Jar], into: Path) -> None:
    """Fetch with jgo's Maven layer, which needs neither Java nor Maven.

    Its higher layers must not be used: without Java they try to download one.
    """
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415  # 0.2 s, rarely needed.

    repository = into / "repository"
    context = MavenContext(resolver=PythonResolver(), repo_cache=repository, local_repos=[])

    def fetch(jar: Jar) -> None:
        artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
        for tries_left in reversed(range(_TRIES_MAX)):
            try:
                Path(artifact.resolve()).rename(into / jar.file_name)
            except Exception:
                if tries_left == 0:
                    raise
                # A half-written file would be taken for the artifact next time.
                half_written = repository.joinpath(*jar.group.split("."), jar.artifact, jar.version)
                shutil.rmtree(half_written, ignore_errors=True)
            else:
                return

    with ThreadPoolExecutor(_JARS_AT_ONCE, thread_name_prefix="jgo") as pool:
        list(pool.map(fetch, jars))
    shutil.rmtree(repository)


def from_maven(jars: Sequence[Jar], into: Path) -> None:
    """Fetch with the user's own `mvn`, which knows mirrors from settings.xml."""
    mvn = shutil.which("mvn")
    if mvn is None:
        raise ProvisionError("kafka jars", "no mvn on PATH", "install Maven")
    pom = into / "pom.xml"
    pom.write_text(_pom(jars))
    output_of(
        [mvn, "-q", "-B", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={into}"],
        component="kafka jars",
        fix=NETWORK_FIX,
        timeout_s_max=600,
    )
    pom.unlink()


def _pom(jars: Sequence[Jar]) -> str:
    """A project that depends on exactly `jars`: what they depend on is excluded."""
    anything = "<groupId>*</groupId><artifactId>*</artifactId>"
    no_others = f"<exclusions><exclusion>{anything}</exclusion></exclusions>"
    dependencies = "".join(
        f"<dependency><groupId>{escape(jar.group)}</groupId>"
        f"<artifactId>{escape(jar.artifact)}</artifactId>"
        f"<version>{escape(jar.version)}</version>{no_others}</dependency>"
        for jar in jars
    )
    return (
        "<project><modelVersion>4.0.0</modelVersion><groupId>deliverycheck</groupId>"
        "<artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )
