"""Commits past what a log may have dropped say nothing of it, whoever had it in hand."""

import pytest

from deliverycheck.guarantees import GUARANTEES
from deliverycheck.history import Source
from selftests.story import Story, at

DROPPING = {
    "asked": {},
    "by age": {"sources": {"t": Source(retention_ms=100)}},
    "for a later value": {"sources": {"t": Source(compacted=True)}},
}


def taken_over(*, asked="ok", by="c2#1", late=False, **header):
    """c1 has the first message in hand; its log may drop it, and another commits behind it."""
    story = Story(groups={"g": ("t",)}, **header)
    story.subscribed("c1#1")
    for position in range(2):
        story.published(f"p1#1-{position}", position)
    story.received("c1#1", at("p1#1-0", 0))
    if asked and not late:
        story.deleted(1, outcome=asked)
    if by != "c1#1":
        story.subscribed(by)
    story.received(by, at("p1#1-1", 1))
    story.effect(by, at("p1#1-1", 1))
    story.committed(by, 2)
    if asked and late:
        story.deleted(1, outcome=asked)
    return names(story)


def names(story):
    history = story.done().history()
    return [one.name for one in GUARANTEES["commit_follows_effect"].check(history).anomalies]


@pytest.mark.parametrize("by", ["c2#1", "c1#1"])
@pytest.mark.parametrize("why", DROPPING)
def test_commit_past_what_its_log_has_dropped_is_not_ahead_of_it(why, by):
    """Who has had it in hand may have lost it, and begun behind it when it came back."""
    asked = "ok" if why == "asked" else None
    assert taken_over(asked=asked, by=by, **DROPPING[why]) == []


def test_deletion_of_which_nobody_knows_the_end_may_have_dropped_it():
    assert taken_over(asked="info") == []


@pytest.mark.parametrize(
    "unexplained",
    [{"asked": None}, {"asked": "fail"}, {"late": True}],
    ids=["nothing was dropped", "the deletion was refused", "it was deleted later"],
)
def test_commit_past_what_stood_there_still_is_ahead_whoever_was_handed_it(unexplained):
    assert taken_over(**unexplained) == ["commit_ahead"]


def test_deletion_below_it_drops_nothing_of_it():
    story = Story(groups={"g": ("t",)})
    story.subscribed("c1#1")
    for position in range(3):
        story.published(f"p1#1-{position}", position)
    story.received("c1#1", at("p1#1-1", 1))
    story.deleted(1)
    story.subscribed("c2#1")
    story.received("c2#1", at("p1#1-2", 2))
    story.effect("c2#1", at("p1#1-2", 2))
    story.committed("c2#1", 3)
    assert names(story) == ["commit_ahead"]
