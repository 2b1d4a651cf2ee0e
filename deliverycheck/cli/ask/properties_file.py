"""An application's properties file, as settings of the client that plans are run with."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from deliverycheck.cli.systems import UsageError
from deliverycheck.clients.kafka.java_names import (
    OF_THE_PLACE,
    TRANSLATED,
    WITHOUT_COUNTERPART,
)
from deliverycheck.plans import Setting

Defaults = Callable[[Mapping[str, Setting]], dict[str, Setting]]
"""Of a client, beside what is set."""


@dataclass(slots=True, kw_only=True)
class Settings:
    """What a file says.

    Attributes:
        values: by the client's own names.
        notes: what was said otherwise here, or left out, and why.
        is_java: some name is known to the Java client alone, so its defaults are meant.
    """

    values: dict[str, Setting] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    is_java: bool = False


def load_settings(path: Path, defaults: Defaults) -> Settings:
    """The settings of the file; `defaults` are the Java client's, where they are not librdkafka's.

    Raises:
        UsageError: the file cannot be read, or a line is no setting; names the line.
    """
    found = Settings()
    for number, name, value in _settings_of(path, _text_of(path)):
        try:
            _take(found, name, value)
        except ValueError as error:
            msg = f"{path}:{number}: {name}={value}: {error}"
            raise UsageError(msg) from None
    if found.is_java:
        try:
            wanted = defaults(found.values)
        except ValueError as error:
            msg = f"{path}: {error}"
            raise UsageError(msg) from None
        meant = {name: value for name, value in wanted.items() if name not in found.values}
        found.values = {**meant, **found.values}
        if meant:
            told = ", ".join(f"{name}={_said(value)}" for name, value in meant.items())
            found.notes.append(f"defaults of the Java client, which this file is for: {told}")
    return found


def plain_settings(path: Path) -> dict[str, Setting]:
    """The settings of a file that uses the worker's own names.

    Raises:
        UsageError: the file cannot be read, or a line is no setting; names the line.
    """
    return {name: value_of(value) for _, name, value in _settings_of(path, _text_of(path))}


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read ({error})"
        raise UsageError(msg) from None


def _settings_of(path: Path, text: str) -> Iterator[tuple[int, str, str]]:
    """Line, name and value of each setting; a line that ends in a backslash goes on."""
    pending, begun = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        begun = begun if pending else number
        pending += line.strip()
        if pending.endswith("\\"):
            pending = pending[:-1]
            continue
        if pending and pending[0] not in "#!":
            name, equals, value = pending.partition("=" if "=" in pending else ":")
            if not equals or not name.strip():
                msg = f"{path}:{begun}: expected name=value, got {pending!r}"
                raise UsageError(msg)
            yield begun, name.strip(), value.strip()
        pending = ""


def _take(found: Settings, name: str, value: str) -> None:
    if name.startswith(OF_THE_PLACE):
        found.notes.append(f"{name}: left out, plans run against the broker under test")
    elif name in WITHOUT_COUNTERPART:
        found.is_java = True
        found.notes.append(f"{name}: left out, librdkafka has no such setting")
    elif name in TRANSLATED:
        here, say = TRANSLATED[name]
        said = say(value)
        found.is_java = found.is_java or here != name or str(said) != value
        found.values[here] = value_of(str(said))
        if here != name or str(said) != value:
            found.notes.append(f"{name}={value} is {here}={_said(said)} here")
    else:
        found.values[name] = value_of(value)


def value_of(text: str) -> Setting:
    """The value as JSON has it, else the text itself: 5, true, all."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return value if isinstance(value, str | int | float | bool) else text


def _said(value: Setting) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
