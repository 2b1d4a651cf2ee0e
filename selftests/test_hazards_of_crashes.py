"""Hazards of crashes: what processes and nodes had open when they were killed or stopped."""

import pytest

from deliverycheck.guarantees import hazards_of
from deliverycheck.history import Position
from selftests.shown import evidence, occurred
from selftests.story import Story, at

# Crashes of producers


def test_killed_producer_with_a_confirmed_message_had_nothing_unflushed():
    story = Story()
    story.published("p1#1-1", 0)
    story.process("p1#1", "killed")
    assert occurred(story) == {"producer_killed"}


def test_killed_producer_with_a_message_in_its_queue_is_unflushed():
    story = Story()
    story.published("p1#1-1", 0)
    story.returned(story.publish("p1#1-2", count=3))
    story.process("p1#1", "killed")
    assert evidence(story, "producer_killed_unflushed") == [
        "p1#1 was killed at 0.005 s with 3 messages handed over and not confirmed."
    ]
    assert evidence(story, "producer_killed") == ["p1#1 was killed at 0.005 s after 4 messages."]


def test_call_that_never_returned_handed_nothing_over():
    story = Story()
    story.publish("p1#1-1")
    story.process("p1#1", "killed")
    assert occurred(story) == {"producer_killed"}


def test_confirm_read_after_the_kill_was_given_before_it():
    story = Story()
    op = story.publish("p1#1-1")
    story.returned(op)
    story.process("p1#1", "killed")
    story.ok(op)
    assert occurred(story) == {"producer_killed"}


def test_message_that_timed_out_before_the_kill_was_not_in_the_queue_any_more():
    story = Story()
    op = story.publish("p1#1-1")
    story.returned(op)
    story.info(op, error="_MSG_TIMED_OUT")
    story.process("p1#1", "killed")
    assert occurred(story) == {"producer_killed"}


def test_killed_process_that_never_published_is_no_producer():
    story = Story()
    story.published("p1#1-1", 0)
    story.process("p2#1", "killed")
    assert occurred(story) == set()


# Crashes of consumers


def consumer(*, until, others_commit=True):
    """A consumer that commits after its effect, killed after its first steps."""
    story = Story(groups={"g": ("t",)})
    story.received("c1#1", at("p1#1-1", 0))
    if until in ("effect", "commit"):
        story.effect("c1#1", at("p1#1-1", 0))
    if until == "commit":
        story.committed("c1#1", 1)
    story.process("c1#1", "killed")
    if others_commit:
        story.committed("c1#2", 1)
    return story


def test_consumer_killed_after_its_commit_has_nothing_in_hand():
    assert occurred(consumer(until="commit")) == {"consumer_killed"}


@pytest.mark.parametrize(
    ("until", "without"), [("receive", "its effect and its commit"), ("effect", "its commit")]
)
def test_consumer_killed_before_the_end_of_its_cycle_has_a_message_in_hand(until, without):
    assert evidence(consumer(until=until), "consumer_killed_in_hand") == [
        (
            f"c1#1 was killed at 0.00{3 if until == 'receive' else 5} s with 1 delivery in hand: "
            f"p1#1-1 was without {without}."
        )
    ]


def test_effect_alone_ends_the_cycle_where_nobody_of_the_group_commits():
    story = consumer(until="effect", others_commit=False)
    assert occurred(story) == {"consumer_killed"}


def test_message_that_was_committed_first_is_in_hand_until_its_effect():
    story = Story()
    story.received("c1#1", at("p1#1-1", 0))
    story.committed("c1#1", 1)
    story.process("c1#1", "killed")
    assert "consumer_killed_in_hand" in occurred(story)


def test_commit_of_an_earlier_position_does_not_cover_a_message():
    story = Story()
    story.received("c1#1", at("p1#1-1", 0), at("p1#1-2", 1))
    story.effect("c1#1", at("p1#1-1", 0))
    story.effect("c1#1", at("p1#1-2", 1))
    story.committed("c1#1", 1)
    story.process("c1#1", "killed")
    found = hazards_of(story.history())["consumer_killed_in_hand"]
    assert [one.facts["message"] for one in found] == ["p1#1-2"]


def test_commit_without_positions_covers_what_was_received_before_it():
    story = Story()
    story.received("c1#1", at("p1#1-1", 0))
    story.effect("c1#1", at("p1#1-1", 0))
    story.ok(story.invoke("c1#1", "commit", group="g"))
    story.process("c1#1", "killed")
    assert occurred(story) == {"consumer_killed"}


def test_commit_whose_outcome_is_unknown_leaves_the_message_in_hand():
    story = Story()
    story.received("c1#1", at("p1#1-1", 0))
    story.effect("c1#1", at("p1#1-1", 0))
    story.invoke("c1#1", "commit", group="g")
    story.process("c1#1", "killed")
    assert "consumer_killed_in_hand" in occurred(story)


def test_effect_whose_outcome_is_unknown_leaves_the_message_in_hand():
    story = Story()
    story.received("c1#1", at("p1#1-1", 0))
    story.effect("c1#1", at("p1#1-1", 0), outcome="info")
    story.process("c1#1", "killed")
    assert "consumer_killed_in_hand" in occurred(story)


def test_ack_covers_the_position_that_it_names_and_no_other():
    story = Story()
    for number in (0, 1, 2):
        story.received("c1#1", at(f"p1#1-{number}", number))
        story.effect("c1#1", at(f"p1#1-{number}", number))
    for number in (0, 2):
        covers = (Position(source="t", partition=0, position=number),)
        story.ok(story.invoke("c1#1", "ack", covers=covers))
    story.process("c1#1", "killed")
    found = hazards_of(story.history())["consumer_killed_in_hand"]
    assert [(one.facts["message"], one.facts["deliveries"]) for one in found] == [("p1#1-1", 1)]


@pytest.mark.parametrize("positions", [(0,), (1, 0)], ids=["covers-nothing", "takes-nothing-back"])
def test_commit_covers_what_stands_before_its_position(positions):
    story = Story()
    story.received("c1#1", at("p1#1-1", 0))
    story.effect("c1#1", at("p1#1-1", 0))
    for position in positions:
        story.committed("c1#1", position)
    story.process("c1#1", "killed")
    assert ("consumer_killed_in_hand" in occurred(story)) is (max(positions) == 0)


def test_ack_of_another_position_does_not_cover_the_first_one():
    story = Story()
    story.received("c1#1", at("p1#1-1", 0), at("p1#1-2", 1))
    story.effect("c1#1", at("p1#1-1", 0))
    covers = (Position(source="t", partition=0, position=1),)
    story.ok(story.invoke("c1#1", "ack", covers=covers))
    story.process("c1#1", "killed")
    (found,) = hazards_of(story.history())["consumer_killed_in_hand"]
    assert (found.facts["message"], found.facts["without"]) == ("p1#1-1", "its commit")


def test_commit_of_positions_does_not_cover_what_has_none():
    story = Story()
    story.received("c1#1", at("p1#1-1", None))
    story.effect("c1#1", at("p1#1-1", None))
    story.committed("c1#1", 1)
    story.process("c1#1", "killed")
    assert "consumer_killed_in_hand" in occurred(story)


@pytest.mark.parametrize(
    ("group", "other", "counts"),
    [("g", "g", True), ("g", "h", False), ("g", None, False)],
    ids=["its-own-group", "another-group", "unnamed-group"],
)
def test_effect_ends_the_cycle_unless_somebody_of_the_same_group_commits(group, other, counts):
    story = Story()
    story.received("c1#1", at("p1#1-1", 0), group=group)
    story.effect("c1#1", at("p1#1-1", 0), group=group)
    story.process("c1#1", "killed")
    story.committed("c2#1", 1, group=other)
    assert ("consumer_killed_in_hand" in occurred(story)) is counts


def test_consumer_killed_before_its_first_delivery_had_nothing():
    story = Story()
    story.received("c1#1")
    story.process("c1#1", "killed")
    assert occurred(story) == set()


# Broker nodes


@pytest.mark.parametrize(
    ("state", "back", "hazard"),
    [("killed", "ready", "broker_killed"), ("paused", "resumed", "broker_paused")],
)
def test_operation_made_while_the_node_was_down_shows_the_hazard(state, back, hazard):
    story = Story()
    story.node("b1", state)
    story.publish("p1#1-1")
    story.node("b1", back)
    assert evidence(story, hazard) == ["b1 went down at 0.001 s; 1 operation met that."]


@pytest.mark.parametrize(
    ("state", "back", "hazard"),
    [("killed", "ready", "broker_killed"), ("paused", "resumed", "broker_paused")],
)
def test_node_that_was_down_between_two_operations_shows_nothing(state, back, hazard):
    story = Story()
    story.published("p1#1-1", 0)
    story.node("b1", state)
    story.node("b1", back)
    story.published("p1#1-2", 1)
    assert hazard not in occurred(story)


def test_fresh_reader_of_the_harness_does_not_count_as_somebody_who_spoke_to_the_node():
    story = Story()
    story.node("b1", "killed")
    story.scanned()
    assert "broker_killed" not in occurred(story)
