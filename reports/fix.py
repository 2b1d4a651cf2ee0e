"""Which setting mends what broke, and the claim that proves it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from deliverycheck.plans.campaign import ClaimResult, ClaimState
from deliverycheck.plans.claim import Stance
from reports import anchors
from reports.words import counted

_DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """The holding sibling of a claim that broke.

    Attributes:
        changes: name, value that broke and value that holds of each setting that differs.
        proof: how the sibling came out in this campaign.
        place: of what is told of it.
    """

    claim: str
    setting: str
    changes: tuple[tuple[str, str, str], ...]
    proof: str
    place: str


def fix_of(
    broken: ClaimResult, results: Mapping[str, ClaimResult], hazards: Collection[str]
) -> Fix | None:
    """What holds instead where these occurred; nothing without such a claim in the campaign."""
    sibling = results.get(broken.claim.pair or "")
    if sibling is None or sibling.claim.stance is not Stance.HOLDS:
        return None
    return Fix(
        claim=sibling.claim.id,
        setting=sibling.claim.setting,
        changes=tuple(_changes(broken, sibling)),
        proof=_proof(sibling, hazards),
        place=anchors.place_of_claim(sibling.claim.id),
    )


def _proof(sibling: ClaimResult, hazards: Collection[str]) -> str:
    valid = counted(sibling.valid, "valid execution")
    if sibling.invalid:
        return f"VIOLATED in {sibling.invalid} of {counted(sibling.executions, 'execution')} here"
    if not sibling.valid:
        return "not exercised in this campaign, so not proved by it"
    if sibling.state is ClaimState.HELD:
        return f"held: {valid}, none violated"
    same = [cell for cell in sibling.cells if cell.hazard in hazards]
    if same and all(cell.state is ClaimState.HELD for cell in same):
        here = counted(min(cell.valid for cell in same), "valid execution")
        return f"held where this broke: {here}, none violated; elsewhere too few to say so"
    return f"{valid}, none violated: too few to say that it holds"


def _changes(broken: ClaimResult, sibling: ClaimResult) -> Iterator[tuple[str, str, str]]:
    before = dict(_flat(msgspec.to_builtins(broken.claim.subject)))
    after = dict(_flat(msgspec.to_builtins(sibling.claim.subject)))
    for name in sorted({**before, **after}):
        if before.get(name) != after.get(name):
            yield name, before.get(name, _DEFAULT), after.get(name, _DEFAULT)


def _flat(value: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(value, list | tuple) and any(isinstance(one, dict) for one in value):
        for number, inner in enumerate(value, start=1):
            yield from _flat(inner, f"{prefix} {number}")
    else:
        yield prefix, _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
