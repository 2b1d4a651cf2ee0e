"""What the yardstick measured, beside what is to be reached."""

from collections.abc import Sequence
from statistics import median, quantiles

import msgspec

from deliverycheck.cli.bench.figures import Goal
from selftests.yardstick.trial import FIND_MAX, Trial

NEAR = 2
"""Steps beyond the smallest plan that still count as near."""

_SHARE = "share"
_COUNT = "executions"

GOALS = {
    "p1_found_within_60": Goal(unit=_SHARE, at_least=1.0),
    "p1_first_find_median": Goal(unit=_COUNT, at_most=10),
    "p1_first_find_p90": Goal(unit=_COUNT),
    "p1_shrink_median": Goal(unit=_COUNT, at_most=35),
    "p1_shrink_p90": Goal(unit=_COUNT),
    "p1_share_minimal": Goal(unit=_SHARE, at_least=1.0),
    "p1_smaller_than_stated": Goal(unit="plans", at_most=0),
    "p03_found_within_60": Goal(unit=_SHARE),
    "p03_shrink_median": Goal(unit=_COUNT),
    "p03_near_minimal_in_120": Goal(unit=_SHARE, at_least=0.8),
    "p03_near_minimal_in_40_with_8_copies": Goal(unit=_SHARE, at_least=0.8),
    "p01_found_within_60": Goal(unit=_SHARE),
    "p01_shrink_median": Goal(unit=_COUNT),
    "p01_near_minimal": Goal(unit=_SHARE),
    "correct_broker_executions": Goal(unit=_COUNT, at_least=2000),
    "correct_broker_alarms": Goal(unit="alarms", at_most=0),
    "correct_broker_valid": Goal(unit=_SHARE),
}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of `yardstick.json`; `holds` is ``None`` without a goal."""

    value: float
    unit: str
    goal: str | None
    holds: bool | None


def figure_of(name: str, value: float) -> Figure:
    goal = GOALS[name]
    holds = None if goal.words is None else goal.is_met(value)
    return Figure(value=float(f"{value:.3g}"), unit=goal.unit, goal=goal.words, holds=holds)


def figures_of(values: dict[str, float]) -> dict[str, Figure]:
    """The figures that were measured, in the order of their goals."""
    return {name: figure_of(name, values[name]) for name in GOALS if name in values}


def of_finds(prefix: str, trials: Sequence[Trial]) -> dict[str, float]:
    """How many were found within 60 executions, and how soon; what was not counts as 61."""
    after = [one.found_after or FIND_MAX + 1 for one in trials]
    return {
        f"{prefix}_found_within_60": share(one.found_after is not None for one in trials),
        f"{prefix}_first_find_median": median(after),
        f"{prefix}_first_find_p90": p90(after),
    }


def of_shrinks(prefix: str, trials: Sequence[Trial]) -> dict[str, float]:
    """What shrinking took and how near it came, over the mutants that were found."""
    found = [one for one in trials if one.found_after is not None]
    return {
        f"{prefix}_shrink_median": median(one.shrink for one in found),
        f"{prefix}_shrink_p90": p90([one.shrink for one in found]),
        f"{prefix}_share_minimal": share(one.surplus <= 0 for one in found),
        f"{prefix}_smaller_than_stated": float(sum(one.surplus < 0 for one in found)),
        f"{prefix}_near_minimal": share(one.surplus <= NEAR for one in found),
    }


def share(truths) -> float:
    counted = list(truths)
    return sum(counted) / len(counted) if counted else 0.0


def p90(values: Sequence[float]) -> float:
    return quantiles(values, n=10, method="inclusive")[-1] if len(values) > 1 else values[0]
