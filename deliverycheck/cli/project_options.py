"""`[tool.deliverycheck]` of a project's pyproject.toml: what its people would always type."""

import tomllib
from difflib import get_close_matches
from pathlib import Path

from deliverycheck.cli.systems import UsageError

FILE = "pyproject.toml"

KINDS: dict[str, tuple[type, ...]] = {
    "profile": (str,),
    "system": (str,),
    "own": (str,),
    "backend": (str,),
    "bootstrap": (str,),
    "broker": (str,),
    "client": (str,),
    "seed": (int,),
    "minutes": (int, float),
    "at-once": (int,),
}
"""The options that a project may fix, and what TOML must give for each."""

COMMANDS = {
    "run": frozenset(KINDS),
    "campaign": frozenset(KINDS),
    "replay": frozenset({"backend", "bootstrap", "broker", "client"}),
}


def project_options(folder: Path) -> dict[str, object]:
    """The options that the folder's pyproject.toml fixes; none without a file or a table.

    Raises:
        UsageError: the file is not TOML, an option is unknown or of another kind.
    """
    path = folder / FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{path}: {error}"
        raise UsageError(msg) from None
    fixed = table.get("deliverycheck", {})
    for name, value in fixed.items():
        _check(path, name, value)
    return dict(fixed)


def default_map(fixed: dict[str, object]) -> dict[str, dict[str, object]]:
    """The same for each command that has such options, as the command line's library wants it."""
    return {
        command: {_parameter(name): value for name, value in fixed.items() if name in known}
        for command, known in COMMANDS.items()
    }


def _parameter(name: str) -> str:
    """What the functions of the commands call it: one system or several are one option there."""
    return "systems" if name == "system" else name.replace("-", "_")


def _check(path: Path, name: str, value: object) -> None:
    where = f"{path}: [tool.deliverycheck] {name}"
    if name not in KINDS:
        near = get_close_matches(name, KINDS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        msg = f"{where}: there is no such option. {hint}There are: {', '.join(KINDS)}"
        raise UsageError(msg)
    kinds = KINDS[name]
    if not isinstance(value, kinds) or isinstance(value, bool):
        wanted = "a number" if int in kinds else "a text"
        msg = f"{where} = {value!r}: expected {wanted}"
        raise UsageError(msg)
