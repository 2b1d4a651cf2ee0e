"""Hazards: the situation a claim is about is shown by the history, or it did not occur."""

from pathlib import Path

import pytest

from deliverycheck.guarantees import HAZARDS, fault_evidence, hazards_of
from deliverycheck.history import Position
from selftests.story import Story, at

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


def occurred(story):
    return set(hazards_of(story.history()))


def evidence(story, name):
    """What tells that the hazard occurred, in words."""
    found = hazards_of(story.history()).get(name, ())
    return [HAZARDS[name].tell(each) for each in found]


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
    op = story.invoke("c1#1", action)
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


# Crashes of producers


def test_killed_producer_with_a_confirmed_message_had_nothing_unflushed():
    story = Story()
    story.published("p1#1-1", 0)
    story.process("p1#1", "killed")
    assert occurred(story) == {"producer_killed"}


def test_killed_producer_with_a_message_in_its_queue_is_unflushed():
    story = Story()
    story.published("p1#1-1", 0)
    story.returned(story.publish("p1#1-2", count=3))
    story.process("p1#1", "killed")
    assert evidence(story, "producer_killed_unflushed") == [
        "p1#1 was killed at 0.005 s with 3 messages handed over and not confirmed."
    ]
    assert evidence(story, "producer_killed") == ["p1#1 was killed at 0.005 s after 4 messages."]


def test_call_that_never_returned_handed_nothing_over():
    story = Story()
    story.publish("p1#1-1")
    story.process("p1#1", "killed")
    assert occurred(story) == {"producer_killed"}


def test_confirm_read_after_the_kill_was_given_before_it():
    story = Story()
    op = story.publish("p1#1-1")
    story.returned(op)
    story.process("p1#1", "killed")
    story.ok(op)
    assert occurred(story) == {"producer_killed"}


def test_message_that_timed_out_before_the_kill_was_not_in_the_queue_any_more():
    story = Story()
    op = story.publish("p1#1-1")
    story.returned(op)
    story.info(op, error="_MSG_TIMED_OUT")
    story.process("p1#1", "killed")
    assert occurred(story) == {"producer_killed"}


def test_killed_process_that_never_published_is_no_producer():
    story = Story()
    story.published("p1#1-1", 0)
    story.process("p2#1", "killed")
    assert occurred(story) == set()


# Crashes of consumers


def consumer(*, until, others_commit=True):
    """A consumer that commits after its effect, killed after its first steps."""
    story = Story(groups={"g": ("t",)})
    story.received("c1#1", at("p1#1-1", 0))
    if until in ("effect", "commit"):
        story.effect("c1#1", at("p1#1-1", 0))
    if until == "commit":
        story.committed("c1#1", 1)
    story.process("c1#1", "killed")
    if others_commit:
        story.committed("c1#2", 1)
    return story


def test_consumer_killed_after_its_commit_has_nothing_in_hand():
    assert occurred(consumer(until="commit")) == {"consumer_killed"}


@pytest.mark.parametrize(
    ("until", "without"), [("receive", "its effect and its commit"), ("effect", "its commit")]
)
def test_consumer_killed_before_the_end_of_its_cycle_has_a_message_in_hand(until, without):
    assert evidence(consumer(until=until), "consumer_killed_in_hand") == [
        (
            f"c1#1 was killed at 0.00{3 if until == 'receive' else 5} s with 1 delivery in hand: "
            f"p1#1-1 was without {without}."
        )
    ]


def test_effect_alone_ends_the_cycle_where_nobody_of_the_group_commits():
    story = consumer(until="effect", others_commit=False)
    assert occurred(story) == {"consumer_killed"}


def test_message_that_was_committed_first_is_in_hand_until_its_effect():
    story = Story()
    story.received("c1#1", at("p1#1-1", 0))
    story.committed("c1#1", 1)
    story.process("c1#1", "killed")
    assert "consumer_killed_in_hand" in occurred(story)


def test_commit_of_an_earlier_position_does_not_cover_a_message():
    story = Story()
    story.received("c1#1", at("p1#1-1", 0), at("p1#1-2", 1))
    story.effect("c1#1", at("p1#1-1", 0))
    story.effect("c1#1", at("p1#1-2", 1))
    story.committed("c1#1", 1)
    story.process("c1#1", "killed")
    found = hazards_of(story.history())["consumer_killed_in_hand"]
    assert [one.facts["message"] for one in found] == ["p1#1-2"]


def test_commit_without_positions_covers_what_was_received_before_it():
    story = Story()
    story.received("c1#1", at("p1#1-1", 0))
    story.effect("c1#1", at("p1#1-1", 0))
    story.ok(story.invoke("c1#1", "commit", group="g"))
    story.process("c1#1", "killed")
    assert occurred(story) == {"consumer_killed"}


def test_commit_whose_outcome_is_unknown_leaves_the_message_in_hand():
    story = Story()
    story.received("c1#1", at("p1#1-1", 0))
    story.effect("c1#1", at("p1#1-1", 0))
    story.invoke("c1#1", "commit", group="g")
    story.process("c1#1", "killed")
    assert "consumer_killed_in_hand" in occurred(story)


def test_effect_whose_outcome_is_unknown_leaves_the_message_in_hand():
    story = Story()
    story.received("c1#1", at("p1#1-1", 0))
    story.effect("c1#1", at("p1#1-1", 0), outcome="info")
    story.process("c1#1", "killed")
    assert "consumer_killed_in_hand" in occurred(story)


def test_ack_covers_the_position_that_it_names_and_no_other():
    story = Story()
    for number in (0, 1, 2):
        story.received("c1#1", at(f"p1#1-{number}", number))
        story.effect("c1#1", at(f"p1#1-{number}", number))
    for number in (0, 2):
        covers = (Position(source="t", partition=0, position=number),)
        story.ok(story.invoke("c1#1", "ack", covers=covers))
    story.process("c1#1", "killed")
    found = hazards_of(story.history())["consumer_killed_in_hand"]
    assert [(one.facts["message"], one.facts["deliveries"]) for one in found] == [("p1#1-1", 1)]


def test_consumer_killed_before_its_first_delivery_had_nothing():
    story = Story()
    story.received("c1#1")
    story.process("c1#1", "killed")
    assert occurred(story) == set()


# Broker nodes


@pytest.mark.parametrize(
    ("state", "back", "hazard"),
    [("killed", "ready", "broker_killed"), ("paused", "resumed", "broker_paused")],
)
def test_operation_made_while_the_node_was_down_shows_the_hazard(state, back, hazard):
    story = Story()
    story.node("b1", state)
    story.publish("p1#1-1")
    story.node("b1", back)
    assert evidence(story, hazard) == ["b1 went down at 0.001 s; 1 operation met that."]


@pytest.mark.parametrize(
    ("state", "back", "hazard"),
    [("killed", "ready", "broker_killed"), ("paused", "resumed", "broker_paused")],
)
def test_node_that_was_down_between_two_operations_shows_nothing(state, back, hazard):
    story = Story()
    story.published("p1#1-1", 0)
    story.node("b1", state)
    story.node("b1", back)
    story.published("p1#1-2", 1)
    assert hazard not in occurred(story)


def test_fresh_reader_of_the_harness_does_not_count_as_somebody_who_spoke_to_the_node():
    story = Story()
    story.node("b1", "killed")
    story.scanned()
    assert "broker_killed" not in occurred(story)


# A topic just created, and nothing at all


def created(*, answered=None, wait_ms=0):
    """A topic is created and written to; its partitions answer before or after that."""
    story = Story()
    story.ok(story.invoke("admin#1", "declare", target="t"))
    if answered == "before":
        story.process("admin#1", "answered", evidence={"topic": "t"})
    story.ms += wait_ms
    story.published("p1#1-1", 0)
    if answered == "after":
        story.process("admin#1", "answered", evidence={"topic": "t"})
    return story


@pytest.mark.parametrize("answered", [None, "after"], ids=["never-asked", "asked-later"])
def test_topic_written_to_before_its_partitions_answered_is_just_created(answered):
    assert evidence(created(answered=answered), "topic_just_created") == [
        (
            "p1#1 wrote to t 2 ms after its creation was asked for, before its partitions had "
            "answered (1 message)."
        )
    ]


def test_topic_whose_partitions_answered_first_is_not_just_created():
    story = created(answered="before")
    assert occurred(story) == {"none", "topic_answered"}
    assert evidence(story, "topic_answered") == [
        (
            "p1#1 wrote to t 3 ms after its creation was asked for, when its partitions had "
            "answered (1 message)."
        )
    ]


def test_topic_that_answered_long_ago_is_not_new():
    assert occurred(created(answered="before", wait_ms=1001)) == {"none"}


def test_topic_written_to_before_and_after_its_answer_is_just_created_only():
    story = created(answered="after")
    story.published("p1#1-2", 1)
    assert occurred(story) == {"none", "topic_just_created"}


def test_topic_is_not_just_created_a_second_later():
    assert occurred(created(wait_ms=1000)) == {"none"}


@pytest.mark.parametrize("completion", ["fail", "info"])
def test_topic_whose_creation_is_not_known_to_have_worked_is_not_just_created(completion):
    story = Story()
    getattr(story, completion)(story.invoke("admin#1", "declare", target="t"))
    story.published("p1#1-1", 0)
    assert "topic_just_created" not in occurred(story)


def test_answer_of_another_topic_says_nothing_of_this_one():
    story = Story()
    story.ok(story.invoke("admin#1", "declare", target="t"))
    story.process("admin#1", "answered", evidence={"topic": "u"})
    story.published("p1#1-1", 0)
    assert "topic_just_created" in occurred(story)


def test_nothing_was_broken_when_only_messages_went_out():
    story = Story()
    story.published("p1#1-1", 0)
    story.process("p1#1", "closed")
    assert evidence(story, "none") == ["Nothing was broken while 1 message went out."]


@pytest.mark.parametrize("what", ["killed", "paused", "died"])
def test_process_that_was_hit_or_died_is_no_baseline(what):
    story = Story()
    story.published("p1#1-1", 0)
    story.process("c1#1", what)
    assert "none" not in occurred(story)


def test_execution_without_a_publish_is_no_baseline():
    assert occurred(Story().done()) == set()


def test_fault_is_no_baseline_even_if_it_met_nothing():
    story = Story()
    story.published("p1#1-1", 0)
    story.injected("delay", "link p1")
    story.healed("delay", "link p1")
    assert occurred(story) == set()


# Whether faults acted


def only(story):
    (found,) = fault_evidence(story.history())
    return found.acted, found.why


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


def test_every_hazard_is_shown_by_a_test_of_this_file():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in HAZARDS if f'"{name}"' not in source] == []
