"""An apt of our own: the machine's mirror and keys, and lists that touch nothing of the system."""

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from deliverycheck.brokers.provision.commands import output_of
from deliverycheck.brokers.provision.errors import ProvisionError
from deliverycheck.brokers.provision.rabbitmq_mirror import INDEX_FORMAT, Archive, archive_of
from deliverycheck.brokers.provision.rabbitmq_packages import (
    WHAT_TO_DO,
    Package,
    Wanted,
    closure,
    parse_packages,
)

TOOLS = ("apt-get", "apt-cache", "dpkg-deb")
_FIX = f"check the network and the sources in /etc/apt, or {WHAT_TO_DO}"
_UPDATE_S_MAX, _FETCH_S_MAX, _ASK_S_MAX = 300, 900, 120


def tool_path(tool: str) -> str:
    """The tool's program; its bare name where there is none, which says so when it is run."""
    return shutil.which(tool) or tool


def missing_tools() -> tuple[str, ...]:
    """What of apt this machine does not have."""
    return tuple(tool for tool in TOOLS if shutil.which(tool) is None)


def machine_archive() -> Archive:
    """Where this machine's packages come from.

    Raises:
        ProvisionError: there is no apt, or it has no source.
    """
    missing = missing_tools()
    if missing:
        problem = f"no {', '.join(missing)}: not a Debian or Ubuntu"
        raise ProvisionError("rabbitmq", problem, WHAT_TO_DO)
    command = ["apt-get", "indextargets", "--format", INDEX_FORMAT, "Created-By: Packages"]
    return archive_of(_run(command, timeout_s_max=_ASK_S_MAX))


class PrivateApt:
    """The lists of one suite, in a folder that the caller removes; needs no root."""

    def __init__(self, folder: Path, archive: Archive, suite: str) -> None:
        """Nothing is fetched."""
        self.suite = suite
        self._options = _options(folder, archive.source_line(suite))

    def update(self) -> None:
        """The suite's index is here, and its signature is one of the distribution's.

        Raises:
            ProvisionError: with the last that apt said.
        """
        said = self._apt("apt-get", "-q", "update", timeout_s_max=_UPDATE_S_MAX)
        errors = [line for line in said.splitlines() if line.startswith(("Err:", "E:"))]
        if errors:
            raise ProvisionError("rabbitmq", f"suite {self.suite}: {errors[0]}", _FIX)

    def show(self, names: Iterable[str]) -> Mapping[str, Package]:
        """The newest version of each; a name that the suite does not have is left out."""
        try:
            return parse_packages(
                self._apt(
                    "apt-cache", "show", "--no-all-versions", *names, timeout_s_max=_ASK_S_MAX
                )
            )
        except ProvisionError as error:
            # One unknown name makes apt-cache fail when it is the only one.
            if "No packages found" in error.problem:
                return {}
            raise

    def fetch(self, packages: Iterable[Package], into: Path) -> tuple[Path, ...]:
        """The packages lie in `into`, each with the hash of the signed index.

        Raises:
            ProvisionError: one could not be had, or came with other bytes.
        """
        into.mkdir(parents=True)
        wanted = {package.name: package for package in packages}
        names = [f"{package.name}={package.version}" for package in wanted.values()]
        self._apt("apt-get", "-q", "download", *names, timeout_s_max=_FETCH_S_MAX, folder=into)
        files = tuple(sorted(into.glob("*.deb")))
        for file in files:
            require_hash(file, wanted[package_name(file)])
        if len(files) != len(wanted):
            gone = wanted.keys() - {package_name(file) for file in files}
            problem = f"apt-get download did not bring {', '.join(sorted(gone))}"
            raise ProvisionError("rabbitmq", problem, _FIX)
        return files

    def _apt(self, tool: str, *words: str, timeout_s_max: float, folder: Path | None = None) -> str:
        command = [tool, *self._options, *words]
        return _run(command, timeout_s_max=timeout_s_max, folder=folder)


def package_name(file: Path) -> str:
    """Of ``name_version_architecture.deb``."""
    return file.name.partition("_")[0]


def require_hash(file: Path, package: Package) -> None:
    """The file is the package that the signed index means, byte for byte."""
    with file.open("rb") as content:
        seen = hashlib.file_digest(content, "sha256").hexdigest()
    if seen != package.sha256:
        problem = f"{file.name} has SHA-256 {seen}, the signed index says {package.sha256}"
        raise ProvisionError(
            "rabbitmq", problem, "find out who serves other bytes; nothing is kept"
        )


def find(archive: Archive, wanted: Wanted, scratch: Path) -> tuple[PrivateApt, tuple[Package, ...]]:
    """The first suite that has such a version, and all of its packages.

    Raises:
        ProvisionError: none has; says what each had instead.
    """
    seen = []
    for suite in archive.suites(wanted):
        apt = PrivateApt(scratch / suite, archive, suite)
        try:
            apt.update()
            server = apt.show(["rabbitmq-server"]).get("rabbitmq-server")
        except ProvisionError as error:
            seen.append(f"{suite}: {error.problem.strip().splitlines()[-1].strip()}")
            continue
        if server is not None and wanted.accepts(server.version):
            return apt, closure(apt.show)
        seen.append(f"{suite} has {server.version if server else 'none'}")
    problem = f"no RabbitMQ {wanted.name} in {archive.distribution}: {'; '.join(seen)}"
    raise ProvisionError("rabbitmq", problem, f"ask for another version, or {WHAT_TO_DO}")


def _options(folder: Path, source: str) -> list[str]:
    """As words of the command, which win; files in /etc/apt/apt.conf.d, with proxies, still count.

    Package caches are named because images for containers blank their names: reading
    the index took 22 s without, 6 s with them.
    """
    lists, cache = folder / "lists", folder / "cache"
    for place in (lists / "partial", cache / "archives" / "partial"):
        place.mkdir(parents=True)
    sources, status = folder / "sources.list", folder / "status"
    sources.write_text(source)
    status.touch()
    settings = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::State": folder,
        "Dir::State::lists": lists,
        "Dir::State::status": status,
        "Dir::Cache": cache,
        "Dir::Cache::pkgcache": "pkgcache.bin",
        "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
        "APT::Sandbox::User": "",
        "APT::Get::List-Cleanup": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def _run(command: list[str], *, timeout_s_max: float, folder: Path | None = None) -> str:
    return output_of(
        [tool_path(command[0]), *command[1:]],
        component="rabbitmq",
        fix=_FIX,
        timeout_s_max=timeout_s_max,
        environment={"LC_ALL": "C.UTF-8"},
        folder=folder,
    )
