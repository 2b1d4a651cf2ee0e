"""Hazards of seeks: back to what was handed before, or to what was deleted."""

import pytest

from deliverycheck.guarantees import HAZARDS
from deliverycheck.history import Position
from selftests.shown import evidence, occurred
from selftests.story import Story, at

SEEKS = {"replayed", "sought_deleted"}


def sought(*, whence="position", position=0, again=(0,), outcome="ok", **deletions):
    """A member that was handed two messages goes somewhere else and is handed some of them."""
    story = Story()
    for number in range(2):
        story.published(f"p1#1-{number}", number)
        story.received("c1#1", at(f"p1#1-{number}", number))
    if "deleted" in deletions:
        story.deleted(deletions["deleted"])
    covers = (Position(source="t", partition=0, position=position),)
    op = story.invoke("c1#1", "seek", group="g", covers=covers, whence=whence)
    getattr(story, outcome)(op)
    if "after" in deletions:
        story.deleted(deletions["after"])
    for number in again:
        story.received("c1#1", at(f"p1#1-{number}", number))
    return story


def test_who_goes_back_is_told_with_what_came_again():
    assert evidence(sought(again=(0, 1)), "replayed") == [
        (
            "c1#1 chose another position in t/0 at 0.009 s, and was handed 2 messages again, "
            "p1#1-0 first."
        )
    ]


@pytest.mark.parametrize(
    "others",
    [{"again": ()}, {"again": (7,)}, {"outcome": "info"}, {"outcome": "fail"}, {"whence": None}],
    ids=["nothing-came", "something-new-came", "not-known", "refused", "back-to-where-it-was"],
)
def test_nothing_is_replayed_where_nothing_came_again_by_a_wish(others):
    assert not occurred(sought(**others)) & SEEKS


def test_position_that_was_deleted_is_told_with_its_deletion():
    story = sought(deleted=2, again=())
    assert evidence(story, "sought_deleted") == [
        "c1#1 went to position 0 of t/0 at 0.011 s, which had been deleted at 0.009 s."
    ]
    (found,) = HAZARDS["sought_deleted"].find(story.history())
    assert found.witnesses == (4, 5)


@pytest.mark.parametrize(
    "others",
    [{"deleted": 1, "position": 1}, {"after": 2}, {"deleted": 2, "whence": "beginning"}],
    ids=["it-was-left", "deleted-later", "the-beginning-is-always-there"],
)
def test_position_that_is_there_when_it_is_asked_for_is_no_hazard(others):
    assert "sought_deleted" not in occurred(sought(again=(), **others))


def silent(*, asks=True, more=True, resumed=False, outcome="ok"):
    """A member pauses its partition while there is more, and asks on."""
    story = Story()
    story.published("p1#1-0", 0)
    covers = (Position(source="t", partition=0, position=0),)
    getattr(story, outcome)(story.invoke("c1#1", "pause_partitions", group="g", covers=covers))
    if resumed:
        story.ok(story.invoke("c1#1", "resume_partitions", group="g", covers=covers))
    if more:
        story.published("p1#1-1", 1)
    if asks:
        story.received("c1#1")
    return story


def test_pause_is_told_with_what_was_there_meanwhile():
    assert evidence(silent(), "partitions_paused") == [
        "c1#1 paused t/0 at 0.003 s and asked for more 1 time, with 2 messages there, p1#1-0 first."
    ]


@pytest.mark.parametrize(
    "others",
    [{"asks": False}, {"resumed": True}, {"outcome": "info"}],
    ids=["nobody-asked", "it-wanted-them-again", "not-known"],
)
def test_pause_is_no_hazard_where_nobody_asked_with_the_partition_surely_paused(others):
    assert "partitions_paused" not in occurred(silent(**others))
