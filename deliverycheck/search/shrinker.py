"""Reduces a plan to a small one that still convicts, although each execution is only a sample.

A candidate counts only after two convictions: plans accepted after one lucky
execution hardly reproduced in 2 of 15 cases. What is rejected is rejected after
as many misses as the measured rate asks for.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from deliverycheck.plans import Hold, Plan, Publish, Step, Work, verb_of
from deliverycheck.plans.campaign import Tally
from deliverycheck.plans.model import Model
from deliverycheck.search.rates import tally, tries_to_see

CONFIRM_TRIES = 8
CONFIRM_CONVICTIONS = 3
CONVICTIONS_NEEDED = 2
MISSED = 0.1
"""Chance at which a candidate that convicts as often as its parent is thrown away."""

TRIES_MAX = 8
VERIFY_TRIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much a shrink may cost."""

    executions: int
    seconds: float


@dataclass(slots=True, kw_only=True)
class Record:
    """How often a plan convicted so far."""

    plan: Plan
    convictions: int = 0
    executions: int = 0

    @property
    def tally(self) -> Tally:
        """The rate with its interval."""
        return tally(self.convictions, self.executions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """The result: the smallest plan that convicted, and the one that did so most often."""

    smallest: Record
    most_reproducible: Record
    executions: int


@dataclass(slots=True)
class Shrinker:
    """Shrinks one plan; `convicts` executes one once: whether it showed the same violation.

    Attributes:
        convictions_needed: for a candidate to count.
        misses_max: after which it is rejected, for each conviction and for the first;
            the measured rate may ask for fewer.
        stopped: whether no execution may start any more; what is known then is the result.
    """

    model: Model
    convicts: Callable[[Plan], bool]
    budget: Budget
    convictions_needed: int = CONVICTIONS_NEEDED
    misses_max: int = TRIES_MAX
    stopped: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    _records: dict[str, Record] = field(default_factory=dict)
    _executions: int = 0
    _end: float = 0.0

    def shrink(self, plan: Plan) -> Shrunk:
        """The best plans that the budget allows; `plan` itself if nothing smaller convicts."""
        self._end = self.clock() + self.budget.seconds
        best = self._record(plan)
        self._confirm(best)
        if best.convictions:
            best = self._descend(best)
            self._verify(best)
        return Shrunk(
            smallest=best,
            most_reproducible=self._most_reproducible(best),
            executions=self._executions,
        )

    def _record(self, plan: Plan) -> Record:
        return self._records.setdefault(plan.digest, Record(plan=plan))

    @property
    def _spent(self) -> bool:
        spent = self._executions >= self.budget.executions or self.clock() >= self._end
        return spent or self.stopped()

    def _try(self, record: Record) -> None:
        self._executions += 1
        record.executions += 1
        record.convictions += self.convicts(record.plan)

    def _confirm(self, record: Record) -> None:
        while (
            record.executions < CONFIRM_TRIES
            and record.convictions < CONFIRM_CONVICTIONS
            and not self._spent
        ):
            self._try(record)

    def _verify(self, record: Record) -> None:
        while record.executions < VERIFY_TRIES and not self._spent:
            self._try(record)

    def _descend(self, best: Record) -> Record:
        improved = True
        while improved and not self._spent:
            improved = False
            for steps in _candidates(best.plan.steps):
                candidate = self.model.normalise(best.plan.subject, steps)
                if _size(candidate) >= _size(best.plan):
                    continue
                if self._accepts(candidate, best):
                    best, improved = self._record(candidate), True
                    break
                if self._spent:
                    break
        return best

    def _accepts(self, candidate: Plan, parent: Record) -> bool:
        """Whether the candidate convicts about as its parent does."""
        record = self._record(candidate)
        rate = parent.convictions / parent.executions
        misses = tries_to_see(rate, missed=MISSED, tries_max=self.misses_max)
        while record.convictions < self.convictions_needed and not self._spent:
            if record.executions - record.convictions * misses >= misses:
                return False
            self._try(record)
        return record.convictions >= self.convictions_needed

    def _most_reproducible(self, best: Record) -> Record:
        def worth(record: Record) -> tuple[float, int]:
            return record.tally.low, -len(record.plan.steps)

        counting = (
            record
            for record in self._records.values()
            if record.convictions >= self.convictions_needed
        )
        return max((best, *counting), key=worth)


def _size(plan: Plan) -> tuple[int, int]:
    """Fewer steps first, then smaller arguments."""
    return len(plan.steps), sum(_weight(step) for step in plan.steps)


def _weight(step: Step) -> int:
    if isinstance(step, Publish):
        return step.count + (step.key is not None)
    if isinstance(step, Work):
        return step.calls
    return step.ms if isinstance(step, Hold) else 0


def _candidates(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Smaller plans, the boldest first: without a kind, without a stretch, smaller arguments."""
    yield from _without_kinds(steps)
    yield from _without_stretches(steps)
    yield from _with_smaller_arguments(steps)


def _without_kinds(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    for kind in dict.fromkeys(verb_of(step) for step in steps):
        rest = tuple(step for step in steps if verb_of(step) != kind)
        if rest:
            yield rest


def _without_stretches(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    length = len(steps) // 2
    while length:
        for start in range(0, len(steps), length):
            rest = (*steps[:start], *steps[start + length :])
            if rest:
                yield rest
        length //= 2


def _with_smaller_arguments(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    for place, step in enumerate(steps):
        for smaller in _smaller(step):
            yield (*steps[:place], smaller, *steps[place + 1 :])


def _smaller(step: Step) -> Iterable[Step]:
    if isinstance(step, Publish):
        counts = sorted({1, step.count // 2} - {0, step.count})
        yield from (
            msgspec.structs.replace(step, count=count) for count in counts if count < step.count
        )
        if step.key is not None:
            yield msgspec.structs.replace(step, key=None)
    elif isinstance(step, Work):
        calls = sorted({1, 2, 3, step.calls - 1})
        yield from (
            msgspec.structs.replace(step, calls=one) for one in calls if 0 < one < step.calls
        )
    elif isinstance(step, Hold):
        yield from (Hold(ms=ms) for ms in (60, 300) if ms < step.ms)
