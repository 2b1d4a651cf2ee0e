"""A client library of another version than ours, in a folder of its own, for workers alone."""

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from deliverycheck.brokers.provision.cache import Notes, made_once
from deliverycheck.brokers.provision.commands import output_of
from deliverycheck.brokers.provision.download import download_wheel, install_wheel
from deliverycheck.brokers.provision.errors import ProvisionError
from deliverycheck.brokers.provision.places import cache_folder, digest_of, locks_folder
from deliverycheck.brokers.provision.progress import Progress, Report, silent

_FROM_THERE = "import sys; sys.path.insert(0, sys.argv[1]); "
_ASK_THE_NAME = {
    "confluent-kafka": _FROM_THERE + "import confluent_kafka as it; "
    "print(f'confluent-kafka {it.__version__} (librdkafka {it.libversion()[0]})')",
    "pika": _FROM_THERE + "import pika as it; print(f'pika {it.__version__}')",
}
_REQUIREMENT = re.compile(f"({'|'.join(_ASK_THE_NAME)})" + r"==(\d+(?:\.\d+)+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLibrary:
    """What workers import first.

    Attributes:
        folder: holds the library and nothing else.
        name: library and version as it tells them itself, and whether its hash is a committed one.
    """

    folder: Path
    name: str


def locked_clients() -> tuple[str, ...]:
    """The requirements that have a committed hash, as they are asked for."""
    locks = (locks_folder() / "clients").glob("*.txt")
    return tuple(sorted("==".join(lock.stem.rsplit("-", 1)) for lock in locks))


def provide_client(requirement: str, report: Report = silent) -> ClientLibrary:
    """The library of ``confluent-kafka==2.3.0``, fetched once. May be called from any thread.

    Raises:
        ProvisionError: it is written otherwise, or there is no such version for this Python.
    """
    match = _REQUIREMENT.fullmatch(requirement)
    if match is None:
        raise ProvisionError(
            "client",
            f"{requirement!r} is no client library with its version",
            f"ask for {' or '.join(f'{name}==VERSION' for name in _ASK_THE_NAME)}; "
            f"locked are: {', '.join(locked_clients())}",
        )
    library = match[1]
    lock = locks_folder() / "clients" / f"{requirement.replace('==', '-')}.txt"
    key = digest_of(lock if lock.is_file() else "not locked", sys.version)
    folder = cache_folder() / f"client-{requirement.replace('==', '-')}-{key}"

    def build(draft: Path) -> Notes:
        with progress.doing(f"{requirement}: fetching the client library"):
            if lock.is_file():
                install_wheel(lock, draft / "lib", "client")
                return {"name": _name(library, draft / "lib")}
            wheel = download_wheel(requirement, draft / "wheel", "client")
            sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
            pinned = draft / "pinned.txt"
            pinned.write_text(f"{wheel} --hash=sha256:{sha256}\n")
            install_wheel(pinned, draft / "lib", "client")
            return {"name": f"{_name(library, draft / 'lib')}, not locked: sha256 {sha256}"}

    with Progress(report) as progress:
        notes = made_once(folder, build, progress, space_mb_min=100)
    return ClientLibrary(folder=folder / "lib", name=notes["name"])


def _name(library: str, folder: Path) -> str:
    """Asked in a process of its own: this one has the usual version loaded."""
    return output_of(
        [sys.executable, "-I", "-c", _ASK_THE_NAME[library], folder],
        component="client",
        fix="ask for a version that has a wheel for this Python and machine",
        timeout_s_max=60,
    ).strip()
