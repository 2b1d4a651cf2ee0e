"""No input makes a checker raise: histories that are well-formed and else anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverycheck.guarantees import (
    ANOMALIES,
    GUARANTEES,
    Validity,
    Verdict,
    check,
    explain,
    fault_evidence,
    hazards_of,
    text_of,
)
from selftests.interleaving import interleaved
from selftests.story import Story
from selftests.worlds import WORLDS, worlds
from selftests.worlds.anything import ANYTHING
from selftests.worlds.spoiled import spoiled_worlds
from selftests.worlds.world import examples, told

MANY = examples(60)
MORE = examples(200)
INPUTS = {
    "anything": ANYTHING,
    **{name: spoiled_worlds(worlds(WORLDS[name])) for name in WORLDS},
}


def asserted_of(verdict, name, history):
    """What holds for every verdict, whatever the history."""
    assert isinstance(verdict, Verdict)
    assert verdict.guarantee == name
    assert verdict.examined > 0 or verdict.validity is not Validity.VALID
    assert verdict.reason or verdict.validity is not Validity.UNKNOWN
    assert (verdict.validity is Validity.INVALID) == (verdict.count > 0)
    for anomaly in verdict.anomalies:
        kind = ANOMALIES[anomaly.name]
        assert name in kind.breaks
        assert anomaly.facts["kind"] in kind.sentences
        assert anomaly.witnesses
        assert set(anomaly.witnesses) <= history.by_op.keys()
    assert text_of(explain(verdict, history))


@pytest.mark.parametrize("kind", INPUTS)
def test_every_checker_has_a_verdict_that_can_be_told_on_any_history(kind):
    @(MORE if kind == "anything" else MANY)
    @given(events=INPUTS[kind])
    def holds(events):
        history = told(events)
        for name, guarantee in GUARANTEES.items():
            asserted_of(guarantee.check(history), name, history)
        hazards_of(history)
        fault_evidence(history)

    holds()


@pytest.mark.parametrize("kind", INPUTS)
def test_no_verdict_on_any_history_depends_on_how_lines_of_processes_interleave(kind):
    @(MORE if kind == "anything" else MANY)
    @given(events=INPUTS[kind], choices=st.binary(max_size=60))
    def holds(events, choices):
        assert check(interleaved(events, choices)) == check(told(events))

    holds()


@pytest.mark.parametrize("guarantee", GUARANTEES)
def test_history_without_a_single_operation_is_unknown(guarantee):
    verdict = GUARANTEES[guarantee].check(Story().done().history())
    assert (verdict.validity, verdict.examined) == (Validity.UNKNOWN, 0)
    assert verdict.reason
