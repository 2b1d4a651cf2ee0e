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
    return make_pool(0, 1200)


@pytest.fixture(scope="module")
def plans(pool):
    """The chosen plans of a mutant's claim; chosen once."""
    chosen = {}

    def of(mutant, bench):
        if mutant.claim.id not in chosen:
            chosen[mutant.claim.id] = bench.plans(pool)
        return chosen[mutant.claim.id]

    return of


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


@pytest.mark.parametrize("mutant", MUTANTS, ids=ids(MUTANTS))
def test_mutant_is_found_within_60_executions_and_shrunk_until_no_step_can_go(mutant, plans):
    """It has as many steps as the stated plan."""
    with Bench(mutant) as bench:
        found = bench.find(plans(mutant, bench))
        assert found is not None
        smallest = bench.shrink(found[1], executions=100).smallest.plan
        assert len(smallest.steps) == len(mutant.steps)
        for place in range(len(smallest.steps)):
            rest = (*smallest.steps[:place], *smallest.steps[place + 1 :])
            assert not bench.convicts(MODEL.normalise(mutant.claim.subject, rest))


def rulings_of(claim, pool):
    with Bench(CORRECT[claim.id]) as bench:
        return [bench.judge(plan).ruling(claim) for plan in bench.plans(pool)[:9]]


def test_correct_broker_is_accused_of_nothing(pool):
    rulings = [ruling for claim in HELD for ruling in rulings_of(claim, pool)]
    assert len(rulings) >= 50
    assert Ruling.INVALID not in rulings
    assert Ruling.INCONCLUSIVE not in rulings
