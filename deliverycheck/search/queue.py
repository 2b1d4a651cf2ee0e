"""The plans to try: those of the pool in their order, then cuts into what went well."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from deliverycheck.plans import Plan
from deliverycheck.plans.model import Model
from deliverycheck.search.followups import followups
from deliverycheck.search.judgement import Judgement

LEARNT_MAX = 5
"""Histories that are cut into: each gives several plans, and few are ever needed."""


class Queue(Iterator[Plan]):
    """Each plan once; of the cuts those that fit.

    Cuts come last. Among plans chosen by variety they found the yardstick's defects later: after
    7 executions in the median with every third plan a cut, after 5 without.
    """

    def __init__(
        self, plans: Iterable[Plan], model: Model, *, fits: Callable[[Plan], bool]
    ) -> None:
        self._plans = iter(plans)
        self._model = model
        self._fits = fits
        self._given: set[str] = set()
        self._cuts: deque[Iterator[Plan]] = deque()

    def __next__(self) -> Plan:
        """The next plan.

        Raises:
            StopIteration: there is none left, and no cut either.
        """
        plan = next(self._new(self._plans), None) or self._cut()
        if plan is None:
            raise StopIteration
        self._given.add(plan.digest)
        return plan

    def learn(self, judgement: Judgement) -> None:
        """Cuts into the execution are in the queue."""
        if judgement.inconclusive is not None or len(self._cuts) >= LEARNT_MAX:
            return
        try:
            history = judgement.history()
        except OSError:  # Another chain has put its folder away.
            return
        subject, model = judgement.plan.subject, self._model
        cuts = [cut.steps for cut in filter(self._fits, followups(judgement.plan, history, model))]
        # Their steps alone, which they mostly share with the plan, and not the history.
        self._cuts.append(model.normalise(subject, steps) for steps in cuts)

    def _new(self, plans: Iterator[Plan]) -> Iterator[Plan]:
        return (plan for plan in plans if plan.digest not in self._given)

    def _cut(self) -> Plan | None:
        """Of the histories in turn, each with its next cut."""
        while self._cuts:
            cuts = self._cuts.popleft()
            plan = next(self._new(cuts), None)
            if plan is not None:
                self._cuts.append(cuts)
                return plan
        return None
