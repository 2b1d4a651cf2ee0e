"""Asking for verdicts, and telling them."""

import dataclasses

import pytest

from deliverycheck.guarantees import (
    ANOMALIES,
    GUARANTEES,
    Anomaly,
    UnknownGuaranteeError,
    Validity,
    Verdict,
    check,
    describe_operation,
    explain,
    sentence_of,
    summary_of,
    text_of,
    worst,
)
from deliverycheck.history import DeliveryRun, PublishRun
from selftests.story import Story, at


def lossy():
    story = Story(relies_on="call_returned")
    story.published("p1#1-1", 0)
    story.returned(story.publish("p1#1-2"))
    story.scanned("p1#1-1")
    return story.done().history()


def test_verdicts_come_in_the_order_asked_for():
    names = ["per_key_order", "at_least_once_in_log"]
    assert [verdict.guarantee for verdict in check(lossy(), names)] == names


def test_every_guarantee_is_checked_when_none_is_named():
    assert [verdict.guarantee for verdict in check(lossy())] == list(GUARANTEES)


def test_misspelt_guarantee_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownGuaranteeError, match="did you mean 'at_least_once_in_log'"):
        check(lossy(), ["at_least_once_in_logs"])


def test_checker_that_raises_is_unknown_with_its_error_and_the_others_go_on(monkeypatch):
    def raises(_history):
        raise ZeroDivisionError("no positions")

    broken = dataclasses.replace(GUARANTEES["per_key_order"], check=raises)
    monkeypatch.setitem(GUARANTEES, "per_key_order", broken)
    order, log = check(lossy(), ["per_key_order", "at_least_once_in_log"])
    assert order.validity is Validity.UNKNOWN
    assert order.reason == "the checker raised ZeroDivisionError: no positions"
    assert log.validity is Validity.INVALID


def test_anomalies_break_only_guarantees_that_there_are():
    assert {name for kind in ANOMALIES.values() for name in kind.breaks} == set(GUARANTEES)


def test_worst_verdict_wins_and_of_nothing_nothing_is_known():
    assert worst([Validity.VALID, Validity.INVALID, Validity.UNKNOWN]) is Validity.INVALID
    assert worst([Validity.VALID, Validity.UNKNOWN]) is Validity.UNKNOWN
    assert worst([]) is Validity.UNKNOWN


def test_loss_is_told_with_the_operation_that_proves_it():
    history = lossy()
    (verdict,) = check(history, ["at_least_once_in_log"])
    assert text_of(explain(verdict, history)).splitlines() == [
        "at least once, in the log: violated, 1 lost (2 obligations examined)",
        (
            "  Message p1#1-2 was handed over at 0.004 s; reading topic t from the start "
            "(1 message) does not find it."
        ),
        "    op 1 p1#1 publish p1#1-2 to t -> no answer, 3.0 ms to open (call returned 4.0 ms)",
    ]


def test_only_the_first_anomalies_are_told_and_all_are_counted():
    story = Story(relies_on="call_returned")
    story.returned(story.publish("p1#1-1", count=25))
    story.scanned()
    history = story.done().history()
    (verdict,) = check(history, ["at_least_once_in_log"])
    told = explain(verdict, history)
    assert (verdict.count, len(told.anomalies), told.untold) == (25, 20, 5)
    assert text_of(told).endswith("… and 5 more of them.")
    assert "25 lost" in told.summary


def test_verdict_that_is_unknown_is_told_with_its_reason():
    (verdict,) = check(Story().done().history(), ["at_most_once_in_effect"])
    assert summary_of(verdict) == (
        "at most once, in effect: unknown, nothing to examine: no consumer group has an effect "
        "that surely happened and can be told from others"
    )


def test_anomaly_of_a_newer_version_is_told_by_its_facts():
    anomaly = Anomaly(name="overlap", message="m", source="t", partition=0, facts={"owners": 2})
    assert sentence_of(anomaly) == "overlap m t/0 owners 2"


def test_verdict_of_a_newer_version_is_summed_up_under_its_own_name():
    verdict = Verdict(guarantee="per_mood_order", validity=Validity.VALID, examined=1)
    assert summary_of(verdict) == "per_mood_order: holds for 1 obligation"


def _published(story):
    return story.published("p1#1-2", 3, partition=0)


def _hollow(story):
    op = story.publish("p1#1-2")
    story.info(op, confirmed=True)
    return op


def _failed(story):
    op = story.publish("p1#1-2", count=3)
    story.fail(op, error="_QUEUE_FULL")
    return op


def _bulk(story):
    op = story.publish("p1#1-1", count=2)
    story.ok(op, runs=(PublishRun(first_sequence=1, partition=0, first_position=0, count=2),))
    return op


def _batch(story):
    return story.received("c1#1", at("p1#1-1", 0), at("p1#1-2", 1))


def _run(story):
    op = story.invoke("scan#1", "receive", target="t")
    run = DeliveryRun(
        process="p1#1", first_sequence=1, source="t", partition=0, first_position=4, count=9
    )
    story.ok(op, delivery_runs=(run,))
    return op


@pytest.mark.parametrize(
    ("tell", "about", "line"),
    [
        (_published, None, "p1#1 publish p1#1-2 to t/0 -> ok at position 3, 1.0 ms to 2.0 ms"),
        (
            _hollow,
            None,
            "p1#1 publish p1#1-2 to t -> confirmed, which proves nothing, 1.0 ms to 2.0 ms",
        ),
        (
            _failed,
            None,
            "p1#1 publish p1#1-2 and 2 more to t -> fail (_QUEUE_FULL), 1.0 ms to 2.0 ms",
        ),
        (_bulk, None, "p1#1 publish p1#1-1 and 1 more to t -> ok, 1.0 ms to 2.0 ms"),
        (_batch, None, "c1#1 receive 2 messages from t/0 -> ok, 1.0 ms to 2.0 ms"),
        (
            _batch,
            "p1#1-2",
            "c1#1 receive p1#1-2 from t/0 at position 1 among others -> ok, 1.0 ms to 2.0 ms",
        ),
        (
            _run,
            "p1#1-3",
            (
                "scan#1 receive p1#1-3 from t/0 at position 6 among others of t -> ok, "
                "1.0 ms to 2.0 ms"
            ),
        ),
        (
            lambda story: story.received("c1#1"),
            None,
            "c1#1 receive nothing -> ok, 1.0 ms to 2.0 ms",
        ),
        (
            lambda story: story.effect("c1#1", at("p1#1-1", 0)),
            None,
            "c1#1 effect p1#1-1 from t/0 at position 0 -> ok, 1.0 ms to 2.0 ms",
        ),
        (
            lambda story: story.committed("c1#1", 5),
            None,
            "c1#1 commit up to t/0 at position 5 -> ok, 1.0 ms to 2.0 ms",
        ),
    ],
    ids=[
        "publish-with-its-position",
        "confirm-that-proves-nothing",
        "bulk-publish-that-failed",
        "bulk-publish",
        "batch-received",
        "batch-received-asked-for-one-message",
        "run-read-asked-for-one-message",
        "empty-receive",
        "effect-of-one-message",
        "commit-of-the-next-position",
    ],
)
def test_operation_is_one_line(tell, about, line):
    story = Story()
    op = tell(story)
    told = describe_operation(story.history().by_op[op], about=about)
    assert told == f"op {op} {line}"


@pytest.mark.parametrize(
    "guarantee",
    [
        "genuine_deliveries",
        "at_least_once_in_effect",
        "at_most_once_in_effect",
        "exactly_once_in_effect",
    ],
)
def test_history_without_consumers_has_nothing_to_examine_of_them_drained_or_not(guarantee):
    for drained in (True, False):
        story = Story()
        story.published("p1#1-1", 0)
        (verdict,) = check(story.done(drained=drained).history(), [guarantee])
        assert verdict.reason.startswith("nothing to examine: "), drained


@pytest.mark.parametrize("guarantee", ["at_least_once_in_effect", "exactly_once_in_effect"])
def test_group_that_is_named_and_not_drained_is_the_reason(guarantee):
    story = Story(groups={"g": ("t",)})
    story.published("p1#1-1", 0)
    story.received("scan#1", at("p1#1-1", 0))
    (verdict,) = check(story.done(drained=False).history(), [guarantee])
    assert verdict.reason.startswith("not every consumer group came to the end")
