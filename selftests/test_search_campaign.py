"""A campaign finds, holds, counts once, saves first, and stops when told to."""

from threading import Event, Thread

import pytest

from deliverycheck.guarantees import HAZARDS
from deliverycheck.history import read_history
from deliverycheck.plans import Kill, Publish, Stance, Subject, plan_of
from deliverycheck.plans.campaign import ClaimState
from deliverycheck.search import ExitCode, Ledger, Ruling, entry_of, with_what_holds_instead
from deliverycheck.search.campaign import SAMPLES_MAX
from deliverycheck.search.corpus import TRIES_MIN
from deliverycheck.search.profile import Afterwards
from selftests.campaign_bench import (
    BAD,
    BREAKS,
    GOOD,
    HOLDS,
    MODEL,
    POOL,
    Bench,
    bad_repeats,
    claim,
    keeps,
)
from selftests.scripted_target import Does


@pytest.fixture
def bench(tmp_path):
    return lambda claims, behave, **options: Bench(tmp_path, claims, behave, **options)


# A claim that holds.


def test_claim_holds_when_each_hazard_occurred_often_enough_and_nothing_broke(bench):
    ran = bench([HOLDS], keeps).run()
    result = ran.result("good")
    assert result.state is ClaimState.HELD
    assert [cell.valid for cell in result.cells] == [3, 3]
    assert ran.code is ExitCode.AS_CLAIMED


def plans_of(ran, subject):
    return [plan.digest for plan in ran.target.ran if plan.subject == subject]


def test_night_that_is_settled_early_goes_on_with_every_plan_once(bench):
    ended = bench([HOLDS], keeps).run()
    assert len(plans_of(ended, GOOD)) < len(POOL)
    ran = bench([HOLDS], keeps, afterwards=Afterwards.FURTHER_PLANS).run()
    wanted = {MODEL.normalise(GOOD, steps).digest for steps in POOL}
    assert sorted(plans_of(ran, GOOD)) == sorted(wanted)
    assert ran.result("good").state is ClaimState.HELD
    assert ran.result("good").valid == len(wanted)


def test_night_that_goes_on_tells_what_it_breaks_then(bench):
    late = MODEL.normalise(GOOD, POOL[-1]).digest

    def loses_late(plan, _time):
        return Does.LOSES if plan.digest == late else Does.KEEPS

    assert bench([HOLDS], loses_late).run().result("good").state is ClaimState.HELD
    ran = bench([HOLDS], loses_late, afterwards=Afterwards.FURTHER_PLANS).run()
    assert ran.result("good").state is ClaimState.VIOLATED
    assert ran.code is ExitCode.BROKEN


def test_night_goes_on_only_with_plans_that_its_claims_speak_of(bench):
    quiet = claim("good", Stance.HOLDS, GOOD, unless=("producer_killed",))
    ran = bench([quiet], keeps, afterwards=Afterwards.FURTHER_PLANS).run()
    assert not any(isinstance(step, Kill) for plan in ran.target.ran for step in plan.steps)


def test_night_whose_time_is_over_does_not_go_on(bench):
    ran = bench([HOLDS], keeps, seconds=0, afterwards=Afterwards.FURTHER_PLANS).run()
    assert ran.target.ran == []


def test_hazard_that_no_plan_of_the_pool_speaks_of_is_brought_about_by_cutting(bench):
    ran = bench([HOLDS], keeps, pool=[steps for steps in POOL if len(steps) == 1]).run()
    assert ran.result("good").state is ClaimState.HELD
    assert any(isinstance(step, Kill) for plan in ran.target.ran for step in plan.steps)


def test_hazard_that_never_occurs_leaves_the_claim_not_exercised(bench):
    never = claim("good", Stance.HOLDS, GOOD, hazards=("none", "consumer_killed"))
    ran = bench([never], keeps).run()
    assert ran.result("good").state is ClaimState.NOT_EXERCISED
    assert ran.code is ExitCode.NOT_EXERCISED


def test_hazard_that_the_backend_cannot_bring_about_changes_nothing(bench):
    beyond = claim("good", Stance.HOLDS, GOOD, hazards=("none", "broker_killed"))
    ran = bench([beyond], keeps, reachable=frozenset({"none"})).run()
    cells = {cell.hazard: cell for cell in ran.result("good").cells}
    assert not cells["broker_killed"].reachable
    assert cells["broker_killed"].state is ClaimState.NOT_EXERCISED
    assert ran.result("good").state is ClaimState.HELD
    assert ran.code is ExitCode.AS_CLAIMED


def test_violation_of_a_holding_claim_is_told_and_never_tried_again_to_green(bench):
    ran = bench([HOLDS], lambda _, time: Does.REPEATS if time == 1 else Does.KEEPS).run()
    result = ran.result("good")
    assert result.state is ClaimState.VIOLATED
    assert result.violation
    assert ran.code is ExitCode.BROKEN
    violation = ran.campaign.violations["good"]
    assert violation.anomaly == "duplicate"
    assert any("VIOLATED good" in line for line in ran.said)


def test_violation_is_saved_with_its_plan_and_a_history_that_proves_it(bench):
    ran = bench([HOLDS], lambda *_: Does.LOSES, needed=1).run()
    kept = ran.folder.violations / "good"
    violation = ran.campaign.violations["good"]
    plan = plan_of((kept / "plan.json").read_bytes())
    assert violation.plan_steps == plan.steps == (Publish(),)
    history = read_history(kept / "history.jsonl")
    assert history.header.plan == plan.digest
    assert violation.sentences
    assert violation.operations
    assert f"plan-{plan.short_digest}.json" in violation.replay


def test_each_way_to_break_is_a_case_of_its_own_shrunk_once(bench):
    def both(plan, _):
        killed = any(isinstance(step, Kill) for step in plan.steps)
        return Does.LOSES if killed else Does.REPEATS

    ran = bench([HOLDS], both, needed=8).run()
    found = sorted((one.anomaly, one.folder) for one in ran.campaign.violations.values())
    assert [anomaly for anomaly, _ in found] == ["duplicate", "lost"]
    assert {folder for _, folder in found} == {"violations/good", "violations/good-2"}
    assert len([line for line in ran.said if line.startswith("VIOLATED good")]) == 2
    assert {len(one.plan_steps) for one in ran.campaign.violations.values()} == {1, 2}


def test_what_a_known_case_explains_is_counted_and_not_told_again(bench):
    ran = bench([HOLDS], lambda *_: Does.REPEATS, needed=8).run()
    assert list(ran.campaign.violations) == ["good"]
    assert ran.result("good").invalid > 1


def test_each_execution_counts_once_for_a_claim_however_many_chains_ask_for_its_plan(bench):
    killed = ("producer_killed", "producer_killed_unflushed")  # In reach of the same plans.
    both = [
        claim("one", Stance.HOLDS, GOOD, hazards=killed),
        claim("two", Stance.HOLDS, GOOD, "per_partition_order", hazards=killed),
    ]
    ran = bench(both, keeps, needed=5).run()
    for result in ran.campaign.ledger.results():
        assert result.executions == len({plan.digest for plan in ran.target.ran})
    assert len({plan.digest for plan in ran.target.ran}) == len(ran.target.ran)


# A claim that breaks.


def test_break_is_found_by_generated_plans_shrunk_and_told_with_its_rate(bench):
    ran = bench([BREAKS, HOLDS], bad_repeats).run()
    result = ran.result("bad")
    assert result.state is ClaimState.FOUND
    assert result.generated == 1
    assert ran.campaign.violations["bad"].plan_steps == (Publish(),)
    assert ran.campaign.violations["bad"].rate.convictions == 10
    assert ran.code is ExitCode.AS_CLAIMED


def test_plan_that_broke_a_sibling_is_run_under_the_holding_settings_too(bench):
    last = [(Publish(count=30),)]
    ran = bench([BREAKS, HOLDS], bad_repeats, pool=[*last, *POOL]).run()
    assert MODEL.normalise(GOOD, last[0]) in ran.target.ran


def test_violation_says_what_holds_instead_and_how_often_that_was_seen(bench):
    ran = bench([BREAKS, HOLDS], bad_repeats).run()
    results = ran.campaign.ledger.results()
    told = with_what_holds_instead(ran.campaign.violations, results, ran.claims)
    assert told[0].instead == f"good ({ran.result('good').valid} executions, none violated)"


def test_control_that_does_not_fire_is_a_failure(bench):
    ran = bench([BREAKS], keeps).run()
    assert ran.result("bad").state is ClaimState.NOT_FOUND
    assert ran.result("bad").generated == 8
    assert ran.code is ExitCode.BROKEN


def test_conviction_without_the_claims_hazard_is_none(bench):
    other = claim("bad", Stance.BREAKS, BAD, hazards=("producer_killed",))
    ran = bench([other], lambda *_: Does.REPEATS, pool=[(Publish(count=2), Kill(lane="p1"))])
    ran.target.behave = lambda plan, _: Does.KEEPS if len(plan.steps) > 1 else Does.REPEATS
    assert ran.run().result("bad").state is ClaimState.NOT_FOUND


def test_second_claim_of_a_subject_can_tell_an_execution_that_the_first_has_put_away(bench):
    lost = claim("lost", Stance.BREAKS, BAD, "at_least_once_in_log")
    turned = claim("turned", Stance.BREAKS, BAD, "per_partition_order")
    sizes = [(Publish(count=size),) for size in range(1, SAMPLES_MAX + 8)]
    at = MODEL.normalise(BAD, sizes[SAMPLES_MAX + 3]).digest

    def behave(plan, _):
        return Does.TURNS if plan.digest == at else Does.KEEPS

    ran = bench([lost, turned], behave, pool=sizes, generated_max=99, at_once=1).run()
    assert ran.result("lost").state is ClaimState.NOT_FOUND
    assert ran.result("turned").state is ClaimState.FOUND
    assert (ran.folder.violations / "turned" / "history.jsonl").exists()


def test_of_valid_executions_only_a_sample_keeps_its_folder(bench):
    sizes = [(Publish(count=size),) for size in range(1, SAMPLES_MAX + 8)]
    ran = bench([BREAKS], keeps, pool=sizes, generated_max=99).run()
    assert len(ran.target.ran) == SAMPLES_MAX + 7
    assert len(list(ran.folder.executions.iterdir())) == SAMPLES_MAX


# The gate.


def test_gate_replays_the_corpus_until_its_first_conviction_and_shows_all_tries(bench):
    ran = bench([BREAKS], lambda _, time: Does.REPEATS if time == 3 else Does.KEEPS)
    plan = ran.keep("bad", BAD, Publish(count=2))
    ran.run()
    result = ran.result("bad")
    assert result.state is ClaimState.FOUND
    assert (result.corpus.convictions, result.corpus.executions) == (1, 3)
    assert result.generated is None
    assert ran.target.ran == [plan] * 3
    assert ran.campaign.violations["bad"].rate.convictions == 9
    assert ran.code is ExitCode.AS_CLAIMED


def test_gate_gives_up_after_ten_tries_and_generated_plans_go_on(bench):
    ran = bench([BREAKS], keeps)
    plan = ran.keep("bad", BAD, Publish(count=30))
    ran.target.behave = lambda one, _: Does.KEEPS if one == plan else Does.REPEATS
    ran.run()
    result = ran.result("bad")
    assert (result.corpus.convictions, result.corpus.executions) == (0, TRIES_MIN)
    assert ran.target.times(plan) == TRIES_MIN
    assert result.generated == 1
    assert result.state is ClaimState.FOUND
    assert result.note == (
        "the corpus's plan did not break it in 10 replays, "
        "which leaves a rate of at most 28% (95 %)"
    )


def test_corpus_plan_that_convicts_needs_no_note(bench):
    ran = bench([BREAKS], bad_repeats)
    ran.keep("bad", BAD, Publish(count=30))
    assert ran.run().result("bad").note is None


def test_corpus_plan_for_settings_that_the_claim_no_longer_has_is_not_replayed(bench):
    ran = bench([BREAKS], bad_repeats)
    stale = ran.keep("bad", Subject(producer={"acks": 1}), Publish(count=2))
    ran.run()
    assert stale not in ran.target.ran
    assert any("other settings than bad" in line for line in ran.said)
    assert ran.result("bad").state is ClaimState.FOUND


def test_smallest_plan_of_the_corpus_is_told_where_it_convicts(bench):
    ran = bench([BREAKS], bad_repeats)
    sure = ran.keep("bad", BAD, Publish(count=2), Kill(lane="p1"), Publish(partition=1))
    small = MODEL.normalise(BAD, [Publish()])
    entry = entry_of(small, claim="bad", convictions=1, executions=10, versions="1", found_after=4)
    ran.corpus.keep(small, entry)
    undisturbed = claim("bad", Stance.BREAKS, BAD, hazards=("none", "producer_killed"))
    ran.campaign.claims = ran.claims = (undisturbed,)
    ran.campaign.ledger = Ledger(ran.claims, needed=3, reachable=frozenset(HAZARDS))
    ran.run()
    assert ran.target.ran == [sure, small]
    assert ran.campaign.violations["bad"].plan_steps == small.steps


def test_tries_that_are_shown_are_those_of_the_gate_not_of_the_smallest_plan(bench):
    ran = bench([BREAKS], keeps)
    sure = ran.keep("bad", BAD, Publish(count=2), Publish(partition=1))
    small = MODEL.normalise(BAD, [Publish()])
    entry = entry_of(small, claim="bad", convictions=1, executions=10, versions="1", found_after=4)
    ran.corpus.keep(small, entry)
    ran.target.behave = lambda plan, _: Does.REPEATS if plan == sure else Does.KEEPS
    result = ran.run().result("bad")
    assert (result.corpus.convictions, result.corpus.executions) == (1, 1)
    assert ran.campaign.violations["bad"].plan_steps == sure.steps


# Trouble.


def test_inconclusive_execution_is_retried_once_on_a_fresh_broker_and_means_nothing(bench):
    ran = bench([HOLDS], lambda _, time: Does.FAILS if time == 1 else Does.KEEPS, needed=1).run()
    assert len(ran.target.renewed) == len(ran.target.ran) / 2
    assert ran.result("good").state is ClaimState.HELD
    assert ran.result("good").inconclusive == 0
    assert ran.code is ExitCode.INFRASTRUCTURE


def test_broker_that_never_works_is_no_violation_and_no_control_that_did_not_fire(bench):
    ran = bench([HOLDS, BREAKS], lambda *_: Does.FAILS, needed=1).run()
    assert {one.state for one in ran.campaign.ledger.results()} == {ClaimState.NOT_EXERCISED}
    assert ran.code is ExitCode.INFRASTRUCTURE
    assert all(ran.target.times(plan) % 2 == 0 for plan in ran.target.ran)


def test_inconclusive_is_not_remembered(bench):
    ran = bench([], lambda _, time: Does.FAILS if time <= 2 else Does.KEEPS)
    plan = MODEL.normalise(GOOD, [Publish()])
    assert ran.judge.judge(plan).ruling(HOLDS) is Ruling.INCONCLUSIVE
    assert ran.judge.judge(plan).ruling(HOLDS) is Ruling.VALID
    ran.judge.judge(plan)
    assert ran.target.times(plan) == 3


def test_judgement_of_long_ago_is_forgotten_and_its_plan_run_again(bench, monkeypatch):
    monkeypatch.setattr("deliverycheck.search.judge.REMEMBERED_MAX", 2)
    ran = bench([HOLDS], keeps)
    first, *others = (MODEL.normalise(GOOD, [Publish(count=size)]) for size in (1, 2, 3))
    for plan in (first, first, others[0], first, others[1], first):
        ran.judge.judge(plan)
    assert ran.target.times(first) == 2
    assert all(ran.target.times(plan) == 1 for plan in others)


def test_nobody_waits_for_a_plan_that_nobody_asks_for(bench):
    ran = bench([HOLDS], keeps)
    for size in range(1, 9):
        ran.judge.judge(MODEL.normalise(GOOD, [Publish(count=size)]))
    assert len(ran.judge._turns) == 0  # noqa: SLF001  # A night has 10^5 plans.


def test_plan_asked_for_twice_at_once_is_executed_once(bench):
    go_on = Event()
    ran = bench([], lambda *_: Does.KEEPS if go_on.wait(5) else Does.FAILS)
    plan = MODEL.normalise(GOOD, [Publish()])
    threads = [Thread(target=ran.judge.judge, args=(plan,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert ran.target.times(plan) == 1


def test_defect_of_ours_stops_the_campaign_and_is_raised(bench):
    def behave(*_):
        raise LookupError("a defect")

    ran = bench([HOLDS, BREAKS], behave)
    with pytest.raises(LookupError, match="a defect"):
        ran.run()
    assert ran.stop.is_set()


# Stopping.


def test_stopped_campaign_ends_with_what_was_done(bench):
    ran = bench([HOLDS, BREAKS], keeps, at_once=1)

    def behave(*_):
        if len(ran.target.ran) == 2:
            ran.stop.set()
        return Does.KEEPS

    ran.target.behave = behave
    ran.run()
    assert len(ran.target.ran) == 2
    assert sum(one.executions for one in ran.campaign.ledger.results()) == 2


def test_stop_ends_shrinking_and_the_violation_is_still_told(bench):
    ran = bench([BREAKS], keeps, shrink_executions=1000)

    def behave(*_):
        if len(ran.target.ran) == 3:
            ran.stop.set()
        return Does.REPEATS

    ran.target.behave = behave
    ran.run()
    assert len(ran.target.ran) == 3
    assert "bad" in ran.campaign.violations


def test_no_execution_starts_when_the_time_is_over(bench):
    ran = bench([HOLDS, BREAKS], keeps, seconds=0).run()
    assert ran.target.ran == []
    assert ran.code is ExitCode.NOT_EXERCISED
