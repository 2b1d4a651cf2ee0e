"""Orders of queues beside FIFO: requeue, priority, length and dead letters, by slow definitions."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import Validity
from selftests.queue_story import QueueStory, is_broken, queue, tagged, verdict_of

SMALL = settings(max_examples=200, deadline=None, database=None)
LONG = settings(max_examples=100, deadline=None, database=None)
MOVES = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=6, max_size=14)


def published_and_fetched(moves, **source):
    """Messages come and are fetched one by one; what is left is never handed out.

    Tells the story and gives the time of the publish and of the fetch of each message.
    """
    story, waiting, came, went = QueueStory(sources={"q": queue(**source)}), [], {}, {}
    for step, (comes, number) in enumerate(moves):
        if comes:
            story.published(f"p{len(came) % 2}#1-{len(came)}", priority=number)
            waiting.append(len(came))
            came[len(came)] = (step, number)
        elif waiting:
            one = waiting.pop(number % len(waiting))
            story.fetched("c1#1", tagged(f"p{one % 2}#1-{one}", len(went)))
            went[one] = step
    return story.done().history(), came, went


@LONG
@given(moves=MOVES, levels=st.integers(1, 5))
def test_priority_is_broken_exactly_when_a_ready_message_of_higher_priority_is_passed_over(
    moves, levels
):
    history, came, went = published_and_fetched(moves, priorities=levels)
    ranks = {one: min(priority, levels - 1) for one, (_, priority) in came.items()}
    wrong = {
        low
        for low in went
        for high in went
        if ranks[high] > ranks[low] and came[high][0] < went[low] < went[high]
    }
    verdict = verdict_of(history, "priority_order")
    assert verdict.count == len(wrong)
    two_levels = len({ranks[one] for one in went}) > 1
    assert verdict.examined == (len(went) - 1 if two_levels else 0)


@LONG
@given(moves=MOVES, limit=st.integers(0, 3))
def test_length_is_broken_exactly_when_more_stand_ready_at_some_moment(moves, limit):
    history, came, went = published_and_fetched(moves, length_max=limit)
    most = max(
        (sum(came[one][0] <= step < went[one] for one in went) for step in range(len(moves))),
        default=0,
    )
    verdict = verdict_of(history, "length_limit")
    assert (verdict.validity is Validity.INVALID) == (most > limit)
    assert verdict.examined == len(went)
    if most > limit:
        assert verdict.anomalies[0].facts["held"] == limit + 1


def given_back_and_fetched(moves, where):
    """Three messages are fetched and given back in any order; the times of both, of each."""
    story = QueueStory(sources={"q": queue(requeue=where)})
    for one in range(3):
        story.published(f"p1#1-{one}")
    held, fetched, returned = {}, {0: [], 1: [], 2: []}, {0: [], 1: [], 2: []}
    for step, (fetches, number) in enumerate(moves):
        one = number % 3
        if fetches and one not in held:
            held[one] = step
            again = bool(fetched[one])
            story.fetched("c1#1", tagged(f"p1#1-{one}", step, redelivered=again))
            fetched[one].append(step)
        elif not fetches and one in held:
            story.settled("c1#1", "nack", held.pop(one), requeue=True)
            returned[one].append(step)
    return story.done().history(), fetched, returned


@LONG
@given(moves=MOVES)
def test_original_place_is_broken_exactly_when_a_later_message_comes_between_nack_and_handing(
    moves,
):
    history, fetched, returned = given_back_and_fetched(moves, "original")
    wrong = any(
        later > one and any(back < step < again for step in fetched[later])
        for one in fetched
        for back, again in zip(returned[one], fetched[one][1:], strict=False)
        for later in fetched
    )
    assert is_broken(history, "requeue_position") == wrong


@LONG
@given(moves=MOVES)
def test_back_of_the_queue_is_broken_exactly_when_a_fresh_message_still_waits(moves):
    history, fetched, returned = given_back_and_fetched(moves, "back")
    wrong = any(
        fetched[other] and fetched[other][0] > again
        for one in fetched
        for _, again in zip(returned[one], fetched[one][1:], strict=False)
        for other in fetched
    )
    verdict = verdict_of(history, "requeue_position")
    assert (verdict.validity is Validity.INVALID) == wrong
    pairs = sum(min(len(returned[one]), len(fetched[one]) - 1) for one in fetched if fetched[one])
    assert verdict.examined == pairs


@pytest.mark.parametrize(
    ("counts", "broken"),
    [((1, 2), True), ((1, 3), False), ((None, 2), False), ((None, None), False)],
    ids=["counted-on", "one-handing-missing", "first-not-counted", "not-counted"],
)
def test_handing_after_a_crash_is_the_next_one_only_if_the_broker_counts_so(counts, broken):
    story = QueueStory(sources={"q": queue(requeue="original")})
    story.published("p1#1-1")
    story.published("p1#1-2")
    story.fetched("c1#1", tagged("p1#1-1", 1, deliveries=counts[0]))
    story.settled("c1#1", "nack", 1, requeue=True)
    story.process("c1#1", "killed")
    story.fetched("c2#1", tagged("p1#1-2", 1))
    story.fetched("c2#1", tagged("p1#1-1", 2, redelivered=True, deliveries=counts[1]))
    assert is_broken(story.done().history(), "requeue_position") == broken


TROUBLE = {
    "a-process-ends": lambda story: story.process("c9#1", "killed"),
    "a-process-closes": lambda story: story.ok(story.invoke("c9#1", "close")),
    "a-fault": lambda story: story.injected("stall", "link c9"),
    "a-fault-on-nobody": lambda story: story.injected("stall", "b1"),
    "a-node": lambda story: story.node("b1", "killed"),
}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_no_handing_is_surely_the_next_one_once_there_was_trouble(trouble):
    def story_of(*, before, after):
        story = QueueStory(sources={"q": queue(requeue="original")})
        story.process("c1#1", "started")
        before(story)
        story.published("p1#1-1")
        story.published("p1#1-2")
        story.fetched("c1#1", tagged("p1#1-1", 1))
        story.settled("c1#1", "nack", 1, requeue=True)
        story.fetched("c1#1", tagged("p1#1-2", 2))
        story.fetched("c1#1", tagged("p1#1-1", 3, redelivered=True))
        after(story)
        return story.done().history()

    assert is_broken(story_of(before=lambda _: None, after=trouble), "requeue_position")
    assert not is_broken(story_of(before=trouble, after=lambda _: None), "requeue_position")


@pytest.mark.parametrize("where", ["original", "back"])
@pytest.mark.parametrize(
    ("second", "judged"),
    [({"priority": 1}, False), ({}, True)],
    ids=["another-priority", "same-priority"],
)
def test_place_is_one_among_messages_of_the_same_priority(where, second, judged):
    story = QueueStory(sources={"q": queue(requeue=where)})
    story.published("p1#1-1")
    story.published("p1#1-2", **second)
    story.fetched("c1#1", tagged("p1#1-1", 1))
    story.settled("c1#1", "nack", 1, requeue=True)
    first = tagged("p1#1-1", 3, redelivered=True)
    other = tagged("p1#1-2", 2)
    for one in (other, first) if where == "original" else (first, other):
        story.fetched("c1#1", one)
    assert is_broken(story.done().history(), "requeue_position") == judged


@pytest.mark.parametrize(("where", "broken"), [("original", False), ("back", True)])
def test_another_publishers_message_has_a_place_only_at_the_back(where, broken):
    story = QueueStory(sources={"q": queue(requeue=where)})
    story.published("p1#1-1")
    story.published("p2#1-1")
    story.fetched("c1#1", tagged("p1#1-1", 1))
    story.settled("c1#1", "nack", 1, requeue=True)
    first = tagged("p1#1-1", 3, redelivered=True)
    other = tagged("p2#1-1", 2)
    for one in (other, first) if where == "original" else (first, other):
        story.fetched("c1#1", one)
    assert is_broken(story.done().history(), "requeue_position") == broken


@pytest.mark.parametrize(
    ("settle", "judged"),
    [
        (("nack", {"requeue": True}), True),
        (("reject", {"requeue": True}), True),
        (("nack", {"requeue": False}), False),
        (("nack", {}), False),
        (("ack", {}), False),
        (("ack", {"requeue": True}), False),
    ],
    ids=["nacked", "rejected", "given-up", "not-said", "acked", "acked-whatever-it-says"],
)
def test_message_is_given_back_by_a_nack_or_reject_that_asks_for_it(settle, judged):
    action, fields = settle
    story = QueueStory(sources={"q": queue(requeue="original")})
    story.published("p1#1-1")
    story.fetched("c1#1", tagged("p1#1-1", 1))
    story.settled("c1#1", action, 1, **fields)
    story.fetched("c1#1", tagged("p1#1-1", 2, redelivered=True))
    assert verdict_of(story.done().history(), "requeue_position").examined == int(judged)


def test_message_that_was_settled_twice_was_not_surely_given_back():
    story = QueueStory(sources={"q": queue(requeue="original")})
    story.published("p1#1-1")
    story.fetched("c1#1", tagged("p1#1-1", 1))
    story.settled("c1#1", "ack", 1, outcome="info")
    story.settled("c1#1", "nack", 1, requeue=True)
    story.fetched("c1#1", tagged("p1#1-1", 2, redelivered=True))
    assert verdict_of(story.done().history(), "requeue_position").examined == 0


DEAD = {"q": queue(dead_letter="d", length_max=1, overflow="drop_head"), "d": queue()}


def dead(message, tag, reason):
    return tagged(message, tag, source="d", reason=reason)


@SMALL
@given(died=st.permutations(range(3)), stands=st.permutations(range(3)), whose=st.integers(1, 2))
def test_rejections_are_out_of_order_exactly_when_a_pair_stands_the_wrong_way_round(
    died, stands, whose
):
    story = QueueStory(sources={"q": queue(dead_letter="d"), "d": queue()})
    for one in range(3):
        story.published(f"p1#1-{one}")
        story.fetched(f"c{one % whose}#1", tagged(f"p1#1-{one}", one))
    for one in died:
        story.settled(f"c{one % whose}#1", "reject", one, requeue=False)
    found = (dead(f"p1#1-{one}", tag, "rejected") for tag, one in enumerate(stands))
    story.fetched("scan#1", *found, target="d")
    wrong = any(
        one % whose == other % whose and stands.index(one) > stands.index(other)
        for one, other in combinations(died, 2)
    )
    verdict = verdict_of(story.done().history(), "dead_lettering")
    assert (verdict.validity is Validity.INVALID) == wrong
    assert verdict.examined == 3 + 3 + (3 - whose)


@SMALL
@given(
    stands=st.permutations(range(3)),
    reason=st.sampled_from(["maxlen", "expired", "delivery_limit"]),
    waits=st.sampled_from([(9, 9, 9), (9, 9, 8)]),
)
def test_drops_are_out_of_order_exactly_when_a_pair_of_one_kind_stands_the_wrong_way_round(
    stands, reason, waits
):
    story = QueueStory(sources=DEAD)
    for one, ms in enumerate(waits):
        story.published(f"p1#1-{one}", expires_ms=ms)
    story.ms += 20
    found = (dead(f"p1#1-{one}", tag, reason) for tag, one in enumerate(stands))
    story.fetched("scan#1", *found, target="d")
    wrong = reason != "delivery_limit" and any(
        early > late and waits[early] == waits[late] for early, late in combinations(stands, 2)
    )
    assert is_broken(story.done().history(), "dead_lettering") == wrong


def test_dead_letters_that_arrive_from_two_queues_have_no_order():
    sources = {"q": queue(dead_letter="d"), "r": queue(dead_letter="d"), "d": queue()}
    story = QueueStory(sources=sources)
    for one in range(2):
        story.published(f"p1#1-{one}")
        story.fetched("c1#1", tagged(f"p1#1-{one}", one))
    for one in range(2):
        story.settled("c1#1", "reject", one, requeue=False)
    story.fetched(
        "scan#1", *(dead(f"p1#1-{1 - tag}", tag, "rejected") for tag in (0, 1)), target="d"
    )
    assert not is_broken(story.done().history(), "dead_lettering")


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({}, True),
        ({"overflow": None}, False),
        ({"reason": "expired"}, False),
        ({"priority": 1}, False),
        ({"publisher": "p2"}, False),
        ({"read_first": "kept"}, False),
        ({"handed": True}, False),
        ({"other_feed": True}, False),
    ],
    ids=[
        "dropped-from-the-wrong-end", "may-drop-anywhere", "expired", "another-priority",
        "another-publisher", "kept-one-read-first", "had-been-handed-out",
        "may-be-of-another-queue",
    ],
)  # fmt: skip
def test_newer_message_is_dropped_and_the_older_one_kept(change, broken):
    source = queue(dead_letter="d", length_max=1, overflow=change.get("overflow", "drop_head"))
    sources = {"q": source, "d": queue()}
    if "other_feed" in change:
        sources["r"] = queue(dead_letter="d")
    story = QueueStory(sources=sources)
    newer = f"{change.get('publisher', 'p1')}#1-2"
    story.published("p1#1-1", expires_ms=90)
    story.published(newer, priority=change.get("priority"))
    if "handed" in change:
        story.fetched("c1#1", tagged(newer, 1))
    letter = dead(newer, 1, change.get("reason", "maxlen"))
    reads = [("d", letter), ("q", tagged("p1#1-1", 1))]
    if "read_first" in change:
        reads.reverse()
    for source, delivery in reads:
        story.fetched("scan#1", delivery, target=source)
    names = [one.name for one in verdict_of(story.done().history(), "length_limit").anomalies]
    assert ("dropped_newer" in names) == broken


@pytest.mark.parametrize("outcome", ["ok", "info"])
@pytest.mark.parametrize(
    ("guarantee", "source", "second"),
    [
        ("length_limit", {"length_max": 1}, {}),
        ("priority_order", {"priorities": 9}, {"priority": 1}),
    ],
    ids=["length", "priority"],
)
def test_message_stands_ready_only_from_its_confirm(outcome, guarantee, source, second):
    story = QueueStory(sources={"q": queue(**source)})
    story.published("p1#1-1", priority=0)
    getattr(story, outcome)(story.publish("p1#1-2", target="q", **second))
    story.fetched("c1#1", tagged("p1#1-1", 1))
    story.fetched("c1#1", tagged("p1#1-2", 2))
    assert is_broken(story.done().history(), guarantee) == (outcome == "ok")


@pytest.mark.parametrize("guarantee", ["length_limit", "priority_order", "requeue_position"])
def test_queue_that_takes_in_dead_letters_has_no_order_of_publishes(guarantee):
    def story_of(**other):
        first = queue(length_max=1, priorities=9, requeue="back")
        story = QueueStory(sources={"q": first, "r": queue(**other)})
        for one in (1, 2):
            story.published(f"p1#1-{one}", priority=one if guarantee == "priority_order" else 5)
        story.fetched("c1#1", tagged("p1#1-1", 1))
        story.settled("c1#1", "nack", 1, requeue=True)
        story.fetched("c1#1", tagged("p1#1-1", 2, redelivered=True))
        story.fetched("c1#1", tagged("p1#1-2", 3))
        return story.done().history()

    assert is_broken(story_of(), guarantee)
    assert not is_broken(story_of(dead_letter="q"), guarantee)


def test_dead_letters_of_every_queue_have_an_order():
    sources = {name: queue(dead_letter=f"{name}-dead") for name in "qr"}
    story = QueueStory(sources=sources | {f"{name}-dead": queue() for name in "qr"})
    for name in "qr":
        for one in (1, 2):
            story.published(f"{name}#1-{one}", target=name)
            story.fetched("c1#1", tagged(f"{name}#1-{one}", one, source=name), target=name)
            story.settled("c1#1", "reject", one, source=name, requeue=False)
        place = f"{name}-dead"
        found = [tagged(f"{name}#1-{one}", 3 - one, source=place) for one in (2, 1)]
        story.fetched("scan#1", *found, target=place)
    verdict = verdict_of(story.done().history(), "dead_lettering")
    assert sorted(anomaly.source for anomaly in verdict.anomalies) == ["q-dead", "r-dead"]


def test_message_that_was_handed_out_and_then_dropped_died_at_an_unknown_time():
    story = QueueStory(sources=DEAD)
    story.published("p1#1-1")
    story.fetched("c1#1", tagged("p1#1-1", 1))
    story.settled("c1#1", "nack", 1, requeue=True)
    story.published("p1#1-2")
    found = [dead("p1#1-2", 1, "maxlen"), dead("p1#1-1", 2, "maxlen")]
    story.fetched("scan#1", *found, target="d")
    assert not is_broken(story.done().history(), "dead_lettering")
