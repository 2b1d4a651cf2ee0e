"""Which smaller step lists are made of one, and in which order."""

import pytest

from deliverycheck.plans import (
    AddPartitions,
    Call,
    Chooser,
    CommitTransaction,
    CreateTopic,
    DeleteRecords,
    Direction,
    FaultKind,
    Flush,
    Hold,
    Inject,
    Kill,
    Plan,
    Publish,
    Request,
    Subject,
    Wait,
    Work,
)
from deliverycheck.search.reductions import (
    crashed,
    gathered,
    in_one_place,
    joined,
    kinds_of,
    size,
    turned,
    waiting,
    with_smaller_arguments,
    without_kind,
    without_pairs,
)

HOLD = Hold(ms=60)


def test_partitions_are_added_one_by_one_where_that_is_enough():
    steps = (Publish(), AddPartitions(count=3))
    assert list(with_smaller_arguments(steps, 1)) == [(Publish(), AddPartitions())]
    steps = (Publish(), DeleteRecords(keep=2))
    assert list(with_smaller_arguments(steps, 1)) == [(Publish(), DeleteRecords())]


def test_publishes_to_different_places_are_gathered_in_either_when_either_was():
    here, there = Publish(partition=2, count=2), Publish(key="k2", wait=Wait.CONFIRMED)
    both = Publish(partition=2, count=3), Publish(key="k2", count=3, wait=Wait.CONFIRMED)
    assert list(gathered((here, HOLD, there))) == [
        (HOLD, both[0]),
        (both[0], HOLD),
        (HOLD, both[1]),
        (both[1], HOLD),
    ]
    assert list(gathered((here, there))) == [(both[0],), (both[1],)]


def test_publishes_to_one_place_or_to_two_topics_are_not_gathered():
    assert list(gathered((Publish(), Publish(count=2)))) == []
    assert list(gathered((Publish(), CreateTopic(topic="t2"), Publish(topic="t2")))) == []


def test_publishes_to_one_place_are_joined_before_or_behind_what_is_between():
    first, second = Publish(), Publish(count=2, wait=Wait.CONFIRMED)
    both = Publish(count=3, wait=Wait.CONFIRMED)
    assert list(joined((first, HOLD, second))) == [(HOLD, both), (both, HOLD)]
    assert list(joined((first, second))) == [(both,)]


def test_work_of_two_members_is_joined_to_that_of_either():
    assert list(joined((Work(calls=2), Work(lane="c2", calls=3)))) == [
        (Work(calls=5),),
        (Work(lane="c2", calls=5),),
    ]


def test_pairs_that_follow_each_other_are_left_to_the_stretches():
    steps = (Publish(), HOLD, Flush())
    assert list(without_pairs(steps)) == [(HOLD,)]


def test_publish_waits_in_place_of_what_comes_behind_it():
    assert list(waiting((Publish(), HOLD, Flush()))) == [(Publish(wait=Wait.CONFIRMED), Flush())]
    assert list(waiting((Publish(wait=Wait.CONFIRMED), HOLD))) == []


def test_kinds_are_left_out_the_most_frequent_first():
    steps = (HOLD, Publish(), Publish(count=2))
    assert kinds_of(steps) == ["publish", "hold"]
    assert without_kind(steps, "publish") == (HOLD,)


def test_all_publishes_go_to_the_plans_own_topic_and_to_one_partition():
    steps = (CreateTopic(topic="t2"), Publish(topic="t2", partition=1))
    assert list(in_one_place(steps)) == [
        (Publish(),),
        (Publish(partition=1),),
        (steps[0], Publish(topic="t2")),
    ]


def test_step_does_less():
    assert list(with_smaller_arguments((Publish(count=12, key="k1"),), 0)) == [
        (Publish(count=1, key="k1"),),
        (Publish(count=2, key="k1"),),
        (Publish(count=6, key="k1"),),
        (Publish(count=12),),
    ]
    rich = Publish(headers=(("h", "v"),), bytes=5000, timestamp_shift_ms=1)
    assert list(with_smaller_arguments((rich,), 0)) == [
        (Publish(),),
        (Publish(bytes=5000, timestamp_shift_ms=1),),
        (Publish(headers=(("h", "v"),), timestamp_shift_ms=1),),
        (Publish(headers=(("h", "v"),), bytes=5000),),
        (Publish(headers=(("h", "v"),), bytes=1000, timestamp_shift_ms=1),),
    ]
    assert list(with_smaller_arguments((Hold(ms=1100), Publish()), 0)) == [
        (Hold(ms=60), Publish()),
        (Hold(ms=300), Publish()),
    ]


@pytest.mark.parametrize(
    "adorned",
    [
        Publish(tombstone=True),
        Publish(chosen_by=Chooser.APPLICATION),
        Publish(call=Call.BATCH),
        Publish(timestamp_shift_ms=-1),
    ],
    ids=["tombstone", "chooser", "call", "timestamp"],
)
def test_message_that_is_plain_is_smaller_so_that_it_joins_others(adorned):
    assert list(with_smaller_arguments((adorned,), 0)) == [(Publish(),)]
    plain, plan = (
        Plan(system="kafka", subject=Subject(), steps=(step,)) for step in (Publish(), adorned)
    )
    assert size(plain) < size(plan)


def test_crash_of_who_worked_takes_the_place_of_all_that_comes_behind():
    steps = (Publish(), Work(), HOLD, Work(lane="c2"), Flush())
    assert list(crashed(steps)) == [(Publish(), Work(), Kill(lane="c1"))]
    assert list(crashed(steps[:3])) == []
    several = (Publish(), Work(calls=8), *steps[2:])
    assert [tried[1].calls for tried in crashed(several)] == [8, 7, 6]
    assert list(crashed((Publish(), HOLD, Flush()))) == []


def test_fault_in_the_other_direction_may_need_one_step_less():
    up, down = (
        Inject(lane="link p1", fault=FaultKind.BLACK_HOLE, direction=direction)
        for direction in (Direction.UPSTREAM, Direction.DOWNSTREAM)
    )
    steps = (down, Publish(), HOLD)
    assert list(turned(steps)) == [(up, HOLD), (up, Publish())]
    undirected = Inject(lane="link p1", fault=FaultKind.LOSE_REPLY)
    assert list(turned((undirected, Publish(), HOLD))) == []


def test_who_asks_asks_less_and_requests_to_one_queue_are_joined():
    assert list(with_smaller_arguments((Request(count=3),), 0)) == [
        (Request(count=1),),
        (Request(count=2),),
    ]
    assert list(joined((Request(), Request(count=2)))) == [(Request(count=3),)]
    assert list(joined((Request(), Request(lane="p2")))) == []


def test_commit_that_is_awaited_does_less_than_one_that_is_under_way():
    under_way = CommitTransaction(wait=Wait.SENT)
    assert list(with_smaller_arguments((under_way,), 0)) == [(CommitTransaction(),)]
    assert list(with_smaller_arguments((CommitTransaction(),), 0)) == []
