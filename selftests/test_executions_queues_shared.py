"""The driver on clients that are channels of one connection."""

import pytest

from deliverycheck.guarantees import hazards_of
from deliverycheck.history import Action
from deliverycheck.plans import (
    BreakChannel,
    Close,
    CloseChannel,
    Connection,
    FaultKind,
    Heal,
    Inject,
    Kill,
    Pause,
    Resume,
    Send,
    Settle,
    Take,
    Work,
)
from selftests.memory_channels import MemoryConnectionTarget
from selftests.queue_driver import broken, runner, subject, valid

SHARED = subject(connection=Connection.SHARED)


@pytest.fixture
def run(tmp_path):
    return runner(tmp_path, MemoryConnectionTarget)


def told(history, what):
    return [one.process for one in history.processes if one.what == what]


def test_all_clients_are_channels_of_one_worker_and_one_link(run):
    history, target = run(SHARED, Send(count=2), Send(lane="p2"), Work(calls=3), Work(lane="c2"))
    assert len(target.leased) == 1
    started = [one for one in history.processes if one.what == "started"]
    assert [one.process for one in started] == ["p1#1", "p2#1", "c1#1", "c2#1"]
    assert {one.link for one in started} == {"link p1"}
    assert len({one.evidence["channel"] for one in started}) == 4
    assert len(history.receipts) == 3
    assert history.done.drained
    assert not broken(history)


def test_channel_that_is_closed_gives_back_its_own_and_leaves_the_others_theirs(run):
    steps = (Send(count=2), Take(), Take(lane="c2"), CloseChannel(lane="c1"), Settle(lane="c2"))
    history, target = run(SHARED, *steps)
    assert [one.delivery.redelivered for one in history.receipts] == [False, False, True]
    assert len(target.leased) == 1
    assert [one.process for one in history.select(Action.SUBSCRIBE)] == ["c1#1", "c2#1", "c1#2"]
    assert {"settlement", "disjoint_consumers", "prefetch_bound"} <= valid(history)


def test_channel_that_the_broker_closes_costs_nobody_else_anything(run):
    steps = (Send(count=2), Take(), Take(lane="c2"), BreakChannel(lane="c1"), Settle(lane="c2"))
    history, target = run(SHARED, *steps, Take())
    assert told(history, "error") == ["c1#1"]
    assert [one.delivery.redelivered for one in history.receipts] == [False, False, True]
    assert [one.process for one in history.select(Action.SUBSCRIBE)] == ["c1#1", "c2#1", "c1#2"]
    assert len(target.leased) == 1
    assert "channel_broken_beside" in hazards_of(history)
    assert {"settlement", "disjoint_consumers", "prefetch_bound"} <= valid(history)


def test_channel_whose_close_takes_others_along_is_caught(run):
    steps = (Send(count=2), Take(), Take(lane="c2"), CloseChannel(lane="c1"), Work(calls=3))
    history, _ = run(SHARED, *steps, Take(), defect="takes_all")
    assert "disjoint_consumers" in broken(history)


@pytest.mark.parametrize("lane", ["p1", "c1"])
def test_kill_of_the_process_kills_every_client_in_it(lane, run):
    history, target = run(SHARED, Send(count=2), Take(), Kill(lane=lane), Work(calls=3))
    assert sorted(told(history, "killed")) == ["c1#1", "p1#1"]
    assert [one.delivery.redelivered for one in history.receipts] == [False, True, False]
    assert len(target.leased) == 2
    assert not broken(history) & {"settlement", "at_least_once_in_effect", "fifo_per_publisher"}


def test_close_of_the_connection_closes_every_client_of_it(run):
    history, _ = run(SHARED, Send(count=2), Take(), Close(lane="p1"), Work(calls=3))
    closed = {one.process: one for one in history.select(Action.CLOSE)}
    assert sorted(closed) == ["c1#1", "p1#1"]
    assert len({one.completed_ns is None for one in closed.values()}) == 1
    assert [one.delivery.redelivered for one in history.receipts] == [False, True, False]


def test_pause_of_the_process_is_told_of_every_client_in_it(run):
    steps = (Send(), Work(calls=3), Pause(lane="c1"), Resume(lane="c1"), Send())
    history, _ = run(SHARED, *steps)
    assert sorted(told(history, "paused")) == sorted(told(history, "resumed")) == ["c1#1", "p1#1"]


def test_fault_on_the_one_link_is_healed_once(run):
    steps = (Send(), Work(calls=3), Inject(lane="link p1", fault=FaultKind.REFUSE), Send())
    history, target = run(SHARED, *steps, Heal(lane="link p1"), Send())
    (span,) = history.faults
    assert (span.lane, span.healed_ns is not None) == ("link p1", True)
    assert history.done.drained
    assert "gone 2?" in target.calls, "both may have left traces, and nobody lives by the link"
