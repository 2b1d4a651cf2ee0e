"""The driver on requests: who asks counts replies, who works off requests sends them."""

import pytest

from deliverycheck.history import Action
from deliverycheck.plans import Kill, Queue, Request, Send, Topology, Work
from selftests.memory_queues import MemoryQueueTarget
from selftests.queue_driver import CONFIRMED, broken, calls_of, runner, subject, valid


@pytest.fixture
def run(tmp_path):
    return runner(tmp_path)


ASKING = {
    "producer": {**CONFIRMED, "reply_to": "replies"},
    "topology": Topology(
        queues=(Queue(name="q1"), Queue(name="replies-p1"), Queue(name="replies-p2"))
    ),
}


def counted(history):
    """By request, the replies that were counted."""
    return {one.message: len(one.deliveries) for one in history.select(Action.REQUEST)}


def test_who_works_off_a_request_replies_before_the_ack_and_who_asked_counts_it(run):
    history, _ = run(subject(**ASKING), Request(count=2), Work(calls=4), Request())
    assert calls_of(history, "c1#1")[:6] == [
        *("subscribe", "open", "receive", "effect", "reply", "ack")
    ]
    assert counted(history) == {"p1#1-1": 1, "p1#1-2": 1, "p1#1-3": 1}
    assert not broken(history)
    assert {"matching_replies", "requests_answered", "at_least_once_in_queue"} <= valid(history)


def test_message_that_asks_nothing_is_worked_off_without_a_reply(run):
    history, _ = run(subject(**ASKING), Send(), Work(calls=3))
    assert calls_of(history, "c1#1")[2:5] == ["receive", "effect", "ack"]
    assert not list(history.select(Action.REPLY))


def test_killed_requester_forgets_what_it_asked_and_takes_nothing_from_the_other(run):
    steps = (
        Request(),
        Request(lane="p2"),
        Kill(lane="p1"),
        Work(calls=8),
        Request(),
    )
    history, _ = run(subject(**ASKING), *steps)
    assert counted(history) == {"p1#1-1": 0, "p2#1-1": 1, "p1#2-1": 1}
    assert not broken(history)
    assert "requests_answered" in valid(history)


def test_requester_whose_connection_is_lost_connects_again_and_still_knows_what_it_asked(
    run, monkeypatch
):
    lease = MemoryQueueTarget.lease

    def leased(self, process):
        worker = lease(self, process)
        worker.cut_after = "p1#1-1"
        return worker

    monkeypatch.setattr(MemoryQueueTarget, "lease", leased)
    history, _ = run(subject(**ASKING), Request(), Work(calls=4), Request(), Request())
    assert calls_of(history, "p1#1").count("open") == 2
    assert counted(history) == {"p1#1-1": 1, "p1#1-2": 1, "p1#1-3": 1}
    assert not broken(history)


def test_consumer_killed_before_its_ack_replies_again_and_the_reply_counts_once(run):
    steps = (Request(), Work(calls=3), Kill(lane="c1"))
    history, _ = run(subject(**ASKING), *steps)
    assert len(list(history.select(Action.REPLY))) == 2
    assert counted(history) == {"p1#1-1": 1}
    assert "matching_replies" in valid(history)
