"""Hazards on links: what a fault did to operations that were on their way."""

import pytest

from deliverycheck.guarantees import fault_evidence, hazards_of
from selftests.shown import evidence, occurred
from selftests.story import MUST_SAY, Story, at

LINK_FAULTS = {
    "lose_reply": "lost_reply",
    "lose_request": "lost_request",
    "torn_request": "lost_request",
    "black_hole": "black_hole",
    "stall": "stall",
    "delay": "delay",
    "refuse": "refuse",
}
IN_SILENCE = ("black_hole", "stall", "delay")
LOSING = ("lose_reply", "lose_request", "torn_request")


# What a fault did to a publish that was on its way


@pytest.mark.parametrize("fault", LOSING)
def test_open_publish_and_a_complaint_show_the_cut(fault):
    story = Story()
    story.injected(fault, "link p1")
    op = story.publish("p1#1-1")
    story.process("p1#1", "error", error="_TRANSPORT")
    story.healed(fault, "link p1")
    story.ok(op, partition=0, position=0)
    assert evidence(story, LINK_FAULTS[fault]) == [
        "1 publish of p1#1 over link p1 stood open when p1#1 reported an error."
    ]


@pytest.mark.parametrize("fault", LOSING)
def test_fault_that_a_publish_went_through_did_not_cut_it(fault):
    story = Story()
    story.injected(fault, "link p1")
    story.published("p1#1-1", 0)
    story.healed(fault, "link p1")
    assert LINK_FAULTS[fault] not in occurred(story)
    assert [each.acted for each in fault_evidence(story.history())] == [False]


def test_complaint_after_the_publish_was_confirmed_shows_nothing_of_its_reply():
    story = Story()
    story.injected("lose_reply", "link p1")
    story.published("p1#1-1", 0)
    story.process("p1#1", "error", error="_TRANSPORT")
    story.healed("lose_reply", "link p1")
    assert "lost_reply" not in occurred(story)


def test_complaint_before_the_publish_was_made_shows_nothing_of_its_reply():
    story = Story()
    story.injected("lose_reply", "link p1")
    story.process("p1#1", "error", error="_TRANSPORT")
    op = story.publish("p1#1-1")
    story.ok(op)
    story.healed("lose_reply", "link p1")
    assert "lost_reply" not in occurred(story)


@pytest.mark.parametrize(
    ("after_ms", "counts"), [(1400, True), (1600, False)], ids=["in-time", "too-late"]
)
def test_complaint_counts_until_the_deadline_of_a_call_after_the_heal(after_ms, counts):
    story = Story()
    story.injected("lose_reply", "link p1")
    story.publish("p1#1-1")
    story.healed("lose_reply", "link p1")
    story.ms += after_ms
    story.process("p1#1", "error", error="_TIMED_OUT")
    assert ("lost_reply" in occurred(story)) == counts


def test_message_that_stands_twice_shows_that_its_reply_was_lost():
    story = Story()
    story.injected("lose_reply", "link p1")
    op = story.publish("p1#1-1")
    story.ok(op)
    story.healed("lose_reply", "link p1")
    story.scanned("p1#1-1", "p1#1-1")
    assert evidence(story, "lost_reply") == [
        "1 publish of p1#1 over link p1 stands twice in the log."
    ]


def test_two_attempts_of_the_application_show_no_lost_reply():
    story = Story()
    story.injected("lose_reply", "link p1")
    story.published("p1#1-1", 0)
    story.published("p1#1-1", 1, attempt=2)
    story.healed("lose_reply", "link p1")
    story.scanned("p1#1-1", at("p1#1-1", 1, attempt=2))
    assert "lost_reply" not in occurred(story)


def test_publish_that_waited_for_the_heal_shows_the_cut():
    story = Story()
    story.injected("lose_reply", "link p1")
    op = story.publish("p1#1-1")
    story.healed("lose_reply", "link p1")
    story.ok(op)
    assert evidence(story, "lost_reply") == [
        "1 publish of p1#1 over link p1 was completed only after the heal."
    ]


def test_publish_made_after_the_heal_was_not_cut():
    story = Story()
    story.injected("lose_reply", "link p1")
    story.healed("lose_reply", "link p1")
    op = story.publish("p1#1-1")
    story.process("p1#1", "error", error="_TRANSPORT")
    story.ok(op)
    assert "lost_reply" not in occurred(story)


def test_fault_on_one_link_says_nothing_of_another():
    story = Story()
    story.injected("lose_reply", "link p1")
    op = story.publish("p2#1-1")
    story.process("p2#1", "error", error="_TRANSPORT")
    story.healed("lose_reply", "link p1")
    story.ok(op)
    assert "lost_reply" not in occurred(story)


def test_process_speaks_over_the_link_that_it_was_started_with():
    story = Story()
    story.process("p2#1", "started", link="link p1")
    story.process("p1#1", "started", link="link p9")
    story.injected("black_hole", "link p1", direction="upstream")
    story.publish("p2#1-1")
    story.publish("p1#1-1")
    story.healed("black_hole", "link p1")
    assert [one.facts["process"] for one in hazards_of(story.history())["black_hole"]] == ["p2#1"]


def test_process_that_starts_while_the_fault_lasts_is_hit_too():
    story = Story()
    story.injected("black_hole", "link p1", direction="upstream", processes=("p1#1",))
    story.publish("p1#2-1")
    story.healed("black_hole", "link p1")
    assert "black_hole" in occurred(story)


# Silence


@pytest.mark.parametrize("fault", IN_SILENCE)
@pytest.mark.parametrize("action", ["publish", "receive", "commit"])
def test_operation_that_was_open_while_the_fault_was_in_place_met_it(fault, action):
    story = Story()
    story.injected(fault, "link c1", direction="downstream")
    op = story.invoke("c1#1", action, **MUST_SAY.get(action, {}))
    story.healed(fault, "link c1")
    story.ok(op)
    assert evidence(story, fault) == ["1 operation of c1#1 over link c1 met it."]


@pytest.mark.parametrize("fault", IN_SILENCE)
def test_fault_that_was_never_known_to_be_in_place_met_nothing(fault):
    story = Story()
    story.fault("inject", fault, "link p1")
    story.publish("p1#1-1")
    assert fault not in occurred(story)


def test_fault_whose_heal_was_not_recorded_lasts_until_the_end():
    story = Story()
    story.injected("black_hole", "link p1", direction="upstream")
    story.ms += 60_000
    story.publish("p1#1-1")
    assert "black_hole" in occurred(story)


def _hollow_publish(story):
    op = story.publish("p1#1-1")
    story.info(op, confirmed=True)


def _inside(story):
    story.injected("black_hole", "link p1", direction="upstream")
    _hollow_publish(story)
    story.healed("black_hole", "link p1")


def _over_the_heal(story):
    story.injected("black_hole", "link p1", direction="upstream")
    op = story.publish("p1#1-1")
    story.healed("black_hole", "link p1")
    story.info(op, confirmed=True)


def _before_it_was_in_place(story):
    story.fault("inject", "black_hole", "link p1", direction="upstream")
    op = story.publish("p1#1-1")
    story.fault("injected", "black_hole", "link p1")
    story.info(op, confirmed=True)
    story.healed("black_hole", "link p1")


def _on_the_way_down(story):
    story.injected("black_hole", "link p1", direction="downstream")
    _hollow_publish(story)
    story.healed("black_hole", "link p1")


@pytest.mark.parametrize(
    ("tell", "counts"),
    [
        (_inside, True),
        (_over_the_heal, False),
        (_before_it_was_in_place, False),
        (_on_the_way_down, False),
    ],
    ids=[
        "from-call-to-confirm-inside",
        "confirm-after-the-heal",
        "call-before-it-was-in-place",
        "fault-on-the-way-down",
    ],
)
def test_confirm_that_proves_nothing_shows_lost_bytes_only_inside(tell, counts):
    story = Story()
    tell(story)
    assert ("black_hole" in occurred(story)) == counts


def test_refused_link_is_shown_by_a_complaint():
    story = Story()
    story.injected("refuse", "link p1")
    story.process("p1#1", "error", error="_ALL_BROKERS_DOWN")
    story.healed("refuse", "link p1")
    assert evidence(story, "refuse") == ["p1#1 reported _ALL_BROKERS_DOWN at 0.003 s."]


def test_refused_link_is_shown_by_an_operation_that_was_open():
    story = Story()
    story.injected("refuse", "link p1")
    story.publish("p1#1-1")
    story.healed("refuse", "link p1")
    assert evidence(story, "refuse") == ["1 operation of p1#1 over link p1 met it."]


def test_refused_link_that_nobody_used_shows_nothing():
    story = Story()
    story.injected("refuse", "link p1")
    story.healed("refuse", "link p1")
    story.publish("p1#1-1")
    assert "refuse" not in occurred(story)
