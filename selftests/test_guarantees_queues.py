"""Guarantees on queues against slow definitions of the same words, on small histories."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees.queues.handing import SentHanding
from deliverycheck.guarantees.queues.overtaking import Turn, overtakings
from deliverycheck.guarantees.queues.queue_history import queues
from deliverycheck.history import Position
from selftests.queue_story import QueueStory, is_broken, queue, tagged, verdict_of

SMALL = settings(max_examples=200, deadline=None, database=None)
FEWER = settings(max_examples=100, deadline=None, database=None)
FEW = st.integers(0, 4)


def handing(op, process, taken_ns, length_ns, tag):
    return SentHanding(
        place=(op, 1),
        process=process,
        delivery=tagged(f"m-{op}", tag),
        pushed=False,
        handed_ns=taken_ns + length_ns,
        taken_after_ns=taken_ns,
        tag=tag,
        settlements=(),
        publication=None,
    )


TURNS = st.lists(
    st.tuples(FEW, FEW, st.sampled_from(["c1", "c2"]), FEW, FEW, st.booleans()),
    max_size=7,
).map(
    # Tags rise with the places of a process, as they do in a channel.
    lambda rows: [
        Turn(
            rank=(rank,),
            since_ns=since,
            handing=handing(op, process, taken, length, op if has_tag else None),
        )
        for op, (rank, since, process, taken, length, has_tag) in enumerate(rows)
    ]
)


def surely_before(one, other):
    """One handing was over before the other began, or the tags of their process say so."""
    timed = one.handed_ns < other.taken_after_ns
    told = one.process == other.process and None not in {one.tag, other.tag}
    return timed or (told and one.place < other.place and one.tag < other.tag)


def is_overtaking(served, waiting):
    return (
        waiting.rank > served.rank
        and waiting.since_ns < served.since_ns
        and surely_before(served.handing, waiting.handing)
    )


@SMALL
@given(waiting=TURNS, served=TURNS)
def test_a_turn_is_out_of_order_exactly_when_some_turn_that_was_ready_and_higher_came_later(
    waiting, served
):
    found = list(overtakings(waiting, served))
    assert all(is_overtaking(*pair) for pair in found)
    wrong = [turn for turn in served if any(is_overtaking(turn, other) for other in waiting)]
    assert sorted(turn.handing.place for turn, _ in found) == sorted(
        turn.handing.place for turn in wrong
    )


@pytest.mark.parametrize("tags", [(2, 1), (1, 1)], ids=["falling", "equal"])
def test_tags_that_do_not_rise_prove_no_order_in_a_process(tags):
    turns = [
        Turn(rank=(number,), since_ns=0, handing=handing(number, "c1", 0, 0, tag))
        for number, tag in enumerate(tags)
    ]
    late = Turn(rank=(0,), since_ns=1, handing=turns[0].handing)
    assert list(overtakings(turns, [late])) == []


@FEWER
@given(order=st.permutations(range(4)), cut=st.integers(0, 4), publishers=st.integers(1, 2))
def test_fifo_is_broken_exactly_when_some_pair_is_handed_out_the_wrong_way_round(
    order, cut, publishers
):
    story = QueueStory()
    messages = [f"p{number % publishers}#1-{number}" for number in range(4)]
    for message in messages:
        story.published(message)
    story.fetched("c1#1", *(tagged(messages[at], tag) for tag, at in enumerate(order[:cut])))
    for tag, at in enumerate(order[cut:]):
        story.fetched("c2#1", tagged(messages[at], tag))
    wrong = any(
        early > late and (early - late) % publishers == 0 for early, late in combinations(order, 2)
    )
    history = story.done().history()
    assert is_broken(history, "fifo_per_publisher") == wrong


@pytest.mark.parametrize(
    ("order", "ahead"),
    [([3, 0, 1, 2], ["p1#1-3"]), ([1, 2, 0, 3], ["p1#1-1", "p1#1-2"])],
    ids=["one-ahead-of-all", "one-behind-two"],
)
def test_fifo_has_one_anomaly_for_each_message_ahead_of_an_earlier_one(order, ahead):
    story = QueueStory()
    for number in range(4):
        story.published(f"p1#1-{number}")
    story.fetched("c1#1", *(tagged(f"p1#1-{number}", tag) for tag, number in enumerate(order)))
    verdict = verdict_of(story.done().history(), "fifo_per_publisher")
    assert verdict.examined == 3
    assert sorted(anomaly.message for anomaly in verdict.anomalies) == ahead


FLAGS = {
    "flagged-first": ({"redelivered": False}, True),
    "flagged-first-and-counted-first": ({"redelivered": False, "deliveries": 1}, True),
    "flagged-first-and-counted-second": ({"redelivered": False, "deliveries": 2}, False),
    "flagged-again": ({"redelivered": True}, False),
    "without-a-flag": ({"redelivered": None, "deliveries": 1}, False),
}


@pytest.mark.parametrize(("flags", "first"), FLAGS.values(), ids=FLAGS)
def test_only_what_the_broker_calls_a_first_delivery_has_an_order(flags, first):
    story = QueueStory()
    story.published("p1#1-1")
    story.published("p1#1-2")
    story.fetched("c1#1", tagged("p1#1-2", 1), tagged("p1#1-1", 2, **flags))
    assert is_broken(story.done().history(), "fifo_per_publisher") == first


def test_two_first_deliveries_of_one_message_have_no_order():
    story = QueueStory()
    story.published("p1#1-1")
    story.published("p1#1-2")
    story.fetched("c1#1", tagged("p1#1-1", 1), tagged("p1#1-2", 2), tagged("p1#1-1", 3))
    assert not is_broken(story.done().history(), "fifo_per_publisher")


def test_first_attempt_of_a_message_that_was_sent_again_has_no_order_and_the_second_has():
    def story_of(attempt):
        story = QueueStory()
        story.info(story.publish("p1#1-1", target="q"))
        story.published("p1#1-2")
        story.published("p1#1-1", attempt=2)
        story.published("p1#1-3")
        story.fetched("c1#1", tagged("p1#1-3", 1), tagged("p1#1-1", 2, attempt=attempt))
        return story.done().history()

    assert not is_broken(story_of(1), "fifo_per_publisher")
    assert is_broken(story_of(2), "fifo_per_publisher")


def test_queue_that_may_take_in_dead_letters_from_anywhere_has_no_order_of_calls():
    story = QueueStory(sources={"q": queue(), "r": queue(dead_letter="an exchange")})
    story.published("p1#1-1")
    story.published("p1#1-2")
    story.fetched("c1#1", tagged("p1#1-2", 1), tagged("p1#1-1", 2))
    history = story.done().history()
    assert {name: queue.feeds for name, queue in queues(history).items()} == {
        "q": {"r"},
        "r": {"r"},
    }
    assert not is_broken(history, "fifo_per_publisher")


@pytest.mark.parametrize(
    ("subscribe", "broken"),
    [
        ({"target": "q"}, True),
        ({"target": "r"}, False),
        ({"target": None, "covers": (Position(source="q", position=0),)}, True),
        ({"target": None, "covers": (Position(source="r", position=0),)}, False),
    ],
    ids=["to-this-queue", "to-another-queue", "from-a-place-of-it", "from-a-place-of-another"],
)
def test_prefetch_is_of_the_queue_that_the_subscription_names(subscribe, broken):
    story = QueueStory()
    story.subscribed("c1#1", prefetch=1, **subscribe)
    story.pushed("c1#1", tagged("a", 1), tagged("b", 2))
    assert is_broken(story.done().history(), "prefetch_bound") == broken


@FEWER
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["push", "ack", "maybe"]), FEW), min_size=3, max_size=10
    ),
    prefetch=st.integers(1, 3),
)
def test_prefetch_is_broken_exactly_when_more_are_unsettled_at_some_moment(moves, prefetch):
    story, unsettled, tag, most = QueueStory(), set(), 0, 0
    story.subscribed("c1#1", prefetch=prefetch)
    for verb, number in moves:
        if verb == "push":
            story.pushed("c1#1", *(tagged(f"m-{tag + each}", tag + each) for each in range(number)))
            unsettled |= set(range(tag, tag + number))
            tag += number
            most = max(most, len(unsettled))
        elif unsettled:
            chosen = sorted(unsettled)[number % len(unsettled)]
            outcome = "ok" if verb == "ack" else "info"
            story.settled("c1#1", ("ack", "nack", "reject")[number % 3], chosen, outcome=outcome)
            unsettled.remove(chosen)
    assert is_broken(story.done().history(), "prefetch_bound") == (most > prefetch)


def test_ack_that_provably_failed_settles_nothing():
    story = QueueStory()
    story.subscribed("c1#1", prefetch=1)
    story.pushed("c1#1", tagged("a", 1))
    story.settled("c1#1", "ack", 1, outcome="fail")
    story.pushed("c1#1", tagged("b", 2))
    assert is_broken(story.done().history(), "prefetch_bound")


def test_delivery_of_which_a_tag_is_used_twice_is_not_counted():
    story = QueueStory()
    story.subscribed("c1#1", prefetch=1)
    for message in "ab":
        story.pushed("c1#1", tagged(message, 1))
    assert verdict_of(story.done().history(), "prefetch_bound").examined == 0
