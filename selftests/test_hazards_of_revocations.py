"""Hazards of revocations: effects that a member had not committed when it was told."""

import pytest

from deliverycheck.history import Position
from selftests.shown import evidence, occurred
from selftests.story import Story, at

NAME = "revoked_uncommitted"


def told(story, action, partition=0):
    covers = (Position(source="t", partition=partition, position=0),)
    op = story.invoke("c1#1", action, group="g", covers=covers)
    story.ok(op)


def revoked(*, effects=(0, 1), committed=None, outcome="ok", action="revoke", partition=0):
    story = Story()
    told(story, "assign")
    for number in effects:
        delivery = at(f"p1#1-{number}", number)
        story.received("c1#1", delivery)
        story.effect("c1#1", delivery, outcome=outcome)
    if committed is not None:
        story.committed("c1#1", committed)
    told(story, action, partition)
    return story


@pytest.mark.parametrize(
    ("committed", "told_as"),
    [
        (None, "at 0.011 s; 2 effects of it, that of p1#1-0 first"),
        (1, "at 0.013 s; 1 effect of it, that of p1#1-1 first"),
    ],
    ids=["nothing-committed", "the-first-committed"],
)
def test_revocation_is_told_with_the_effects_that_were_not_committed(committed, told_as):
    (sentence,) = evidence(revoked(committed=committed), NAME)
    assert sentence == f"c1#1 had to give t/0 up {told_as}, it had not committed."


@pytest.mark.parametrize(
    "others",
    [
        {"committed": 2},
        {"effects": ()},
        {"outcome": "info"},
        {"action": "lost"},
        {"partition": 1},
    ],
    ids=["all-committed", "nothing-done", "not-known", "it-was-not-asked", "another-partition"],
)
def test_nothing_uncommitted_is_given_up(others):
    assert NAME not in occurred(revoked(**others))


def test_effects_of_an_earlier_time_with_the_partition_are_another_matter():
    story = revoked()
    told(story, "assign")
    told(story, "revoke")
    assert len(evidence(story, NAME)) == 1


@pytest.mark.parametrize("outcome", ["info", "fail"])
def test_commit_that_was_answered_with_an_error_is_told(outcome):
    story = Story()
    covers = (Position(source="t", partition=0, position=3),)
    op = story.invoke("c1#1", "commit", group="g", covers=covers)
    getattr(story, outcome)(op, error="UNKNOWN_MEMBER_ID")
    assert evidence(story, "commit_refused") == [
        "c1#1 committed in t/0 at 0.001 s and was told UNKNOWN_MEMBER_ID."
    ]


def test_commit_that_was_taken_or_not_answered_was_not_refused():
    story = Story()
    story.committed("c1#1", 3)
    covers = (Position(source="t", partition=0, position=4),)
    story.invoke("c1#1", "commit", group="g", covers=covers)
    story.info(story.invoke("c1#1", "commit", group="g", covers=covers))
    assert "commit_refused" not in occurred(story)


def left(*, by="c2#1", given=True, group="g", outcome="ok", partition=0):
    """A member unsubscribes, and its partition goes on with another, or with itself."""
    story = Story()
    story.subscribed("c1#1")
    told(story, "assign")
    getattr(story, outcome)(story.invoke("c1#1", "unsubscribe", group="g"))
    told(story, "revoke")
    story.subscribed(by, group)
    if given:
        covers = (Position(source="t", partition=partition, position=0),)
        story.ok(story.invoke(by, "assign", group=group, covers=covers))
    story.received(by, at("p1#1-0", 0, partition=partition), group=group)
    return story


@pytest.mark.parametrize("by", ["c2#1", "c1#1"], ids=["another", "the-same-later"])
def test_member_that_unsubscribed_is_told_with_who_was_handed_more(by):
    assert evidence(left(by=by), "unsubscribed") == [
        f"c1#1 unsubscribed at 0.005 s from t/0, of which {by} was handed 1 message afterwards."
    ]


@pytest.mark.parametrize(
    "others",
    [{"given": False}, {"group": "h"}, {"outcome": "info"}, {"partition": 1}],
    ids=["from-before", "another-group", "not-known", "another-partition"],
)
def test_nothing_goes_on_after_a_member_unsubscribed(others):
    assert "unsubscribed" not in occurred(left(**others))
