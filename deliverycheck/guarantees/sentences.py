"""Templates and facts to text: one way to write a time, a count, a list, a place."""

import string
from collections.abc import Mapping
from typing import Any

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
_SHORT_MS = 1000


class _Sentence(string.Formatter):
    """Formats a fact by a word after its name: ``s``, ``list`` or ``count NOUN``."""

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - the base class says Any
        if isinstance(value, (list, tuple)):
            return join([self.format_field(item, format_spec) for item in value])
        if format_spec == "s":
            return seconds(value)
        if format_spec.startswith("count "):
            return counted(value, format_spec.removeprefix("count "))
        return str(value)


def fill(template: str, facts: Mapping[str, object]) -> str:
    """The sentence that `template` makes of `facts`; a fact that it needs must be there."""
    return _Sentence().format(template, **facts)


def seconds(ns: int | None) -> str:
    """A moment of the execution, as ``0.214 s``."""
    return "an unknown time" if ns is None else f"{ns / _NS_PER_S:.3f} s"


def duration(ns: int) -> str:
    """A moment or a length as people read it: milliseconds up to one second."""
    in_ms = ns / _NS_PER_MS
    return f"{in_ms:.1f} ms" if in_ms < _SHORT_MS else f"{in_ms / _SHORT_MS:.3f} s"


def counted(number: int, noun: str) -> str:
    """``1 message``, ``2 messages``, ``2 copies``."""
    if number == 1:
        return f"{number} {noun}"
    if noun.endswith("y"):
        return f"{number} {noun[:-1]}ies"
    return f"{number} {noun}{'es' if noun.endswith(('s', 'sh', 'ch', 'x')) else 's'}"


def join(words: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if not words:
        return ""
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last


def place(source: str | None, partition: int | None, position: int | None = None) -> str:
    """``t1/0 at position 3``, ``t1/0`` or, without partitions, ``q1``."""
    name = source or "an unnamed source"
    where = name if partition is None else f"{name}/{partition}"
    return where if position is None else f"{where} at position {position}"
