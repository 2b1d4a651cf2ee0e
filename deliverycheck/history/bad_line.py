"""What is wrong with a line, for the person who wrote the program that wrote it."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

import msgspec

from deliverycheck.history.events import FaultMoment, NodeState, Phase
from deliverycheck.history.operation import Action
from deliverycheck.history.source import Source

_PLACE = re.compile(r" - at `\$\.?(?P<path>.*)`$")
_MISSING = re.compile(r"^Object missing required field `(?P<name>.*)`$")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>.*)`$")
_NO_WORD = re.compile(r"^Invalid enum value (?P<got>.*)$")
_SHOWN_CHARACTERS_MAX = 60
_LINE_BYTES_SHOWN = 80
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NAMED = {"sources": Source, "groups": tuple[str, ...], "headers": str}
"""Fields of one thing for each name: the reader of JSON does not say for which it failed."""
_WORDS: dict[str, type[StrEnum]] = {
    "action": Action,
    "moment": FaultMoment,
    "state": NodeState,
    "phase": Phase,
}


def no_json(line: bytes, error: Exception) -> str:
    """Why a line cannot be read at all."""
    if not line.strip():
        return "the line is empty; expected a JSON object"
    if line.startswith(_BYTE_ORDER_MARK):
        return "begins with a byte order mark; expected UTF-8 without one"
    why = "nested too deeply" if isinstance(error, RecursionError) else error
    return f"not a JSON object ({why}): {line[:_LINE_BYTES_SHOWN]!r}"


def problem_of(error: msgspec.ValidationError, raw: Mapping[str, Any]) -> str:
    """Field, what was expected, and what stands there, of a line that is JSON and not ours."""
    text = str(error)
    place = _PLACE.search(text)
    path = place["path"] if place else ""
    text = _PLACE.sub("", text)
    for field, kind in _NAMED.items():
        if path.startswith(f"{field}[...]"):
            path = path.replace("[...]", f".{_first_bad(raw[field], kind)}", 1)
    if missing := _MISSING.match(text):
        field = f"{path}.{missing['name']}" if path else missing["name"]
        return f"field {field!r}: missing; a line of type {raw['type']!r} needs it"
    if unknown := _UNKNOWN.match(text):  # Only a source is asked: elsewhere they are kept.
        field = f"{path}.{unknown['name']}"
        known = Source.__struct_fields__
        return f"field {field!r}: {expected_one_of(known, unknown['name'])}"
    if path in _WORDS and (no_word := _NO_WORD.match(text)):
        got = no_word["got"].strip("'")
        return f"field {path!r}: {expected_one_of(_WORDS[path], got)}"
    plainly = text[:1].lower() + text[1:].replace("`", "")
    return (
        f"field {path!r}: {plainly}{_shown(raw, path, plainly)}, in a line of type {raw['type']!r}"
    )


def expected_one_of(words: Iterable[str], got: str) -> str:
    """The words that may stand there, and the one that was perhaps meant."""
    known = list(map(str, words))
    near = get_close_matches(got, known, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"expected one of {', '.join(known)}; got {got!r}{hint}"


def _first_bad(named: Mapping[str, Any], kind: object) -> str:
    """The name of the first that is not what the format says."""
    for name, value in named.items():
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            return name
    return "..."


def _shown(raw: Mapping[str, Any], path: str, plainly: str) -> str:
    """The value itself where it is short and stands at the top."""
    shown = repr(raw[path]) if path in raw else ""
    if not 0 < len(shown) <= _SHOWN_CHARACTERS_MAX:
        return ""
    return f" {shown}" if ", got " in plainly else f", got {shown}"
