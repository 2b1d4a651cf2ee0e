"""Whether a history shows that a client missed its heartbeats, and lost its connection for it."""

import pytest

from selftests.queue_story import QueueStory
from selftests.shown import evidence, occurred

MISSED = {
    "stopped-and-lost": ("stopped", True),
    "stalled-and-lost": ("stalled", True),
    "nobody-complained": ("stopped quiet", False),
    "too-short": ("stopped short", False),
    "no-heartbeats": ("stopped unasked", False),
    "the-node-was-killed": ("stopped node", False),
    "another-fault-on-the-link": ("stopped refuse", False),
    "replies-were-held-up": ("stalled downstream", False),
}


@pytest.mark.parametrize(("happens", "shown"), MISSED.values(), ids=MISSED)
def test_heartbeats_are_missed_if_a_long_silence_and_nothing_else_cost_the_connection(
    happens, shown
):
    kind, *but = happens.split()
    story = QueueStory()
    beating = {"pid": 1} if "unasked" in but else {"pid": 1, "heartbeat_s": 1}
    story.process("c1#1", "started", link="link c1", evidence=beating)
    story.ms = 100
    if kind == "stopped":
        story.process("c1#1", "paused")
    else:
        way = "downstream" if "downstream" in but else "upstream"
        story.injected("stall", "link c1", direction=way)
    if "node" in but:
        story.node("b1", "killed")
    if "refuse" in but:
        story.injected("refuse", "link c1")
    story.ms = 1900 if "short" in but else 3600
    if kind == "stopped":
        story.process("c1#1", "resumed")
    else:
        story.healed("stall", "link c1")
    if "quiet" not in but:
        story.process("c1#1", "error", error="StreamLostError")
    assert ("heartbeats_missed" in occurred(story)) is shown
    if shown:
        (sentence,) = evidence(story, "heartbeats_missed")
        assert f"c1#1 was {kind} from" in sentence
        assert "with heartbeats of 1 s" in sentence
