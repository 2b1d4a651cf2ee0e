"""What a log that keeps for a time may drop before that: nothing, unless it is compacted too."""

import pytest

from deliverycheck.guarantees import Validity
from selftests.story import at
from selftests.test_guarantees_log_keeping import A, B, kept, names, scanned, verdict_on


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


@pytest.mark.parametrize("guarantee", ["retention", "at_least_once_in_log", "one_log"])
def test_where_no_fresh_reader_is_told_of_nothing_is_concluded(guarantee):
    story = kept(1000)
    story.published(A, 0)
    story.received("c1#1", at(A, 0))
    verdict = verdict_on(story, guarantee)
    assert verdict.validity is Validity.UNKNOWN
    assert verdict.reason == (
        "the history says that the log was read from start to end, but no receive of a fresh "
        "reader, a process whose name begins with 'scan', ended ok"
    )
