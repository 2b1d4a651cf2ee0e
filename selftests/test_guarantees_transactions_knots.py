"""Cycles of many transactions, and what each step of one is told by."""

import pytest

from selftests.story import at
from selftests.transaction_stories import Told, verdict_of

READS, SERIAL = "read_order", "serializable_transactions"
STRICT = "strict_serializable"


def ring(count, pair):
    """Each is handed a message of the next, the last one of the first; `pair` of each other."""
    story = Told()
    messages = [at(f"p{number}#1-1", number) for number in range(count)]
    for number, message in enumerate(messages):
        story.wrote(f"p{number}#1", f"x{number}", (message.message, number))
    for number in range(count):
        handed = {(number + 1) % count} | ({pair[0]} if number == pair[1] else set())
        story.read(f"p{number}#1", *(messages[each] for each in sorted(handed)))
    for number in range(count):
        story.end(f"p{number}#1", f"x{number}")
    return story.done().history()


@pytest.mark.parametrize(("pair", "length"), [((19, 20), 2), ((20, 21), 22)])
def test_shortest_way_round_is_looked_for_from_the_first_twenty_of_a_knot(pair, length):
    (anomaly,) = verdict_of(ring(22, pair), READS).anomalies
    assert len(anomaly.facts["transactions"]) == length


@pytest.mark.parametrize(("level", "examined"), [(STRICT, 1), ("read_committed", 0)])
def test_order_of_writes_counts_for_those_alone_that_ask_for_more_than_committed(level, examined):
    story = Told()
    for process in ("p1#1", "p2#1"):
        story.call(process, "open", isolation=level)
    story.whole("p1#1", "x1", ("p1#1-1", 0))
    story.whole("p2#1", "x2", ("p2#1-1", 1))
    story.read("scan#1", at("p1#1-1", 0), at("p2#1-1", 1))
    assert verdict_of(story.done().history(), SERIAL).examined == examined


def test_what_was_handed_over_as_the_commit_was_asked_for_was_read():
    story = Told()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.wrote("p2#1", "x2", ("p2#1-1", 1))
    story.read("p1#1", at("p2#1-1", 1))
    story.read("p2#1", at("p1#1-1", 0))
    story.ms -= 1
    story.end("p2#1", "x2")
    story.end("p1#1", "x1")
    (anomaly,) = verdict_of(story.done().history(), READS).anomalies
    assert anomaly.facts["transactions"] == ["x1", "x2"]


def steps_of(story):
    (anomaly,) = verdict_of(story.done().history(), READS).anomalies
    return anomaly.facts["steps"]


def from_the_future(outcome):
    """x1 is handed the message of x2 before that has begun."""
    story = Told()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.read("p1#1", at("p2#1-1", 1))
    story.end("p1#1", "x1", outcome=outcome)
    return story


def test_transaction_whose_commit_is_unknown_was_done_once_it_was_seen():
    story = from_the_future("info")
    story.read("c1#1", at("p1#1-1", 0))
    story.whole("p2#1", "x2", ("p2#1-1", 1))
    assert steps_of(story) == [
        "x2 began at 0.011 s when x1 had taken effect",
        "x1 was handed p2#1-1 of x2",
    ]


def test_time_passes_from_one_transaction_that_is_done_to_the_next():
    story = from_the_future("ok")
    story.whole("p3#1", "x3", ("p3#1-1", 2))
    story.whole("p4#1", "x4", ("p4#1-1", 3))
    story.whole("p2#1", "x2", ("p2#1-1", 1))
    assert steps_of(story) == [
        "x2 began at 0.021 s when x1 had taken effect",
        "x1 was handed p2#1-1 of x2",
    ]
