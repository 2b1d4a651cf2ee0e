"""Committed positions of transactions: which of many covers of a group decides."""

import pytest

from deliverycheck.guarantees.transactions.isolation import Level, levels
from deliverycheck.history import Position
from selftests.story import at
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


def committed_in(story, partition, transaction, position, end="commit"):
    covers = (Position(source="in", partition=partition, position=position),)
    story.begin("c1#1", transaction)
    story.call("c1#1", "commit", transaction=transaction, group="g", covers=covers)
    story.end("c1#1", transaction, end)


def test_each_transaction_whose_positions_have_parted_is_told_once_in_the_order_of_reading():
    story = Told()
    for partition in (0, 1):
        committed_in(story, partition, f"x{partition}", 5)
    story.call("c2#1", "subscribe", group="g", isolation="read_committed")
    for partition, position in ((1, 3), (0, 3), (1, 2), (0, 1)):
        delivery = at(f"q#1-{position}", position, source="in", partition=partition)
        story.received("c2#1", delivery)
    anomalies = verdict_of(story.history(), NAME).anomalies
    told = [(each.facts["transaction"], each.partition, each.position) for each in anomalies]
    assert told == [("x1", 1, 2), ("x0", 0, 1)]


def test_position_that_a_reader_of_uncommitted_messages_was_handed_may_be_of_no_committed_one():
    story = Told()
    story.joined("c1#1", 0, 1, 2, level="read_uncommitted")
    committed_in(story, 0, "x0", 2)
    committed_in(story, 0, "x1", 5, "abort")
    story.joined("c2#1", 5)
    assert found(story.history(), NAME) == []


@pytest.mark.parametrize("name", ["read_uncommitted", "read_committed", "strict_serializable"])
def test_level_of_a_process_is_what_it_stated_last(name):
    story = Told()
    story.call("c1#1", "open")
    story.call("c1#1", "subscribe", isolation="read_committed")
    story.call("c1#1", "receive", isolation=name)
    story.call("c1#1", "receive")
    story.call("c2#1", "receive")
    stated = {1: Level.READ_COMMITTED, 2: Level(name), 3: Level(name)}
    assert levels(story.history()) == stated


@pytest.mark.parametrize(("back_ms", "wrong"), [(2, False), (3, True)])
def test_aborted_position_of_the_moment_in_which_the_member_joined_did_not_move_it(back_ms, wrong):
    story = copied(("ok",), (2,))
    story.begin("c1#1", "x1")
    story.call("c2#1", "subscribe", group="g", isolation="read_committed")
    story.ms -= back_ms
    story.covered("c1#1", "x1", 5)
    story.end("c1#1", "x1", "abort")
    story.received("c2#1", at("q#1-5", 5, source="in"))
    assert found(story.history(), NAME) == ["offsets_apart"] * wrong


def test_member_is_judged_where_its_group_has_committed_whatever_it_read_before():
    story = copied()
    story.call("c2#1", "subscribe", group="g", isolation="read_committed")
    story.received("c2#1", at("q#1-2", 2, source="in", partition=1))
    first = story.received("c2#1", at("q#1-2", 2, source="in"))
    story.received("c2#1", at("q#1-2", 2, source="in"))
    (anomaly,) = verdict_of(story.history(), NAME).anomalies
    assert (anomaly.partition, anomaly.position, anomaly.witnesses[-1]) == (0, 2, first)
