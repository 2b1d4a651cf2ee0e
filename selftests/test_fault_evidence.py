"""Whether faults acted: what shows it, and what does not."""

import pytest

from selftests.shown import only
from selftests.story import Story


def test_call_past_its_deadline_shows_that_the_fault_acted():
    story = Story()
    story.injected("lose_reply", "link c1")
    story.process("c1#1", "blocked")
    story.healed("lose_reply", "link c1")
    assert only(story) == (True, "c1#1 was blocked at 0.003 s")


def test_commit_that_waited_for_the_heal_shows_that_the_fault_acted():
    story = Story()
    story.injected("lose_reply", "link c1")
    op = story.invoke("c1#1", "commit", group="g")
    story.healed("lose_reply", "link c1")
    story.ok(op)
    assert only(story) == (True, "op 0 was not over before the heal")


def test_commit_that_ended_before_the_heal_did_not_wait_for_it():
    story = Story()
    op = story.invoke("c1#1", "commit", group="g")
    story.injected("lose_reply", "link c1")
    story.ok(op)
    story.healed("lose_reply", "link c1")
    assert only(story)[0] is False


def test_hazard_that_a_fault_made_occur_shows_that_it_acted():
    story = Story()
    story.injected("black_hole", "link p1", direction="upstream")
    story.publish("p1#1-1")
    story.healed("black_hole", "link p1")
    assert only(story) == (True, "1 operation of p1#1 over link p1 met it.")


def test_fault_that_nobody_met_is_named_with_its_lane_and_time():
    story = Story()
    story.injected("stall", "link p1")
    story.healed("stall", "link p1")
    assert only(story) == (
        False,
        (
            "no evidence that stall on link p1 acted between 0.001 s and 0.004 s: no complaint, "
            "and no operation that it met"
        ),
    )


def test_killed_worker_shows_that_the_kill_acted():
    story = Story()
    story.fault("inject", "kill", "p1", processes=("p1#1",))
    story.process("p1#1", "killed", evidence={"pid": 7})
    story.fault("injected", "kill", "p1")
    assert only(story) == (True, "p1#1 was killed at 0.002 s")


def test_kill_of_another_incarnation_shows_nothing():
    story = Story()
    story.fault("inject", "kill", "p1", processes=("p1#1",))
    story.process("p1#2", "killed")
    assert only(story)[0] is False


@pytest.mark.parametrize(
    ("length_ms", "acted"), [(60, True), (5, False)], ids=["long-enough", "resumed-at-once"]
)
def test_pause_of_a_worker_acted_if_it_lasted(length_ms, acted):
    story = Story()
    story.injected("pause", "c1", processes=("c1#1",))
    story.process("c1#1", "paused")
    story.ms += length_ms
    story.process("c1#1", "resumed")
    story.healed("pause", "c1")
    assert only(story)[0] is acted


@pytest.mark.parametrize("met", [True, False], ids=["somebody-spoke-to-it", "nobody-did"])
def test_pause_of_a_node_acted_if_somebody_spoke_to_it(met):
    story = Story()
    story.fault("inject", "pause", "b1")
    story.node("b1", "paused")
    if met:
        story.publish("p1#1-1")
    story.node("b1", "resumed")
    story.healed("pause", "b1")
    assert only(story)[0] is met


@pytest.mark.parametrize("fault", ["kill", "restart"])
def test_killed_node_shows_that_the_fault_acted(fault):
    story = Story()
    story.fault("inject", fault, "b1")
    story.node("b1", "killed")
    story.node("b1", "ready")
    assert only(story) == (True, "b1 was killed at 0.002 s")


def test_node_killed_outside_the_fault_shows_nothing_of_it():
    story = Story()
    story.fault("inject", "kill", "b1")
    story.healed("kill", "b1")
    story.node("b1", "killed")
    assert only(story)[0] is False
