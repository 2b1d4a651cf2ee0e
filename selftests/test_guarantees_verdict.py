"""Verdicts, how far an execution came, the catalogue, and how it is asked."""

import pytest

from deliverycheck.guarantees import (
    GUARANTEES,
    Anomaly,
    UnknownGuaranteeError,
    Validity,
    Verdict,
    check,
    worst,
)
from deliverycheck.guarantees.guarantee import DRAINED, SCANNED, Need
from deliverycheck.guarantees.reached import why_not_drained, why_not_scanned, why_not_whole
from deliverycheck.guarantees.verdict import WITNESSED_ANOMALIES_MAX, judge, unknown
from deliverycheck.history import FORMAT, VERSION, Header, History, Source
from selftests.story import Story


def test_words_of_reports_are_these():
    assert [one.value for one in Validity] == ["valid", "unknown", "invalid"]
    assert [one.value for one in Need] == ["scanned", "drained"]
    assert ({Need.SCANNED}, {Need.DRAINED}) == (SCANNED, DRAINED)


@pytest.mark.parametrize("better", [Validity.VALID, Validity.UNKNOWN])
def test_worst_stands_anywhere(better):
    assert worst([better, Validity.INVALID]) is Validity.INVALID
    assert worst([Validity.INVALID, better]) is Validity.INVALID
    assert worst([Validity.UNKNOWN, better]) is Validity.UNKNOWN
    assert worst([better]) is better


def test_anomaly_says_nothing_that_it_was_not_told():
    (anomaly,) = judge("g", [Anomaly(name="lost")], examined=1).anomalies
    assert (anomaly.message, anomaly.source) == (None, None)
    assert (anomaly.partition, anomaly.position) == (None, None)
    assert (anomaly.witnesses, anomaly.facts) == ((), {})


def test_verdict_says_nothing_that_it_was_not_told():
    verdict = judge("g", (), examined=1)
    assert (verdict.count, verdict.anomalies, verdict.reason) == (0, (), None)


def test_verdict_shows_the_first_anomalies_and_counts_all():
    found = [Anomaly(name="lost", message=str(number)) for number in range(21)]
    verdict = judge("g", iter(found), examined=30)
    assert WITNESSED_ANOMALIES_MAX == 20
    assert verdict == Verdict(
        guarantee="g",
        validity=Validity.INVALID,
        examined=30,
        count=21,
        anomalies=tuple(found[:20]),
    )


def test_anomaly_convicts_whatever_was_examined():
    assert judge("g", [Anomaly(name="lost")], examined=0).validity is Validity.INVALID


def test_nothing_examined_is_unknown_and_one_obligation_without_an_anomaly_holds():
    assert judge("g", (), examined=0) == Verdict(
        guarantee="g",
        validity=Validity.UNKNOWN,
        examined=0,
        reason="nothing to examine: no operation fell under this guarantee",
    )
    assert judge("g", (), examined=1) == Verdict(guarantee="g", validity=Validity.VALID, examined=1)


def test_unknown_says_how_much_was_examined_all_the_same():
    assert unknown("g", "why", examined=2) == Verdict(
        guarantee="g", validity=Validity.UNKNOWN, examined=2, reason="why"
    )
    assert unknown("g", "why").examined == 0


# How far an execution came.

NOT_SCANNED = "the log was not read from start to end"
NOT_DRAINED = "not every consumer group came to the end of its sources"


@pytest.mark.parametrize(
    ("done", "scanned", "drained"),
    [
        ({}, None, None),
        ({"scanned": False}, NOT_SCANNED, None),
        ({"drained": False}, None, NOT_DRAINED),
        (
            {"scanned": False, "drained": False, "reason": "gave up"},
            f"{NOT_SCANNED}: gave up",
            f"{NOT_DRAINED}: gave up",
        ),
    ],
)
def test_execution_that_came_to_an_end_tells_how_far_it_came(done, scanned, drained):
    story = Story()
    story.received("scan#1")
    history = story.done(**done).history()
    assert (why_not_scanned(history), why_not_drained(history)) == (scanned, drained)
    assert why_not_whole(history) is None


UNREAD = (
    "the history says that the log was read from start to end, but no receive of a fresh reader, "
    "a process whose name begins with 'scan', ended ok"
)


@pytest.mark.parametrize(
    ("process", "outcome", "reason"),
    [
        ("scan#1", "ok", None),
        ("scan#1", "info", UNREAD),
        ("reader#1", "ok", UNREAD),
        (None, "ok", UNREAD),
    ],
)
def test_log_that_no_fresh_reader_came_to_the_end_of_proves_no_absence(process, outcome, reason):
    story = Story()
    if process is not None:
        getattr(story, outcome)(story.invoke(process, "receive"))
    assert why_not_scanned(story.done().history()) == reason


def test_queue_needs_no_fresh_reader():
    story = Story(sources={"q": Source(kind="queue")})
    assert why_not_scanned(story.done().history()) is None


def test_history_without_a_closing_mark_has_no_reason_of_its_own():
    history = History(header=Header(format=FORMAT, version=VERSION, execution="x1"))
    assert (why_not_scanned(history), why_not_drained(history)) == (NOT_SCANNED, NOT_DRAINED)


@pytest.mark.parametrize("why_not", [why_not_scanned, why_not_drained, why_not_whole])
def test_history_that_was_cut_proves_no_absence(why_not):
    assert why_not(Story().history()).startswith("the history was cut before its end: ")


# The catalogue.


def test_each_guarantee_stands_under_its_own_name():
    assert {name: one.name for name, one in GUARANTEES.items()} == {n: n for n in GUARANTEES}


def test_name_like_no_other_is_refused_with_all_that_there_are():
    with pytest.raises(UnknownGuaranteeError) as raised:
        check(Story().done().history(), ["xyz"])
    assert str(raised.value) == (f"guarantee 'xyz': this program checks {', '.join(GUARANTEES)}")


def test_misspelt_name_is_refused_with_the_nearest_and_all_that_there_are():
    with pytest.raises(UnknownGuaranteeError) as raised:
        check(Story().done().history(), ["per_key_ordr"])
    assert str(raised.value) == (
        "guarantee 'per_key_ordr': did you mean 'per_key_order'? this program checks "
        f"{', '.join(GUARANTEES)}"
    )


def test_nothing_is_checked_when_no_guarantee_is_asked_for():
    assert check(Story().done().history(), []) == ()


def test_checker_that_raises_has_a_verdict_under_its_own_name():
    (verdict,) = check(None, ["per_key_order"])
    assert (verdict.guarantee, verdict.validity) == ("per_key_order", Validity.UNKNOWN)
    assert verdict.reason.startswith("the checker raised AttributeError: 'NoneType' object")
