"""Whole transactions: what happened in one moment proves nothing."""

import pytest

from selftests.story import at
from selftests.test_guarantees_atomic import NAME, copied
from selftests.transaction_stories import Told, found, verdict_of


def test_message_sent_in_the_moment_that_the_commit_was_asked_for_is_not_owed():
    story = Told()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    late = story.publish("p1#1-2", transaction="x1")
    story.ms -= 1
    story.end("p1#1", "x1")
    story.info(late)
    story.read("scan#1", at("p1#1-1", 0))
    assert found(story.done().history(), NAME) == []


def test_partition_that_no_scan_of_committed_messages_read_was_not_passed():
    story = Told()
    story.whole("p1#1", "x1", ("p1#1-1", 0))
    story.read("scan#1", at("p1#1-1", 0))
    story.begin("p1#1", "x2")
    story.published("p1#1-2", 1, transaction="x2")
    story.published("p1#1-3", 0, transaction="x2", partition=1)
    story.end("p1#1", "x2")
    story.read("scan#1", at("p1#1-2", 1))
    story.read("scan#2", at("p1#1-3", 0, partition=1), level="read_uncommitted")
    assert found(story.done().history(), NAME) == []


def test_scan_that_began_again_passed_what_it_passed_before():
    story = Told()
    story.whole("p1#1", "x1", ("p1#1-1", 0), ("p1#1-2", 1))
    story.read("scan#1", at("p1#1-1", 0), at("p2#1-1", 2))
    story.read("scan#2", at("p1#1-1", 0))
    story.read("scan#3", at("p1#1-2", 1), level="read_uncommitted")
    assert found(story.done().history(), NAME) == ["torn"]


def test_member_that_joined_in_the_moment_that_the_commit_ended_may_begin_before_it():
    story = copied()
    story.ms -= 1
    story.joined("c2#1", 2)
    assert found(story.history(), NAME) == []


@pytest.mark.parametrize(("back_ms", "wrong"), [(1, False), (0, True)])
def test_commit_back_that_ended_as_the_transaction_was_committed_may_have_come_after(
    back_ms, wrong
):
    story = copied(("ok",), (2,))
    story.begin("c1#1", "x1")
    story.covered("c1#1", "x1", 5)
    story.covered("a#1", None, 1)
    story.ms -= back_ms
    story.end("c1#1", "x1")
    story.joined("c2#1", 4)
    assert found(story.history(), NAME) == ["offsets_apart"] * wrong


@pytest.mark.parametrize(("back_ms", "wrong"), [(1, False), (0, True)])
def test_commit_back_in_the_moment_that_the_member_read_may_have_come_before(back_ms, wrong):
    story = copied()
    story.joined("c2#1", 4)
    story.ms -= back_ms
    story.covered("a#1", None, 1)
    assert found(story.history(), NAME) == ["offsets_apart"] * wrong


@pytest.mark.parametrize(("back_ms", "wrong"), [(1, False), (0, True)])
def test_group_that_came_to_stand_as_the_member_joined_may_have_stood_elsewhere(back_ms, wrong):
    story = copied(("ok", "aborted"))
    story.covered("a#1", None, 4)
    story.ms -= back_ms
    story.joined("c2#1", 5)
    assert found(story.history(), NAME) == ["offsets_apart"] * wrong


@pytest.mark.parametrize(("back_ms", "wrong"), [(1, False), (0, True)])
def test_commit_ahead_in_the_moment_that_the_member_read_may_have_moved_it(back_ms, wrong):
    story = copied(("ok", "aborted"))
    story.joined("c2#1", 5)
    story.ms -= back_ms
    story.covered("a#1", None, 6)
    assert found(story.history(), NAME) == ["offsets_apart"] * wrong


def test_position_committed_twice_is_sure_once_one_of_the_two_is():
    for outcomes in (("ok", "info"), ("info", "ok")):
        story = copied(("ok", "aborted"))
        for outcome in outcomes:
            story.covered("a#1", None, 4, outcome)
        story.joined("c2#1", 5)
        assert found(story.history(), NAME) == ["offsets_apart"]


def test_lower_position_committed_later_leaves_the_furthest_as_it_was():
    story = copied(("ok", "aborted"))
    story.covered("a#1", None, 3)
    story.covered("a#1", None, 1)
    story.joined("c2#1", 5)
    (anomaly,) = verdict_of(story.history(), NAME).anomalies
    assert (anomaly.facts["base"], anomaly.facts["passed"]) == (3, 3)


def test_aborted_positions_asked_for_when_the_member_had_joined_did_not_move_it():
    story = copied(("ok",), (2,))
    story.call("c2#1", "subscribe", group="g", isolation="read_committed")
    story.begin("c1#1", "x1")
    story.covered("c1#1", "x1", 5)
    story.end("c1#1", "x1", "abort")
    story.received("c2#1", at("q#1-5", 5, source="in"))
    assert found(story.history(), NAME) == []


def test_furthest_transaction_that_was_done_tells_where_the_group_stands():
    story = copied(("ok", "ok", "ok"), (2, 5, 4))
    story.joined("c2#1", 4)
    assert found(story.history(), NAME) == []
    story = copied(("ok", "ok"), (2, 7))
    story.joined("c2#1", 6)
    (anomaly,) = verdict_of(story.history(), NAME).anomalies
    assert (anomaly.facts["transaction"], anomaly.facts["covered"]) == ("x1", 7)
