"""What two results of one claim have in common, and how often it broke in each.

A claim that holds is executed with many plans, and is counted by hazard. A must-break control is
run until its first conviction: by replays of its kept plan, and if these show nothing by generated
plans. A plan that was kept convicts more often than others, so only tries of one kind compare;
where neither was counted, what plans of other claims showed of it is a kind of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from deliverycheck.plans.campaign import Cell, ClaimResult, ClaimState, Tally
from deliverycheck.plans.claim import Stance
from deliverycheck.plans.rates import tally
from reports.matrix import WHATEVER, cells_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Broken executions of those that were judged, in the first campaign and in the second.

    Attributes:
        hazard: empty for a must-break control.
        alike: both come from tries of one kind, so their rates may be compared.
    """

    result: ClaimResult
    hazard: str
    first: Tally
    second: Tally
    alike: bool = True

    @property
    def in_both(self) -> bool:
        """Both campaigns judged it."""
        return bool(self.first.executions and self.second.executions)


def pairs_of(first: ClaimResult, second: ClaimResult) -> Iterator[Pair]:
    """A pair for each place that the matrix has of a claim that holds, one for a control."""
    if Stance.BREAKS in {first.claim.stance, second.claim.stance}:
        yield _control(first, second)
        return
    for hazard in dict.fromkeys(cell.hazard for cell in (*cells_of(first), *cells_of(second))):
        yield Pair(
            result=second,
            hazard=hazard,
            first=_under(first, hazard),
            second=_under(second, hazard),
        )


def _under(result: ClaimResult, hazard: str) -> Tally:
    if hazard == WHATEVER:
        return _judged(result)
    found = [_judged(cell) for cell in result.cells if cell.hazard == hazard]
    return tally(sum(one.convictions for one in found), sum(one.executions for one in found))


def _judged(counted: Cell | ClaimResult) -> Tally:
    return tally(counted.invalid, counted.valid + counted.invalid)


def _control(first: ClaimResult, second: ClaimResult) -> Pair:
    ours, theirs = _tries(first), _tries(second)
    return Pair(
        result=second,
        hazard="",
        first=ours[1],
        second=theirs[1],
        alike=ours[0] == theirs[0] and first.claim.stance is second.claim.stance,
    )


def _tries(result: ClaimResult) -> tuple[str, Tally]:
    """Those of the kept plan, else those of generated ones, until the first conviction."""
    if result.corpus is not None and result.corpus.executions:
        return "kept plan", result.corpus
    if result.generated:
        found = result.state is ClaimState.FOUND
        return "generated plans", tally(int(found), result.generated)
    return "plans of others", _judged(result)
