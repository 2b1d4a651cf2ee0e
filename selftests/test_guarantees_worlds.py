"""Histories of correct systems against every guarantee of the catalogue."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverycheck.guarantees import ANOMALIES, GUARANTEES, Validity, check, explain, text_of
from deliverycheck.history import encode, history_of
from selftests.worlds import FLAWED, WORLDS, steps_for, worlds
from selftests.worlds.world import TIMES, examples, long_run

EACH = examples(40)
FEW = examples(12)


def convictions(history):
    """What the verdicts accuse the history of, in words."""
    return {
        verdict.guarantee: text_of(explain(verdict, history))
        for verdict in check(history)
        if verdict.validity is Validity.INVALID
    }


@pytest.mark.parametrize("kind", WORLDS)
def test_correct_system_is_convicted_of_nothing_but_what_its_consumers_are_entitled_to(kind):
    @EACH
    @given(world=worlds(WORLDS[kind]))
    def holds(world):
        accused = convictions(world.history())
        assert {name: text for name, text in accused.items() if name not in world.not_kept} == {}

    holds()


@pytest.mark.parametrize("kind", WORLDS)
def test_valid_verdict_examined_something_and_an_unknown_one_says_why(kind):
    @EACH
    @given(world=worlds(WORLDS[kind]), lines=st.integers(1, 400))
    def holds(world, lines):
        cut = history_of(b"".join(encode(event) for event in world.events[:lines]))
        for history in (world.history(), cut):
            for verdict in check(history):
                assert verdict.guarantee in GUARANTEES
                assert verdict.examined > 0 or verdict.validity is not Validity.VALID
                assert verdict.reason or verdict.validity is not Validity.UNKNOWN
                assert "the checker raised" not in (verdict.reason or "")

    holds()


@pytest.mark.parametrize("kind", WORLDS)
def test_cut_history_of_a_correct_system_convicts_of_nothing_new(kind):
    @EACH
    @given(world=worlds(WORLDS[kind]), lines=st.integers(1, 400))
    def holds(world, lines):
        cut = history_of(b"".join(encode(event) for event in world.events[:lines]))
        accused = convictions(cut)
        assert {name: text for name, text in accused.items() if name not in world.not_kept} == {}

    holds()


def test_every_guarantee_holds_in_some_long_run_of_a_correct_system_and_is_broken_in_none():
    held, broken = set(), set()
    for kind, seed in product(WORLDS, range(12 * TIMES)):
        world = long_run(WORLDS[kind], seed)
        verdicts = {verdict.guarantee: verdict.validity for verdict in check(world.history())}
        held |= {name for name, said in verdicts.items() if said is Validity.VALID}
        broken |= {
            (kind, seed, name)
            for name, said in verdicts.items()
            if said is Validity.INVALID and name not in world.not_kept
        }
    assert held == set(GUARANTEES)
    assert broken == set()


FLAWS = [(kind, flaw) for kind in FLAWED for flaw in FLAWED[kind].flaws]


@pytest.mark.parametrize(("kind", "flaw"), FLAWS)
def test_one_flaw_is_named_and_breaks_what_owns_it_and_nothing_else(kind, flaw):
    world_of, expected = FLAWED[kind], FLAWED[kind].flaws[flaw].found
    around = steps_for(world_of, steps_max=15)

    @FEW
    @given(before=around, number=st.integers(0, 7), after=around)
    def holds(before, number, after):
        world = world_of.of([*before, (flaw, number, 0, 0), *after])
        found = {
            verdict.guarantee: {one.name for one in verdict.anomalies}
            for verdict in check(world.history())
            if verdict.validity is Validity.INVALID
        }
        assert found.keys() - world.not_kept == expected.keys() - world.not_kept
        assert all(called in found[name] for name, called in expected.items())
        assert all(found[name] == {expected[name]} for name in expected.keys() - world.not_kept)

    holds()


@pytest.mark.parametrize("anomaly", ANOMALIES)
def test_anomaly_has_a_flaw_for_each_guarantee_that_it_breaks(anomaly):
    every = [flaw for kind in FLAWED.values() for flaw in kind.flaws.values()]
    broken = {name for flaw in every for name, called in flaw.found.items() if called == anomaly}
    assert broken == set(ANOMALIES[anomaly].breaks)
