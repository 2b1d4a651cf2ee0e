"""Checkers of transactions against slow definitions, and at their boundaries."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import Validity
from selftests.story import at
from selftests.transaction_stories import Told, found, verdict_of

SMALL = settings(max_examples=150, deadline=None, database=None)


FATES = st.sampled_from(
    [(action, outcome) for action in ("commit", "abort") for outcome in ("ok", "fail", "info")]
    + [("commit", "open"), None]
)
LEVELS = st.sampled_from(["read_committed", "strict_serializable", "read_uncommitted", None])


@SMALL
@given(fate=FATES, level=LEVELS, flags=st.tuples(*[st.booleans()] * 4))
def test_reading_is_wrong_exactly_if_the_commit_surely_never_came_or_came_later(fate, level, flags):
    early, late, own, whole = flags
    story = Told()
    story.begin("p1#1", "x1")
    story.published("p1#1-1", 0, transaction="x1")
    reader = "p1#1" if own else "c1#1"
    if early:
        story.read(reader, at("p1#1-1", 0), level=level)
    if fate is not None:
        story.end("p1#1", "x1", *fate)
    if late:
        story.read(reader, at("p1#1-1", 0), level=level)
    history = (story.done() if whole else story).history()
    never = fate in (("commit", "fail"), ("abort", "fail"), ("abort", "info"), None)
    aborted = fate == ("abort", "ok") or (whole and never)
    wrong = []
    if level in ("read_committed", "strict_serializable"):
        if aborted and (early or late):
            wrong = ["aborted_read"]
        elif early and fate is not None and fate[0] == "commit":
            wrong = ["own_uncommitted_read" if own else "uncommitted_read"]
    assert found(history, "read_committed") == wrong


def test_moment_of_the_commit_itself_is_not_before_it():
    story = Told()
    story.begin("p1#1", "x1")
    story.published("p1#1-1", 0, transaction="x1")
    story.read("c1#1", at("p1#1-1", 0))
    story.ms -= 1
    story.end("p1#1", "x1")
    assert found(story.done().history(), "read_committed") == []


def test_commit_without_a_name_ends_the_transaction_that_its_process_began():
    story = Told()
    story.begin("p1#1", "x1")
    story.published("p1#1-1", 0, transaction="x1")
    story.call("p1#1", "commit_transaction")
    story.read("c1#1", at("p1#1-1", 0))
    assert verdict_of(story.done().history(), "read_committed").validity is Validity.VALID


def test_commit_and_abort_that_both_ended_ok_accuse_nobody():
    story = Told()
    story.whole("p1#1", "x1", ("p1#1-1", 0))
    story.end("p1#1", "x1", "abort")
    story.read("c1#1", at("p1#1-1", 0))
    assert found(story.done().history(), "read_committed") == []


def test_transaction_whose_begin_and_end_nobody_told_accuses_nobody():
    story = Told()
    story.published("p1#1-1", 0, transaction="x1")
    story.read("c1#1", at("p1#1-1", 0))
    assert found(story.done().history(), "read_committed") == []


AGAIN = [
    ("by-its-place", {"position": 2}, {"position": 5}, at("p1#1-1", 2), True),
    ("by-the-place-of-the-other", {"position": 2}, {"position": 5}, at("p1#1-1", 5), False),
    ("by-the-attempt-of-the-other", {}, {"position": 5}, at("p1#1-1", 3, attempt=2), False),
    ("not-at-all", {}, {"position": 5}, at("p1#1-1", 3), False),
    ("not-at-all-without-places", {}, {}, at("p1#1-1", None), False),
    ("not-by-a-place-elsewhere", {"position": 2}, {}, at("p1#1-1", 2, source="u"), False),
    ("not-by-another-partition", {"position": 2}, {}, at("p1#1-1", 2, partition=1), False),
]


@pytest.mark.parametrize(
    ("first", "second", "delivery", "wrong"),
    [each[1:] for each in AGAIN],
    ids=[each[0] for each in AGAIN],
)
def test_aborted_attempt_is_told_from_the_committed_one(first, second, delivery, wrong):
    story = Told()
    story.begin("p1#1", "x1")
    story.published("p1#1-1", transaction="x1", **first)
    story.end("p1#1", "x1", "abort")
    story.begin("p1#1", "x2")
    story.published("p1#1-1", transaction="x2", attempt=2, **second)
    story.end("p1#1", "x2")
    story.read("c1#1", delivery)
    assert found(story.done().history(), "read_committed") == ["aborted_read"] * wrong


def test_later_attempt_that_is_known_by_its_body_is_told_without_any_place():
    story = Told()
    story.whole("p1#1", "x1", ("p1#1-1", None))
    story.begin("p1#1", "x2")
    story.published("p1#1-1", transaction="x2", attempt=2)
    story.end("p1#1", "x2", "abort")
    story.read("c1#1", at("p1#1-1", 7, attempt=2))
    assert found(story.done().history(), "read_committed") == ["aborted_read"]


def test_history_that_was_cut_may_lack_the_attempt_that_was_read():
    story = Told()
    story.begin("p1#1", "x1")
    story.published("p1#1-1", transaction="x1")
    story.end("p1#1", "x1", "abort")
    story.read("c1#1", at("p1#1-1", 3))
    assert found(story.history(), "read_committed") == []
    assert found(story.done().history(), "read_committed") == ["aborted_read"]


def test_level_that_is_stated_anew_holds_from_there_on():
    story = Told()
    story.begin("p1#1", "x1")
    story.published("p1#1-1", 0, transaction="x1")
    story.end("p1#1", "x1", "abort")
    story.call("c1#1", "subscribe", isolation="read_committed")
    story.read("c1#1", at("p1#1-1", 0), level="read_uncommitted")
    story.read("c1#1", at("p1#1-1", 0), level=None)
    assert found(story.done().history(), "read_committed") == []


def test_every_copy_is_counted_once_however_often_it_is_read():
    story = Told()
    story.begin("p1#1", "x1")
    story.published("p1#1-1", 0, transaction="x1")
    story.published("p1#1-2", 1, transaction="x1")
    story.end("p1#1", "x1", "abort")
    for reader in ("c1#1", "c2#1"):
        story.read(reader, at("p1#1-1", 0), at("p1#1-2", 1))
    verdict = verdict_of(story.done().history(), "read_committed")
    assert [anomaly.message for anomaly in verdict.anomalies] == ["p1#1-1", "p1#1-2"]
    assert [anomaly.facts["handings"] for anomaly in verdict.anomalies] == [2, 2]
    assert verdict.examined == 2
