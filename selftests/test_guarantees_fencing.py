"""Fenced instances against a slow definition, and at the boundaries of the checker."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import Validity
from selftests.story import at
from selftests.transaction_stories import Told, found, verdict_of

NAME = "fencing"
SMALL = settings(max_examples=200, deadline=None, database=None)
MS = 1_000_000
OUTCOMES = ["ok", "ok", "ok", "fail", "info", "open"]
CALLS = st.lists(
    st.tuples(
        st.sampled_from(["init", "init", "commit"]),
        st.sampled_from(["p1#1", "p1#2"]),
        st.sampled_from(OUTCOMES),
        st.integers(0, 6),
        st.integers(0, 2),
    ),
    max_size=5,
)


def told(calls):
    """Take-overs, and transactions of one message each, at the given moments."""
    story = Told()
    for process in ("p1#1", "p1#2"):
        story.call(process, "open", transactional_id="tx")
    commits = []
    for number, (what, process, outcome, start, length) in enumerate(calls):
        named = {} if what == "init" else {"transaction": f"x{number}"}
        if what == "commit":
            story.published(f"{process}-{number}", number, **named)
        story.ms = 100 + start * 2 - 1
        action = "init_transactions" if what == "init" else "commit_transaction"
        op = story.invoke(process, action, **named)
        story.ms = 100 + (start + length) * 2
        if outcome != "open":
            getattr(story, outcome)(op)
        commits.append((what, process, outcome, story.ms))
    return story.done().history()


@SMALL
@given(calls=CALLS)
def test_commit_that_ended_ok_is_wrong_exactly_after_a_take_over_of_somebody_later(calls):
    history = told(calls)
    inits = [
        (each.process, each.invoked_ns, each.completed_ns if each.outcome == "ok" else None)
        for each in history.operations
        if each.action == "init_transactions" and each.outcome != "fail"
    ]
    wrong = {
        commit.transaction
        for commit in history.operations
        if commit.action == "commit_transaction" and commit.outcome == "ok"
        for newer, asked, ended in inits
        if newer != commit.process and ended is not None and ended < commit.invoked_ns
        if any(process == commit.process for process, _, _ in inits)
        if all(
            own is not None and own < asked
            for process, _, own in inits
            if process == commit.process
        )
    }
    anomalies = verdict_of(history, NAME).anomalies
    assert {anomaly.facts["transaction"] for anomaly in anomalies} == wrong
    assert len(anomalies) == len(wrong)


def zombie(*, message="ok"):
    """p1#1 has an open transaction, and p1#2 has taken over."""
    story = Told()
    story.call("p1#1", "init_transactions", transactional_id="tx")
    story.begin("p1#1", "x1")
    sent = story.publish("p1#1-1", transaction="x1")
    getattr(story, message)(sent)
    story.call("p1#2", "init_transactions", transactional_id="tx")
    return story


@pytest.mark.parametrize(("message", "wrong"), [("ok", True), ("info", False), ("fail", False)])
def test_commit_without_anything_that_surely_was_sent_has_no_effect(message, wrong):
    story = zombie(message=message)
    story.end("p1#1", "x1")
    assert found(story.done().history(), NAME) == ["fenced_effect"] * wrong


@pytest.mark.parametrize(("outcome", "wrong"), [("ok", True), ("info", False)])
def test_commit_of_positions_alone_has_an_effect_if_they_were_taken(outcome, wrong):
    story = Told()
    story.call("p1#1", "init_transactions", transactional_id="tx")
    story.begin("p1#1", "x1")
    story.covered("p1#1", "x1", 3, outcome)
    story.call("p1#2", "init_transactions", transactional_id="tx")
    story.end("p1#1", "x1")
    assert found(story.done().history(), NAME) == ["fenced_effect"] * wrong


def test_message_read_before_the_commit_was_asked_for_is_no_effect_of_it():
    story = zombie()
    story.read("c1#1", at("p1#1-1", 0))
    story.end("p1#1", "x1", outcome="info")
    assert found(story.done().history(), NAME) == []


def test_message_read_as_the_commit_was_asked_for_may_be_its_effect():
    story = zombie()
    story.read("c1#1", at("p1#1-1", 0))
    story.ms -= 1
    story.end("p1#1", "x1", outcome="info")
    assert found(story.done().history(), NAME) == ["fenced_effect"]


def test_message_of_a_refused_commit_is_an_aborted_read_and_no_fenced_effect():
    story = zombie()
    story.end("p1#1", "x1", outcome="fail")
    story.read("c1#1", at("p1#1-1", 0))
    history = story.done().history()
    assert found(history, NAME) == []
    assert found(history, "read_committed") == ["aborted_read"]


def test_reader_of_uncommitted_messages_shows_no_effect():
    story = zombie()
    story.end("p1#1", "x1", outcome="info")
    story.read("c1#1", at("p1#1-1", 0), level="read_uncommitted")
    assert found(story.done().history(), NAME) == []


def test_commit_asked_for_again_after_the_take_over_may_be_the_first_one():
    story = Told()
    story.call("p1#1", "init_transactions", transactional_id="tx")
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.end("p1#1", "x1", outcome="info")
    story.call("p1#2", "init_transactions", transactional_id="tx")
    story.end("p1#1", "x1")
    assert found(story.done().history(), NAME) == []


def test_commit_asked_for_in_the_moment_that_the_take_over_ended_proves_nothing():
    story = zombie()
    story.ms -= 1
    story.end("p1#1", "x1")
    assert found(story.done().history(), NAME) == []


def test_instance_that_never_took_over_is_not_older():
    story = Told()
    story.call("p1#1", "open", transactional_id="tx")
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.call("p1#2", "init_transactions", transactional_id="tx")
    story.end("p1#1", "x1")
    assert found(story.done().history(), NAME) == []


def test_instances_without_a_name_fence_nobody():
    story = Told()
    story.call("p1#1", "init_transactions")
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.call("p1#2", "init_transactions")
    story.end("p1#1", "x1")
    verdict = verdict_of(story.done().history(), NAME)
    assert verdict.reason == "nothing to examine: no transactional id was taken over"


def test_take_over_that_failed_is_none():
    story = zombie()
    story.call("p1#1", "init_transactions", "fail", transactional_id="tx")
    story.end("p1#1", "x1")
    assert found(story.done().history(), NAME) == ["fenced_effect"]


def test_first_of_two_take_overs_is_the_fence():
    story = zombie()
    story.call("p1#3", "init_transactions", transactional_id="tx")
    story.end("p1#1", "x1")
    (anomaly,) = verdict_of(story.done().history(), NAME).anomalies
    assert anomaly.facts["newer"] == "p1#2"


def test_every_refused_and_every_convicted_transaction_is_examined():
    story = zombie()
    story.end("p1#1", "x1")
    for name in ("x2", "x3"):
        story.begin("p1#1", name)
        story.end("p1#1", name, outcome="fail")
    verdict = verdict_of(story.done().history(), NAME)
    assert (verdict.validity, verdict.count, verdict.examined) == (Validity.INVALID, 1, 3)


def asked(outcome="info", *, message="ok", scanned=(), before=False):
    """The fenced instance asks, and a fresh reader finds these, after it or before."""
    story = zombie(message=message)
    if before:
        story.scanned(*scanned)
    story.end("p1#1", "x1", outcome=outcome)
    if not before:
        story.scanned(*scanned)
    return story


@pytest.mark.parametrize("outcome", ["info", "open"])
def test_commit_whose_message_no_fresh_reader_finds_was_asked_for_in_vain(outcome):
    verdict = verdict_of(asked(outcome).done().history(), NAME)
    assert (verdict.validity, verdict.examined) == (Validity.VALID, 1)


@pytest.mark.parametrize(
    "history",
    [
        asked(before=True).done().history(),
        asked(message="info").done().history(),
        asked(scanned=["p1#1-1"]).done().history(),
        asked().done(scanned=False).history(),
        zombie().done().history(),
    ],
    ids=["read-before", "nothing-sent", "found", "not-to-the-end", "not-asked"],
)
def test_commit_that_may_have_had_an_effect_is_no_proof_of_its_absence(history):
    verdict = verdict_of(history, NAME)
    assert verdict.reason == "nothing to examine: no fenced instance surely asked in vain"


def test_commit_with_a_part_that_was_read_had_an_effect_whatever_is_missing():
    story = zombie()
    story.published("p1#1-2", 1, transaction="x1")
    story.end("p1#1", "x1", outcome="info")
    story.read("c1#1", at("p1#1-2", 1))
    story.scanned(at("p1#1-2", 1))
    verdict = verdict_of(story.done().history(), NAME)
    assert (verdict.validity, verdict.count, verdict.examined) == (Validity.INVALID, 1, 1)


def test_fresh_reader_that_began_as_the_commit_was_asked_for_began_late_enough():
    story = zombie()
    story.end("p1#1", "x1", outcome="open")
    story.ms -= 1
    story.scanned()
    verdict = verdict_of(story.done().history(), NAME)
    assert (verdict.validity, verdict.examined) == (Validity.VALID, 1)
