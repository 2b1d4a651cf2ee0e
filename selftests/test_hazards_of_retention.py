"""Hazards of logs that keep for a time: what went with its time, worked off or not."""

import pytest

from deliverycheck.history import Position, Source
from selftests.shown import evidence, occurred
from selftests.story import Story, at

EXPIRY = {"records_expired", "expired_unread"}


def expired(  # noqa: PLR0913  # By name, each with what is usual.
    *, start=2, effects=(), member=True, keeps=True, told=True, deleted=0
):
    """Three messages, of which a log that keeps for a time has dropped those below its start."""
    sources = {"t": Source(retention_ms=1)} if keeps else {}
    story = Story(groups={"g": ("t",)}, sources=sources)
    if member:
        story.subscribed("c1#1")
    for position in range(3):
        story.published(f"p1#1-{position}", position)
    for position in effects:
        story.effect("c1#1", at(f"p1#1-{position}", position))
    if deleted:
        story.deleted(deleted)
    op = story.invoke("scan#1", "receive")
    starts = (Position(source="t", partition=0, position=start),) if told else ()
    left = tuple(at(f"p1#1-{position}", position) for position in range(start, 3))
    story.ok(op, deliveries=left, starts=starts)
    return story.done()


def test_messages_below_the_start_are_told_with_the_first_of_them():
    assert evidence(expired(), "records_expired") == [
        (
            "2 confirmed messages of t/0 went with the time that the topic keeps, or its size, "
            "p1#1-0 among them."
        )
    ]
    assert evidence(expired(effects=[0]), "expired_unread") == [
        ("1 message went with time or size before g had begun the effect, p1#1-1 among them.")
    ]


def test_messages_that_were_worked_off_have_gone_from_nobody():
    assert occurred(expired(effects=[0, 1])) & EXPIRY == {"records_expired"}


def test_group_that_was_not_there_has_missed_nothing():
    assert occurred(expired(member=False)) & EXPIRY == {"records_expired"}


def test_what_went_above_what_was_deleted_has_expired():
    (told,) = evidence(expired(deleted=1), "records_expired")
    assert told.startswith("1 confirmed message of t/0 went with the time")


@pytest.mark.parametrize(
    "others",
    [{"start": 0}, {"keeps": False}, {"told": False}, {"deleted": 2}],
    ids=["nothing-went", "it-keeps-all", "nobody-said-where-it-begins", "somebody-deleted-it"],
)
def test_nothing_has_expired_where_it_is_not_known_to_have(others):
    assert not occurred(expired(**others)) & EXPIRY
