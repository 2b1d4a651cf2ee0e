"""How soon the suite found each setting that is stated to break: how well it can see."""

from dataclasses import dataclass

from deliverycheck.plans.campaign import Campaign, ClaimResult, ClaimState
from deliverycheck.plans.claim import Stance
from reports import anchors
from reports.matrix import Mark, title_of
from reports.words import counted, rate_of

_CAME_OUT = {
    ClaimState.FOUND: "found",
    ClaimState.NOT_FOUND: "NOT FOUND",
    ClaimState.NOT_EXERCISED: "not exercised",
}
_MARKS = {ClaimState.FOUND: Mark.FOUND, ClaimState.NOT_FOUND: Mark.NOT_FIRED}
_ORDER = (Mark.NOT_FIRED, Mark.NOT_EXERCISED, Mark.FOUND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One claim that must break.

    Attributes:
        place: of what is told of the claim; `card` of its violation, if it was found.
        mark: how its cell looks.
        corpus: of the plan that is kept for it, how often it convicted.
        generated: after how many plans that were drawn it was found, or that it was not.
    """

    setting: str
    guarantee: str
    place: str
    card: str
    came_out: str
    mark: str
    corpus: str
    generated: str
    replayed: str


def controls_of(campaign: Campaign) -> tuple[Control, ...]:
    """All of them, those that did not fire first."""
    found = [
        _control(result, campaign)
        for result in campaign.results
        if result.claim.stance is Stance.BREAKS
    ]
    return tuple(sorted(found, key=lambda one: _ORDER.index(one.mark)))


def _control(result: ClaimResult, campaign: Campaign) -> Control:
    violation = next((one for one in campaign.violations if one.claim == result.claim.id), None)
    gate = result.corpus
    return Control(
        setting=result.claim.setting,
        guarantee=title_of(result.claim.guarantee),
        place=anchors.place_of_claim(result.claim.id),
        card=anchors.place_of_violation(violation.id) if violation else "",
        came_out=_CAME_OUT.get(result.state, result.state.value),
        mark=_MARKS.get(result.state, Mark.NOT_EXERCISED).value,
        corpus=f"{gate.convictions} of {gate.executions}" if gate and gate.executions else "none",
        generated=_generated(result),
        replayed=rate_of(violation.rate) if violation else "",
    )


def _generated(result: ClaimResult) -> str:
    if result.generated is None:
        return "not asked"
    tried = counted(result.generated, "plan")
    return f"after {tried}" if result.as_stance_says else f"not in {tried}"
