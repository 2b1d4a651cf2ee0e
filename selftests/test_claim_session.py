"""What a pytest item is told of its claim, on scripted executions."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from deliverycheck.cli import claim_session
from deliverycheck.cli.claim_session import ClaimSession
from deliverycheck.plans import Publish, Stance
from deliverycheck.plans.campaign import ClaimState
from deliverycheck.search import entry_of
from selftests.campaign_bench import (
    BREAKS,
    GOOD,
    HOLDS,
    MODEL,
    Bench,
    bad_repeats,
    claim,
    keeps,
    quick,
)

PLAN = MODEL.normalise(BREAKS.subject, [Publish()])


@pytest.fixture
def session(tmp_path, monkeypatch):
    def start(claims, behave, **profile):
        bench = Bench(tmp_path, claims, behave, **profile)
        opened = SimpleNamespace(campaign=bench.campaign, record=None)
        monkeypatch.setattr(claim_session, "OpenCampaign", lambda *_: nullcontext(opened))
        options = SimpleNamespace(profile=quick(**profile))
        return ClaimSession(options, len(claims))

    return start


def entry(convictions=20):
    return entry_of(
        PLAN, claim="bad", convictions=convictions, executions=20, versions="v1", found_after=1
    )


def test_claim_that_holds_says_so_and_tells_nothing(session):
    outcome = session([HOLDS], keeps).settle(HOLDS)
    assert (outcome.state, outcome.as_stated, outcome.told) == (ClaimState.HELD, True, ())


def test_break_as_stated_is_told_in_a_line(session):
    outcome = session([HOLDS, BREAKS], bad_repeats).settle(BREAKS)
    assert outcome.as_stated
    assert [text.count("\n") for text in outcome.told] == [0]
    assert outcome.told[0].startswith("✓ bad: a message comes twice, as stated")


def test_alarm_is_told_in_at_most_15_lines_with_plan_rate_and_replay(session):
    broken = claim("bad", Stance.HOLDS, BREAKS.subject)
    outcome = session([broken], bad_repeats).settle(broken)
    assert not outcome.as_stated
    lines = outcome.told[0].splitlines()
    assert len(lines) <= 15
    assert lines[0].startswith("✗ bad: broke what it was claimed to hold (duplicate), and must not")
    assert any("when replayed" in line for line in lines)
    assert lines[-1].startswith("  Again: deliverycheck replay ")


def test_control_that_does_not_fire_is_told_as_blindness(session):
    outcome = session([BREAKS], keeps).settle(BREAKS)
    assert outcome.state is ClaimState.NOT_FOUND
    assert "Either the suite has become blind" in outcome.reason


def test_smoke_leaves_faults_of_nodes_for_more_time_and_lists_them(session):
    nodes = claim("good", Stance.HOLDS, GOOD, hazards=("none", "broker_killed"))
    outcome = session([nodes], keeps, name="smoke").settle(nodes)
    assert outcome.not_exercised
    assert outcome.may_be_left_out
    assert outcome.reason == (
        "good was not exercised: the broker was killed while somebody spoke to it (0 of 3 valid)"
    )


def test_other_profiles_may_leave_nothing_out(session):
    outcome = session([HOLDS], keeps, seconds=0).settle(HOLDS)
    assert outcome.not_exercised
    assert not outcome.may_be_left_out


def test_kept_plan_is_replayed_until_it_convicts(session):
    outcome = session([BREAKS], bad_repeats).replay(BREAKS, PLAN, entry())
    assert outcome.state is ClaimState.FOUND
    assert outcome.as_stated


def test_kept_plan_that_no_longer_convicts_is_shown_with_what_that_bounds(session):
    outcome = session([BREAKS], keeps).replay(BREAKS, PLAN, entry())
    assert outcome.state is ClaimState.NOT_FOUND
    assert not outcome.as_stated
    assert outcome.reason == (
        f"bad: 0 of 10 replays of {PLAN.short_digest} broke it, which leaves at most 28% (95 %); "
        "it did 20 of 20 times with v1"
    )


def test_kept_plan_that_convicts_rarely_may_stay_silent(session):
    outcome = session([BREAKS], keeps).replay(BREAKS, PLAN, entry(convictions=2))
    assert outcome.not_exercised
    assert outcome.may_be_left_out
    assert outcome.reason.startswith("bad: 0 of 60 replays")


def test_kept_plan_without_time_is_not_exercised(session):
    outcome = session([BREAKS], bad_repeats, seconds=0).replay(BREAKS, PLAN, entry())
    assert outcome.not_exercised
    assert outcome.reason == "not exercised: 0 of 10 replays in time"


def test_session_in_which_nothing_was_asked_opens_and_renders_nothing(session):
    with session([HOLDS], keeps) as unused:
        pass
    unused.render()
    assert unused.record is None
