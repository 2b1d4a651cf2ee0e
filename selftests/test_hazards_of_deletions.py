"""Hazards of deletions: what was deleted before a group had worked it off, or after."""

import pytest

from deliverycheck.guarantees import HAZARDS
from selftests.shown import evidence, occurred
from selftests.story import Story, at

DELETIONS = {"records_deleted", "read_records_deleted"}


def deleted(*, member=True, effects=(), below=2, outcome="ok", target="t"):
    """Two messages, of which a group has worked off some when they are deleted."""
    story = Story(groups={"g": ("t",)})
    if member:
        story.subscribed("c1#1")
    for position in range(2):
        story.published(f"p1#1-{position}", position, target=target)
    for position in effects:
        story.effect("c1#1", at(f"p1#1-{position}", position))
    story.deleted(below, outcome=outcome)
    return story


def test_deletion_of_what_a_group_has_not_worked_off_is_told_with_the_first_such_message():
    assert evidence(deleted(effects=[0]), "records_deleted") == [
        (
            "admin#1 deleted 1 message of t/0 at 0.009 s, p1#1-1 among them, of which g had not "
            "begun the effect."
        )
    ]


def test_deletion_of_what_was_worked_off_is_the_other_hazard():
    story = deleted(effects=[0, 1])
    assert occurred(story) & DELETIONS == {"read_records_deleted"}
    assert evidence(story, "read_records_deleted") == [
        "admin#1 deleted 2 messages of t/0 at 0.011 s; g had worked all of them off."
    ]


def test_deletion_names_itself_and_what_it_took():
    (found,) = HAZARDS["records_deleted"].find(deleted().history())
    assert (found.ns, found.witnesses) == (7_000_000, (3, 1, 2))


@pytest.mark.parametrize(
    "others",
    [{"member": False}, {"below": 0}, {"outcome": "info"}, {"outcome": "fail"}, {"target": "u"}],
    ids=["nobody-is-there", "nothing-is-below", "not-known", "refused", "another-topic"],
)
def test_deletion_is_no_hazard_where_nothing_surely_went_from_a_group_that_is_there(others):
    assert not occurred(deleted(**others)) & DELETIONS


def test_effect_that_begins_after_the_deletion_was_not_begun_by_then():
    story = deleted()
    story.effect("c1#1", at("p1#1-0", 0))
    assert occurred(story) & DELETIONS == {"records_deleted"}


def test_member_that_comes_after_the_deletion_was_not_there():
    story = deleted(member=False)
    story.subscribed("c1#1")
    assert not occurred(story) & DELETIONS
