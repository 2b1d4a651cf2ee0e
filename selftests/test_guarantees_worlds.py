"""Histories of correct systems against every guarantee of the catalogue."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import ANOMALIES, GUARANTEES, Validity, check, explain, text_of
from deliverycheck.history import encode, history_of
from selftests.worlds import FLAWED, WORLDS, steps_for, worlds

EACH = settings(max_examples=100, deadline=None, database=None)
FEW = settings(EACH, max_examples=40)


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


FLAWS = [(kind, flaw) for kind in FLAWED for flaw in FLAWED[kind].flaws]


@pytest.mark.parametrize(("kind", "flaw"), FLAWS)
def test_one_flaw_is_named_and_breaks_what_owns_it_and_nothing_else(kind, flaw):
    world_of, (anomaly, owners) = FLAWED[kind], FLAWED[kind].flaws[flaw]
    assert owners <= set(ANOMALIES[anomaly].breaks)

    @FEW
    @given(before=steps_for(world_of), number=st.integers(0, 7), after=steps_for(world_of))
    def holds(before, number, after):
        world = world_of.of([*before, (flaw, number, 0, 0), *after])
        found = {
            verdict.guarantee: {one.name for one in verdict.anomalies}
            for verdict in check(world.history())
            if verdict.validity is Validity.INVALID
        }
        assert found.keys() - world.not_kept == owners - world.not_kept
        assert all(anomaly in found[name] for name in owners)
        assert all(found[name] == {anomaly} for name in owners - world.not_kept)

    holds()
