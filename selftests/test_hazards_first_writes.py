"""A node that goes down before a producer had a confirm from a partition."""

import pytest

from selftests.shown import evidence, occurred
from selftests.story import Story

HAZARD = "first_write_broker_killed"


def killed(story, *, back=True):
    story.node("b1", "killed")
    if back:
        story.node("b1", "ready")
    return story


def test_message_on_the_way_to_a_partition_without_a_confirm_shows_it():
    story = Story()
    story.publish("p1#1-1", partition=0, count=3)
    assert evidence(killed(story), HAZARD) == [
        "b1 went down at 0.002 s, and p1#1 had no confirm from t/0 yet (3 messages on the way)."
    ]


def test_partition_that_had_confirmed_before_knows_the_producer():
    story = Story()
    story.published("p1#1-1", 0)
    story.publish("p1#1-2", partition=0)
    assert HAZARD not in occurred(killed(story))


@pytest.mark.parametrize(
    "known",
    [
        {"message": "p1#1-1", "partition": 1},
        {"message": "p1#1-1", "target": "u"},
        {"message": "p2#1-1"},
    ],
    ids=["another-partition", "another-target", "another-producer"],
)
def test_confirm_from_elsewhere_says_nothing_of_this_partition(known):
    story = Story()
    story.published(known.pop("message"), 0, **known)
    story.publish("p1#1-2", partition=0)
    assert HAZARD in occurred(killed(story))


def test_confirm_that_came_when_the_node_was_down_already_is_too_late():
    story = Story()
    op = story.publish("p1#1-1", partition=0)
    story.node("b1", "killed")
    story.ok(op, position=0)
    assert HAZARD in occurred(story)


@pytest.mark.parametrize("outcome", ["fail", "info"])
def test_message_that_failed_before_makes_no_partition_known(outcome):
    story = Story()
    getattr(story, outcome)(story.publish("p1#1-1", partition=0))
    story.publish("p1#1-2", partition=0)
    assert HAZARD in occurred(killed(story))


def test_first_message_sent_while_the_node_is_down_shows_it():
    story = Story()
    story.node("b1", "killed")
    story.publish("p1#1-1", partition=0)
    story.node("b1", "ready")
    assert HAZARD in occurred(story)


def test_first_message_sent_when_the_node_is_back_is_none_of_it():
    story = killed(Story())
    story.publish("p1#1-1", partition=0)
    assert HAZARD not in occurred(story)


def test_node_that_is_never_back_stays_down():
    story = killed(Story(), back=False)
    story.publish("p1#1-1", partition=0)
    assert HAZARD in occurred(story)


def test_return_of_another_node_ends_nothing():
    story = Story()
    story.node("b1", "killed")
    story.node("b2", "ready")
    story.publish("p1#1-1", partition=0)
    assert HAZARD in occurred(story)


@pytest.mark.parametrize("state", ["paused", "ready", "resumed"])
def test_node_that_kept_its_memory_forgets_no_producer(state):
    story = Story()
    story.publish("p1#1-1", partition=0)
    story.node("b1", state)
    assert HAZARD not in occurred(story)


def test_node_that_died_by_itself_counts():
    story = Story()
    story.publish("p1#1-1", partition=0)
    story.node("b1", "died")
    assert HAZARD in occurred(story)


def test_partition_that_a_confirm_tells_is_the_place():
    story = Story()
    story.ok(story.publish("p1#1-1"), position=0, partition=2)
    story.publish("p1#1-2", partition=2)
    assert HAZARD not in occurred(killed(story))


def test_message_whose_partition_nobody_tells_may_be_the_first_of_any():
    story = Story()
    story.published("p1#1-1", 0)
    story.publish("p1#1-2", partition=None)
    assert evidence(killed(story), HAZARD) == [
        "b1 went down at 0.004 s, and p1#1 had no confirm from t/? yet (1 message on the way)."
    ]


def test_each_place_is_told_once_with_all_its_messages():
    story = Story()
    story.publish("p1#1-1", partition=0)
    story.publish("p1#1-2", partition=1)
    story.publish("p1#1-3", partition=0, count=2)
    assert evidence(killed(story), HAZARD) == [
        "b1 went down at 0.004 s, and p1#1 had no confirm from t/0 yet (3 messages on the way).",
        "b1 went down at 0.004 s, and p1#1 had no confirm from t/1 yet (1 message on the way).",
    ]


def test_execution_without_a_message_shows_nothing():
    assert occurred(killed(Story())) == set()
