"""Hazards of compacted logs: what went because a later write of its key replaced it."""

import pytest

from deliverycheck.guarantees import HAZARDS
from deliverycheck.history import Source
from selftests.shown import evidence, occurred
from selftests.story import Story, at

CLEANED = {"compacted", "tombstone_gone"}


def cleaned(*left, tombstone=False, compacted=True, scanned=True, key="k1"):
    """A value, its successor or its deletion, and another key; then what is left is read."""
    story = Story(sources={"t": Source(compacted=compacted)})
    story.published("p1#1-1", 0, key="k1")
    story.published("p1#1-2", 1, key=key, tombstone=tombstone)
    story.published("p1#1-3", 2, key="k3")
    story.scanned(
        *(at("" if each == 1 and tombstone else f"p1#1-{each + 1}", each) for each in left)
    )
    return story.done(scanned=scanned)


def test_value_that_a_later_one_replaced_and_that_is_gone_is_told():
    story = cleaned(1, 2)
    assert occurred(story) & CLEANED == {"compacted"}
    assert evidence(story, "compacted") == [
        ("1 message of t/0 went since a later one of the same key replaced it, p1#1-1 among them.")
    ]
    (found,) = HAZARDS["compacted"].find(story.history())
    assert (found.ns, found.witnesses) == (1_000_000, (0,))


def test_tombstone_that_is_gone_is_told_beside_what_it_deleted():
    story = cleaned(2, tombstone=True)
    assert occurred(story) & CLEANED == CLEANED
    assert evidence(story, "tombstone_gone") == ["1 tombstone of t/0 went, p1#1-2 among them."]


@pytest.mark.parametrize(
    ("left", "others"),
    [
        ((0, 1, 2), {}),
        ((0, 1, 2), {"tombstone": True}),
        ((1, 2), {"compacted": False}),
        ((1, 2), {"scanned": False}),
        ((1, 2), {"key": "k2"}),
    ],
    ids=["all-stands", "tombstone-stands", "not-compacted", "not-read", "not-replaced"],
)
def test_nothing_was_cleaned_where_it_stands_or_was_not_replaced_or_nobody_looked(left, others):
    assert not occurred(cleaned(*left, **others)) & CLEANED
