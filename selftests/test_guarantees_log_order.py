"""Order within one call and across calls of one producer, against the plain definition."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import GUARANTEES, Validity, check
from deliverycheck.history import PublishRun
from selftests.story import Story, at

SMALL = settings(max_examples=200, deadline=None, database=None)
ORDERS = ["per_partition_order", "per_key_order"]


def sent_in_batches(sizes, placed, *, key="k"):
    """Calls of so many messages each; message by message the partition and position it got."""
    story, number = Story(), 1
    for size in sizes:
        op = story.publish(f"p1#1-{number}", count=size, key=key)
        runs = [
            PublishRun(first_sequence=each, partition=partition, first_position=position, count=1)
            for each, (partition, position) in enumerate(placed, start=1)
            if number <= each < number + size
        ]
        story.ok(op, runs=tuple(runs))
        number += size
    found = [
        at(f"p1#1-{each}", position, partition=partition)
        for each, (partition, position) in enumerate(placed, start=1)
    ]
    story.scanned(*found)
    return story.done().history()


@st.composite
def batches(draw):
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    places = st.tuples(st.integers(0, 1), st.integers(0, 9))
    count = sum(sizes)
    return sizes, draw(st.lists(places, min_size=count, max_size=count, unique=True))


@SMALL
@given(sent=batches())
def test_order_is_broken_exactly_when_two_messages_stand_the_wrong_way_round(sent):
    sizes, placed = sent
    wrong = any(
        early[0] == late[0] and early[1] > late[1] for early, late in combinations(placed, 2)
    )
    split = len({partition for partition, _ in placed}) > 1
    partition, key = check(sent_in_batches(sizes, placed), ORDERS)
    assert (partition.validity is Validity.INVALID) == wrong
    assert (key.validity is Validity.INVALID) == (wrong or split)


@SMALL
@given(sent=batches())
def test_batches_are_judged_as_the_same_messages_sent_one_by_one(sent):
    sizes, placed = sent
    batched, single = (
        check(sent_in_batches(each, placed), ORDERS) for each in (sizes, [1] * len(placed))
    )
    assert [verdict.count for verdict in batched] == [verdict.count for verdict in single]


@pytest.mark.parametrize(
    ("sizes", "witnesses"), [([2], (0, 1)), ([1, 1], (0, 1, 2))], ids=["within", "across"]
)
def test_disorder_is_proven_by_the_calls_and_the_scan(sizes, witnesses):
    verdict, _ = check(sent_in_batches(sizes, [(0, 1), (0, 0)]), ORDERS)
    assert verdict.anomalies[0].witnesses == witnesses


A, B, C = "p1#1-1", "p1#1-2", "p1#1-3"


def judged(story, guarantee="per_partition_order"):
    return GUARANTEES[guarantee].check(story.done().history())


def test_strangers_and_what_has_no_position_stand_nowhere_and_hide_nothing():
    story = Story()
    for message in (A, B, C):
        story.published(message)
    story.scanned(at(C, None), at("p9#1-1", 0), at(B, 1), at(A, 2))
    verdict = judged(story)
    assert [anomaly.message for anomaly in verdict.anomalies] == [A]
    assert verdict.examined == 1


@pytest.mark.parametrize("guarantee", ORDERS)
def test_disorder_from_the_very_start_is_told_whole(guarantee):
    story = Story()
    first = story.published(A, 1, key="")
    second = story.published(B, 0, key="")
    scan = story.scanned(B, A)
    (anomaly,) = judged(story, guarantee).anomalies
    assert (anomaly.message, anomaly.source, anomaly.partition, anomaly.position) == (A, "t", 0, 1)
    assert anomaly.witnesses == (first, second, scan)
    assert anomaly.facts == {
        "kind": "first_copy",
        "process": "p1#1",
        "behind": B,
        "of_key": "",
        "behind_position": 0,
        "first_position": 1,
    }


def test_second_copy_is_told_with_the_place_of_the_first():
    story = Story()
    for position, message in enumerate((A, B)):
        story.published(message, position)
    story.scanned(A, B, A)
    (anomaly,) = judged(story).anomalies
    assert anomaly.facts == {
        "kind": "second_copy",
        "process": "p1#1",
        "behind": B,
        "behind_position": 1,
        "first_position": 0,
    }


def test_key_in_two_partitions_is_told_whole():
    story = Story()
    ops = [
        story.published(message, partition=partition, key="k")
        for message, partition in ((A, 1), (B, 0), (C, None))
    ]
    scan = story.scanned(at(C, 7, partition=None), at(B, 0), at(A, 0, partition=1))
    (anomaly,) = judged(story, "per_key_order").anomalies
    assert (anomaly.message, anomaly.partition, anomaly.position) == (A, 1, 0)
    assert anomaly.witnesses == (ops[0], ops[1], scan)
    assert anomaly.facts == {
        "kind": "split_key",
        "process": "p1#1",
        "behind": B,
        "key": "k",
        "partitions": [0, 1],
    }
