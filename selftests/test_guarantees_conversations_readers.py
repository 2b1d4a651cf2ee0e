"""Who reads a stream from where, and what a receive of which nobody knows the end excuses."""

import pytest

from deliverycheck.guarantees import Validity
from selftests.story import Story
from selftests.stream_story import (
    CUT,
    STREAMS,
    asked,
    both_ways,
    handed,
    item,
    moved,
    published,
    unknown,
    valid,
)


def kinds(story):
    return [one.facts["kind"] for one in both_ways(story).anomalies]


# Where a reader begins.


@pytest.mark.parametrize("action", ["revoke", "lost", "subscribe"])
def test_beginning_that_was_told_is_forgotten_when_the_stream_is_given_up(action):
    story = Story(sources=STREAMS)
    moved(story, "assign", ("s", None, 0))
    moved(story, action, ("s", None, 0))
    handed(story, item("b", 1))
    assert both_ways(story.done()) == valid(1)


@pytest.mark.parametrize("other", [("s2", None, 5), ("s", 1, 5)])
@pytest.mark.parametrize("action", ["assign", "revoke"])
def test_beginning_that_was_told_outlives_what_happens_to_others(action, other):
    story = Story(sources=STREAMS)
    moved(story, "assign", ("s", None, 0))
    moved(story, action, other)
    handed(story, item("b", 1))
    assert [one.facts["first"] for one in both_ways(story.done()).anomalies] == [0]


def test_one_assign_tells_the_beginning_of_each_of_its_places():
    story = Story(sources=STREAMS)
    moved(story, "assign", ("s", 0, 0), ("s", 1, 4))
    handed(story, item("b", 1, partition=0), item("f", 5, partition=1))
    found = both_ways(story.done()).anomalies
    assert [(one.partition, one.facts["first"]) for one in found] == [(0, 0), (1, 4)]


def test_partitions_are_streams_of_their_own():
    story = Story(sources=STREAMS)
    handed(story, item("b", 1, partition=0), item("a", 0, partition=1))
    handed(story, item("c", 2, partition=0), item("b", 1, partition=1))
    assert both_ways(story.done()) == valid(4)


def test_answers_to_two_requests_are_streams_of_their_own():
    story = Story(sources=STREAMS)
    handed(story, item("b", 1, to="a"), item("a", 0, to="b"))
    handed(story, item("c", 2, to="a"), item("b", 1, to="b"))
    assert both_ways(story.done()) == valid(4)


def test_seek_of_one_partition_leaves_the_row_of_another():
    story = Story(sources=STREAMS)
    handed(story, item("b", 1, partition=0), item("b", 1, partition=1))
    moved(story, "seek", ("s", 0, 0))
    handed(story, item("a", 0, partition=0), item("a", 0, partition=1))
    assert [one.partition for one in both_ways(story.done()).anomalies] == [1]


def test_answer_says_whom_it_answers_before_the_request_that_was_handed_it_does():
    story = Story(sources=STREAMS)
    handed(story, item("x", 0, to="b"), process="c2#1")
    asked(story, "a", item("z", 2, to="b"))
    (anomaly,) = both_ways(story.done()).anomalies
    assert anomaly.facts["stream"] == "s in answer to b"


def test_two_requests_are_handed_an_answer_each():
    story = Story(sources=STREAMS)
    asked(story, "a", item("x", 0))
    asked(story, "a2", item("x", 0))
    handed(story, item("y", 1))
    assert both_ways(story.done()) == valid(3)


@pytest.mark.parametrize("how", ["ok", "info", "fail"])
def test_answer_is_in_order_among_itself_whatever_became_of_the_request(how):
    story = Story(sources=STREAMS)
    asked(story, "a", item("y", 1), item("x", 0), how=how)
    assert kinds(story.done()) == ["back"]


def test_gap_in_an_answer_is_excused_by_no_receive_before_it():
    story = Story(sources=STREAMS)
    handed(story, how="info")
    asked(story, "a", item("x", 0), item("z", 2))
    assert kinds(story.done()) == ["positions"]


# Receives of which nobody knows the end.


def test_head_is_excused_by_one_unknown_receive_before_it():
    story = Story(sources=STREAMS)
    moved(story, "assign", ("s", None, 0))
    handed(story, how="info")
    handed(story, item("b", 1))
    assert both_ways(story.done()) == valid(1)


def test_head_is_not_excused_by_an_unknown_receive_after_it():
    story = Story(sources=STREAMS)
    moved(story, "assign", ("s", None, 0))
    handed(story, item("b", 1))
    handed(story, how="info")
    assert kinds(story.done()) == ["head"]


def test_unknown_receive_may_have_been_handed_what_stands_before_what_it_was_handed():
    story = Story(sources=STREAMS)
    handed(story, item("x", 0, to="a"), process="c2#1")
    handed(story, item("y", 1, to="a"), how="info")
    assert both_ways(story.done()) == valid(2)


def test_first_operation_of_all_may_be_an_unknown_receive():
    story = Story(sources=STREAMS)
    handed(story, item("y", 1, to="a"), how="info")
    handed(story, item("x", 0, to="a"), process="c2#1")
    assert both_ways(story.done()) == valid(2)


def test_unknown_receive_was_handed_its_own_items_without_a_gap():
    story = Story(sources=STREAMS)
    handed(story, item("a", 0), item("c", 2), how="info")
    assert kinds(story.done()) == ["positions"]


def test_unknown_receive_excuses_what_the_calls_say_too():
    story = Story(sources=STREAMS)
    for number in range(1, 4):
        published(story, f"p1#1-{number}")
    handed(story, item("p1#1-1"))
    handed(story, how="info")
    handed(story, item("p1#1-3"))
    assert both_ways(story.done()) == valid(2)


def test_items_in_the_wrong_order_lie_around_an_unknown_receive_all_the_same():
    story = Story(sources=STREAMS)
    handed(story, item("c", 2))
    handed(story, how="info")
    handed(story, item("a", 0))
    assert kinds(story.done()) == ["back"]


def test_other_calls_of_unknown_outcome_excuse_nothing():
    story = Story(sources=STREAMS)
    handed(story, item("a", 0))
    story.info(story.publish("c1#1-1", process="c1#1"))
    story.ok(story.publish("c1#1-2", process="c1#1"))
    handed(story, item("c", 2))
    assert kinds(story.done()) == ["positions"]


def test_receive_that_was_handed_nothing_of_a_stream_changes_nothing():
    story = Story(sources=STREAMS)
    handed(story, item("a", 0))
    handed(story)
    handed(story, item("x", 5, source="t"), how="info")
    handed(story, item("b", 1))
    assert both_ways(story.done()) == valid(2)


# Groups, attempts, and what was cut off.


def test_group_shares_each_stream_by_itself():
    story = Story(sources=STREAMS)
    handed(story, item("a", 0, partition=0), item("c", 2, partition=0), group="g")
    handed(story, item("a", 0, partition=1), group="g", process="c2#1")
    handed(story, item("a", 0, source="s2"), group="g", process="c2#1")
    assert kinds(story.done()) == ["positions"]


def test_readers_without_a_group_share_nothing():
    story = Story(sources=STREAMS)
    handed(story, item("a", 0), item("c", 2))
    handed(story, item("a", 0), process="c2#1")
    assert kinds(story.done()) == ["positions"]


def test_member_of_a_group_is_not_judged_in_a_history_that_was_cut():
    story = Story(sources=STREAMS)
    handed(story, item("a", 0), item("c", 2), group="g")
    assert both_ways(story) == unknown(CUT)
    handed(story, item("a", 0), item("c", 2), process="c2#1")
    verdict = both_ways(story)
    assert (verdict.validity, verdict.count) == (Validity.INVALID, 1)


def test_answer_is_not_judged_in_a_history_that_was_cut():
    """That the request was sent again may be what was cut off."""
    story = Story(sources=STREAMS)
    asked(story, "a", item("x", 0), item("z", 2))
    handed(story, item("b", 0), item("a", 0))
    assert [one.facts["stream"] for one in both_ways(story).anomalies] == ["s"]


def test_answer_to_what_was_published_is_judged_and_to_a_request_sent_three_times_is_not():
    story = Story(sources=STREAMS)
    handed(story, item("x", 0, to="a"), item("z", 2, to="a"))
    handed(story, item("x", 0, to="b"), item("z", 2, to="b"))
    for attempt in (1, 2, 3):
        asked(story, "b", attempt=attempt, how="info")
    assert [one.facts["stream"] for one in both_ways(story.done()).anomalies] == [
        "s in answer to a"
    ]
