"""A member of a share group holds a record too long, or gives it back."""

import pytest

from deliverycheck.history import Delivery, Position
from selftests.shown import evidence, occurred
from selftests.story import Story


def held(action, *, after_ms, count=1, how="ok", told=True, position=0):  # noqa: PLR0913  # What differs, by name.
    """A member is handed a record and calls for it so much later."""
    story = Story(groups={"g": ("t",)})
    if told:
        limits = {"lock_ms": 1000, "limit": 2}
        story.process("c1#1", "sharing", evidence=limits)
    delivery = Delivery(
        message="p1#1-1", source="t", partition=0, position=position, deliveries=count
    )
    story.ok(story.invoke("c1#1", "receive", group="g"), deliveries=(delivery,))
    story.ms += after_ms - 1
    if action == "effect":
        op = story.invoke("c1#1", "effect", group="g", deliveries=(delivery,))
    else:
        covers = (Position(source="t", partition=0, position=0),)
        op = story.invoke("c1#1", action, group="g", covers=covers, requeue=action == "nack")
    getattr(story, how)(op)
    return story


@pytest.mark.parametrize("action", ["effect", "ack", "nack", "reject"])
def test_record_that_is_gone_on_with_when_its_lock_is_over_is_told(action):
    (said,) = evidence(held(action, after_ms=1000), "lock_expired")
    assert said.startswith("c1#1 was handed p1#1-1 of t/0 at ")
    assert said.endswith("when its lock of 1000 ms had run out.")


@pytest.mark.parametrize(
    "story",
    [
        held("effect", after_ms=999),
        held("ack", after_ms=5000, told=False),
        held("ack", after_ms=5000, position=1),
    ],
    ids=["in-time", "nobody-says-how-long-a-lock-is", "another-record"],
)
def test_record_of_which_no_lock_is_surely_over_is_none(story):
    assert "lock_expired" not in occurred(story)


def test_record_that_is_given_back_is_told_with_its_count():
    (said,) = evidence(held("nack", after_ms=5), "given_back")
    assert said.startswith("c1#1 gave p1#1-1 of t/0 back at ")
    assert said.endswith("which was delivery number 1.")


def test_record_that_is_given_back_for_the_last_time_is_told_as_such():
    story = held("nack", after_ms=5, count=2)
    (said,) = evidence(story, "given_back_at_limit")
    assert said.endswith("which was delivery number 2: the last one that it may have.")
    assert "given_back_at_limit" not in occurred(held("nack", after_ms=5))


@pytest.mark.parametrize(
    "story",
    [held("nack", after_ms=5, how="info"), held("ack", after_ms=5), held("reject", after_ms=5)],
    ids=["outcome-unknown", "accepted", "given-up"],
)
def test_record_that_is_not_surely_given_back_is_none(story):
    assert not {"given_back", "given_back_at_limit"} & occurred(story)
