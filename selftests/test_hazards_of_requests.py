"""Hazards of who waits for a reply: what shows each, and what is near it and does not."""

import pytest

from deliverycheck.history import Delivery
from selftests.shown import evidence, occurred
from selftests.story import Story

REPLY = Delivery(message="w1#1-1", source="answers", correlation="c1#1-1")


def asking(*, process="c1#1", answered=False):
    """A process that connected and asked, with its reply or without one."""
    story = Story()
    story.ok(story.invoke(process, "open"))
    op = story.invoke(process, "request", message=f"{process}-1", target="rpc")
    if answered:
        story.ok(op, deliveries=(REPLY,))
    return story


def test_requester_that_connects_again_was_cut_if_it_waited_for_a_reply():
    story = asking()
    story.ok(story.invoke("c1#1", "open"))
    assert evidence(story, "requester_cut") == [
        "c1#1 connected again at 0.004 s and waited for 1 reply."
    ]


@pytest.mark.parametrize(
    ("answered", "process"),
    [(True, "c1#1"), (False, "c1#2"), (False, "c2#1")],
    ids=["answered-before", "next-incarnation", "another-one"],
)
def test_other_connections_cut_nobody(answered, process):
    story = asking(answered=answered)
    story.ok(story.invoke(process, "open"))
    assert "requester_cut" not in occurred(story)


def test_request_after_the_last_connection_was_not_cut():
    story = Story()
    for _ in range(2):
        story.ok(story.invoke("c1#1", "open"))
    story.invoke("c1#1", "request", message="c1#1-1", target="rpc")
    assert "requester_cut" not in occurred(story)


@pytest.mark.parametrize("what", ["killed", "died"])
def test_requester_that_was_killed_waited_for_what_had_not_come(what):
    story = asking()
    story.process("c1#1", what)
    assert evidence(story, "requester_killed") == [
        "c1#1 was killed at 0.004 s and waited for 1 reply."
    ]


@pytest.mark.parametrize(
    ("answered", "what"), [(True, "killed"), (False, "closed")], ids=["answered", "closed"]
)
def test_who_has_its_reply_or_closes_was_not_killed_waiting(answered, what):
    story = asking(answered=answered)
    story.process("c1#1", what)
    assert "requester_killed" not in occurred(story)
