"""One mutant, one seed: how soon generated plans find it, how small the plan becomes."""

from itertools import islice
from pathlib import Path

import msgspec

from deliverycheck.plans import DeleteTopic, PausePartitions, Seek, Unsubscribe
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.search import Budget, Judge, Shrinker, plans_for, reaching, slices, varied
from selftests.yardstick.broker import Broker
from selftests.yardstick.mutants import HELD, Mutant
from selftests.yardstick.target import SimulatedTarget, scratch

FIND_MAX = 60
MODEL = KafkaModel()
UNKNOWN = (DeleteTopic, PausePartitions, Seek, Unsubscribe)
"""Steps that the simulated broker does not know; plans with them are for real ones."""

CORRECT = {claim.id: Mutant(name="correct", broker=Broker, claim=claim, steps=()) for claim in HELD}


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one mutant under one seed.

    Attributes:
        found_after: executions until the first conviction; ``None`` if there was none in 60.
        shrink: executions that shrinking took.
        reached: those after which its smallest plan was known.
        steps: of the smallest plan.
        surplus: its steps beyond those of the plan that the mutant states.
    """

    mutant: str
    probability: float
    seed: int
    found_after: int | None = None
    shrink: int = 0
    steps: int = 0
    surplus: int = 0


class Bench:
    """A mutant on a target, behind the real judge."""

    def __init__(self, mutant, *, probability=1.0, seed=0):
        self.mutant = mutant
        self._seed = seed
        self._probability = probability
        self._folder = scratch()
        self._target = SimulatedTarget(mutant.broker, probability=probability, seed=seed)
        self._judge = Judge(
            execute=self._target.execute,
            renew=lambda _: None,
            guarantees=(mutant.claim.guarantee,),
            folder=Path(self._folder.name),
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def plans(self, pool):
        """The first 60 for the claim, as a campaign would choose them."""
        claim = self.mutant.claim
        known = [steps for steps in pool if not any(isinstance(one, UNKNOWN) for one in steps)]
        plans = tuple(reaching(plans_for(claim.subject, known, MODEL), claim.hazards, MODEL))
        return tuple(islice(varied(plans, claim.hazards, MODEL), FIND_MAX))

    def judge(self, plan):
        judgement = self._judge.execute(plan)
        judgement.execution.folder.remove()
        return judgement

    def convicts(self, plan):
        return self.judge(plan).convicts(self.mutant.claim)

    def find(self, plans):
        """Executions until the first conviction, with its judgement; ``None`` within 60."""
        for number, plan in enumerate(plans[:FIND_MAX], start=1):
            judgement = self._judge.execute(plan)
            if judgement.convicts(self.mutant.claim):
                return number, judgement
            judgement.execution.folder.remove()
        return None

    def shrink(self, judgement, executions):
        claim = self.mutant.claim
        anomaly = judgement.verdicts[claim.guarantee].anomalies[0]
        hints = tuple(slices(judgement.plan.steps, anomaly, judgement.history()))

        def convicts(plan):
            tried = self.judge(plan)
            names = {one.name for one in tried.verdicts[claim.guarantee].anomalies}
            return tried.convicts(claim) and anomaly.name in names

        budget = Budget(executions=executions, seconds=600)
        return Shrinker(MODEL, convicts, budget, hints=hints).shrink(judgement.plan)

    def trial(self, plans, executions):
        found = self.find(plans)
        known = {
            "mutant": self.mutant.name,
            "probability": self._probability,
            "seed": self._seed,
        }
        if found is None:
            return Trial(**known)
        shrunk = self.shrink(found[1], executions)
        steps = len(shrunk.smallest.plan.steps)
        return Trial(
            **known,
            found_after=found[0],
            shrink=shrunk.executions,
            steps=steps,
            surplus=steps - len(self.mutant.steps),
        )
