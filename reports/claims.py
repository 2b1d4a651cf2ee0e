"""Every claim one by one: who promises it, and how it came out in each situation."""

from dataclasses import dataclass

from deliverycheck.plans.campaign import Campaign, Cell, ClaimResult, ClaimState
from deliverycheck.plans.claim import Stance
from reports import anchors
from reports.matrix import MARKS, Mark, cells_of, column_of, mark_of, title_of, titled, told_of
from reports.words import counted

_CAME_OUT = {
    ClaimState.HELD: "held",
    ClaimState.VIOLATED: "VIOLATED",
    ClaimState.FOUND: "breaks, as stated",
    ClaimState.NOT_FOUND: "did NOT break",
    ClaimState.NOT_EXERCISED: "not exercised",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A claim in one situation, with how many executions came out how."""

    place: str
    column: str
    title: str
    mark: Mark
    told: str
    cell: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldClaim:
    """One claim.

    Attributes:
        sibling: id of the claim of the other stance, and its place if it has one.
        unless: situations that it does not speak of.
        violation: place of its card.
        command: what runs it alone.
    """

    place: str
    result: ClaimResult
    guarantee: str
    came_out: str
    mark: Mark
    counts: str
    situations: tuple[Situation, ...]
    sibling: tuple[str, str] | None
    unless: tuple[str, ...]
    violation: str
    command: str


def claims_of(campaign: Campaign) -> tuple[ToldClaim, ...]:
    """All claims of the campaign, in its order."""
    places = {one.id: anchors.place_of_violation(one.id) for one in campaign.violations}
    known = anchors.claims_with_a_place(campaign.results)
    return tuple(_told(result, places, known) for result in campaign.results)


def _told(result: ClaimResult, violations: dict[str, str], known: frozenset[str]) -> ToldClaim:
    claim = result.claim
    sibling = None
    if claim.pair:
        sibling = (claim.pair, anchors.place_of_claim(claim.pair) if claim.pair in known else "")
    return ToldClaim(
        place=anchors.place_of_claim(claim.id),
        result=result,
        guarantee=title_of(claim.guarantee),
        came_out=_CAME_OUT[result.state],
        mark=MARKS[result.state],
        counts=_counts(result),
        situations=tuple(_situation(cell, result) for cell in cells_of(result)),
        sibling=sibling,
        unless=tuple(dict.fromkeys(map(titled, claim.unless))),
        violation=violations.get(result.violation or "", ""),
        command=f"deliverycheck run --claim {claim.id}",
    )


def _counts(result: ClaimResult) -> str:
    parts = [counted(result.executions, "execution"), f"{result.valid} valid"]
    parts += [f"{result.invalid} violated"] if result.invalid else []
    parts += [f"{result.unknown} unknown"] if result.unknown else []
    parts += [f"{result.inconclusive} inconclusive"] if result.inconclusive else []
    if result.claim.stance is Stance.HOLDS:
        parts.append(f"{result.needed} valid ones are wanted in each situation")
    return ", ".join(parts)


def _situation(cell: Cell, result: ClaimResult) -> Situation:
    title = titled(cell.hazard)
    return Situation(
        place=anchors.place_of_situation(result.claim.id, cell.hazard),
        column=column_of(cell.hazard),
        title=title,
        mark=mark_of(cell, result),
        told=told_of(cell, result).removeprefix(f"{title}: "),
        cell=cell,
    )
