"""A violation, or how a claim stands, in the few lines that other tools' output has room for."""

from deliverycheck.plans.campaign import ClaimResult, ClaimState, Violation
from deliverycheck.plans.claim import Stance
from reports.matrix import column_of, title_of
from reports.words import rate_of, unexercised

STEPS_MAX = 8
"""With heading, place, sentence, rate, replay and folder that makes 15 lines at most."""


def brief_of(violation: Violation, stance: Stance) -> str:
    """An alarm in at most 15 lines; of what is stated to break, that it was found, in one."""
    if stance is Stance.BREAKS:
        return f"\u2713 {violation.title}, as stated; {rate_of(violation.rate)}"
    columns = ", ".join(dict.fromkeys(column_of(hazard) for hazard in violation.hazards))
    steps = [
        f"  {one.number:>2}  {one.lane:<7} {one.text}  {one.result}".rstrip()
        for one in violation.steps
    ]
    if more := len(steps) - STEPS_MAX:
        steps = (
            [*steps[: STEPS_MAX - 1], f"      … and {more + 1} more steps"] if more > 0 else steps
        )
    return "\n".join(
        [
            f"\u2717 {violation.title}, and must not",
            f"  {title_of(violation.guarantee)} · {columns or 'no hazard named'}",
            *(f"  {sentence}" for sentence in violation.sentences[:1]),
            *steps,
            f"  {rate_of(violation.rate)}",
            f"  Again: {violation.replay}",
        ]
    )


def came_out(result: ClaimResult) -> str:
    """How the claim stands, with what is missing."""
    setting, guarantee = result.claim.setting, title_of(result.claim.guarantee)
    if result.state is ClaimState.NOT_FOUND:
        return (
            f"{setting} is stated to break ({guarantee}), and {result.executions} executions did "
            "not show it. Either the suite has become blind or the system has become better."
        )
    if result.state is ClaimState.NOT_EXERCISED:
        told = "; ".join(unexercised(result)) or "no execution"
        return f"{result.claim.id} was not exercised: {told}"
    return f"{setting}, {guarantee}: {result.state.replace('_', ' ')}"
