"""A message times out while others of its producer are without an answer."""

import pytest

from deliverycheck.guarantees import HAZARDS, Evidence
from selftests.shown import evidence, occurred
from selftests.story import Story

NAME = "timed_out_beside_others"


def timed_out_beside(process):
    """p1#1-1 times out; a message of that process was handed over before, and answered after."""
    story = Story()
    first = story.publish("p1#1-1")
    other = story.publish(f"{process}-2")
    story.info(first, error="_MSG_TIMED_OUT")
    story.ms += 100
    story.ok(other)
    return story


def test_open_message_beside_one_that_timed_out_is_told():
    story = timed_out_beside("p1#1")
    assert evidence(story, NAME) == [
        "p1#1-1 timed out at 0.003 s while 1 other message of p1#1 was without an answer."
    ]
    assert HAZARDS[NAME].find(story.history())[0] == Evidence(
        kind="timed_out",
        ns=3_000_000,
        facts={"process": "p1#1", "message": "p1#1-1", "timed_out_ns": 3_000_000, "messages": 1},
        witnesses=(0, 1),
    )


@pytest.mark.parametrize(
    ("error", "shown"), [("_PURGE_INFLIGHT", True), ("_PURGE_QUEUE", True), ("_DESTROY", False)]
)
def test_message_that_was_purged_on_its_way_or_in_the_queue_stood_beside_others(error, shown):
    story = Story()
    first = story.publish("p1#1-1")
    other = story.publish("p1#1-2")
    story.info(first, error=error)
    story.ms += 100
    story.ok(other)
    assert ("purged_beside_others" in occurred(story)) is shown
    if shown:
        assert evidence(story, "purged_beside_others") == [
            ("p1#1-1 was purged at 0.003 s while 1 other message of p1#1 was without an answer.")
        ]


@pytest.mark.parametrize(("waited_ms", "shown"), [(50, False), (150, True), (None, True)])
def test_message_sent_after_a_purge_stands_beside_it_if_its_answer_is_late(waited_ms, shown):
    story = Story()
    story.info(story.publish("p1#1-1"), error="_PURGE_INFLIGHT")
    story.ms += 500
    later = story.publish("p1#1-2")
    if waited_ms is not None:
        story.ms += waited_ms
        story.ok(later)
    assert ("purged_beside_others" in occurred(story)) is shown


def test_messages_that_were_purged_together_stood_beside_none():
    story = Story()
    for op in [story.publish("p1#1-1"), story.publish("p1#1-2")]:
        story.info(op, error="_PURGE_INFLIGHT")
    assert "purged_beside_others" not in occurred(story)


def test_message_without_any_answer_is_open():
    story = Story()
    first = story.publish("p1#1-1")
    story.publish("p1#1-2")
    story.info(first, error="_MSG_TIMED_OUT")
    assert NAME in occurred(story)


def test_open_message_of_another_producer_is_none():
    assert NAME not in occurred(timed_out_beside("p2#1"))


def test_message_answered_before_the_other_timed_out_is_none():
    story = Story()
    first = story.publish("p1#1-1")
    story.ok(story.publish("p1#1-2"))
    story.info(first, error="_MSG_TIMED_OUT")
    assert NAME not in occurred(story)


def test_message_handed_over_after_the_other_timed_out_is_none():
    story = Story()
    story.info(story.publish("p1#1-1"), error="_MSG_TIMED_OUT")
    story.publish("p1#1-2")
    assert NAME not in occurred(story)


def test_messages_that_time_out_together_leave_none_open():
    story = Story()
    for op in [story.publish(f"p1#1-{number}") for number in (1, 2)]:
        story.info(op, error="_MSG_TIMED_OUT")
    assert NAME not in occurred(story)


def test_message_that_times_out_later_was_open():
    story = Story()
    first, second = (story.publish(f"p1#1-{number}") for number in (1, 2))
    story.info(first, error="_MSG_TIMED_OUT")
    story.ms += 1000
    story.info(second, error="_MSG_TIMED_OUT")
    assert NAME in occurred(story)


def test_other_error_is_no_timeout():
    story = Story()
    first = story.publish("p1#1-1")
    story.publish("p1#1-2")
    story.info(first, error="_TRANSPORT")
    assert NAME not in occurred(story)
