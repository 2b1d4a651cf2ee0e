"""Reduces a plan to a small one that still convicts, although each execution is only a sample.

A candidate that convicts becomes the best plan at once; one that does not is thrown away
after as many misses as the measured rate asks for, over all its executions. Few misses are
allowed at first and more in every further round, so that what is easily removed costs little.
The end is measured: a plan that convicted by luck gives way to the one before it. A plan that
convicts rarely is tried in copies side by side, if these convict so much more often that it pays.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from deliverycheck.plans import Plan, Step
from deliverycheck.plans.model import Model
from deliverycheck.plans.rates import tries_to_see
from deliverycheck.search.measured import Measured, Record
from deliverycheck.search.reductions import (
    crashed,
    gathered,
    in_one_place,
    joined,
    kinds_of,
    size,
    turned,
    waiting,
    with_smaller_arguments,
    without_kind,
    without_pairs,
)

CONFIRM_TRIES = 12
CONFIRM_CONVICTIONS = 3
CONVICTIONS_TO_STAY = 2
"""Of a result: one lucky execution is no reproduction."""

MISSED = 0.1
"""Chance at which a candidate that convicts as often as the best plan is thrown away."""

TRIES_MAX = 12
VERIFY_TRIES = 10
KEPT_BACK = 8
"""Share of a small budget that is for measuring the result: an eighth. (With a quarter 0.77 of the
yardstick's plans came near the smallest in 40 executions, with an eighth 0.82.)"""

PROBE_TRIES = 4
PROBE_GAIN = 2
"""Convictions that copies must bring beyond those of as many executions without them."""

PAIRS_OF_MAX = 6
"""Steps of which all pairs are tried: 10 pairs that do not follow each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much a shrink may cost."""

    executions: int
    seconds: float


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
        measured: what earlier sittings found out; they need not do it again.
        hints: step lists that may well convict, such as slices by the history; tried first.
        amplify: makes the copies in which candidates are tried, if they are; settled when the first
            plan is confirmed.
    """

    model: Model
    convicts: Callable[[Plan], bool]
    budget: Budget
    convictions_needed: int = 1
    misses_max: int = TRIES_MAX
    stopped: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    measured: Measured = field(default_factory=Measured)
    amplify: Callable[[Plan], Plan] | None = None
    hints: Sequence[Sequence[Step]] = ()
    _chain: list[Plan] = field(default_factory=list)
    _unfit: set[str] = field(default_factory=set)
    _executions: int = 0
    _reserve: int = 0
    _end: float = 0.0

    def shrink(self, plan: Plan) -> Shrunk:
        """The best plans that the budget allows; `plan` itself if nothing smaller convicts."""
        self._end = self.clock() + self.budget.seconds
        self._chain = [plan]
        self._confirm(plan)
        if self._tried(plan).convictions:
            self._descend()
        smallest = self._result()
        return Shrunk(
            smallest=smallest,
            most_reproducible=self._most_reproducible(smallest),
            executions=self._executions,
        )

    @property
    def _best(self) -> Plan:
        return self._chain[-1]

    def _tried(self, plan: Plan) -> Record:
        """The record of what is executed for the plan: itself, or it in copies."""
        return self.measured.of(plan if self.amplify is None else self.amplify(plan))

    def _confirm(self, plan: Plan) -> None:
        """It is known how often the plan convicts, and whether copies pay."""
        alone = self.measured.of(plan)
        self._try_until(alone, PROBE_TRIES, CONFIRM_CONVICTIONS)
        self.amplify = next((one for one in self.model.amplifiers if self._pays(one, alone)), None)
        if self.amplify is None:
            self._try_until(alone, CONFIRM_TRIES, CONFIRM_CONVICTIONS)
            self._try_until(alone, 2 * CONFIRM_TRIES, 1)

    def _pays(self, amplify: Callable[[Plan], Plan], alone: Record) -> bool:
        """Whether copies convict so much more often; no longer tried than that is open."""
        copied, wanted = self.measured.of(amplify(alone.plan)), alone.convictions + PROBE_GAIN
        if copied is alone or wanted > PROBE_TRIES:
            return False
        misses_max = PROBE_TRIES - wanted
        while copied.convictions < wanted and copied.executions - copied.convictions <= misses_max:
            if self._spent:
                return False
            self._try(copied)
        return copied.convictions >= wanted

    def _result(self) -> Record:
        """The smallest plan; if it convicts in copies alone, these were one chance together.

        Then half of the way to it is given up, again and again, until a plan convicts alone.
        """
        if self.amplify is None:
            return self.measured.of(self._best)
        tries, given_up = 2 * self.misses_max, False
        while not self._convicts_alone(self._best, tries) and len(self._chain) > 1:
            del self._chain[-(-len(self._chain) // 2) :]
            given_up = True
        alone = self.measured.of(self._best)
        self._try_until(alone, VERIFY_TRIES, VERIFY_TRIES)
        if given_up:
            self.amplify = None
            if alone.convictions:
                self._descend()
        return self.measured.of(self._best)

    def _convicts_alone(self, plan: Plan, tries: int) -> bool:
        """Whether it does without copies, in so many tries."""
        record = self.measured.of(plan)
        self._try_until(record, tries, 1)
        return record.convictions > 0

    @property
    def _spent(self) -> bool:
        spent = self._executions + self._reserve >= self.budget.executions
        return spent or self.clock() >= self._end or self.stopped()

    def _try_until(self, record: Record, tries: int, convictions: int) -> None:
        """So many executions or convictions, whichever comes first; earlier ones count."""
        while record.executions < tries and record.convictions < convictions and not self._spent:
            self._try(record)

    def _try(self, record: Record) -> None:
        self._executions += 1
        record.executions += 1
        record.convictions += self.convicts(record.plan)

    def _descend(self) -> None:
        """Rounds with more and more misses allowed, until the rate of what is left asks for none.

        The last executions are kept back: a result has to be measured.
        """
        misses, wanted = 1, self._misses()
        while True:
            self._reserve = min(VERIFY_TRIES, self.budget.executions // KEPT_BACK)
            self._round(misses)
            if misses >= wanted or self._spent:
                self._reserve = 0
                self._settle()
                wanted = self._misses()
                if misses >= wanted or self._spent:
                    return
            misses = min(2 * misses, wanted)

    def _settle(self) -> None:
        """The best plan is measured; if it convicted by luck, the one before it is the best."""
        while True:
            record = self._tried(self._best)
            if self.amplify is None:  # Else what counts is the plan alone, and that comes last.
                self._try_until(record, VERIFY_TRIES, VERIFY_TRIES)
            self._try_until(record, 2 * self.misses_max, self._needed_to_stay)
            if len(self._chain) == 1 or self._reproduces(record):
                return
            self._unfit.add(self._chain.pop().digest)

    @property
    def _needed_to_stay(self) -> int:
        return max(CONVICTIONS_TO_STAY, self.convictions_needed)

    def _reproduces(self, record: Record) -> bool:
        """Whether it convicted more than once, and not surely more rarely than the first plan."""
        rare = record.tally.high < self._tried(self._chain[0]).tally.low
        return record.convictions >= self._needed_to_stay and not rare

    def _misses(self) -> int:
        """Misses after which a plan of the best one's rate would have convicted."""
        rate = self._tried(self._best).rate
        return tries_to_see(rate, missed=MISSED, tries_max=self.misses_max)

    def _round(self, misses: int) -> None:
        """No single reduction of the best plan is left that convicts within so many misses."""
        self._take_first(self.hints, misses)
        for kind in kinds_of(self._best.steps):
            self._takes(without_kind(self._best.steps, kind), misses)
        length = len(self._best.steps) // 2
        while length > 1:
            self._remove_stretches(length, misses)
            length //= 2
        before = None
        while before is not self._best and not self._spent:
            before = self._best
            self._remove_stretches(1, misses)
            self._take_first(in_one_place(self._best.steps), misses)
            while self._take_first(joined(self._best.steps), misses):
                pass
            self._shorten_arguments(misses)
            if before is self._best:
                self._take_first(waiting(self._best.steps), misses)
            if before is self._best and len(before.steps) <= PAIRS_OF_MAX:
                bold = (crashed, turned, without_pairs, gathered)
                self._take_first(chain.from_iterable(of(before.steps) for of in bold), misses)

    def _take_first(self, candidates: Iterable[Sequence[Step]], misses: int) -> bool:
        """The first candidate that counts is the best plan; whether there was one."""
        return any(self._takes(steps, misses) for steps in candidates)

    def _remove_stretches(self, length: int, misses: int) -> None:
        """From the end on; a removed stretch does not make those behind it be tried again."""
        end = len(self._best.steps)
        while end > 0:
            steps = self._best.steps
            self._takes((*steps[: max(0, end - length)], *steps[end:]), misses)
            end = min(end - length, len(self._best.steps))

    def _shorten_arguments(self, misses: int) -> None:
        """Step by step; the steps before a shortened one are not tried again."""
        place = 0
        while place < len(self._best.steps):
            smaller = with_smaller_arguments(self._best.steps, place)
            if not self._take_first(smaller, misses):
                place += 1

    def _takes(self, steps: Sequence[Step], misses: int) -> bool:
        """Whether the candidate is smaller and convicts; it is the best plan then."""
        candidate = self.model.normalise(self._best.subject, steps)
        is_smaller = candidate.steps and size(candidate) < size(self._best)
        if not is_smaller or candidate.digest in self._unfit:
            return False
        record = self._tried(candidate)
        while record.convictions < self.convictions_needed:
            if record.executions >= misses * (record.convictions + 1) or self._spent:
                return False
            self._try(record)
        self._chain.append(candidate)
        return True

    def _most_reproducible(self, smallest: Record) -> Record:
        def worth(record: Record) -> tuple[float, int]:
            return record.tally.low, -len(record.plan.steps)

        counting = (one for one in self.measured if one.convictions >= CONVICTIONS_TO_STAY)
        return max((smallest, *counting), key=worth)
