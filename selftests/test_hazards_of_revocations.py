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


def taken(*, told_first):
    """A member joins and is given what another one has, which is told before that, or after."""
    story = Story()
    for process in ("c1#1", "c2#1"):
        story.subscribed(process)
    told(story, "assign")
    if told_first:
        told(story, "revoke")
    covers = (Position(source="t", partition=0, position=0),)
    story.ok(story.invoke("c2#1", "assign", group="g", covers=covers))
    told(story, "revoke")
    return story


def test_partition_that_goes_before_its_owner_is_told_is_taken_unasked():
    assert evidence(taken(told_first=False), "taken_unasked") == [
        "c2#1 was given t/0 at 0.008 s, and c1#1, which had it, was told later."
    ]
    assert "taken_unasked" not in occurred(taken(told_first=True))


def test_partition_of_who_was_killed_is_nobodys():
    story = Story()
    for process in ("c1#1", "c2#1"):
        story.subscribed(process)
    told(story, "assign")
    story.process("c1#1", "killed")
    covers = (Position(source="t", partition=0, position=0),)
    story.ok(story.invoke("c2#1", "assign", group="g", covers=covers))
    assert "taken_unasked" not in occurred(story)
