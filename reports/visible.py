"""Foreign text made harmless: what would steer a terminal or a reader's eye is spelt out."""

import unicodedata
from typing import TypeVar

import msgspec

_STEERING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of controls, bidirectional marks, surrogates and line separators."""

_Told = TypeVar("_Told")


def visible(text: str) -> str:
    r"""The text with every control character as its escape, such as ``\x1b`` or ``\u202e``.

    A line break or tab becomes one space. Letters of every script stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(_spelt(character) for character in text)


def _spelt(character: str) -> str:
    if character in "\n\r\t":
        return " "
    if unicodedata.category(character) not in _STEERING:
        return character
    return character.encode("unicode_escape").decode()


def all_visible(told: _Told) -> _Told:
    """The same record with every string in it made visible."""
    plain = _walk(msgspec.to_builtins(told))
    return msgspec.convert(plain, type(told))


def _walk(value: object) -> object:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {_walk(key): _walk(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(inner) for inner in value]
    return value
