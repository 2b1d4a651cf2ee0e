"""A difference made sure of, and its plan made small."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deliverycheck.cli.compare_versions.runs import Runs
from deliverycheck.cli.compare_versions.sights import UNKNOWN, Sight, counted, faces_of, shows
from deliverycheck.cli.compare_versions.splits import Candidate, Group, Split, split_of
from deliverycheck.cli.compare_versions.versions import Version
from deliverycheck.plans import Plan, Step
from deliverycheck.plans.campaign import Tally
from deliverycheck.plans.model import Model
from deliverycheck.search import Budget, Judgement, Shrinker, slices

TIMES = 10
"""Executions with each version, wherever versions are compared."""

CANDIDATES_MAX = 3
"""Of one group: three plans that do not tell the versions apart again told them apart by luck."""

EXECUTIONS_MAX = 40
SHRINK_S_MAX = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One plan, executed ten times with each version; the folders are kept.

    Attributes:
        sample: by version an execution that shows the sight, if its folder is still there.
    """

    plan: Plan
    sight: Sight
    rates: Mapping[str, Tally]
    sample: Mapping[str, Judgement]


def measured(runs: Runs, plan: Plan, sight: Sight) -> Measured:
    """The plan with each version, again.

    Raises:
        StoppedError: not all was executed.
    """
    sample: dict[str, Judgement] = {}

    def keep(version: Version, judgement: Judgement) -> bool:
        if shows(faces_of(judgement), sight) and judgement.execution.folder.history.exists():
            sample.setdefault(version.number, judgement)
        return True

    seen = runs.seen(plan, TIMES, keep=keep)
    return Measured(plan=plan, sight=sight, rates=counted(seen).rates(sight), sample=sample)


def smallest(runs: Runs, model: Model, plans: Sequence[Plan], group: Group) -> Measured | None:
    """The smallest plan that tells the versions apart, or ``None``: no plan did so twice.

    Raises:
        StoppedError: not all was executed.
    """
    for candidate in group.candidates[:CANDIDATES_MAX]:
        again = measured(runs, plans[candidate.place], group.sight)
        if not _same(again, group.split):
            continue
        shrunk = _shrunk(runs, model, again, candidate)
        if shrunk == again.plan:
            return again
        result = measured(runs, shrunk, group.sight)
        return result if _same(result, group.split) else again
    return None


def _same(one: Measured, split: Split) -> bool:
    again = split_of(one.rates)
    return again is not None and again.agrees(split)


def _shrunk(runs: Runs, model: Model, again: Measured, candidate: Candidate) -> Plan:
    """The smallest plan that the version that shows it most often still shows it with.

    What concludes nothing is told from a plan that says nothing only by another version that
    concludes something, which is asked too.
    """
    by_number = {one.number: one for one in runs.versions}
    most, least = (by_number[number] for number in candidate.clearest)
    spent = 0

    def showing(plan: Plan, version: Version) -> bool:
        nonlocal spent
        spent += 1
        return shows(faces_of(runs.once(plan, version)), again.sight)

    def convicts(plan: Plan) -> bool:
        if not showing(plan, most):
            return False
        return again.sight.what != UNKNOWN or not showing(plan, least)

    shrinker = Shrinker(
        model,
        convicts,
        Budget(executions=EXECUTIONS_MAX, seconds=SHRINK_S_MAX),
        stopped=lambda: runs.stop.is_set() or spent >= EXECUTIONS_MAX,
        hints=_hints(again, most.number),
    )
    return shrinker.shrink(again.plan).smallest.plan


def _hints(again: Measured, most: str) -> tuple[Sequence[Step], ...]:
    """Step lists that the history of a conviction points at."""
    sample = again.sample.get(most)
    if sample is None or again.sight.what == UNKNOWN:
        return ()
    anomalies = sample.verdicts[again.sight.guarantee].anomalies
    anomaly = next(one for one in anomalies if one.name == again.sight.what)
    return tuple(slices(again.plan.steps, anomaly, sample.history()))
