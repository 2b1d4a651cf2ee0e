"""Targets that work again in time: a slow definition, and the boundary of each condition."""

import pytest
from hypothesis import given

from deliverycheck.guarantees import Validity
from deliverycheck.history import Source
from selftests.timed_story import (
    CALLS,
    SMALL,
    WITHIN,
    at_ms,
    broken,
    call,
    done,
    send,
    story_of,
    told,
    verdict_of,
)


@SMALL
@given(calls=CALLS)
def test_targets_are_unusable_exactly_when_nothing_succeeds_in_time_and_something_shows_it(calls):
    unusable = []
    for target in ("t", "u"):
        mine = [(s, None if n is None else s + n, how) for s, n, how, to in calls if to == target]
        worked = any(end is not None and how == "ok" and end <= 15 for _, end, how in mine)
        after = [
            (start, end, how)
            for start, end, how in mine
            if not (how == "ok" and end is not None and end <= 15)
            and (start >= 15 or (how == "ok" and end is not None))
        ]
        due = max(15, min((start for start, _, _ in after), default=0)) + WITHIN
        works = any(how == "ok" and end is not None and end <= due for _, end, how in after)
        shown = any(
            max(15, start) + WITHIN < (50 if end is None else end)
            or (end is not None and how != "ok" and end > due)
            for start, end, how in after
        )
        if worked and after and not works and shown:
            unusable.append(target)
    verdict = verdict_of(told(calls), "usable_in_time")
    assert [anomaly.source for anomaly in verdict.anomalies] == unusable


# What a target is.


@pytest.mark.parametrize("action", ["publish", "request", "reply"])
def test_whatever_is_sent_shows_what_a_target_can_do(action):
    story = story_of()
    call(story, "p1#1", action, 1, 2, target="t", message="m-1")
    broken(story, 5, 15)
    call(story, "p1#1", action, 16, None, target="t", message="m-2")
    assert verdict_of(done(story, 60), "usable_in_time").count == 1


def test_what_is_received_shows_nothing():
    story = story_of()
    send(story, 1, 1, 2)
    broken(story, 5, 15)
    call(story, "c1#1", "receive", 16, 17, target="t")
    send(story, 2, 16, None)
    call(story, "c1#1", "receive", 1, 2, target="u")
    send(story, 3, 16, None, target="u")
    verdict = verdict_of(done(story, 60), "usable_in_time")
    assert [anomaly.source for anomaly in verdict.anomalies] == ["t"]


def test_send_without_a_target_is_not_examined():
    story = story_of()
    call(story, "p1#1", "request", 1, 2)
    broken(story, 5, 15)
    call(story, "p1#1", "request", 16, None)
    assert verdict_of(done(story, 60), "usable_in_time").examined == 0


def test_partition_that_was_chosen_is_a_target_of_its_own():
    story = story_of()
    send(story, 1, 1, 2, partition=0)
    send(story, 2, 1, 2)
    broken(story, 5, 15)
    send(story, 3, 16, None, partition=0)
    send(story, 4, 16, 17)
    send(story, 5, 16, None, partition=1)
    verdict = verdict_of(done(story, 60), "usable_in_time")
    assert [(one.source, one.partition, one.facts["target"]) for one in verdict.anomalies] == [
        ("t", 0, "t/0")
    ]
    assert verdict.examined == 2


@pytest.mark.parametrize(("overflow", "count"), [("reject_publish", 0), ("drop_head", 1)])
def test_queue_that_refuses_what_it_has_no_room_for_is_not_examined(overflow, count):
    queue = Source(kind="queue", length_max=1, overflow=overflow)
    story = story_of(sources={"t": queue})
    send(story, 1, 1, 2)
    broken(story, 5, 15)
    send(story, 2, 27, 38, how="fail")
    assert verdict_of(done(story, 60), "usable_in_time").count == count


def test_one_unusable_target_convicts_beside_one_that_was_tried_too_little():
    story = story_of()
    send(story, 1, 1, 2)
    send(story, 2, 1, 2, target="u")
    broken(story, 5, 15)
    send(story, 3, 16, 17, how="fail")
    send(story, 4, 16, None, target="u")
    verdict = verdict_of(done(story, 60), "usable_in_time")
    assert (verdict.validity, verdict.examined) == (Validity.INVALID, 1)


def test_target_that_works_and_one_that_was_tried_too_little_are_unknown_with_its_name():
    story = story_of()
    send(story, 1, 1, 2)
    send(story, 2, 1, 2, target="u", partition=3)
    broken(story, 5, 15)
    send(story, 3, 16, 17)
    send(story, 4, 16, 17, how="fail", target="u", partition=3)
    verdict = verdict_of(done(story, 60), "usable_in_time")
    assert verdict.reason == "too little was sent to u/3 after the last heal to tell"
    assert verdict.examined == 1


def test_hollow_confirm_that_never_came_in_time_is_no_proof_either():
    story = story_of()
    send(story, 1, 1, 2)
    broken(story, 5, 15)
    call(story, "p2#1", "publish", 16, None, target="t", message="p2#1-1")
    op = story.publish("p3#1-1")
    story.info(op, confirmed=True)
    assert verdict_of(done(story, 60), "usable_in_time").validity is Validity.UNKNOWN


def test_five_proofs_are_shown_at_most():
    story = story_of()
    send(story, 1, 1, 2)
    broken(story, 5, 15)
    for number in range(2, 9):
        send(story, number, 16, None)
    (anomaly,) = verdict_of(done(story, 60), "usable_in_time").anomalies
    assert anomaly.witnesses == (1, 2, 3, 4, 5)
    assert anomaly.facts["tried"] == 7


def test_proof_is_not_what_a_closed_process_left_open():
    story = story_of()
    send(story, 1, 1, 2)
    broken(story, 5, 15)
    send(story, 2, 16, None)
    at_ms(story, 20, lambda: story.process("p2#1", "closed"))
    assert verdict_of(done(story, 60), "usable_in_time").validity is Validity.UNKNOWN
