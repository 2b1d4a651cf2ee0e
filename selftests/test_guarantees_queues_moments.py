"""Queues at the very moment: what happens at once, and how much an anomaly shows."""

import pytest

from deliverycheck.guarantees.queues.queue_history import queues
from selftests.queue_story import QueueStory, is_broken, queue, tagged, verdict_of

FIRST, SECOND = "p1#1-1", "p1#1-2"


def at_once(story, op, **fields):
    """An operation is complete in the moment of the last line."""
    story.ms -= 1
    story.ok(op, **fields)


@pytest.mark.parametrize("late_ms", [0, -1], ids=["at-once", "just-after"])
def test_what_is_settled_in_the_moment_of_a_delivery_does_not_count_with_it(late_ms):
    story = QueueStory()
    story.subscribed("c1#1", prefetch=1)
    story.pushed("c1#1", tagged("a", 1))
    receive = story.invoke("c1#1", "receive")
    story.settled("c1#1", "ack", 1)
    story.ms -= 1  # The ack began then.
    story.ms += late_ms
    at_once(story, receive, deliveries=(tagged("b", 2),))
    assert is_broken(story.done().history(), "prefetch_bound") == bool(late_ms)


@pytest.mark.parametrize("at_ms", [0, 1], ids=["at-once", "just-after"])
def test_end_in_the_moment_of_a_delivery_explains_it(at_ms):
    story = QueueStory()
    story.published(FIRST)
    story.pushed("c1#1", tagged(FIRST, 1))
    story.pushed("c2#1", tagged(FIRST, 1))
    story.ms += at_ms - 1
    story.process("c1#1", "killed")
    assert is_broken(story.done().history(), "disjoint_consumers") == bool(at_ms)


@pytest.mark.parametrize("at_ms", [0, 1], ids=["at-once", "just-after"])
def test_handing_in_the_moment_of_trouble_is_not_surely_the_next_one(at_ms):
    story = QueueStory(sources={"q": queue(requeue="original")})
    story.published(FIRST)
    story.published(SECOND)
    story.fetched("c1#1", tagged(FIRST, 1))
    story.settled("c1#1", "nack", 1, requeue=True)
    story.fetched("c1#1", tagged(SECOND, 2))
    story.fetched("c1#1", tagged(FIRST, 3, redelivered=True))
    story.ms += at_ms - 1
    story.process("c9#1", "killed")
    assert is_broken(story.done().history(), "requeue_position") == bool(at_ms)


@pytest.mark.parametrize("early_ms", [0, 1], ids=["at-once", "just-before"])
def test_message_that_comes_in_the_moment_in_which_another_may_go_is_not_one_too_many(early_ms):
    story = QueueStory(sources={"q": queue(length_max=1)})
    story.published(FIRST)
    second = story.publish(SECOND, target="q")
    story.ms += 5
    fetch = story.invoke("c1#1", "receive", target="q")
    story.ms -= early_ms
    at_once(story, second)
    story.ms += 5
    story.ok(fetch, deliveries=(tagged(FIRST, 1),))
    story.fetched("c1#1", tagged(SECOND, 2))
    assert is_broken(story.done().history(), "length_limit") == bool(early_ms)


@pytest.mark.parametrize("early_ms", [0, 1], ids=["at-once", "just-before"])
def test_message_that_may_go_in_the_moment_of_its_confirm_stands_for_no_time(early_ms):
    story = QueueStory(sources={"q": queue(length_max=1)})
    op = story.publish(FIRST, target="q")
    story.ms += 5
    fetch = story.invoke("c1#1", "receive", target="q")
    story.ms -= early_ms
    at_once(story, op)
    story.ms += 5
    story.ok(fetch, deliveries=(tagged(FIRST, 1),))
    assert verdict_of(story.done().history(), "length_limit").examined == early_ms


@pytest.mark.parametrize("target", [None, "another"], ids=["pushed", "asked-of-another-queue"])
def test_what_was_handed_and_nobody_asked_for_stood_in_the_queue_for_no_known_time(target):
    story = QueueStory(sources={"q": queue(length_max=1)})
    story.ms = -1  # The history begins at once.
    for message in (FIRST, SECOND):
        op = story.publish(message, target="q")
        at_once(story, op)
        story.ms -= 1
    story.ms += 5
    receive = story.invoke("c1#1", "receive", target=target)
    story.ok(receive, deliveries=(tagged(FIRST, 1), tagged(SECOND, 2)))
    verdict = verdict_of(story.done().history(), "length_limit")
    assert (verdict.count, verdict.examined) == (0, 0)


def test_consumer_that_holds_far_too_much_is_shown_by_twenty():
    story = QueueStory()
    story.subscribed("c1#1", prefetch=22)
    receives = [story.pushed("c1#1", tagged(f"m-{tag}", tag)) for tag in range(25)]
    (anomaly,) = verdict_of(story.done().history(), "prefetch_bound").anomalies
    assert anomaly.witnesses == tuple(receives[:20])
    assert anomaly.facts == {
        "kind": "in_queue",
        "process": "c1#1",
        "prefetch": 22,
        "held": 23,
        "held_messages": [f"m-{tag}" for tag in range(20)],
        "handed_ns": story.history().by_op[receives[22]].completed_ns,
    }


def test_queue_that_is_far_too_long_is_shown_by_twenty():
    story = QueueStory(sources={"q": queue(length_max=22)})
    publishes = [story.published(f"p1#1-{one}") for one in range(25)]
    for one in range(25):
        story.fetched("c1#1", tagged(f"p1#1-{one}", one))
    (anomaly,) = verdict_of(story.done().history(), "length_limit").anomalies
    assert anomaly.witnesses == tuple(publishes[:20])
    assert anomaly.facts == {
        "kind": "in_queue",
        "length_max": 22,
        "held": 23,
        "held_messages": [f"p1#1-{one}" for one in range(20)],
        "at_ns": story.history().by_op[publishes[22]].completed_ns,
    }


def test_dead_letters_are_examined_as_given_up_dropped_explained_and_in_rows():
    story = QueueStory(sources={"q": queue(dead_letter="d", expires_ms=1), "d": queue()})
    for one in range(4):
        story.published(f"p1#1-{one}")
    story.fetched("c1#1", tagged("p1#1-0", 1))
    story.settled("c1#1", "reject", 1, requeue=False)
    rejected = tagged("p1#1-0", 1, source="d", reason="rejected")
    expired = [tagged(f"p1#1-{one}", one + 1, source="d", reason="expired") for one in (1, 2, 3)]
    story.fetched("scan#1", rejected, *expired, target="d")
    # One was given up and three dropped; four say why; three stand in a row of their own.
    assert verdict_of(story.done().history(), "dead_lettering").examined == 1 + 3 + 4 + 2


def test_queue_may_be_too_long_after_somebody_left_and_only_then():
    story = QueueStory(sources={"q": queue(length_max=1)})
    story.published("p1#1-0")
    story.fetched("c1#1", tagged("p1#1-0", 0))
    second = [story.published(f"p1#1-{one}") for one in (1, 2)]
    fetches = [story.fetched("c1#1", tagged(f"p1#1-{one}", one)) for one in (1, 2)]
    (anomaly,) = verdict_of(story.done().history(), "length_limit").anomalies
    assert anomaly.witnesses == (*second, *fetches)


@pytest.mark.parametrize("other", [{"dead_letter": "q"}, {}], ids=["into-it", "not-into-it"])
def test_queue_that_takes_in_dead_letters_does_not_drop_from_its_head_in_the_order_of_calls(other):
    dropping = queue(dead_letter="d", length_max=9, overflow="drop_head")
    story = QueueStory(sources={"q": dropping, "d": queue(), "r": queue(**other)})
    story.published(FIRST)
    story.published(SECOND)
    story.fetched("scan#1", tagged(SECOND, 1, source="d", reason="maxlen"), target="d")
    story.fetched("scan#1", tagged(FIRST, 1))
    assert is_broken(story.done().history(), "length_limit") == (not other)


def test_tags_of_two_queues_tell_no_order_of_what_was_dropped_and_what_was_kept():
    dropping = queue(dead_letter="d", length_max=9, overflow="drop_head")
    story = QueueStory(sources={"q": dropping, "d": queue()})
    for target in "qd":
        story.subscribed("c1#1", target=target)
    story.published(FIRST)
    story.published(SECOND)
    story.pushed("c1#1", tagged(SECOND, 1, source="d", reason="maxlen"), tagged(FIRST, 2))
    verdict = verdict_of(story.done().history(), "length_limit")
    assert (verdict.examined, verdict.count) == (1, 0)


def test_queue_that_drops_from_its_head_without_a_place_for_the_dead_is_judged_by_its_length():
    story = QueueStory(sources={"q": queue(length_max=1, overflow="drop_head")})
    story.published(FIRST)
    story.fetched("c1#1", tagged(FIRST, 1))
    assert verdict_of(story.done().history(), "length_limit").examined == 1


@pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=["in-order", "turned-round"])
def test_messages_of_one_bulk_publish_come_in_the_order_of_their_numbers(order):
    story = QueueStory()
    story.published(FIRST, count=2)
    story.fetched("c1#1", *(tagged(f"p1#1-{one}", tag) for tag, one in enumerate(order)))
    assert is_broken(story.done().history(), "fifo_per_publisher") == (order == (2, 1))


@pytest.mark.parametrize("outcome", ["ok", "info"])
@pytest.mark.parametrize(
    ("action", "requeue", "ends"),
    [
        ("ack", None, "acked"),
        ("ack", True, "acked"),
        ("ack", False, "acked"),
        ("nack", True, "returned"),
        ("reject", True, "returned"),
        ("nack", False, "rejected"),
        ("reject", False, "rejected"),
        ("nack", None, None),
        ("reject", None, None),
    ],
)
def test_handing_ends_in_one_way_or_nobody_knows(action, requeue, ends, outcome):
    story = QueueStory()
    story.published(FIRST)
    story.fetched("c1#1", tagged(FIRST, 1))
    op = story.settled("c1#1", action, 1, requeue=requeue, outcome=outcome)
    history = story.done().history()
    (handing,) = queues(history)["q"].handings
    ways = {way: getattr(handing, way) for way in ("acked", "returned", "rejected")}
    sure = ends is not None and outcome == "ok"
    assert {way for way, by in ways.items() if by is not None} == ({ends} if sure else set())
    assert not sure or ways[ends] is history.by_op[op]


def test_place_of_what_was_given_back_is_before_all_that_came_later_not_only_the_last():
    story = QueueStory(sources={"q": queue(requeue="original")})
    for one in range(3):
        story.published(f"p1#1-{one}")
    story.fetched("c1#1", tagged("p1#1-0", 1))
    story.settled("c1#1", "nack", 1, requeue=True)
    story.fetched("c1#1", tagged("p1#1-1", 2))
    story.fetched("c1#1", tagged("p1#1-0", 3, redelivered=True))
    story.fetched("c1#1", tagged("p1#1-2", 4))
    (anomaly,) = verdict_of(story.done().history(), "requeue_position").anomalies
    assert (anomaly.message, anomaly.facts["other"]) == ("p1#1-0", "p1#1-1")


def test_rejection_of_a_tag_that_was_used_twice_gives_nothing_up():
    story = QueueStory(sources={"q": queue(dead_letter="d"), "d": queue()})
    for message in (FIRST, SECOND):
        story.published(message)
        story.fetched("c1#1", tagged(message, 1))
    story.settled("c1#1", "reject", 1, requeue=False)
    assert verdict_of(story.done().history(), "dead_lettering").examined == 0


def test_what_a_consumer_held_is_told_in_the_order_in_which_it_came():
    story = QueueStory()
    story.subscribed("c1#1", prefetch=2)
    receives = [story.pushed("c1#1", tagged(message, tag)) for tag, message in enumerate("abc")]
    story.settled("c1#1", "ack", 1)
    story.settled("c1#1", "ack", 0)
    (anomaly,) = verdict_of(story.done().history(), "prefetch_bound").anomalies
    assert anomaly.witnesses == tuple(receives)
    assert (anomaly.message, anomaly.facts["held_messages"]) == ("c", ["a", "b", "c"])
