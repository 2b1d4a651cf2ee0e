"""What is wrong with a line, for the person who wrote the program that wrote it."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

import msgspec

from deliverycheck.history.events import FaultMoment, NodeState, Phase
from deliverycheck.history.operation import Action

_PLACE = re.compile(r" - at `\$\.?(?P<path>.*)`$")
_MISSING = re.compile(r"^Object missing required field `(?P<name>.*)`$")
_NO_WORD = re.compile(r"^Invalid enum value (?P<got>.*)$")
_SHOWN_CHARACTERS_MAX = 60
_WORDS: dict[str, type[StrEnum]] = {
    "action": Action,
    "moment": FaultMoment,
    "state": NodeState,
    "phase": Phase,
}


def problem_of(error: msgspec.ValidationError, raw: Mapping[str, Any]) -> str:
    """Field, what was expected, and what stands there, of a line that is JSON and not ours."""
    text = str(error)
    place = _PLACE.search(text)
    path = place["path"] if place else ""
    text = _PLACE.sub("", text)
    if missing := _MISSING.match(text):
        field = f"{path}.{missing['name']}" if path else missing["name"]
        return f"field {field!r}: missing; a line of type {raw['type']!r} needs it"
    if path in _WORDS and (no_word := _NO_WORD.match(text)):
        return f"field {path!r}: {_expected(no_word['got'], _WORDS[path])}"
    plainly = text[:1].lower() + text[1:].replace("`", "")
    return f"field {path!r}: {plainly}{_shown(raw, path)}, in a line of type {raw['type']!r}"


def _expected(got: str, words: type[StrEnum]) -> str:
    near = get_close_matches(got.strip("'"), words, n=1)
    hint = f" (did you mean {str(near[0])!r}?)" if near else ""
    return f"expected one of {', '.join(words)}; got {got}{hint}"


def _shown(raw: Mapping[str, Any], path: str) -> str:
    """The value itself where it is short and stands at the top."""
    shown = repr(raw[path]) if path in raw else ""
    return f" {shown}" if 0 < len(shown) <= _SHOWN_CHARACTERS_MAX else ""
