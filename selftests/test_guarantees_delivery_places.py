"""Which copy an effect is of, where it tells its place in part."""

import pytest

from deliverycheck.guarantees import check
from selftests.story import Story, at

A = "p1#1-1"


def lost_places(effect, *copies):
    """Partition and position of each copy of message a that has no effect by the group."""
    story = Story(groups={"g": ("t",)})
    story.published(A, 5)
    story.scanned(*copies)
    story.effect("c1#1", effect)
    (verdict,) = check(story.done().history(), ["at_least_once_in_effect"])
    return [(one.partition, one.position) for one in verdict.anomalies]


@pytest.mark.parametrize(
    "effect",
    [at(A, 5), at(A, None), at(A, 5, partition=None), at(A, None, partition=None)],
    ids=["whole", "without-position", "without-partition", "without-either"],
)
def test_effect_is_of_the_copy_that_stands_where_it_says(effect):
    assert lost_places(effect, at(A, 5)) == []


def test_effect_is_not_of_the_same_position_in_another_partition():
    assert lost_places(at(A, 5), at(A, 5), at(A, 5, partition=1)) == [(1, 5)]


def test_effect_without_its_partition_may_be_of_either():
    assert lost_places(at(A, 5, partition=None), at(A, 5), at(A, 5, partition=1)) == []
