"""Fences: whose name counts, and which of many take-overs."""

from selftests.story import at
from selftests.transaction_stories import Told, verdict_of

NAME = "fencing"


def took_over(story, process, name="tx"):
    story.call(process, "init_transactions", transactional_id=name)


def fenced(story):
    anomalies = verdict_of(story.done().history(), NAME).anomalies
    return [(each.facts["transaction"], each.facts["newer"]) for each in anomalies]


def test_instances_of_each_name_are_fenced():
    story = Told()
    for number, name in enumerate(("tx", "ty")):
        took_over(story, f"p{number}#1", name)
        story.wrote(f"p{number}#1", f"x{number}", (f"p{number}#1-1", number))
        took_over(story, f"p{number}#2", name)
        story.end(f"p{number}#1", f"x{number}")
    assert fenced(story) == [("x0", "p0#2"), ("x1", "p1#2")]


def test_first_name_that_a_process_states_is_its_name():
    story = Told()
    took_over(story, "p1#1")
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.call("p1#1", "open", transactional_id="ty")
    took_over(story, "p1#2")
    story.end("p1#1", "x1")
    assert fenced(story) == [("x1", "p1#2")]


def test_take_over_that_ended_first_is_the_fence_whoever_asked_first():
    story = Told()
    took_over(story, "p1#1")
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    slow = [
        story.invoke(f"p1#{number}", "init_transactions", transactional_id="tx")
        for number in (2, 3, 4)
    ]
    for op in (slow[1], slow[0], slow[2]):
        story.ok(op)
    story.end("p1#1", "x1")
    assert fenced(story) == [("x1", "p1#3")]


def test_fence_came_before_all_that_was_seen_of_the_transaction():
    story = Told()
    took_over(story, "p1#1")
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    took_over(story, "p1#2")
    story.end("p1#1", "x1", outcome="info")
    story.read("c1#1", at("p1#1-1", 0))
    story.read("c2#1", at("p1#1-1", 0))
    (anomaly,) = verdict_of(story.done().history(), NAME).anomalies
    assert (anomaly.facts["reader"], anomaly.facts["kind"]) == ("c1#1", "read")


def test_take_over_whose_end_is_unknown_may_come_after_that_of_another():
    story = Told()
    story.call("p1#1", "init_transactions", "info", transactional_id="tx")
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    took_over(story, "p1#2")
    story.end("p1#1", "x1")
    assert fenced(story) == []


def test_end_without_a_name_where_none_was_begun_ends_none():
    story = Told()
    took_over(story, "p1#1")
    took_over(story, "p1#2")
    story.whole("p1#2", "x1", ("p1#2-1", 0))
    story.call("p1#1", "commit_transaction", "fail")
    verdict = verdict_of(story.done().history(), NAME)
    assert verdict.reason == "nothing to examine: no fenced instance surely asked in vain"
