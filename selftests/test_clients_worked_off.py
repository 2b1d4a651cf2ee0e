"""What a member commits when it has to give partitions up."""

from deliverycheck.clients.kafka.worked_off import WorkedOff
from deliverycheck.history import Position
from deliverycheck.plans import OnRevoke
from selftests.story import at

HERE, THERE = ("t", 0), ("t", 1)


def next_of(position, partition=0):
    return Position(source="t", partition=partition, position=position)


def test_position_behind_the_last_effect_is_due_of_the_partitions_that_go():
    worked_off = WorkedOff(OnRevoke.COMMIT)
    worked_off.add([at("m-1", 3), at("m-2", 4)])
    worked_off.add([at("m-3", 7, partition=1)])
    assert worked_off.due({HERE}) == (next_of(5),)
    assert worked_off.due({THERE, HERE}) == (next_of(5), next_of(8, 1))


def test_partition_that_went_is_due_no_more():
    worked_off = WorkedOff(OnRevoke.COMMIT)
    worked_off.add([at("m-1", 3)])
    worked_off.forget({HERE, THERE})
    assert worked_off.due({HERE}) == ()


def test_nothing_is_due_of_who_does_not_commit_then():
    worked_off = WorkedOff(OnRevoke.NOTHING)
    worked_off.add([at("m-1", 3)])
    assert worked_off.due({HERE}) == ()


def test_effect_without_a_position_leaves_it_as_it_was():
    worked_off = WorkedOff(OnRevoke.COMMIT)
    worked_off.add([at("m-1", 3), at("m-2", None)])
    assert worked_off.due({HERE}) == (next_of(4),)
