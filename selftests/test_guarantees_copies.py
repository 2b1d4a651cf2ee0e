"""What stands in the log, and in which order all look it up."""

import pytest

from deliverycheck.guarantees.copies import (
    call_of,
    copies,
    copies_by_message,
    in_order_of_call,
    place_of,
    publications_by_message,
    rank,
    standing,
)
from deliverycheck.history import Delivery, history_of
from selftests.interleaving import backwards
from selftests.story import Story, at


def both_ways(story, look_up):
    data = b"".join(story.done().lines())
    told, retold = look_up(history_of(data)), look_up(history_of(backwards(data)))
    assert told == retold
    return told


def found(story):
    return [
        (one.op, one.delivery.message, one.delivery.position) for one in both_ways(story, copies)
    ]


def test_copy_is_the_first_reading_of_it_whoever_is_told_first():
    story = Story()
    story.scanned(at("a", 0), at("b", 1), process="scan#2")
    story.scanned(at("a", 0), at("b", 1), at("a", 2), process="scan#1")
    assert found(story) == [(0, "a", 0), (0, "b", 1), (1, "a", 2)]


def test_copy_is_the_first_of_equal_readings_of_one_operation():
    story = Story()
    story.scanned(at("a", 0), at("a", 0, attempt=2))
    assert [one.delivery.attempt for one in both_ways(story, copies)] == [1]


def test_copies_are_told_apart_by_source_partition_position_and_message():
    story = Story()
    story.scanned(
        at("a", 0), at("a", 0, source="u"), at("a", 0, partition=1), at("a", 1), at("b", 0)
    )
    assert len(found(story)) == 5


def test_copies_stand_by_source_partition_position_operation_and_message():
    story = Story()
    unplaced = Delivery(message="z", source="t")
    story.scanned(at("b", 1), at("e", 0, partition=1), at("a", 1), at("f", 0, source="s"))
    story.scanned(at("c", 0), at("y", None), unplaced, at("0", 1))
    assert [message for _, message, _ in found(story)] == [*"fzycab0e"]


def test_copies_of_a_message_are_in_the_same_order():
    story = Story()
    story.scanned(at("b", 2), at("a", 1), at("", 3), at("a", 0))
    by_message = both_ways(story, copies_by_message)
    assert {
        message: [one.delivery.position for one in readings]
        for message, readings in by_message.items()
    } == {"a": [0, 1], "b": [2], "": [3]}


def test_attempts_are_in_the_order_of_their_calls():
    story = Story()
    story.published("m", process="p2#1")
    story.published("n", process="p1#1")
    story.published("m", process="p1#1", attempt=2)
    assert [one.op for one in both_ways(story, in_order_of_call)] == [0, 1, 2]
    assert {
        message: [(one.op, one.attempt) for one in attempts]
        for message, attempts in both_ways(story, publications_by_message).items()
    } == {"m": [(0, 1), (2, 2)], "n": [(1, 1)]}


def test_rank_of_an_attempt_is_that_of_its_first_call():
    story = Story()
    story.published("m", process="p2#1")
    story.published("n", process="p1#1")
    story.published("m", process="p1#1")
    story.published("m", process="p1#1", attempt=2)
    ranks = both_ways(story, rank)
    assert {key: (number, one.op) for key, (number, one) in ranks.items()} == {
        ("m", 1): (0, 0),
        ("n", 1): (1, 1),
        ("m", 2): (3, 3),
    }


def test_place_is_the_position_or_without_one_the_message():
    assert place_of(at("a", 0, partition=2)) == ("t", 2, 0)
    assert place_of(at("a", None, partition=None)) == ("t", None, "a")


def test_what_has_no_partition_or_position_stands_first():
    places = [(1, 0), (0, 1), (0, 0), (0, None), (None, 0), (None, None)]
    deliveries = [at("a", position, partition=partition) for partition, position in places]
    found = sorted(deliveries, key=standing)
    assert [(one.partition, one.position) for one in found] == places[::-1]
    assert standing(found[0]) == ("t", -1, -1)


# The call that a copy comes from.

AGAIN = {"attempt": 2}


def calls_of(sent, *found):
    """The numbers of the calls from which the copies of message a come."""
    story = Story()
    for place, fields in sent:
        story.published(fields.get("message", "p#1-1"), place, attempt=fields.get("attempt", 1))
    story.scanned(*(at("p#1-1", position, **fields) for position, fields in found))

    def look_up(history):
        return [
            call if call is None else (call[0], call[1].op)
            for reading in copies(history)
            for call in [call_of(history, reading.delivery)]
        ]

    return both_ways(story, look_up)


@pytest.mark.parametrize(
    ("sent", "found", "calls"),
    [
        ([(None, {})], [(0, {})], [(0, 0)]),
        ([(None, {"message": "p#1-2"}), (None, {})], [(0, {})], [(1, 1)]),
        ([(None, {})], [(0, AGAIN)], [None]),
        ([(0, {})], [(0, AGAIN)], [None]),
        ([(None, AGAIN)], [(0, {})], [None]),
        ([(None, AGAIN)], [(0, AGAIN)], [(0, 0)]),
        ([], [(0, {})], [None]),
        ([(None, {}), (None, AGAIN)], [(0, AGAIN)], [(1, 1)]),
        ([(None, {}), (None, AGAIN)], [(0, {}), (1, AGAIN)], [(0, 0), (1, 1)]),
        ([(None, {}), (None, AGAIN)], [(0, {})], [None]),
        ([(None, {}), (5, AGAIN)], [(5, {}), (6, {})], [(1, 1), None]),
        ([(5, {}), (6, {})], [(5, {}), (6, {})], [(0, 0), (1, 1)]),
        ([(5, {}), (5, AGAIN)], [(5, {})], [None]),
        ([(None, AGAIN), (None, AGAIN)], [(0, AGAIN)], [None]),
        ([(None, {}), (None, {}), (None, AGAIN)], [(0, {}), (1, AGAIN)], [None, (2, 2)]),
    ],
    ids=[
        "sent-once",
        "the-second-of-all",
        "of-an-attempt-that-was-not-made",
        "of-an-attempt-that-was-not-made-at-a-known-place",
        "silent-of-a-later-attempt",
        "of-the-only-attempt",
        "never-sent",
        "its-attempt-tells",
        "the-other-tells-for-it",
        "nobody-tells",
        "its-confirm-tells",
        "confirms-tell-equal-attempts-apart",
        "two-confirms-name-one-place",
        "two-of-one-attempt",
        "two-of-the-first-attempt",
    ],
)
def test_copy_comes_from_the_call_that_its_attempt_or_a_confirm_tells(sent, found, calls):
    assert calls_of(sent, *found) == calls


def test_confirm_of_another_source_or_partition_names_no_copy_here():
    for elsewhere in ({"target": "u"}, {"partition": 1}):
        story = Story()
        partition = elsewhere.get("partition", 0)
        story.published("p#1-1", 0, partition=partition, target=elsewhere.get("target", "t"))
        story.published("p#1-1", attempt=2)
        story.scanned(at("p#1-1", 0))
        assert both_ways(story, lambda h: call_of(h, copies(h)[0].delivery)) is None
