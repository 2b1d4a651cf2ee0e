"""The first and the last nanosecond at which something still counts."""

import msgspec
import pytest

from deliverycheck.guarantees import fault_evidence
from selftests.shown import occurred
from selftests.story import MUST_SAY, Story, at

SECOND = 1_000_000_000
EARLIER, AT_ONCE, LATER = -1, 0, 1


def sooner(story, ns):
    """The line that was told last stands so many ns after the one before it."""
    before, last = story.events[-2:]
    story.events[-1] = msgspec.structs.replace(last, ns=before.ns + ns)


def put(story, ns):
    """The line that was told last stands at this moment."""
    story.events[-1] = msgspec.structs.replace(story.events[-1], ns=ns)


# New topics


@pytest.mark.parametrize(
    ("after_ns", "counts"),
    [(EARLIER, False), (AT_ONCE, True), (SECOND, True), (SECOND + LATER, False)],
)
def test_topic_is_new_from_its_creation_until_a_second_later(after_ns, counts):
    story = Story()
    declared = story.invoke("admin#1", "declare", target="t")
    story.publish("p1#1-1")
    sooner(story, after_ns)
    story.ok(declared)
    assert ("topic_just_created" in occurred(story)) is counts


@pytest.mark.parametrize(
    ("after_ns", "counts"),
    [
        (EARLIER, "topic_just_created"),
        (AT_ONCE, "topic_answered"),
        (SECOND, "topic_answered"),
        (SECOND + LATER, None),
    ],
)
def test_topic_has_answered_from_its_answer_on_and_is_new_until_a_second_later(after_ns, counts):
    story = Story()
    story.ok(story.invoke("admin#1", "declare", target="t"))
    story.process("admin#1", "answered", evidence={"topic": "t"})
    story.publish("p1#1-1")
    sooner(story, after_ns)
    assert occurred(story) - {"none"} == ({counts} if counts else set())


# Crashes


@pytest.mark.parametrize(("after_ns", "counts"), [(AT_ONCE, True), (LATER, False)])
def test_publish_belongs_to_the_crash_until_the_kill(after_ns, counts):
    story = Story()
    story.process("p1#1", "killed")
    story.publish("p1#1-1")
    sooner(story, after_ns)
    assert ("producer_killed" in occurred(story)) is counts


@pytest.mark.parametrize(("after_ns", "counts"), [(AT_ONCE, True), (LATER, False)])
def test_message_is_handed_over_if_its_call_returned_by_the_kill(after_ns, counts):
    story = Story()
    op = story.publish("p1#1-1")
    story.process("p1#1", "killed")
    story.returned(op)
    sooner(story, after_ns)
    assert ("producer_killed_unflushed" in occurred(story)) is counts


@pytest.mark.parametrize(("after_ns", "counts"), [(AT_ONCE, False), (LATER, True)])
def test_message_that_was_given_up_by_the_kill_was_not_in_the_queue_any_more(after_ns, counts):
    story = Story()
    op = story.publish("p1#1-1")
    story.returned(op)
    story.process("p1#1", "killed")
    story.info(op)
    sooner(story, after_ns)
    assert ("producer_killed_unflushed" in occurred(story)) is counts


@pytest.mark.parametrize(("after_ns", "counts"), [(AT_ONCE, True), (LATER, False)])
def test_delivery_belongs_to_the_crash_until_the_kill(after_ns, counts):
    story = Story()
    op = story.invoke("c1#1", "receive", group="g")
    story.process("c1#1", "killed")
    story.ok(op, deliveries=(at("p1#1-1", 0),))
    sooner(story, after_ns)
    assert (occurred(story) == {"consumer_killed", "consumer_killed_in_hand"}) is counts


@pytest.mark.parametrize(("after_ns", "counts"), [(EARLIER, True), (AT_ONCE, False)])
def test_commit_without_positions_covers_what_was_received_by_its_call(after_ns, counts):
    story = Story()
    op = story.invoke("c1#1", "receive", group="g")
    story.ok(op, deliveries=(at("p1#1-1", 0),))
    commit = story.invoke("c1#1", "commit", group="g")
    sooner(story, after_ns)
    story.ok(commit)
    story.effect("c1#1", at("p1#1-1", 0))
    story.process("c1#1", "killed")
    assert ("consumer_killed_in_hand" in occurred(story)) is counts


@pytest.mark.parametrize(("after_ns", "counts"), [(EARLIER, False), (AT_ONCE, True)])
def test_confirm_makes_a_partition_known_if_it_came_before_the_node_went_down(after_ns, counts):
    story = Story()
    op = story.publish("p1#1-1", partition=0)
    story.publish("p1#1-2", partition=0)
    story.node("b1", "killed")
    story.ok(op)
    sooner(story, after_ns)
    assert ("first_write_broker_killed" in occurred(story)) is counts


# Faults


def _lost_reply():
    story = Story()
    story.injected("lose_reply", "link p1")
    return story


@pytest.mark.parametrize(("after_ns", "counts"), [(AT_ONCE, True), (LATER, False)])
def test_publish_stands_open_until_its_completion(after_ns, counts):
    story = _lost_reply()
    op = story.publish("p1#1-1")
    story.info(op)
    story.process("p1#1", "error", error="_TRANSPORT")
    sooner(story, after_ns)
    story.healed("lose_reply", "link p1")
    assert ("lost_reply" in occurred(story)) is counts


@pytest.mark.parametrize(("after_ns", "counts"), [(EARLIER, False), (AT_ONCE, True)])
def test_publish_stands_open_from_its_call(after_ns, counts):
    story = _lost_reply()
    story.publish("p1#1-1")
    story.process("p1#1", "error", error="_TRANSPORT")
    sooner(story, after_ns)
    assert ("lost_reply" in occurred(story)) is counts


@pytest.mark.parametrize(("after_ns", "counts"), [(AT_ONCE, True), (LATER, False)])
def test_complaint_counts_until_a_second_and_a_half_after_the_heal(after_ns, counts):
    story = _lost_reply()
    story.publish("p1#1-1")
    story.healed("lose_reply", "link p1")
    story.process("p1#1", "error", error="_TIMED_OUT")
    sooner(story, 3 * SECOND // 2 + after_ns)
    assert ("lost_reply" in occurred(story)) is counts


@pytest.mark.parametrize(("after_ns", "counts"), [(AT_ONCE, True), (LATER, False)])
def test_complaint_shows_that_a_fault_acted_until_a_second_and_a_half_after_the_heal(
    after_ns, counts
):
    story = _lost_reply()
    story.healed("lose_reply", "link p1")
    story.process("p1#1", "error", error="_TIMED_OUT")
    sooner(story, 3 * SECOND // 2 + after_ns)
    assert fault_evidence(story.history())[0].acted is counts


@pytest.mark.parametrize(
    ("called_ns", "completed_ns", "counts"),
    [(EARLIER, AT_ONCE, True), (EARLIER, EARLIER, False), (AT_ONCE, LATER, False)],
    ids=["over-at-the-heal", "over-before-it", "called-at-it"],
)
@pytest.mark.parametrize("action", ["publish", "commit"])
def test_operation_waited_for_the_heal_if_it_was_called_before_and_not_over_by_then(
    action, called_ns, completed_ns, counts
):
    story = _lost_reply()
    story.ms += 10
    heal_ns = 20_000_000
    op = story.invoke("p1#1", action, **MUST_SAY.get(action, {}))
    put(story, heal_ns + called_ns)
    story.ok(op)
    put(story, heal_ns + completed_ns)
    story.fault("heal", "lose_reply", "link p1")
    put(story, heal_ns)
    assert ("lost_reply" in occurred(story)) is (counts and action == "publish")
    assert fault_evidence(story.history())[0].acted is counts


def test_publish_through_a_fault_that_was_never_healed_did_not_wait_for_the_heal():
    story = _lost_reply()
    story.published("p1#1-1", 0)
    assert occurred(story) == set()


@pytest.mark.parametrize(
    ("moment", "after_ns", "counts"),
    [
        ("inject", EARLIER, False),
        ("inject", AT_ONCE, True),
        ("healed", AT_ONCE, True),
        ("healed", LATER, False),
    ],
)
def test_refusal_may_be_complained_of_from_the_wish_to_inject_until_it_is_known_to_be_healed(
    moment, after_ns, counts
):
    story = Story()
    story.ms += 10
    story.injected("refuse", "link p1")
    story.healed("refuse", "link p1")
    (there,) = [event.ns for event in story.events[1:] if event.moment == moment]
    story.process("p1#1", "error", error="_TRANSPORT")
    put(story, there + after_ns)
    assert ("refuse" in occurred(story)) is counts


@pytest.mark.parametrize(
    ("called", "completed", "counts"),
    [
        (("inject", AT_ONCE), ("injected", AT_ONCE), True),
        (("inject", AT_ONCE), ("injected", EARLIER), False),
        (("heal", AT_ONCE), ("healed", AT_ONCE), True),
        (("heal", LATER), ("healed", AT_ONCE), False),
    ],
    ids=["over-once-in-place", "over-before-it", "called-at-the-heal", "called-after-it"],
)
def test_fault_is_surely_in_place_from_the_knowledge_of_it_until_the_wish_to_heal(
    called, completed, counts
):
    story = Story()
    story.injected("stall", "link p1")
    story.healed("stall", "link p1")
    moments = {event.moment.value: event.ns for event in story.events[1:]}
    op = story.publish("p1#1-1")
    put(story, moments[called[0]] + called[1])
    story.ok(op)
    put(story, moments[completed[0]] + completed[1])
    assert ("stall" in occurred(story)) is counts


@pytest.mark.parametrize(
    ("called_ns", "completed_ns", "counts"),
    [(AT_ONCE, AT_ONCE, True), (EARLIER, AT_ONCE, False), (AT_ONCE, LATER, False)],
    ids=["all-of-it", "called-before-it", "confirmed-after-it"],
)
def test_confirm_that_proves_nothing_counts_from_the_first_moment_to_the_last(
    called_ns, completed_ns, counts
):
    story = Story()
    story.injected("black_hole", "link p1", direction="upstream")
    story.healed("black_hole", "link p1")
    moments = {event.moment.value: event.ns for event in story.events[1:]}
    op = story.publish("p1#1-1")
    put(story, moments["injected"] + called_ns)
    story.info(op, confirmed=True)
    put(story, moments["heal"] + completed_ns)
    assert ("black_hole" in occurred(story)) is counts
