"""Values as EDN text: keywords, numbers, strings, nil, vectors and maps."""

from collections.abc import Mapping, Sequence

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Keyword(str):
    """A word that is written with a colon."""

    __slots__ = ()


def text_of(value: object) -> str:
    """The value in EDN, on one line."""
    if value is None:
        return "nil"
    if isinstance(value, Keyword):
        return f":{value}"
    if isinstance(value, str):
        return f'"{"".join(map(_escaped, value))}"'
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{text_of(key)} {text_of(one)}' for key, one in value.items())}}}"
    if isinstance(value, Sequence):
        return f"[{' '.join(map(text_of, value))}]"
    return str(value)


def _escaped(character: str) -> str:
    if character < " " or character in _ESCAPES:
        return _ESCAPES.get(character, f"\\u{ord(character):04x}")
    return character
