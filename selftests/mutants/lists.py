"""What is no mutant, and what no test can find: two lists with reasons, read from data."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

HERE = Path(__file__).parent


class Excluded:
    """The patterns of `excluded.toml`."""

    def __init__(self, path=HERE / "excluded.toml"):
        found = tomllib.loads(path.read_text())
        assert all(entry["reason"] for entries in found.values() for entry in entries)
        self._files = [entry["pattern"] for entry in found["file"]]
        self._nodes = [re.compile(entry["pattern"]) for entry in found["node"]]
        self._lines = [re.compile(entry["pattern"]) for entry in found["before"]]

    def has_file(self, file):
        return any(fnmatch(file, pattern) for pattern in self._files)

    def has(self, mutant):
        return any(pattern.fullmatch(mutant.node) for pattern in self._nodes) or any(
            pattern.fullmatch(mutant.before) for pattern in self._lines
        )


def equivalents(path=HERE / "equivalent.toml"):
    """The reason of each listed mutant, by its key."""
    entries = tomllib.loads(path.read_text()).get("mutant", [])
    keys = [
        (one["file"], one["function"], one["before"], one["after"], one.get("number", 1))
        for one in entries
    ]
    assert len(set(keys)) == len(keys), "equivalent.toml lists a mutant twice"
    return {key: one["reason"] for key, one in zip(keys, entries, strict=True)}
