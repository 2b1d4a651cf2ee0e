"""The baseline, new topics, and that no hazard is without a test."""

from pathlib import Path

import pytest
from msgspec import structs

from deliverycheck.guarantees import HAZARDS
from selftests.shown import evidence, occurred
from selftests.story import Story


def created(*, answered=None, wait_ms=0):
    """A topic is created and written to; its partitions answer before or after that."""
    story = Story()
    story.ok(story.invoke("admin#1", "declare", target="t"))
    if answered == "before":
        story.process("admin#1", "answered", evidence={"topic": "t"})
    story.ms += wait_ms
    story.published("p1#1-1", 0)
    if answered == "after":
        story.process("admin#1", "answered", evidence={"topic": "t"})
    return story


@pytest.mark.parametrize("answered", [None, "after"], ids=["never-asked", "asked-later"])
def test_topic_written_to_before_its_partitions_answered_is_just_created(answered):
    assert evidence(created(answered=answered), "topic_just_created") == [
        (
            "p1#1 wrote to t 2 ms after its creation was asked for, before its partitions had "
            "answered (1 message)."
        )
    ]


def test_topic_whose_partitions_answered_first_is_not_just_created():
    story = created(answered="before")
    assert occurred(story) == {"none", "topic_answered"}
    assert evidence(story, "topic_answered") == [
        (
            "p1#1 wrote to t 3 ms after its creation was asked for, when its partitions had "
            "answered (1 message)."
        )
    ]


def grown(*, before="p1#1", since="p1#1", topic="t"):
    """A topic that one process wrote to gets partitions, and then one writes to it."""
    story = Story()
    story.published(f"{before}-1", 0)
    story.process("admin#1", "partitions_added", evidence={"topic": topic, "partitions": 4})
    story.published(f"{since}-2", 1)
    return story


def test_topic_that_grows_between_what_one_process_writes_has_partitions_added():
    assert evidence(grown(), "partitions_added") == [
        ("t had 4 partitions from 0.003 s on, and p1#1 wrote to it before and since (1 message).")
    ]


def test_growth_is_told_at_its_moment_with_the_publishes_since():
    (found,) = HAZARDS["partitions_added"].find(grown().history())
    assert (found.ns, found.witnesses) == (3_000_000, (1,))


@pytest.mark.parametrize("place", [0, 1], ids=["of-the-first", "of-the-second"])
def test_publish_at_the_very_moment_of_the_growth_is_one_since(place):
    story = grown()
    asked = [event.ns for event in story.events if getattr(event, "action", None) == "publish"]
    story.events = [
        structs.replace(event, ns=asked[place]) if getattr(event, "evidence", None) else event
        for event in story.events
    ]
    assert ("partitions_added" in occurred(story)) == (place == 1)


@pytest.mark.parametrize(
    "others", [{"since": "p2#1"}, {"before": "p1#2"}, {"topic": "t2"}], ids=["new", "old", "topic"]
)
def test_topic_that_grows_before_or_after_all_that_a_process_writes_has_none(others):
    assert "partitions_added" not in occurred(grown(**others))


def test_topic_that_is_given_another_setting_between_what_one_process_writes_is_told_with_it():
    story = Story()
    story.published("p1#1-1", 0)
    setting = {"topic": "t", "name": "min.insync.replicas", "value": 2}
    story.process("admin#1", "config_changed", evidence=setting)
    assert "config_changed" not in occurred(story)
    story.published("p1#1-2", 1)
    (told,) = evidence(story, "config_changed")
    assert told.startswith("t had min.insync.replicas=2 from 0.003 s on, and p1#1 wrote to it")
    assert "partitions_added" not in occurred(story)


def test_topic_that_answered_long_ago_is_not_new():
    assert occurred(created(answered="before", wait_ms=1001)) == {"none"}


def test_topic_written_to_before_and_after_its_answer_is_just_created_only():
    story = created(answered="after")
    story.published("p1#1-2", 1)
    assert occurred(story) == {"none", "topic_just_created"}


def test_topic_is_not_just_created_a_second_later():
    assert occurred(created(wait_ms=1000)) == {"none"}


@pytest.mark.parametrize("completion", ["fail", "info"])
def test_topic_whose_creation_is_not_known_to_have_worked_is_not_just_created(completion):
    story = Story()
    getattr(story, completion)(story.invoke("admin#1", "declare", target="t"))
    story.published("p1#1-1", 0)
    assert "topic_just_created" not in occurred(story)


def test_answer_of_another_topic_says_nothing_of_this_one():
    story = Story()
    story.ok(story.invoke("admin#1", "declare", target="t"))
    story.process("admin#1", "answered", evidence={"topic": "u"})
    story.published("p1#1-1", 0)
    assert "topic_just_created" in occurred(story)


def test_nothing_was_broken_when_only_messages_went_out():
    story = Story()
    story.published("p1#1-1", 0)
    story.process("p1#1", "closed")
    assert evidence(story, "none") == ["Nothing was broken while 1 message went out."]


@pytest.mark.parametrize("what", ["killed", "paused", "died"])
def test_process_that_was_hit_or_died_is_no_baseline(what):
    story = Story()
    story.published("p1#1-1", 0)
    story.process("c1#1", what)
    assert "none" not in occurred(story)


def test_execution_without_a_publish_is_no_baseline():
    assert occurred(Story().done()) == set()


def test_fault_is_no_baseline_even_if_it_met_nothing():
    story = Story()
    story.published("p1#1-1", 0)
    story.injected("delay", "link p1")
    story.healed("delay", "link p1")
    assert occurred(story) == set()


def test_every_hazard_is_named_by_a_test():
    files = sorted(Path(__file__).parent.glob("test_hazards*.py"))
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    assert [name for name in HAZARDS if f'"{name}"' not in source] == []
