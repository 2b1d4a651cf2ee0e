"""The comparison of two backends sees a claim that comes out otherwise, and too little time."""

import msgspec
import pytest

from deliverycheck.plans import Claim, Stance, Subject
from deliverycheck.plans.campaign import Campaign, ClaimResult, ClaimState, Target
from selftests.containers.compare import compared

CLAIM = Claim(
    id="",
    system="kafka",
    setting="",
    subject=Subject(),
    guarantee="",
    stance=Stance.HOLDS,
    hazards=(),
    promise="",
    source="",
)


def campaign(*states):
    results = tuple(
        ClaimResult(
            claim=msgspec.structs.replace(CLAIM, id=f"c{number}"),
            state=state,
            cells=(),
            executions=1,
        )
        for number, state in enumerate(states)
    )
    return Campaign(
        id="",
        profile="smoke",
        seed=0,
        started="",
        duration_s=1.0,
        target=Target(system="", broker="", backend="", client="", proxy=""),
        executions=1,
        inconclusive=0,
        results=results,
        violations=(),
        exit_code=0,
    )


HOLDS, FOUND, NOT_FOUND = ClaimState.HELD, ClaimState.FOUND, ClaimState.NOT_FOUND
LEFT_OUT = ClaimState.NOT_EXERCISED


def test_same_states_agree():
    comparison = compared(campaign(HOLDS, FOUND, LEFT_OUT), campaign(HOLDS, FOUND, LEFT_OUT))
    assert comparison.same == 3
    assert comparison.is_agreement


def test_claim_that_comes_out_otherwise_is_a_disagreement_with_its_name():
    comparison = compared(campaign(HOLDS, FOUND), campaign(HOLDS, NOT_FOUND))
    assert not comparison.is_agreement
    assert "DIFFERENT: c1: found, not_found" in comparison.lines()


@pytest.mark.parametrize(("reached", "agrees"), [(9, True), (8, False)])
def test_claims_that_one_had_no_time_for_are_told_and_may_be_few(reached, agrees):
    one = campaign(*[HOLDS] * 10)
    other = campaign(*[HOLDS] * reached, *[LEFT_OUT] * (10 - reached))
    comparison = compared(one, other)
    assert len(comparison.not_reached) == 10 - reached
    assert comparison.is_agreement is agrees


def test_nothing_compared_is_no_agreement():
    assert not compared(campaign(), campaign()).is_agreement


def test_claims_that_neither_exercised_are_no_agreement():
    comparison = compared(campaign(LEFT_OUT, LEFT_OUT), campaign(LEFT_OUT, LEFT_OUT))
    assert not comparison.is_agreement
    assert comparison.lines() == ("2 claims come out the same, 0 of them exercised",)
