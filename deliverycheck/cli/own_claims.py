"""Claims of the user's own: `[[claim]]` tables of a TOML file, read as ours are written."""

import tomllib
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from deliverycheck.cli.systems import UsageError
from deliverycheck.guarantees import GUARANTEES, HAZARDS
from deliverycheck.plans import Claim, Consumer, Pace, Stance, Subject

_DEFAULTS = {"system": "kafka", "stance": Stance.HOLDS, "pace": Pace.BRIEF}
_KNOWN = tuple(name for name in Claim.__struct_fields__ if name != "pace")


def load_claims(path: Path, taken: Collection[str]) -> tuple[Claim, ...]:
    """The claims in the file; an id is neither in it twice nor among those `taken`.

    What a table leaves out: the stance is *holds*, the setting is named as the claim, promise and
    source are this file's.

    Raises:
        UsageError: the file is not what it must be; names the claim, what it has and what there is.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path}: cannot be read: {error.strerror}"
        raise UsageError(msg) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{path}: no TOML: {error}"
        raise UsageError(msg) from None
    tables = found.get("claim")
    if found.keys() != {"claim"} or not isinstance(tables, list) or not tables:
        others = ", ".join(sorted(found.keys() - {"claim"})) or "no [[claim]] at all"
        msg = f"{path}: expected [[claim]] tables and nothing else, got {others}"
        raise UsageError(msg)
    claims: dict[str, Claim] = {}
    for number, table in enumerate(tables, start=1):
        claim = _claim(path, number, table)
        if claim.id in taken or claim.id in claims:
            msg = f"{path}: claim {claim.id!r}: there is one of this id already"
            raise UsageError(msg)
        claims[claim.id] = claim
    _check_pairs(path, claims, taken)
    return tuple(claims.values())


def _claim(path: Path, number: int, table: object) -> Claim:
    named = table.get("id") if isinstance(table, dict) else None
    where = f"{path}: claim {named!r}" if isinstance(named, str) else f"{path}: claim {number}"
    if not isinstance(table, dict):
        msg = f"{where}: expected a table"
        raise UsageError(msg)
    _check_fields(where, table)
    stated = {"setting": str(named), "promise": "stated by who runs it", "source": path.name}
    try:
        claim = msgspec.convert(_DEFAULTS | stated | table, type=Claim, strict=True)
    except msgspec.ValidationError as error:
        msg = f"{where}: {error}"
        raise UsageError(msg) from None
    _check_word(f"{where}: guarantee", claim.guarantee, GUARANTEES)
    if not claim.hazards:
        msg = f"{where}: expected hazards that it is to be tried under, such as 'none'"
        raise UsageError(msg)
    for hazard in (*claim.hazards, *claim.unless):
        _check_word(f"{where}: hazard", hazard, HAZARDS)
    return claim


def _check_fields(where: str, table: dict[str, Any]) -> None:
    """A field that nobody knows would be a setting that silently has no effect."""
    subject = table.get("subject")
    consumer = subject.get("consumer") if isinstance(subject, dict) else None
    for inner, given, known in (
        ("", table, _KNOWN),
        ("subject: ", subject, Subject.__struct_fields__),
        ("subject: consumer: ", consumer, Consumer.__struct_fields__),
    ):
        for name in given if isinstance(given, dict) else ():
            _check_word(f"{where}: {inner}field", name, known)


def _check_pairs(path: Path, claims: dict[str, Claim], taken: Collection[str]) -> None:
    for claim in claims.values():
        if claim.pair is not None:
            _check_word(f"{path}: claim {claim.id!r}: pair", claim.pair, (*claims, *taken))


def _check_word(where: str, word: str, known: Collection[str]) -> None:
    if word not in known:
        near = get_close_matches(word, known, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        msg = f"{where} {word!r}: {hint}there are {', '.join(known)}"
        raise UsageError(msg)
