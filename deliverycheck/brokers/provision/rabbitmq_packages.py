"""Which packages of a Debian-like distribution make a RabbitMQ; pure, from what apt prints."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from deliverycheck.brokers.provision.errors import ProvisionError

SERVER = "rabbitmq-server"
# 4.3 loads eunit, which no dependency of the package names.
ROOTS = (SERVER, "erlang-eunit")
WHAT_TO_DO = (
    "use Debian's apt, put a rabbitmq-server on PATH, name one with "
    "DELIVERYCHECK_RABBITMQ=/path/to/rabbitmq-server, or a running one with --amqp URL"
)

_WANTED = re.compile(r"rabbitmq-server|erlang-[a-z0-9-]+|lib[a-z0-9.+-]+|zlib1g")
# Documentation, graphics, other languages; and what only a login or a locale would need.
_UNWANTED = re.compile(
    r"erlang-(doc|manpages|src|dev|x11|wx|jinterface|examples|nox|mode|odbc)"
    r"|libpam.*|libsystemd-shared.*|libc-gconv.*"
)
_FIELD = re.compile(r"^([A-Za-z0-9-]+): (.*)$", re.MULTILINE)
_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package as the signed index describes it.

    Attributes:
        needs: the first alternative of each dependency.
    """

    name: str
    version: str
    sha256: str
    needs: tuple[str, ...]

    @property
    def is_erlang(self) -> bool:
        """Part of the broker; what is not is a library of the system below it."""
        return self.name.startswith(("erlang-", "rabbitmq-"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The versions that a name such as ``4``, ``4.0`` or ``4.3.6`` accepts.

    Attributes:
        lowest: the first version that is accepted.
        below: the first that is not.
    """

    name: str
    lowest: tuple[int, ...]
    below: tuple[int, ...]

    @classmethod
    def parse(cls, name: str) -> "Wanted":
        """What `name` accepts: everything that begins with it.

        Raises:
            ProvisionError: it is no version.
        """
        if not re.fullmatch(r"\d+(\.\d+){0,2}", name):
            problem = f"{name!r} is no version"
            raise ProvisionError("rabbitmq", problem, "ask for one such as 4, 4.0, 4.3.6 or 3.10")
        numbers = numbers_of(name)
        return cls(name=name, lowest=numbers, below=(*numbers[:-1], numbers[-1] + 1))

    def accepts(self, version: str) -> bool:
        """Whether a package's or a server's version is one of these."""
        return self.lowest <= numbers_of(version)[:_PARTS] < self.below


def numbers_of(version: str) -> tuple[int, ...]:
    """(4, 3, 6) of ``4.3.6-1`` and of ``1:4.3.6~rc1``; none of what is no version."""
    match = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", version)
    return tuple(int(number) for number in match[1].split(".")) if match else ()


def parse_packages(shown: str) -> dict[str, Package]:
    """The packages that ``apt-cache show`` describes, by name."""
    found = {}
    for paragraph in shown.split("\n\n"):
        fields = dict(_FIELD.findall(paragraph))
        if {"Package", "Version", "SHA256"} <= fields.keys():
            needs = f"{fields.get('Pre-Depends', '')},{fields.get('Depends', '')}"
            found[fields["Package"]] = Package(
                name=fields["Package"],
                version=fields["Version"],
                sha256=fields["SHA256"],
                needs=tuple(filter(None, map(_first_alternative, needs.split(",")))),
            )
    return found


def closure(
    show: Callable[[Iterable[str]], Mapping[str, Package]], roots: Iterable[str] = ROOTS
) -> tuple[Package, ...]:
    """`roots` and all that they need and we want, sorted by name; asked for level by level."""
    found: dict[str, Package] = {}
    asked: set[str] = set()
    names = set(roots)
    while names:
        asked |= names
        level = show(sorted(names))
        found.update(level)
        needed = {need for package in level.values() for need in package.needs}
        names = {need for need in needed - asked if _is_wanted(need)}
    return tuple(found[name] for name in sorted(found))


def _first_alternative(dependency: str) -> str:
    return re.split(r"[ (:|]", dependency.strip(), maxsplit=1)[0]


def _is_wanted(name: str) -> bool:
    return bool(_WANTED.fullmatch(name)) and not _UNWANTED.fullmatch(name)
