"""Which values of a key a compacted log holds: what is found there counts, wherever it was sent."""

import pytest

from selftests.story import at
from selftests.test_guarantees_log_keeping import A, B, C, compacted, names, scanned, verdict_on


def stray_value(outcome, target, *, found, deletes):
    """A value of k in t is confirmed; another one, sent to `target`, is found here."""
    story = compacted()
    story.published(A, 0, key="k")
    story.published(B, 1, key="k", tombstone=deletes)
    getattr(story, outcome)(story.publish(C, key="k", target=target))
    scanned(story, at(A, 0), found)
    return verdict_on(story, "compaction")


@pytest.mark.parametrize("deletes", [True, False], ids=["deletion", "value"])
@pytest.mark.parametrize(
    ("outcome", "target"), [("fail", "t"), ("ok", "u"), ("ok", "v")], ids=["failed", "u", "v"]
)
def test_what_stands_behind_the_last_write_replaced_it_wherever_it_was_sent(
    outcome, target, deletes
):
    replaced = stray_value(outcome, target, deletes=deletes, found=at(C, 2))
    assert (replaced.examined, replaced.count) == (0, 0)
    verdict = stray_value(outcome, target, deletes=deletes, found=at(C, 2, source="u"))
    assert (verdict.examined, verdict.count) == (1, 1)
    assert verdict.anomalies[0].message == (A if deletes else B)


def test_place_in_another_log_is_not_the_last_of_this_one():
    """The confirm of the stray names the same position in its own log."""
    story = compacted()
    story.published(A, 0, key="k")
    story.published(B, 1, key="k", target="u")
    scanned(story, at(B, 1))
    assert (verdict_on(story, "compaction").examined, names(story)) == (1, [])


def test_strangers_and_what_has_no_key_hide_no_value():
    story = compacted()
    story.published(A, 3, key="k")
    story.published(B, 1)
    story.published(C, 4, key="k", tombstone=True)
    scanned(story, at("p9#1-1", 0), at(B, 1), at("", 2), at(A, 3))
    assert names(story) == ["undeleted"]


def test_last_write_is_the_highest_and_not_the_latest_call():
    story = compacted()
    story.published(A, 1, key="k")
    story.published(B, 0, key="k")
    scanned(story)
    (anomaly,) = verdict_on(story, "compaction").anomalies
    assert (anomaly.message, anomaly.position) == (A, 1)


@pytest.mark.parametrize(
    ("later", "found"),
    [
        ({"position": 1}, []),
        ({"position": 0, "partition": 1}, []),
        ({}, []),
        (None, ["lost"]),
    ],
    ids=["behind-it", "in-another-partition", "in-an-unknown-place", "never-written"],
)
def test_write_of_the_key_that_may_be_later_excuses_the_absence_of_a_placed_one(later, found):
    story = compacted()
    story.published(A, 0, key="k")
    if later is None:
        story.info(story.publish(B, key="k"))
    else:
        story.ok(story.publish(B, key="k"), **{"partition": 0, **later})
    scanned(story, *([at(B, None)] if later == {} else []))
    lost = [one.message for one in verdict_on(story, "at_least_once_in_log").anomalies]
    assert ["lost" for message in lost if message == A] == found


def test_only_the_last_write_of_a_key_may_not_go():
    story = compacted()
    story.published(A, 0, key="k")
    story.published(B, 1, key="k")
    scanned(story)
    (anomaly,) = verdict_on(story, "at_least_once_in_log").anomalies
    assert anomaly.message == B
