"""A transaction is aborted that held something."""

import pytest

from deliverycheck.guarantees import HAZARDS, Evidence
from selftests.shown import evidence, occurred
from selftests.story import Story


def aborted(*, confirmed=("p1#1-1",), sent=(), how="ok", transaction="x"):
    """Messages with and without a confirm, then the abort of their transaction."""
    story = Story()
    story.ok(story.invoke("p1#1", "begin_transaction", transaction="x"))
    for position, message in enumerate(confirmed):
        story.published(message, position, transaction="x")
    for message in sent:
        story.publish(message, transaction="x")
    getattr(story, how)(story.invoke("p1#1", "abort_transaction", transaction=transaction))
    return story


def test_abort_of_confirmed_messages_is_told_with_their_number():
    story = aborted(confirmed=("p1#1-1", "p1#1-2"), sent=("p1#1-3",))
    assert occurred(story) == {"none", "transaction_aborted"}
    assert evidence(story, "transaction_aborted") == [
        "p1#1 aborted a transaction at 0.008 s of which 2 messages had been confirmed."
    ]
    (found,) = HAZARDS["transaction_aborted"].find(story.history())
    assert found == Evidence(
        kind="aborted",
        ns=8_000_000,
        facts={"process": "p1#1", "aborted_ns": 8_000_000, "messages": 2},
        witnesses=(1, 2, 4),
    )


@pytest.mark.parametrize(
    "story",
    [
        aborted(confirmed=(), sent=("p1#1-1",)),
        aborted(how="info"),
        aborted(how="fail"),
        aborted(transaction="y"),
    ],
    ids=["nothing-confirmed", "outcome-unknown", "refused", "another-transaction"],
)
def test_abort_that_surely_undid_nothing_known_is_no_hazard(story):
    assert "transaction_aborted" not in occurred(story)


def test_message_outside_of_transactions_is_not_aborted():
    story = Story()
    story.published("p1#1-1", 0)
    story.ok(story.invoke("p1#1", "abort_transaction"))
    assert "transaction_aborted" not in occurred(story)


def test_each_abort_is_told_in_the_order_of_the_calls():
    story = aborted()
    story.published("p1#1-2", 1, transaction="y")
    story.ok(story.invoke("p1#1", "abort_transaction", transaction="y"))
    found = HAZARDS["transaction_aborted"].find(story.history())
    assert [one.witnesses for one in found] == [(1, 2), (3, 4)]


def fenced(*, first="p1#1-1", late=True):
    """p1#1 has begun a transaction; p2#1 takes the id over, before the commit or after it."""
    story = Story()
    names = {"transactional_id": "tx"}
    story.ok(story.invoke("p1#1", "init_transactions", **names))
    story.ok(story.invoke("p1#1", "begin_transaction", transaction="x", **names))
    if first:
        story.published(first, 0, transaction="x")
    if late:
        story.ok(story.invoke("p2#1", "init_transactions", **names))
    story.info(story.invoke("p1#1", "commit_transaction", transaction="x", **names))
    if not late:
        story.ok(story.invoke("p2#1", "init_transactions", **names))
    return story


def test_commit_asked_for_by_a_fenced_instance_is_told_with_who_took_over():
    story = fenced()
    assert occurred(story) == {"none", "instance_fenced"}
    assert evidence(story, "instance_fenced") == [
        (
            "p1#1 asked to commit x at 0.009 s, when p2#1 had taken its transactional id over at "
            "0.008 s."
        )
    ]
    (found,) = HAZARDS["instance_fenced"].find(story.history())
    assert found == Evidence(
        kind="fenced",
        ns=9_000_000,
        facts={
            "process": "p1#1",
            "transaction": "x",
            "asked_ns": 9_000_000,
            "newer": "p2#1",
            "fenced_ns": 8_000_000,
        },
        witnesses=(3, 4),
    )


@pytest.mark.parametrize(
    "story", [fenced(late=False), fenced(first=None)], ids=["asked-before", "nothing-sent"]
)
def test_commit_that_was_asked_for_in_time_or_of_nothing_is_no_hazard(story):
    assert "instance_fenced" not in occurred(story)


def ended(*, open_ms=10, took_ms=1, told=True, action="commit_transaction", confirmed=True):
    """A transaction whose end is asked for so late, and answered so much later."""
    story = Story()
    if told:
        limits = {"timeout_ms": 1000, "request_ms": 500}
        story.process("p1#1", "transactional", evidence=limits)
    story.ok(story.invoke("p1#1", "begin_transaction", transaction="x"))
    publish = story.publish("p1#1-1", transaction="x")
    if confirmed:
        story.ok(publish, partition=0, position=0)
    story.ms += open_ms - 1
    op = story.invoke("p1#1", action, transaction="x")
    story.ms += took_ms - 1
    story.info(op, error="_FENCED")
    return story


def test_commit_of_what_was_open_for_its_timeout_is_told():
    (said,) = evidence(ended(open_ms=1000), "transaction_timed_out")
    assert said.startswith("p1#1 asked to commit x at ")
    assert said.endswith("longer than its timeout of 1000 ms.")


@pytest.mark.parametrize(
    "story",
    [
        ended(open_ms=999),
        ended(open_ms=5000, told=False),
        ended(open_ms=5000, confirmed=False),
        ended(open_ms=5000, action="abort_transaction"),
    ],
    ids=["in-time", "no-timeout-is-told", "nobody-knows-that-it-was-open", "aborted"],
)
def test_transaction_that_was_not_surely_open_for_its_timeout_is_none(story):
    assert "transaction_timed_out" not in occurred(story)


@pytest.mark.parametrize("action", ["commit_transaction", "abort_transaction"])
def test_end_that_had_no_answer_in_time_is_told(action):
    (said,) = evidence(ended(took_ms=500, action=action), "end_late")
    assert said.endswith("had no answer for 500 ms, when the request is sent again.")


@pytest.mark.parametrize(
    "story",
    [ended(took_ms=499), ended(took_ms=5000, told=False)],
    ids=["in-time", "no-timeout-is-told"],
)
def test_end_that_was_not_surely_sent_again_is_none(story):
    assert "end_late" not in occurred(story)
