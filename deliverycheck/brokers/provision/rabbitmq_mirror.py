"""The archive that this machine already installs its packages from; none is named here."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deliverycheck.brokers.provision.errors import ProvisionError
from deliverycheck.brokers.provision.rabbitmq_packages import WHAT_TO_DO, Wanted

INDEX_FORMAT = "$(REPO_URI)\t$(CODENAME)\t$(LABEL)"
_INDEX_FIELDS = 3
# Not those of security updates or of others' archives.
_LABELS = ("Debian", "Ubuntu")
_OS_RELEASE = Path("/etc/os-release")
_SOURCES = Path("/etc/apt")
# What Debian's releases hold will not change; which of them is `stable` will.
_DEBIAN_HOLDS: dict[tuple[int, ...], str] = {(3, 10): "bookworm", (4, 0): "trixie"}
_NEWEST_OF_DEBIAN = ("testing", "stable")
_NEWEST_OF_UBUNTU = ("devel",)
_COMPONENTS = {"debian": "main", "ubuntu": "main universe"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """Where packages come from.

    Attributes:
        distribution: ``debian`` or ``ubuntu``.
        codename: of the release that this machine is.
        uri: the machine's own mirror.
    """

    distribution: str
    codename: str
    uri: str

    def source_line(self, suite: str) -> str:
        """What a sources.list says for one suite; apt accepts nothing that the key did not sign."""
        keyring = f"/usr/share/keyrings/{self.distribution}-archive-keyring.gpg"
        return f"deb [signed-by={keyring}] {self.uri} {suite} {_COMPONENTS[self.distribution]}\n"

    def suites(self, wanted: Wanted) -> tuple[str, ...]:
        """Where such a version may be, likeliest first."""
        if self.distribution == "ubuntu":
            return tuple(dict.fromkeys((*_NEWEST_OF_UBUNTU, self.codename)))
        known = _DEBIAN_HOLDS.get(wanted.lowest[:2])
        likely = (known,) if known else ()
        return tuple(dict.fromkeys((*likely, *_NEWEST_OF_DEBIAN, self.codename)))


def archive_of(index_targets: str) -> Archive:
    """The archive of this machine, from what ``apt-get indextargets`` prints and from its sources.

    Raises:
        ProvisionError: it is not a Debian or an Ubuntu, or has no source of packages.
    """
    release = _os_release()
    distribution, codename = release.get("ID", ""), release.get("VERSION_CODENAME", "")
    if distribution not in _COMPONENTS:
        problem = f"its packages are for Debian and Ubuntu, this is {distribution or 'neither'}"
        raise ProvisionError("rabbitmq", problem, WHAT_TO_DO)
    uri = next(uris_of_lists(index_targets, codename), None) or next(
        uris_of_sources(_source_files(), codename), None
    )
    if uri is None:
        problem = f"no source of packages for {codename or distribution} is configured"
        raise ProvisionError("rabbitmq", problem, f"sudo apt-get update, or {WHAT_TO_DO}")
    return Archive(distribution=distribution, codename=codename, uri=uri)


def uris_of_lists(index_targets: str, codename: str) -> Iterator[str]:
    """Mirrors of the release's own archive; none where lists were never fetched (slim images)."""
    for line in index_targets.splitlines():
        fields = line.split("\t")
        if len(fields) == _INDEX_FIELDS and fields[1:] in [[codename, name] for name in _LABELS]:
            yield fields[0]


def uris_of_sources(files: Iterable[tuple[str, str]], codename: str) -> Iterator[str]:
    """The same from the (name, text) of files in ``/etc/apt``, in either of apt's formats."""
    for name, text in files:
        yield from (_from_deb822 if name.endswith(".sources") else _from_list)(text, codename)


def _from_list(text: str, codename: str) -> Iterator[str]:
    for uri, suite in re.findall(r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)", text, re.MULTILINE):
        if suite == codename:
            yield uri


def _from_deb822(text: str, codename: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)):
        fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", paragraph, re.MULTILINE))
        if _is_enabled(fields) and codename in fields.get("Suites", "").split():
            yield from fields.get("URIs", "").split()[:1]


def _is_enabled(fields: Mapping[str, str]) -> bool:
    return fields.get("Enabled", "yes") != "no" and "deb" in fields.get("Types", "deb").split()


def _source_files() -> Iterator[tuple[str, str]]:
    for path in (_SOURCES / "sources.list", *sorted((_SOURCES / "sources.list.d").glob("*"))):
        if path.suffix in {".list", ".sources"}:
            try:
                yield path.name, path.read_text()
            except OSError:
                continue


def _os_release() -> dict[str, str]:
    try:
        text = _OS_RELEASE.read_text()
    except OSError:
        return {}
    return dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))
