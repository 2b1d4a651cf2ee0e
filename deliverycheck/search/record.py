"""The campaign as a record on disk, and the exit code that it earns."""

from collections.abc import Mapping, Sequence
from enum import IntEnum

import msgspec

from deliverycheck.plans import Claim, Stance
from deliverycheck.plans.campaign import (
    INCONCLUSIVE_SHARE_MAX,
    ClaimResult,
    ClaimState,
    Violation,
)


class ExitCode(IntEnum):
    """A run's exit code; where several apply: USAGE, BROKEN, INFRASTRUCTURE, NOT_EXERCISED."""

    AS_CLAIMED = 0
    BROKEN = 1
    USAGE = 2
    INFRASTRUCTURE = 3
    NOT_EXERCISED = 4


def exit_code(
    results: Sequence[ClaimResult], *, executions: int, inconclusive: int, broker_died: bool
) -> ExitCode:
    """The first that applies."""
    if broker_died or any(_is_broken(result) for result in results):
        return ExitCode.BROKEN
    if executions and inconclusive > INCONCLUSIVE_SHARE_MAX * executions:
        return ExitCode.INFRASTRUCTURE
    if not executions or any(_has_a_gap(result) for result in results):
        return ExitCode.NOT_EXERCISED
    return ExitCode.AS_CLAIMED


def _is_broken(result: ClaimResult) -> bool:
    return result.state in (ClaimState.VIOLATED, ClaimState.NOT_FOUND)


def _has_a_gap(result: ClaimResult) -> bool:
    """A hazard was not reached often enough, although backend and time allowed it."""
    reachable = [cell for cell in result.cells if cell.reachable and not cell.out_of_time]
    if result.claim.stance is Stance.BREAKS:
        return bool(reachable) and result.state is ClaimState.NOT_EXERCISED
    return any(cell.state is ClaimState.NOT_EXERCISED for cell in reachable)


def with_what_holds_instead(
    violations: Mapping[str, Violation], results: Sequence[ClaimResult], claims: Sequence[Claim]
) -> tuple[Violation, ...]:
    """Each violation with its holding sibling and how often that was seen to hold."""
    by_id: dict[str | None, ClaimResult] = {result.claim.id: result for result in results}
    pairs = {claim.id: claim.pair for claim in claims}
    return tuple(
        msgspec.structs.replace(violation, instead=_instead(by_id.get(pairs[violation.claim])))
        for violation in violations.values()
    )


def _instead(sibling: ClaimResult | None) -> str | None:
    if sibling is None or sibling.claim.stance is not Stance.HOLDS or not sibling.valid:
        return None
    if sibling.invalid:
        return None
    return f"{sibling.claim.setting} ({sibling.valid} executions, none violated)"
