"""A campaign by subject: the pool is run once, dealt out to the subjects in turn."""

from itertools import islice

import pytest

from deliverycheck.plans import Kill, Publish, Stance
from deliverycheck.plans.campaign import ClaimState
from deliverycheck.plans.kafka_state import NODE
from deliverycheck.search import ExitCode
from deliverycheck.search.profile import Order
from deliverycheck.search.rest import each_in_turn
from selftests.campaign_bench import BAD, GOOD, MODEL, POOL, Bench, bad_repeats, claim, keeps

HAZARDS = ("none", "producer_killed", "broker_killed")
ONE = claim("one", Stance.HOLDS, GOOD, hazards=HAZARDS)
OTHER = claim("other", Stance.HOLDS, BAD, hazards=HAZARDS)
QUIET = [(Publish(count=size),) for size in range(1, 21)]
WIDE = (Publish(), Kill(lane=NODE), Publish())


@pytest.fixture
def bench(tmp_path):
    return lambda behave, **options: Bench(
        tmp_path, [ONE, OTHER], behave, order=Order.BY_SUBJECT, needed=1, **options
    )


def test_each_step_list_is_run_once_and_the_subjects_take_turns(bench):
    ran = bench(keeps).run()
    dealt = [MODEL.normalise((GOOD, BAD)[turn % 2], steps) for turn, steps in enumerate(POOL)]
    assert sorted(plan.digest for plan in ran.target.ran) == sorted(one.digest for one in dealt)
    assert {cell.hazard: cell.valid for cell in ran.result("one").cells}["none"] == len(POOL) // 2


def test_claim_holds_under_what_occurred_and_what_did_not_is_no_gap(bench):
    ran = bench(keeps).run()
    cells = {cell.hazard: cell.state for cell in ran.result("one").cells}
    assert cells["broker_killed"] is ClaimState.NOT_EXERCISED
    assert ran.result("one").state is ClaimState.HELD
    assert ran.code is ExitCode.AS_CLAIMED


def test_claim_of_which_nothing_occurred_does_not_hold(bench):
    ran = bench(keeps, pool=[()]).run()
    assert ran.result("one").state is ClaimState.NOT_EXERCISED
    assert ran.code is ExitCode.NOT_EXERCISED


def test_what_one_subject_breaks_is_told_of_it_alone(bench):
    ran = bench(bad_repeats).run()
    assert ran.result("one").state is not ClaimState.VIOLATED
    assert ran.result("other").state is ClaimState.VIOLATED
    assert [violation.claim for violation in ran.campaign.violations.values()] == ["other"]
    assert ran.code is ExitCode.BROKEN


def test_nothing_starts_when_the_time_is_over(bench):
    assert bench(keeps, seconds=0).run().target.ran == []


def test_an_empty_turn_and_one_that_no_claim_speaks_of_are_passed_over():
    apart = claim("apart", Stance.HOLDS, GOOD, hazards=HAZARDS, unless=("producer_killed",))
    killed = (Publish(), Kill(lane="p1"), Publish())
    first, _ = each_in_turn([(), killed, QUIET[0]], [apart], MODEL)
    assert list(first) == [MODEL.normalise(GOOD, QUIET[0])]


def test_plans_that_disturb_a_node_are_for_the_first_lane_alone_and_none_is_left_out():
    pool = [*QUIET[:5], WIDE, *QUIET[5:]]
    first, others = each_in_turn(pool, [ONE], MODEL)
    passed = list(islice(others, 10))
    assert not any(map(MODEL.broker_wide, passed))
    rest = list(first)
    assert MODEL.broker_wide(rest[0])
    assert len(passed) + len(rest) == len(pool)


def test_plans_that_disturb_a_node_never_run_ahead_of_the_others():
    pool = [*QUIET[:9], WIDE, *QUIET[9:18], WIDE]
    first, _ = each_in_turn(pool, [ONE], MODEL)
    assert [place for place, plan in enumerate(first) if MODEL.broker_wide(plan)] == [10, 19]


def test_subject_of_several_claims_has_one_turn():
    also = claim("also", Stance.HOLDS, GOOD, "at_least_once_in_log", hazards=HAZARDS)
    first, _ = each_in_turn(QUIET[:4], [ONE, also, OTHER], MODEL)
    assert [plan.subject for plan in first] == [GOOD, BAD, GOOD, BAD]


def test_without_a_claim_there_is_nothing_to_run():
    first, others = each_in_turn(QUIET, [], MODEL)
    assert [*first, *others] == []
