"""The smallest change of settings under which a plan that broke a guarantee breaks it no more."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations

from deliverycheck.cli.subject_changes import changed
from deliverycheck.cli.systems import UsageError
from deliverycheck.clients import SettingError
from deliverycheck.plans import Claim, Plan, Subject
from deliverycheck.plans.model import Model
from deliverycheck.search.judgement import Judgement, Ruling

TIMES = 20
"""0 of 20 leaves at most 14 % (95 %)."""

AT_ONCE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """A change that was tried, and what came of it.

    Attributes:
        valid: executions in which the guarantee was examined and held.
    """

    changes: tuple[str, ...]
    valid: int
    executions: int


def smallest_mending(  # noqa: PLR0913  # keyword-only, and each part is somebody else's
    claim: Claim,
    plans: Sequence[Plan],
    *,
    changes: Sequence[str],
    model: Model,
    execute: Callable[[Plan], Judgement],
    check: Callable[[Subject], None],
    go_on: Callable[[], bool],
    say: Callable[[str], None],
) -> Mending | None:
    """The first of these changes, or two of them, under which no plan breaks the claim."""
    known = [claim.subject]  # A change that changes nothing, beside another, is no other pair.
    for some in _smallest_first(changes):
        if not go_on():
            return None
        subject = _applied(claim.subject, some, check)
        if subject is None or subject in known:
            continue
        known.append(subject)
        say(f"trying {' and '.join(some)}")
        changed_plans = [model.normalise(subject, plan.steps) for plan in plans]
        tried = [_tried(claim, plan, execute) for plan in changed_plans]
        if all(valid for valid, _ in tried):
            return Mending(
                changes=some,
                valid=sum(valid for valid, _ in tried),
                executions=sum(executions for _, executions in tried),
            )
    return None


def _smallest_first(those: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for size in (1, 2):
        for changes in combinations(those, size):
            names = {change.partition("=")[0] for change in changes}
            if len(names) == size:
                yield changes


def _applied(
    subject: Subject, changes: tuple[str, ...], check: Callable[[Subject], None]
) -> Subject | None:
    """The subject with the changes; ``None`` where they do not fit it."""
    try:
        new = changed(subject, changes)
        check(new)
    except (UsageError, SettingError):
        return None
    return new


def _tried(claim: Claim, plan: Plan, execute: Callable[[Plan], Judgement]) -> tuple[int, int]:
    """How often the guarantee held, and of how many; never, if it broke once."""
    first = execute(plan)
    if first.ruling(claim) is Ruling.INVALID:
        return 0, 1
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ask") as threads:
        rest = list(threads.map(lambda _: execute(plan), range(TIMES - 1)))
    rulings = [one.ruling(claim) for one in (first, *rest)]
    if Ruling.INVALID in rulings:
        return 0, len(rulings)
    return sum(ruling is Ruling.VALID for ruling in rulings), len(rulings)
