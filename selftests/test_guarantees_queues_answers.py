"""Consumers that share, publishes without an answer, messages that came back: each boundary."""

import pytest

from deliverycheck.guarantees import Validity
from selftests.queue_story import QueueStory, is_broken, queue, tagged, verdict_of

MESSAGE = "p1#1-1"


EXCUSES = {
    "nothing": (lambda _: None, True),
    "started": (lambda story: story.process("c1#1", "started"), True),
    "held": (lambda story: story.process("c1#1", "held"), True),
    "released": (lambda story: story.process("c1#1", "released"), True),
    "answered": (lambda story: story.process("c1#1", "answered"), True),
    "killed": (lambda story: story.process("c1#1", "killed"), False),
    "the-other-paused": (lambda story: story.process("c2#1", "paused"), False),
    "a-third-killed": (lambda story: story.process("c3#1", "killed"), True),
    "closed": (lambda story: story.ok(story.invoke("c1#1", "close")), False),
    "revoked": (lambda story: story.ok(story.invoke("c1#1", "revoke")), False),
    "node-killed": (lambda story: story.node("b1", "killed"), False),
    "node-ready": (lambda story: story.node("b1", "ready"), True),
    "fault-on-its-link": (lambda story: story.injected("stall", "link c1"), False),
    "fault-on-the-publishers-link": (lambda story: story.injected("stall", "link p1"), True),
    "fault-on-the-link-of-one-that-does-nothing": (
        lambda story: (story.process("c9#1", "started"), story.injected("stall", "link c9")), True,
    ),
    "fault-on-a-node": (lambda story: story.injected("cut", "b1"), False),
}  # fmt: skip


@pytest.mark.parametrize(("happens", "broken"), EXCUSES.values(), ids=EXCUSES)
def test_consumers_share_a_message_only_with_an_excuse(happens, broken):
    def story_of(*, before, after):
        story = QueueStory()
        story.published(MESSAGE)
        story.pushed("c1#1", tagged(MESSAGE, 1))
        before(story)
        story.pushed("c2#1", tagged(MESSAGE, 1))
        after(story)
        return story.done().history()

    assert is_broken(story_of(before=happens, after=lambda _: None), "disjoint_consumers") == broken
    assert is_broken(story_of(before=lambda _: None, after=happens), "disjoint_consumers")


SHARED = {
    "first-twice": ({}, {}, "ack", "info", True),
    "second-flagged": ({}, {"redelivered": True}, "ack", "info", False),
    "first-flagged": ({"redelivered": True}, {}, "ack", "info", False),
    "both-flagged-and-acked": ({"redelivered": True}, {"redelivered": True}, "ack", "ok", True),
    "one-rejected": ({}, {}, "reject", "ok", False),
    "one-perhaps-rejected": ({}, {}, "reject", "info", False),
    "one-not-rejected": ({}, {}, "reject", "fail", True),
}


@pytest.mark.parametrize(
    ("one", "other", "action", "outcome", "broken"), SHARED.values(), ids=SHARED
)
def test_two_deliveries_prove_sharing_by_flags_or_by_acks(one, other, action, outcome, broken):
    story = QueueStory()
    story.published(MESSAGE)
    story.pushed("c1#1", tagged(MESSAGE, 1, **one))
    story.pushed("c2#1", tagged(MESSAGE, 1, **other))
    story.settled("c1#1", action, 1, outcome=outcome)
    story.settled("c2#1", "ack", 1)
    verdict = verdict_of(story.done().history(), "disjoint_consumers")
    assert (verdict.validity is Validity.INVALID) == broken
    assert verdict.examined == 1


@pytest.mark.parametrize(
    ("process", "examined"), [("c1#1", 0), ("scan#1", 0), ("c2#1", 1)], ids=str
)
def test_one_process_and_fresh_readers_share_nothing(process, examined):
    story = QueueStory()
    story.published(MESSAGE)
    story.pushed("c1#1", tagged(MESSAGE, 1))
    story.pushed(process, tagged(MESSAGE, 2))
    verdict = verdict_of(story.done().history(), "disjoint_consumers")
    assert (verdict.examined, verdict.count) == (examined, examined)


def test_dead_letters_may_come_to_two_consumers_from_two_queues():
    story = QueueStory(sources={"q": queue(), "r": queue(dead_letter="q")})
    story.published(MESSAGE)
    story.pushed("c1#1", tagged(MESSAGE, 1))
    story.pushed("c2#1", tagged(MESSAGE, 1))
    assert not is_broken(story.done().history(), "disjoint_consumers")


UNANSWERED = {
    "nothing": (lambda _: None, Validity.INVALID),
    "blocked": (lambda story: story.process("p1#1", "blocked"), Validity.INVALID),
    "killed": (lambda story: story.process("p1#1", "killed"), Validity.UNKNOWN),
    "died": (lambda story: story.process("p1#1", "died"), Validity.UNKNOWN),
    "error": (lambda story: story.process("p1#1", "error"), Validity.UNKNOWN),
    "closed": (lambda story: story.ok(story.invoke("p1#1", "close")), Validity.UNKNOWN),
    "said-to-be-closed": (lambda story: story.process("p1#1", "closed"), Validity.UNKNOWN),
    "another-killed": (lambda story: story.process("p1#2", "killed"), Validity.INVALID),
    "fault-left": (lambda story: story.injected("stall", "link p1"), Validity.UNKNOWN),
    "kill-is-not-healed": (lambda story: story.injected("kill", "c1"), Validity.INVALID),
    "node-down": (lambda story: story.node("b1", "died"), Validity.UNKNOWN),
    "node-paused": (lambda story: story.node("b1", "paused"), Validity.UNKNOWN),
    "node-back": (
        lambda story: (story.node("b1", "killed"), story.node("b1", "ready")), Validity.INVALID,
    ),
    "node-resumed": (
        lambda story: (story.node("b1", "paused"), story.node("b1", "resumed")), Validity.INVALID,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("happens", "validity"), UNANSWERED.values(), ids=UNANSWERED)
@pytest.mark.parametrize("target", ["q", "an exchange"])
def test_publish_without_an_answer_is_a_proof_if_it_could_have_had_one(happens, validity, target):
    story = QueueStory()
    story.publish(MESSAGE, target=target)
    happens(story)
    assert verdict_of(story.done().history(), "confirms_resolved").validity is validity


def test_second_answer_to_what_the_history_does_not_hold_is_no_anomaly():
    story = QueueStory()
    op = story.published(MESSAGE)
    for number in (None, 77):
        story.process("p1#1", "confirmed_again", op=number)
    assert verdict_of(story.done().history(), "confirms_resolved").validity is Validity.VALID
    story.events.pop()
    story.process("p1#1", "confirmed_again", op=op)
    assert verdict_of(story.done().history(), "confirms_resolved").count == 1


@pytest.mark.parametrize("outcome", ["ok", "fail", "info"])
def test_message_that_came_back_must_not_be_handed_out_whatever_its_confirm(outcome):
    story = QueueStory()
    op = story.publish(MESSAGE, target="an exchange")
    getattr(story, outcome)(op, returned_unroutable=True)
    for process in ("c2#1", "c1#1"):
        story.fetched(process, tagged(MESSAGE, 1))
    verdict = verdict_of(story.done(scanned=False).history(), "routed_confirms")
    assert [anomaly.facts["handed_by"] for anomaly in verdict.anomalies] == ["c2#1"]


def test_second_answers_are_told_in_the_order_of_time_and_alone_before_the_end():
    story = QueueStory()
    ops = [story.published(f"p1#1-{number}") for number in range(3)]
    story.publish("p1#1-9", target="q")
    for op in (2, 0):
        story.process("p1#1", "confirmed_again", op=ops[op])
    story.events[-2:] = reversed(story.events[-2:])
    verdict = verdict_of(story.done(drained=False).history(), "confirms_resolved")
    assert [anomaly.witnesses for anomaly in verdict.anomalies] == [(ops[2],), (ops[0],)]


def test_first_queue_that_hands_out_what_came_back_is_named():
    story = QueueStory(sources={"q": queue(), "r": queue()})
    story.ok(story.publish(MESSAGE, target="an exchange"), returned_unroutable=True)
    for name in "qr":
        story.fetched("c1#1", tagged(MESSAGE, 1, source=name), target=name)
    (anomaly,) = verdict_of(story.done().history(), "routed_confirms").anomalies
    assert anomaly.source == "q"
