"""Streams: each verdict as a whole, with all that proves it, in whichever order it is told."""

import pytest

from deliverycheck.history import Source
from selftests.story import Story
from selftests.stream_story import (
    CUT,
    STREAMS,
    asked,
    both_ways,
    convicted,
    disorder,
    gap,
    handed,
    item,
    moved,
    published,
    replied,
    unknown,
    valid,
)

# By positions.


def test_gap_between_positions_is_told_with_its_partition_and_how_many_are_missing():
    story = Story(sources=STREAMS)
    handed(story, item("c", 3, partition=2), item("d", 4, partition=2))
    handed(story, item("g", 7, partition=2))
    assert both_ways(story.done()) == convicted(
        3,
        gap(0, 1, partition=2, stream="s/2", kind="positions", before=4, behind=7, missing=2),
    )


def test_gap_before_the_first_item_is_told_with_who_said_where_to_begin():
    story = Story(sources=STREAMS)
    moved(story, "assign", ("s", 2, 3))
    handed(story, item("f", 6, partition=2))
    handed(story, item("g", 7, partition=2))
    assert both_ways(story.done()) == convicted(
        2,
        gap(0, 1, partition=2, stream="s/2", kind="head", first=3, behind=6, missing=3),
    )


def test_gap_before_an_answer_is_proven_by_the_item_alone():
    story = Story(sources=STREAMS)
    asked(story, "a", item("x", 0), process="c2#1")
    replied(story, "p1#1-1", correlation="b", position=3)
    asked(story, "b", item("p1#1-3", 5))
    assert both_ways(story.done()) == convicted(
        2, gap(2, stream="s in answer to b", kind="head", first=3, behind=5, missing=2)
    )


def test_answer_begins_where_another_reader_found_its_beginning_and_that_may_be_zero():
    story = Story(sources=STREAMS)
    handed(story, item("x", 0, to="a"), process="c2#1")
    handed(story, item("y", 1, to="a"))
    assert both_ways(story.done()) == convicted(
        2, gap(1, stream="s in answer to a", kind="head", first=0, behind=1, missing=1)
    )


def test_answer_begins_where_a_publish_of_it_stands():
    story = Story(sources=STREAMS)
    published(story, "p1#1-1", position=3, correlation="a")
    published(story, "p1#1-2", correlation="a")
    asked(story, "a", item("p1#1-2", 4))
    assert [one.facts["first"] for one in both_ways(story.done()).anomalies] == [3]


def test_stream_that_answers_nothing_begins_where_its_reader_began():
    story = Story(sources=STREAMS)
    handed(story, item("x", 0), process="c2#1")
    handed(story, item("y", 1))
    assert both_ways(story.done()) == valid(2)


def test_item_behind_a_later_one_is_told_with_the_furthest_before_it():
    story = Story(sources=STREAMS)
    handed(story, item("b", 1, partition=2))
    handed(story, item("c", 2, partition=2))
    handed(story, item("a", 0, partition=2))
    handed(story, item("b", 1, partition=2))
    where = {"partition": 2, "stream": "s/2"}
    assert both_ways(story.done()) == convicted(
        4,
        disorder(1, 2, message="a", **where, kind="back", ahead=2, behind=0),
        disorder(1, 3, message="b", **where, kind="again", ahead=2, behind=1),
    )


def test_item_that_is_not_ours_is_told_without_a_message_and_once_more_at_the_same_place():
    story = Story(sources=STREAMS)
    handed(story, item("", 0))
    handed(story, item("", 0))
    assert both_ways(story.done()) == convicted(
        2, disorder(0, 1, message=None, kind="again", ahead=0, behind=0)
    )


def test_place_that_came_again_behind_the_furthest_came_again():
    story = Story(sources=STREAMS)
    handed(story, *(item(str(place), place) for place in (0, 1, 2, 1)))
    assert [one.facts["kind"] for one in both_ways(story.done()).anomalies] == ["again"]


def test_first_copy_of_an_item_proves_the_gap():
    story = Story(sources=STREAMS)
    handed(story, item("a", 0))
    handed(story, item("c", 2))
    handed(story, item("c", 2))
    found = both_ways(story.done()).anomalies
    assert [one.witnesses for one in found] == [(0, 1), (1, 2)]


def test_row_with_one_item_without_a_place_is_not_compared_by_places():
    story = Story(sources=STREAMS)
    handed(story, item("a", 0), item("b"), item("c", 2))
    assert both_ways(story.done()) == unknown(
        "nothing to examine: no reader was handed an item that has a place"
    )


def test_readers_are_told_by_name_and_items_of_each_row_are_counted():
    story = Story(sources=STREAMS)
    handed(story, item("b", 1), item("a", 0), process="c2#1")
    handed(story, item("b", 1), item("a", 0), item("x", 0, source="s2"))
    facts = {"kind": "back", "ahead": 1, "behind": 0}
    assert both_ways(story.done()) == convicted(
        5,
        disorder(1, message="a", process="c1#1", **facts),
        disorder(0, message="a", process="c2#1", **facts),
    )


# By the calls that sent the items.


def test_items_left_out_between_two_are_told_with_the_send_of_the_first_and_how_many_more():
    story = Story(sources=STREAMS)
    for number in range(1, 6):
        published(story, f"p1#1-{number}", partition=2)
    handed(story, item("p1#1-1", partition=2), item("p1#1-2", partition=2))
    handed(story, item("p1#1-5", partition=2))
    facts = {"kind": "calls", "sender": "p1#1", "before": "p1#1-2", "behind": "p1#1-5"}
    assert both_ways(story.done()) == convicted(
        3,
        gap(2, 5, 6, message="p1#1-3", partition=2, stream="s/2", more=1, **facts),
    )


def test_one_item_left_out_is_told_without_more():
    story = Story(sources=STREAMS)
    for number in range(1, 4):
        published(story, f"p1#1-{number}")
    handed(story, item("p1#1-1"))
    handed(story, item("p1#1-3"))
    facts = {"kind": "calls", "sender": "p1#1", "before": "p1#1-1", "behind": "p1#1-3"}
    assert both_ways(story.done()) == convicted(2, gap(1, 3, 4, message="p1#1-2", **facts))


def test_items_left_out_before_the_first_of_an_answer_are_told():
    story = Story(sources=STREAMS)
    for number in range(1, 4):
        replied(story, f"p1#1-{number}")
    asked(story, "a", item("p1#1-3"))
    facts = {"kind": "calls_head", "sender": "p1#1", "before": "p1#1-3", "behind": "p1#1-3"}
    assert both_ways(story.done()) == convicted(
        1, gap(0, 3, message="p1#1-1", stream="s in answer to a", more=1, **facts)
    )


def test_stream_that_answers_nothing_may_begin_behind_what_was_sent_before():
    story = Story(sources=STREAMS)
    for number in range(1, 4):
        published(story, f"p1#1-{number}")
    handed(story, item("p1#1-2"), item("p1#1-3"))
    assert both_ways(story.done()) == valid(2)


def test_items_turned_round_and_again_are_told_with_their_sender():
    story = Story(sources=STREAMS)
    for number in range(1, 4):
        published(story, f"p1#1-{number}")
    for number in (1, 3, 2, 3):
        handed(story, item(f"p1#1-{number}"))
    facts = {"sender": "p1#1", "ahead": "p1#1-3"}
    assert both_ways(story.done()) == convicted(
        4,
        disorder(4, 5, message="p1#1-2", kind="calls_back", **facts),
        disorder(4, 6, message="p1#1-3", kind="calls_again", **facts),
    )


def test_first_copy_of_an_unplaced_item_proves_what_was_left_out():
    story = Story(sources=STREAMS)
    for number in range(1, 4):
        published(story, f"p1#1-{number}")
    for number in (1, 3, 3):
        handed(story, item(f"p1#1-{number}"))
    found = both_ways(story.done()).anomalies
    assert [one.witnesses for one in found] == [(1, 3, 4), (4, 5)]


def test_replies_and_publications_of_one_sender_stand_in_the_order_of_its_calls():
    story = Story(sources=STREAMS)
    replied(story, "p1#1-1")
    published(story, "p1#1-2", correlation="a")
    replied(story, "p1#1-3")
    asked(story, "a", *(item(f"p1#1-{number}") for number in (1, 2, 3)))
    assert both_ways(story.done()) == valid(3)


@pytest.mark.parametrize("sent", [published, replied])
def test_attempts_at_one_item_are_told_apart_by_the_attempt_that_the_item_carries(sent):
    """An item that was sent twice surely stands nowhere, but each copy stands behind its call."""
    story = Story(sources=STREAMS)
    to = {"correlation": "a"} if sent is published else {}
    sent(story, "p1#1-1", **to)
    sent(story, "p1#1-1", attempt=2, **to)
    sent(story, "p1#1-2", **to)
    asked(story, "a", item("p1#1-2"), item("p1#1-1", attempt=2))
    assert [one.facts["kind"] for one in both_ways(story.done()).anomalies] == ["calls_back"]


def test_item_that_was_sent_twice_as_the_same_attempt_has_no_place():
    story = Story(sources=STREAMS)
    for message in ("p1#1-1", "p1#1-2", "p1#1-1"):
        published(story, message)
    handed(story, item("p1#1-2"), item("p1#1-1"))
    assert both_ways(story.done()) == valid(1)


def test_item_that_was_sent_twice_is_not_left_out():
    story = Story(sources=STREAMS)
    published(story, "p1#1-1")
    published(story, "p1#1-2")
    published(story, "p1#1-2", attempt=2)
    published(story, "p1#1-3")
    handed(story, item("p1#1-1"), item("p1#1-3"))
    assert both_ways(story.done()) == valid(2)


def test_same_item_in_two_streams_was_sent_once_to_each():
    story = Story(sources=STREAMS)
    published(story, "p1#1-1")
    published(story, "p1#1-2")
    story.ok(story.publish("p1#1-2", target="s2"))
    published(story, "p1#1-3")
    handed(story, item("p1#1-1"), item("p1#1-3"))
    assert [one.message for one in both_ways(story.done()).anomalies] == ["p1#1-2"]


@pytest.mark.parametrize("sent", [published, replied])
@pytest.mark.parametrize("how", ["info", "fail"])
def test_what_was_not_surely_sent_is_not_left_out(sent, how):
    story = Story(sources=STREAMS)
    to = {"correlation": "a"} if sent is published else {}
    sent(story, "p1#1-1", how=how, **to)
    sent(story, "p1#1-2", how="info", **to)
    asked(story, "a", item("p1#1-2"))
    assert both_ways(story.done()) == valid(1)


def test_item_that_nobody_sent_has_no_place_among_calls():
    story = Story(sources=STREAMS)
    published(story, "p1#1-1")
    handed(story, item("nobody's"), item("p1#1-1"), item(""))
    assert both_ways(story.done()) == valid(1)


def test_replies_without_an_id_and_to_other_targets_are_no_items():
    story = Story(sources=STREAMS)
    replied(story, None)
    story.ok(story.invoke("p1#1", "reply", message="p1#1-1", correlation="a", target="other"))
    replied(story, "p1#1-2")
    asked(story, "a", item(""), item("p1#1-2"))
    assert both_ways(story.done()) == valid(1)


def test_placed_and_unplaced_rows_are_examined_each_in_its_own_way():
    story = Story(sources=STREAMS)
    for number in range(1, 4):
        published(story, f"p1#1-{number}")
    for number in range(1, 4):
        published(story, f"p2#1-{number}", process="p2#1")
    handed(story, item("p1#1-2", 1), item("p1#1-1", 0), process="c1#1")
    handed(story, item("p1#1-2"), item("p1#1-1"), item("p2#1-1"), process="c2#1")
    handed(story, item("p1#1-3"), item("p1#1-1"), process="c3#1")
    verdict = both_ways(story.done())
    assert verdict.examined == 7
    assert [(one.name, one.facts["process"]) for one in verdict.anomalies] == [
        ("stream_disorder", "c1#1"),
        ("stream_disorder", "c2#1"),
        ("stream_gap", "c3#1"),
        ("stream_disorder", "c3#1"),
    ]


def test_calls_are_not_compared_in_a_history_that_was_cut():
    story = Story(sources=STREAMS)
    for number in range(1, 4):
        published(story, f"p1#1-{number}")
    handed(story, item("p1#1-3"), item("p1#1-1"))
    assert both_ways(story) == unknown(CUT)


def test_history_without_a_stream_has_nothing_to_examine():
    story = Story(sources={"s": Source(kind="queue")})
    handed(story, item("b", 1), item("a", 0))
    assert both_ways(story.done()) == unknown("nothing to examine: the header declares no stream")
