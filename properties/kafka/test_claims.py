"""One item a claim, on a real Kafka: a holding one breaks under no plan, a breaking one is found.

Run by ``pytest properties``; the command line's `run` does the same with many at
once. A conviction of a holding claim fails at the first plan, once, from one
place, after its execution was saved, and is never tried again.
"""

import pytest
from hypothesis import example, given, seed

from deliverycheck import content
from deliverycheck.guarantees import explain, text_of
from deliverycheck.plans import Claim, Plan, Stance
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.search import PROFILES, Corpus, Judge, Ruling, candidates
from properties.kafka.claims import CLAIMS
from properties.kafka.pool import drawing, make_pool
from properties.kafka.strategies import plans

POOL = 600
PLANS_A_VALID_EXECUTION = 2
"""Generated plans for each execution that the profile needs: half of them reach a hazard."""

STANCES = {"holding": Stance.HOLDS, "breaking": Stance.BREAKS}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item for each claim that the profile has the time for."""
    paces = PROFILES[metafunc.config.getoption("--profile")].paces
    for name in STANCES.keys() & set(metafunc.fixturenames):
        claims = [one for one in CLAIMS if one.stance is STANCES[name] and one.pace in paces]
        metafunc.parametrize(name, claims, ids=[claim.id for claim in claims])


class ViolationError(AssertionError):
    """A plan broke what its claim holds. The folder in the message has everything."""


def test_no_plan_breaks_what_holds(holding, judge, profile, plan_seed):
    valid = []

    @seed(plan_seed)
    @drawing(profile.needed * PLANS_A_VALID_EXECUTION)
    @given(plan=plans(holding.subject))
    def every_plan_is_harmless(plan):
        valid.append(judged(judge, holding, plan) is Ruling.VALID)

    for plan in plans_that_broke_siblings(holding):
        every_plan_is_harmless = example(plan=plan)(every_plan_is_harmless)
    every_plan_is_harmless()
    assert sum(valid) >= profile.needed, (
        f"{holding.id} was not exercised: {sum(valid)} valid executions of {len(valid)}, "
        f"{profile.needed} needed"
    )


def test_what_is_stated_to_break_is_found(breaking, judge, profile, plan_seed):
    best = Corpus(content.folder("corpus")).best(breaking.id)
    tries = [best[1]] * best[2].tries if best else []
    pool = make_pool(plan_seed, POOL)
    generated = candidates(breaking, pool, KafkaModel())[: profile.generated_max]
    for plan in (*tries, *generated):
        if judge.execute(plan).convicts(breaking):
            return
    pytest.fail(
        f"{breaking.id} did not break: 0 of {len(tries)} replays of the corpus, 0 of "
        f"{len(generated)} generated plans. Either the suite has become blind or the system better."
    )


def plans_that_broke_siblings(claim: Claim) -> list[Plan]:
    corpus, model = Corpus(content.folder("corpus")), KafkaModel()
    found = (corpus.best(sibling.id) for sibling in CLAIMS if sibling.pair == claim.id)
    return [model.normalise(claim.subject, one[1].steps) for one in found if one is not None]


def judged(judge: Judge, claim: Claim, plan: Plan) -> Ruling:
    """The plan's ruling; the one place that raises for a violation."""
    judgement = judge.judge(plan)
    if judgement.convicts(claim):
        folder = judgement.execution.folder
        told = text_of(explain(judgement.verdicts[claim.guarantee], judgement.history()))
        msg = (
            f"{claim.id}: {claim.setting} broke {claim.guarantee}\n{told}\n"
            f"Everything: {folder.root}\n"
            f"Again: deliverycheck replay {folder.plan} --claim {claim.id} --times 10"
        )
        raise ViolationError(msg)
    return judgement.ruling(claim)
