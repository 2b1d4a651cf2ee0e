"""Violations as cards: what happened, why it counts, how to see it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from deliverycheck.plans.campaign import Campaign, ClaimResult, Violation
from deliverycheck.plans.claim import Stance
from reports import anchors
from reports.fix import Fix, fix_of
from reports.matrix import column_of, title_of
from reports.words import counted, rate_of


class Kind(StrEnum):
    """A conviction is good news where the claim says *breaks*, and an alarm elsewhere."""

    AS_STATED = "as stated"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One violation with its claim, in words.

    Attributes:
        heading: what broke, and whether that was to be expected.
        place: guarantee and fault column.
        measured: how fast it was found and how often it comes again.
        place_on_page, claim_on_page: where links to it, and its own to its claim, lead.
        fix: what holds instead, if that is known.
    """

    violation: Violation
    kind: Kind
    heading: str
    place: str
    measured: str
    setting: str
    place_on_page: str
    claim_on_page: str
    fix: Fix | None


def cards_of(campaign: Campaign) -> tuple[Card, ...]:
    """A card for each violation, alarms first, else in the order of the claims."""
    results = {result.claim.id: result for result in campaign.results}
    order = {claim: place for place, claim in enumerate(results)}
    cards = [_card(violation, results) for violation in campaign.violations]
    return tuple(
        sorted(
            cards,
            key=lambda card: (
                card.kind is not Kind.ALARM,
                order.get(card.violation.claim, len(order)),
            ),
        )
    )


def _card(violation: Violation, results: Mapping[str, ClaimResult]) -> Card:
    result = results.get(violation.claim)
    expected = result is not None and result.claim.stance is Stance.BREAKS
    kind = Kind.AS_STATED if expected else Kind.ALARM
    columns = dict.fromkeys(column_of(hazard) for hazard in violation.hazards)
    return Card(
        violation=violation,
        kind=kind,
        heading=f"{violation.title.rstrip('.')}, {_SUFFIX[kind]}",
        place=" · ".join((title_of(violation.guarantee), ", ".join(columns))).strip(" ·"),
        measured=f"found after {counted(violation.found_after, 'execution')}, "
        f"{rate_of(violation.rate)}",
        setting=result.claim.setting if result else violation.claim,
        place_on_page=anchors.place_of_violation(violation.id),
        claim_on_page=anchors.place_of_claim(violation.claim) if result else "",
        fix=fix_of(result, results, violation.hazards) if result else None,
    )


_SUFFIX = {Kind.AS_STATED: "as stated", Kind.ALARM: "and must not"}
