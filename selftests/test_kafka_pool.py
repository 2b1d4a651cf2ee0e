"""The pool: the same for the same seed, all of it applicable, of every kind of step."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import StopTest
from hypothesis.stateful import rule, run_state_machine_as_test

from deliverycheck.plans import (
    AbortTransaction,
    AddPartitions,
    ChangeConfig,
    Close,
    CommitTransaction,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    FaultKind,
    Flush,
    Heal,
    Hold,
    Inject,
    Kill,
    Pause,
    PausePartitions,
    Publish,
    Purge,
    Restart,
    Resume,
    ResumePartitions,
    Seek,
    Stance,
    Subscribe,
    Unsubscribe,
    Work,
)
from deliverycheck.plans.kafka import KafkaDraft, KafkaModel
from deliverycheck.search import candidates, plans_for
from properties.drawing import drawing
from properties.kafka import CLAIMS, make_pool
from properties.kafka.machine import DeliveryPlanBuilder
from properties.kafka.pool import (
    CHANGING,
    COMPACTED,
    EVERYTHING,
    SEEKING,
    SHARING,
    TIMED,
    TRANSACTIONAL,
)
from properties.kafka.vocabulary import KINDS, NODE_FAULT, VOCABULARY

MODEL = KafkaModel()
COUNT, SMALL = 480, 48


@pytest.fixture(scope="module")
def pool():
    return make_pool(0, COUNT)


def test_same_seed_gives_the_same_pool_under_the_profile_of_ci_too(monkeypatch):
    small = make_pool(0, SMALL)
    assert make_pool(0, SMALL) == small
    monkeypatch.setenv("CI", "1")
    assert make_pool(0, SMALL) == small


def test_other_seed_gives_another_pool():
    one, other = make_pool(0, SMALL), make_pool(1, SMALL)
    assert len(set(one) & set(other)) < SMALL / 4


def test_pool_has_about_the_size_that_was_asked_for(pool):
    assert COUNT * 0.9 <= len(pool) <= COUNT * 1.1


def test_every_step_list_of_the_pool_is_applicable_as_it_stands(pool):
    for steps in pool:
        fitting = (EVERYTHING, TRANSACTIONAL, SHARING, COMPACTED, TIMED, SEEKING, CHANGING)
        assert steps in {MODEL.normalise(one, steps).steps for one in fitting}


def test_pool_has_steps_of_every_kind_and_every_fault(pool):
    steps = {step for steps in pool for step in steps}
    rarely = {Restart}  # A plan in ten may disturb the node; the quiet tail brings it back.
    kinds = {Publish, Work, Inject, Heal, Kill, Pause, Resume, Hold, Flush, CreateTopic, Close}
    kinds |= {CommitTransaction, AbortTransaction, AddPartitions, Purge, DeleteRecords, DeleteTopic}
    kinds |= {ChangeConfig, PausePartitions, ResumePartitions, Seek, Subscribe, Unsubscribe}
    assert kinds <= {type(step) for step in steps} <= kinds | rarely
    assert {step.fault for step in steps if isinstance(step, Inject)} == set(FaultKind)


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim.id for claim in CLAIMS])
def test_pool_has_plans_for_every_claim_and_each_of_its_hazards(claim, pool):
    plans = tuple(plans_for(claim.subject, pool, MODEL))
    assert len({plan.digest for plan in plans}) == len(plans)
    reach = [MODEL.hazards_in_reach(plan) for plan in plans]
    for hazard in claim.hazards:
        wanted = 1 if hazard.startswith("broker_") else 3  # One plan in ten may disturb the node.
        assert sum(hazard in one for one in reach) >= wanted, hazard
    if claim.stance is Stance.BREAKS:
        assert len([*candidates(claim, pool, MODEL)]) >= 10


def test_claims_come_in_pairs_of_the_same_guarantee_and_the_other_stance():
    by_id = {claim.id: claim for claim in CLAIMS}
    for claim in CLAIMS:
        if claim.pair is not None:
            sibling = by_id[claim.pair]
            assert sibling.guarantee == claim.guarantee
            assert sibling.stance is not claim.stance


def test_only_what_no_setting_is_known_to_break_has_no_sibling():
    alone = [claim for claim in CLAIMS if claim.pair is None]
    assert {claim.stance for claim in alone} == {Stance.HOLDS}
    broken = {claim.guarantee for claim in CLAIMS if claim.stance is Stance.BREAKS}
    assert not {claim.guarantee for claim in alone} & broken


class Broken(DeliveryPlanBuilder):
    @rule()
    def fail(self):
        raise LookupError("a defect of ours")


def _aborted(machine):
    try:
        raise StopTest(0)
    finally:  # As Hypothesis does it.
        machine.teardown()


def test_machine_hands_over_only_complete_runs():
    handed = []
    machine = DeliveryPlanBuilder(TRANSACTIONAL, handed.append)
    machine.draft.offer(Publish())
    with pytest.raises(StopTest):
        _aborted(machine)
    assert handed == []
    machine.teardown()
    assert handed == [(Publish(),)]


def test_defect_in_a_rule_is_raised_and_its_plan_is_not_handed_over():
    handed = []
    quick = settings(
        drawing(20),
        stateful_step_count=30,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises(LookupError, match="a defect of ours"):
        run_state_machine_as_test(lambda: Broken(TRANSACTIONAL, handed.append), settings=quick)
    assert all(isinstance(steps, tuple) for steps in handed)


def test_draft_offers_every_kind_of_the_vocabulary_when_something_is_under_way():
    at_once = {"publish", "create_topic", "alternate", "outlast", "end_late", "outwait"}
    at_once |= {"seek", "seek_deleted"}
    offered = set()
    for subject in (TRANSACTIONAL, EVERYTHING, SHARING, COMPACTED, TIMED, SEEKING, CHANGING):
        draft = KafkaDraft(subject)
        assert draft.kinds() <= at_once
        offered |= draft.kinds()
        for step in (Publish(), Work(), Inject(lane="link p1", fault=FaultKind.REFUSE)):
            assert draft.offer(step)
        offered |= draft.kinds()
    assert offered == KINDS.keys()


def test_kind_is_drawn_as_often_as_it_weighs():
    names = VOCABULARY.weighted(frozenset(KINDS))
    assert {name: names.count(name) for name in KINDS} == {
        name: kind.weight for name, kind in KINDS.items()
    }
    assert set(NODE_FAULT.arguments["make"]) == {Kill, Pause}
    assert set(NODE_FAULT.arguments["back"]) == {None, Restart, Resume}
