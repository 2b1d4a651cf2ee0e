"""What a log that keeps for a time may drop before that: nothing, unless it is compacted too."""

from selftests.story import at
from selftests.test_guarantees_log_keeping import A, B, kept, names, scanned


def test_deletion_is_kept_for_its_time_where_nothing_is_compacted():
    story = kept(1000)
    story.published(A, 0, key="k", tombstone=True)
    scanned(story, at(B, 1), start=1)
    assert names(story, "retention") == ["dropped_early"]


def test_deletion_without_a_key_replaces_nothing():
    story = kept(1000, compacted=True)
    story.published(A, 0, tombstone=True)
    scanned(story, start=1)
    assert names(story, "retention") == ["dropped_early"]


def test_message_that_is_missing_above_the_start_hides_none_that_was_dropped():
    story = kept(1000)
    story.published(A, 1)
    story.published(B, 0)
    scanned(story, start=1)
    assert names(story, "retention") == ["dropped_early"]
