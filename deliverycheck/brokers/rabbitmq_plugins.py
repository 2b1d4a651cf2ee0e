"""The plugins that a node may load: those that it is to run, and what they need.

A node reads the description of every plugin that it finds and all of their code paths:
with the 83 of a release it took 2.7 s of CPU to be ready, with the 40 that it needs 1.7 s.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from deliverycheck.brokers.broker import BrokerError

# What a node starts with, whichever plugins are enabled.
_OF_EVERY_NODE = ("rabbit", "rabbitmq_prelaunch")
_NEEDS = re.compile(
    r"\{\s*(?:applications|included_applications|optional_applications)\s*,\s*\[([^\]]*)\]"
)
_DIRECTORY = re.compile(r"([a-z][a-z0-9_]*)-\d.*")


def link_plugins(available: Path, wanted: Iterable[str], into: Path) -> None:
    """`into` holds links to the wanted plugins and to all that they need.

    Raises:
        BrokerError: a wanted one is not there.
    """
    folders = {match[1]: path for path in available.iterdir() if (match := _name(path))}
    names = tuple(wanted)
    missing = [name for name in names if name not in folders]
    if missing:
        message = (
            f"RabbitMQ's plugin {missing[0]} is missing: {available} does not hold it; install "
            "the whole server, or take another with DELIVERYCHECK_RABBITMQ"
        )
        raise BrokerError(message)
    into.mkdir()
    for name in needed({name: _needs(path) for name, path in folders.items()}, names):
        (into / folders[name].name).symlink_to(folders[name])


def needed(needs: Mapping[str, frozenset[str]], wanted: Iterable[str]) -> frozenset[str]:
    """What is wanted, and what that needs, as far as it is a plugin."""
    found: set[str] = set()
    names = {*_OF_EVERY_NODE, *wanted} & needs.keys()
    while names:
        found |= names
        names = {need for name in names for need in needs[name]} & needs.keys() - found
    return frozenset(found)


def parse_needs(application: str) -> frozenset[str]:
    """The names in the lists of an Erlang application's description."""
    lists = ",".join(match[1] for match in _NEEDS.finditer(application))
    return frozenset(filter(None, (name.strip(" \t\r\n'") for name in lists.split(","))))


def _name(path: Path) -> re.Match[str] | None:
    return _DIRECTORY.fullmatch(path.name)


def _needs(path: Path) -> frozenset[str]:
    """Of a plugin in one packed file nothing is known: such releases link all that they need."""
    return frozenset(
        name for file in path.glob("ebin/*.app") for name in parse_needs(file.read_text())
    )
