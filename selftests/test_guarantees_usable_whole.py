"""Targets that work again in time: each verdict as a whole, and the last moment of each rule."""

import pytest

from deliverycheck.guarantees import Anomaly, Validity
from deliverycheck.history import Source
from selftests.timed_story import MS, done, healed, send
from selftests.verdicts import both_ways, convicted, unknown, valid

USABLE = "usable_in_time"


def usable(story):
    return both_ways(story, USABLE)


def unusable(*witnesses, source="t", partition=None, **facts):
    target = source if partition is None else f"{source}/{partition}"
    given = {"kind": "never", "target": target, "since_ns": 15 * MS, "due_ns": 26 * MS}
    return Anomaly(
        name="unusable",
        witnesses=witnesses,
        source=source,
        partition=partition,
        facts=given | facts,
    )


def in_use(*targets, at=15, **header):
    story = healed(at, **header)
    for number, target in enumerate(targets or ["t"], start=1):
        send(story, number, 1, 2, target=target)
    return story


def test_unusable_targets_are_told_by_name_with_their_proofs_in_the_order_of_operations():
    story = in_use("u", "t", "v")
    send(story, 5, 16, None)
    send(story, 4, 17, 40, how="fail")
    send(story, 3, 16, 30, target="u")
    send(story, 6, 16, 17, target="v")
    assert usable(done(story, 60)) == convicted(
        USABLE,
        3,
        unusable(3, 4, tried=2),
        unusable(5, source="u", tried=1, kind="late", success_ns=30 * MS),
    )


def test_partitions_come_behind_the_target_whose_partition_nobody_chose():
    story = healed()
    for number, partition in enumerate([1, 0, None], start=1):
        send(story, number, 1, 2, partition=partition)
        send(story, number, 16, None, partition=partition)
    found = usable(done(story, 60)).anomalies
    assert [one.facts["target"] for one in found] == ["t", "t/0", "t/1"]


@pytest.mark.parametrize(("end", "worked"), [(14, True), (15, True), (16, False)])
def test_target_worked_before_the_heal_by_what_succeeded_until_then(end, worked):
    story = healed()
    send(story, 1, 3, end)
    send(story, 2, 16, 40)
    assert (usable(done(story, 60)).count == 1) == worked


@pytest.mark.parametrize(("start", "count"), [(14, 0), (15, 1)])
def test_target_was_tried_by_what_began_in_the_quiet(start, count):
    story = in_use()
    send(story, 3, start, 40, how="fail")
    assert usable(done(story, 60)).count == count


@pytest.mark.parametrize(("end", "validity"), [(25, Validity.VALID), (26, Validity.INVALID)])
def test_target_works_again_at_the_last_moment(end, validity):
    story = in_use()
    send(story, 3, 15, end)
    assert usable(done(story, 60)).validity is validity


@pytest.mark.parametrize(("end", "count"), [(26, 0), (27, 1)])
def test_refusal_proves_something_once_the_time_is_over(end, count):
    story = in_use()
    send(story, 3, 16, end, how="fail")
    assert usable(done(story, 60)).count == count


@pytest.mark.parametrize(("end", "count"), [(30, 0), (31, 1)])
def test_late_success_proves_something_if_it_took_longer_than_promised_itself(end, count):
    """The first to try was refused at once, so the time was over before this one's own."""
    story = in_use()
    send(story, 3, 16, 17, how="fail")
    send(story, 4, 20, end)
    assert usable(done(story, 60)).count == count


@pytest.mark.parametrize(("end", "count"), [(26, 0), (27, 1)])
def test_open_send_proves_something_if_the_history_outlasts_its_time(end, count):
    story = in_use()
    send(story, 3, 16, None)
    assert usable(done(story, end)).count == count


def test_success_that_was_confirmed_as_well_is_a_success_at_its_time():
    story = in_use()
    story.ms = 15
    op = story.publish("p3#1-1")
    story.ms = 29
    story.ok(op, confirmed=True)
    assert [one.facts["kind"] for one in usable(done(story, 60)).anomalies] == ["late"]


def test_first_of_several_late_successes_is_told():
    story = in_use()
    send(story, 3, 16, 40)
    send(story, 4, 17, 35)
    (anomaly,) = usable(done(story, 60)).anomalies
    assert anomaly.facts["success_ns"] == 35 * MS


def test_target_without_a_name_is_a_target():
    story = in_use("")
    send(story, 3, 16, None, target="")
    (anomaly,) = usable(done(story, 60)).anomalies
    assert (anomaly.source, anomaly.facts["target"]) == ("", "an unnamed source")


def test_first_target_that_was_tried_too_little_is_named_beside_those_that_work():
    story = in_use("v", "u", "t")
    send(story, 4, 16, 17, how="fail", target="v")
    send(story, 5, 16, 17, how="fail", target="u")
    send(story, 6, 16, 17)
    reason = "too little was sent to u after the last heal to tell"
    assert usable(done(story, 60)) == unknown(USABLE, reason, examined=1)


def test_target_that_was_used_only_before_or_only_after_the_heal_is_not_examined():
    story = in_use()
    send(story, 3, 16, None, target="u")
    assert usable(done(story, 60)) == unknown(
        USABLE, "nothing to examine: nothing that worked before the last heal was used after it"
    )


def test_only_the_queue_that_refuses_is_passed_over():
    story = in_use("t", "u", sources={"u": Source(kind="queue", overflow="reject_publish")})
    send(story, 3, 16, 17)
    send(story, 4, 27, 38, how="fail", target="u")
    assert usable(done(story, 60)) == valid(USABLE, 1)
