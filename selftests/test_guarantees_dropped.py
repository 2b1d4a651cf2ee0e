"""What was deleted, or became too old: no loss of the log's, and one of a group that was there."""

import pytest

from deliverycheck.guarantees import Validity, check
from deliverycheck.history import Position, Source
from selftests.story import Story, at


def verdict(story, name):
    (found,) = check(story.done().history(), [name])
    return found


def deleted(*, member=True, effect=False, below=1, outcome="ok"):
    story = Story(groups={"g": ("t",)})
    if member:
        story.subscribed("c1#1")
    for position in range(2):
        story.published(f"p1#1-{position}", position)
    if effect:
        story.effect("c1#1", at("p1#1-0", 0))
    story.deleted(below, outcome=outcome)
    if not member:
        story.subscribed("c1#1")
    story.effect("c1#1", at("p1#1-1", 1))
    story.scanned(at("p1#1-1", 1))
    return story


@pytest.mark.parametrize("name", ["at_least_once_in_log", "exactly_once_in_log", "one_log"])
@pytest.mark.parametrize("outcome", ["ok", "info"])
def test_log_has_not_lost_what_somebody_may_have_deleted(name, outcome):
    story = deleted(outcome=outcome)
    assert verdict(story, name).validity is Validity.VALID


def test_log_has_lost_what_is_gone_above_the_deletion_or_without_one():
    for told in ({"below": 0}, {"outcome": "fail"}):
        found = verdict(deleted(**told), "at_least_once_in_log")
        assert [one.name for one in found.anomalies] == ["lost"]


def test_message_deleted_before_its_effect_is_lost_to_the_group_and_says_by_whom():
    found = verdict(deleted(), "at_least_once_in_effect")
    (one,) = found.anomalies
    assert (one.name, one.message, one.position) == ("lost", "p1#1-0", 0)
    assert (one.facts["deleted_by"], one.facts["kind"]) == ("admin#1", "in_effect_of_dropped")
    assert 3 in one.witnesses


@pytest.mark.parametrize(
    "told",
    [{"effect": True}, {"member": False}, {"outcome": "info"}],
    ids=["worked-off-before", "nobody-was-there", "not-known-to-have-worked"],
)
def test_deletion_takes_nothing_from_a_group_that_was_done_or_not_there(told):
    assert verdict(deleted(**told), "at_least_once_in_effect").validity is Validity.VALID


def test_reader_that_goes_on_behind_a_deletion_has_skipped_nothing():
    story = Story()
    for position in range(3):
        story.published(f"p1#1-{position}", position)
    story.received("r1#1", at("p1#1-0", 0), group=None)
    story.deleted(2)
    story.received("r1#1", at("p1#1-2", 2), group=None)
    story.scanned(at("p1#1-2", 2))
    assert verdict(story, "gapless_reading").validity is Validity.VALID


def test_reader_that_goes_on_further_has_skipped_what_still_stands_there():
    story = Story()
    for position in range(4):
        story.published(f"p1#1-{position}", position)
    story.received("r1#1", at("p1#1-0", 0), group=None)
    story.deleted(2)
    story.received("r1#1", at("p1#1-3", 3), group=None)
    story.scanned(at("p1#1-2", 2), at("p1#1-3", 3))
    (one,) = verdict(story, "gapless_reading").anomalies
    assert (one.name, one.message) == ("skipped", "p1#1-2")


@pytest.mark.parametrize(
    ("deleted_again", "validity"),
    [(False, Validity.INVALID), (True, Validity.VALID)],
    ids=["what-was-found-stays", "it-may-be-gone-by-then"],
)
def test_reader_that_goes_on_after_the_scan_skips_what_was_found_unless_it_was_deleted_since(
    deleted_again, validity
):
    story = Story()
    for position in range(4):
        story.published(f"p1#1-{position}", position)
    story.received("r1#1", at("p1#1-0", 0), group=None)
    story.deleted(2)
    story.scanned(at("p1#1-2", 2), at("p1#1-3", 3))
    if deleted_again:
        story.deleted(3)
    story.received("r1#1", at("p1#1-3", 3), group=None)
    assert verdict(story, "gapless_reading").validity is validity


def expired(*, start=1, member=True):
    """The log keeps for a time; the fresh reader is told where it begins."""
    story = Story(groups={"g": ("t",)}, sources={"t": Source(retention_ms=1)})
    if member:
        story.subscribed("c1#1")
    for position in range(2):
        story.published(f"p1#1-{position}", position)
    if not member:
        story.subscribed("c1#1")
    story.effect("c1#1", at("p1#1-1", 1))
    op = story.invoke("scan#1", "receive", target="t")
    starts = (Position(source="t", partition=0, position=start),)
    story.ok(op, deliveries=(at("p1#1-1", 1),), starts=starts)
    return story


def test_message_that_became_too_old_before_its_effect_is_lost_to_the_group():
    (one,) = verdict(expired(), "at_least_once_in_effect").anomalies
    assert (one.message, one.facts["kind"]) == ("p1#1-0", "in_effect_of_dropped")
    assert "deleted_by" not in one.facts


@pytest.mark.parametrize("told", [{"start": 0}, {"member": False}], ids=["not-below", "not-there"])
def test_what_may_be_missing_otherwise_or_was_sent_before_is_no_loss_of_the_group(told):
    assert verdict(expired(**told), "at_least_once_in_effect").validity is Validity.VALID
