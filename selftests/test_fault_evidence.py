"""Whether faults acted: what shows it, and what does not."""

import pytest

from deliverycheck.guarantees import fault_evidence
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


@pytest.mark.parametrize(
    ("error", "said"),
    [("_TRANSPORT", "_TRANSPORT"), (None, "an error")],
    ids=["named", "not-named"],
)
def test_error_that_a_process_reported_shows_that_the_fault_acted(error, said):
    story = Story()
    story.injected("lose_reply", "link c1")
    story.process("c1#1", "error", error=error)
    story.healed("lose_reply", "link c1")
    assert only(story) == (True, f"c1#1 reported {said} at 0.003 s")


def test_effect_needs_no_link_and_waits_for_no_heal():
    story = Story()
    story.injected("lose_reply", "link c1")
    op = story.invoke("c1#1", "effect", group="g")
    story.healed("lose_reply", "link c1")
    story.ok(op)
    assert only(story)[0] is False


def test_commit_shows_nothing_of_a_fault_that_was_never_known_to_be_in_place():
    story = Story()
    story.fault("inject", "lose_reply", "link c1")
    story.invoke("c1#1", "commit", group="g")
    story.healed("lose_reply", "link c1")
    assert only(story)[0] is False


@pytest.mark.parametrize("over", [True, False], ids=["over", "open"])
def test_commit_waited_for_no_heal_where_none_came(over):
    story = Story()
    op = story.invoke("c1#1", "commit", group="g")
    story.injected("lose_reply", "link c1")
    if over:
        story.ok(op)
    assert only(story) == (
        False,
        (
            "no evidence that lose_reply on link c1 acted between 0.002 s and the end: no "
            "complaint, and no operation that it met"
        ),
    )


def test_each_fault_is_told_in_the_order_of_the_history():
    story = Story()
    story.injected("stall", "link p1")
    story.healed("stall", "link p1")
    story.injected("kill", "p1")
    story.process("p1#1", "killed")
    history = story.history()
    assert [(one.span, one.acted) for one in fault_evidence(history)] == [
        (history.faults[0], False),
        (history.faults[1], True),
    ]


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


def test_kill_that_names_no_process_hits_the_incarnations_of_its_lane_only():
    for process, acted in [("p1#7", True), ("p2#1", False)]:
        story = Story()
        story.injected("kill", "p1")
        story.process(process, "killed")
        assert only(story)[0] is acted


def test_fault_that_nobody_knows_shows_nothing_on_a_process():
    story = Story()
    story.injected("closed", "p1")
    story.process("p1#1", "closed")
    assert only(story)[0] is False


@pytest.mark.parametrize("end", ["resumed", "killed"])
@pytest.mark.parametrize(
    ("length_ms", "acted"),
    [(60, True), (50, True), (49, False), (0, False)],
    ids=["long-enough", "just", "resumed-at-once", "at-the-same-moment"],
)
def test_pause_of_a_worker_acted_if_it_lasted(length_ms, acted, end):
    story = Story()
    story.injected("pause", "c1", processes=("c1#1",))
    story.process("c1#1", "paused")
    story.ms += length_ms - 1
    story.process("c1#1", end)
    story.ms += 100
    story.healed("pause", "c1")
    shown = f"c1#1 was stopped for {length_ms}.0 ms"
    assert (only(story) == (True, shown)) is acted
    assert only(story)[0] is acted


def test_pause_that_never_ended_acted():
    story = Story()
    story.injected("pause", "c1", processes=("c1#1",))
    story.process("c1#1", "paused")
    assert only(story) == (True, "c1#1 was paused at 0.003 s")


def test_pause_ends_when_the_process_itself_goes_on():
    story = Story()
    story.injected("pause", "c1", processes=("c1#1", "c2#1"))
    story.process("c1#1", "resumed")
    story.process("c1#1", "paused")
    story.process("c2#1", "resumed")
    story.ms += 60
    story.process("c1#1", "resumed")
    assert only(story) == (True, "c1#1 was stopped for 62.0 ms")


def test_second_pause_counts_if_the_first_was_too_short():
    story = Story()
    story.injected("pause", "c1", processes=("c1#1",))
    for length_ms in (1, 60):
        story.process("c1#1", "paused")
        story.ms += length_ms - 1
        story.process("c1#1", "resumed")
    assert only(story) == (True, "c1#1 was stopped for 60.0 ms")


def _paused_node(*, meet, resumed=True):
    story = Story()
    story.published("p1#1-1", 0)
    story.fault("inject", "pause", "b1")
    story.node("b1", "paused")
    meet(story)
    if resumed:
        story.node("b1", "resumed")
        story.published("p1#1-3", 2)
    story.healed("pause", "b1")
    return story


def _after_news_of_another_node(story):
    story.node("b2", "ready")
    story.publish("p1#1-2")


@pytest.mark.parametrize(
    "meet",
    [lambda story: story.publish("p1#1-2"), _after_news_of_another_node],
    ids=["spoke-to-it", "another-node-was-back"],
)
@pytest.mark.parametrize("resumed", [True, False], ids=["resumed", "for-good"])
def test_pause_of_a_node_acted_if_somebody_spoke_to_it(meet, resumed):
    assert only(_paused_node(meet=meet, resumed=resumed)) == (
        True,
        "b1 was stopped at 0.004 s and op 1 met it",
    )


@pytest.mark.parametrize(
    "meet",
    [
        lambda _: None,
        lambda story: story.scanned(),
        lambda story: story.invoke("c1#1", "effect", group="g"),
    ],
    ids=["nobody", "fresh-reader", "no-traffic"],
)
def test_pause_of_a_node_that_nobody_spoke_to_shows_nothing(meet):
    assert only(_paused_node(meet=meet))[0] is False


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
