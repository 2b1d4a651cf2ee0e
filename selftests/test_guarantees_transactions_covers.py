"""Committed positions of transactions: which of many covers of a group decides."""

import pytest

from selftests.test_guarantees_atomic import NAME, copied
from selftests.transaction_stories import Told, found, verdict_of

ABORTED = ("ok", "aborted")


def facts_of(story):
    return [each.facts for each in verdict_of(story.history(), NAME).anomalies]


@pytest.mark.parametrize("ahead", [(7, 5, 9), (5, 7, 9), (9, 7, 5), (7, 9, 5)])
def test_furthest_aborted_position_that_the_member_did_not_pass_is_the_one_that_moved(ahead):
    story = copied(("ok", "aborted", "aborted", "aborted"), (2, *ahead))
    story.joined("c2#1", 8)
    (facts,) = facts_of(story)
    assert (facts["covered"], facts["transaction"]) == (7, f"x{ahead.index(7) + 1}")


def test_only_a_transaction_is_told_to_have_been_undone():
    story = copied(("ok",), (2,))
    story.covered("a#1", None, 4)
    story.joined("c2#1", 3)
    assert found(story.history(), NAME) == []


def test_position_that_nobody_surely_committed_is_no_base_whatever_is_sure_below_it():
    story = copied(ABORTED)
    for position, outcome in ((3, "ok"), (4, "info"), (4, "info")):
        story.covered("a#1", None, position, outcome)
    story.joined("c2#1", 5)
    assert found(story.history(), NAME) == []


def test_lower_position_between_two_that_rise_hides_neither():
    story = copied(ABORTED)
    for position in (3, 1, 4):
        story.covered("a#1", None, position)
    story.joined("c2#1", 5)
    (facts,) = facts_of(story)
    assert (facts["base"], facts["passed"]) == (4, 4)


def test_first_of_two_transactions_that_commit_the_same_position_is_the_one_undone():
    story = copied(("ok", "ok", "ok"), (2, 5, 5))
    story.joined("c2#1", 4)
    (facts,) = facts_of(story)
    assert facts["transaction"] == "x1"


@pytest.mark.parametrize(
    ("outcome", "action", "wrong"),
    [("ok", "commit", True), ("info", "commit", False), ("ok", "store_offset", False)],
)
def test_commit_back_that_may_come_at_any_time_excuses_whoever_was_handed_messages_again(
    outcome, action, wrong
):
    story = Told()
    story.covered("a#1", None, 1, outcome, action)
    story.begin("c1#1", "x1")
    story.covered("c1#1", "x1", 5)
    story.end("c1#1", "x1")
    story.joined("c2#1", 2)
    assert found(story.history(), NAME) == ["offsets_apart"] * wrong
