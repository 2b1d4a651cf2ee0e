"""What a source was when, by its declaration and by limits that were set."""

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees.became import dead_letter_places, is_told
from selftests.queue_story import QueueStory, is_broken, queue, tagged, verdict_of

PLACED = {"q": queue(dead_letter="d"), "d": queue(), "e": queue(), "f": queue()}


def changed(*changes):
    """Places of q's dead letters, each as (place, outcome); one call after the other."""
    story = QueueStory(sources=PLACED)
    for place, outcome in changes:
        becomes = queue(dead_letter=place)
        op = story.invoke("admin#1", "set_limits", target="q", becomes=becomes)
        getattr(story, outcome)(op)
    return story.history()


def moments(history):
    return [(one.invoked_ns, one.completed_ns) for one in history.operations]


def test_source_is_what_it_was_declared_to_be_until_it_is_changed():
    history = changed(("e", "ok"), (None, "ok"))
    (first, first_done), (second, second_done) = moments(history)
    assert dead_letter_places(history, "q", 0, first - 1) == {"d"}
    assert dead_letter_places(history, "q", first, first_done) == {"d", "e"}
    assert dead_letter_places(history, "q", first_done + 1, second - 1) == {"e"}
    assert dead_letter_places(history, "q", second_done + 1, inf) == {None}
    assert dead_letter_places(history, "q") == {"d", "e", None}


def test_change_that_may_have_had_no_effect_leaves_what_was_before():
    history = changed(("e", "info"), ("f", "ok"))
    end_ns = moments(history)[-1][1]
    assert {"d", "f"} <= dead_letter_places(history, "q", end_ns + 1, inf)
    assert dead_letter_places(changed(("e", "fail")), "q") == {"d"}


def test_of_two_changes_at_a_time_either_may_be_the_last():
    story = QueueStory(sources=PLACED)
    ops = [
        story.invoke(f"admin#{n}", "set_limits", target="q", becomes=queue(dead_letter=place))
        for n, place in enumerate("ef", start=1)
    ]
    for op in ops:
        story.ok(op)
    history = story.history()
    assert dead_letter_places(history, "q", history.operations[-1].completed_ns + 1) == {"e", "f"}


@pytest.mark.parametrize("becomes", [None, queue(dead_letter="e")], ids=["not-said", "said"])
def test_limits_are_told_where_the_history_says_what_the_queue_became(becomes):
    story = QueueStory(sources=PLACED)
    story.ok(story.invoke("admin#1", "set_limits", target="q", becomes=becomes))
    assert is_told(story.history(), "q") is (becomes is not None)
    assert is_told(story.history(), "d")


@pytest.mark.parametrize(("place", "accounted"), [("e", False), (None, True)])
def test_what_was_refused_is_looked_for_where_there_was_a_place_for_it_then(place, accounted):
    story = QueueStory(sources=PLACED)
    story.published("p1#1-1")
    story.fetched("c1#1", tagged("p1#1-1", 1))
    becomes = queue(dead_letter=place)
    story.ok(story.invoke("admin#1", "set_limits", target="q", becomes=becomes))
    story.settled("c1#1", "reject", 1, requeue=False)
    for name in "qdef":
        story.fetched("scan#1", target=name)
    verdict = verdict_of(story.done().history(), "accounted_for")
    assert (not verdict.anomalies) is accounted


CHANGES = st.lists(
    st.tuples(st.sampled_from(["comes", "comes", "goes", "limit"]), st.integers(0, 3)),
    min_size=6,
    max_size=14,
)


@settings(max_examples=200, deadline=None, database=None)
@given(moves=CHANGES, declared=st.sampled_from([None, 1, 2]))
def test_length_is_broken_exactly_when_more_stand_ready_than_the_limit_of_that_moment(
    moves, declared
):
    story, waiting = QueueStory(sources={"q": queue(length_max=declared)}), []
    went, limits = {}, []
    for step, (what, number) in enumerate(moves):
        limits.append(number if what == "limit" else [declared, *limits][-1])
        if what == "limit":
            becomes = queue(length_max=number)
            story.ok(story.invoke("admin#1", "set_limits", target="q", becomes=becomes))
        elif what == "comes":
            story.published(f"p1#1-{step}")
            waiting.append(step)
        elif waiting:
            one = waiting.pop(number % len(waiting))
            story.fetched("c1#1", tagged(f"p1#1-{one}", step))
            went[one] = step
    most = [sum(one <= step < went[one] for one in went) for step in range(len(moves))]
    over = any(limit is not None and held > limit for held, limit in zip(most, limits, strict=True))
    assert is_broken(story.done().history(), "length_limit") == over


def test_queue_whose_policies_move_its_dead_and_drop_from_its_head_keeps_the_newest():
    story = QueueStory(sources={"q": queue(), "d": queue()})
    becomes = queue(length_max=1, overflow="drop_head", dead_letter="d")
    story.ok(story.invoke("admin#1", "set_limits", target="q", becomes=becomes))
    for one in (1, 2):
        story.published(f"p1#1-{one}")
    story.fetched("scan#1", tagged("p1#1-2", 1, source="d", reason="maxlen"), target="d")
    story.fetched("scan#1", tagged("p1#1-1", 1))
    (anomaly,) = verdict_of(story.done().history(), "length_limit").anomalies
    assert anomaly.name == "dropped_newer"
