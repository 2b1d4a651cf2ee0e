"""The yardstick's own truth: the correct broker is accused of nothing, each mutant of something."""

import pytest

from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.search import Ruling
from properties.kafka.pool import make_pool
from selftests.yardstick.mutants import HELD, MUTANTS
from selftests.yardstick.trial import CORRECT, Bench

MODEL = KafkaModel()


@pytest.fixture(scope="module")
def pool():
    return make_pool(0, 300)


def ids(mutants):
    return [mutant.name.replace(" ", "-") for mutant in mutants]


@pytest.mark.parametrize("mutant", MUTANTS, ids=ids(MUTANTS))
def test_stated_plan_convicts_its_mutant_and_no_step_of_it_can_go(mutant):
    with Bench(mutant) as bench:
        assert len(mutant.plan.steps) == len(mutant.steps)
        assert bench.convicts(mutant.plan)
        for place in range(len(mutant.steps)):
            rest = (*mutant.steps[:place], *mutant.steps[place + 1 :])
            assert not bench.convicts(MODEL.normalise(mutant.claim.subject, rest))


@pytest.mark.parametrize("mutant", MUTANTS, ids=ids(MUTANTS))
def test_stated_plan_says_nothing_against_the_correct_broker(mutant):
    with Bench(mutant, probability=0.0) as bench:
        assert bench.judge(mutant.plan).ruling(mutant.claim) is not Ruling.INVALID


def rulings_of(claim, pool):
    with Bench(CORRECT[claim.id]) as bench:
        return [bench.judge(plan).ruling(claim) for plan in bench.plans(pool)[:9]]


def test_correct_broker_is_accused_of_nothing(pool):
    rulings = [ruling for claim in HELD for ruling in rulings_of(claim, pool)]
    assert len(rulings) >= 50
    assert Ruling.INVALID not in rulings
    assert Ruling.INCONCLUSIVE not in rulings
