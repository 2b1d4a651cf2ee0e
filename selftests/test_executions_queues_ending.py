"""The driver on transactions of a channel, and on streams that recognise what is sent again."""

import pytest

from deliverycheck.clients import Publishing, commands
from deliverycheck.history import Action
from deliverycheck.plans import (
    AbortTransaction,
    AfterError,
    CommitTransaction,
    Kill,
    Queue,
    QueueKind,
    Send,
    Topology,
    Wait,
)
from selftests.memory_queues import MemoryQueueTarget
from selftests.queue_driver import broken, runner, subject, valid


@pytest.fixture
def run(tmp_path):
    return runner(tmp_path)


@pytest.mark.parametrize(("end", "seen"), [(CommitTransaction, 2), (AbortTransaction, 0)])
def test_transaction_shows_all_of_its_messages_or_none(end, seen, run):
    transacting = subject(producer={"transactional": True})
    history, _ = run(transacting, Send(count=2), end(lane="p1"))
    assert len(history.receipts) == seen
    assert not broken(history)
    assert "read_committed" in valid(history)


def test_commit_that_was_sent_is_under_way_when_the_node_is_killed(run):
    transacting = subject(policy=None, producer={"transactional": True})
    steps = (Send(count=2), CommitTransaction(wait=Wait.SENT), Kill(lane="b1"), Send())
    history, _ = run(transacting, *steps, hits=(commands.CommitTransaction,))
    commit = next(history.select(Action.COMMIT_TRANSACTION))
    killed = next(one.ns for one in history.nodes if one.state == "killed")
    assert commit.completed_ns is None or commit.invoked_ns < killed < commit.completed_ns


@pytest.mark.parametrize("defect", ["tears", None])
def test_part_of_a_transaction_is_torn(defect, run):
    transacting = subject(policy=None, producer={"transactional": True})
    steps = (Send(count=3), CommitTransaction())
    history, _ = run(transacting, *steps, defect=defect)
    torn = broken(history)
    assert ("atomic_transactions" in torn) is (defect == "tears")
    assert ("atomic_transactions" in valid(history)) is (defect is None)


@pytest.mark.parametrize("named", [True, False], ids=["with-a-name", "without-one"])
def test_stream_recognises_what_a_publisher_with_a_name_sends_again(named, run, monkeypatch):
    lease = MemoryQueueTarget.lease

    def leased(self, process):
        worker = lease(self, process)
        worker.unconfirmed = "p1#1-2"
        return worker

    monkeypatch.setattr(MemoryQueueTarget, "lease", leased)
    stream = Topology(queues=(Queue(name="q1", kind=QueueKind.STREAM),))
    streaming = subject(
        policy=None,
        topology=stream,
        client="rstream",
        producer={"confirms": "pipelined"} | ({"name": "n"} if named else {}),
        after_error=AfterError.SEND_AGAIN,
    )
    history, _ = run(streaming, Send(), Send(), Send(), publishing=Publishing.TO_STREAMS)
    sent = [(one.message, one.attempt, str(one.outcome)) for one in history.select(Action.PUBLISH)]
    assert sent == [
        *[("p1#1-1", 1, "ok"), ("p1#1-2", 1, "info"), ("p1#1-2", 2, "ok"), ("p1#1-3", 1, "ok")]
    ]
    assert ("exactly_once_in_log" in (valid if named else broken)(history)) is True
    assert "at_least_once_in_log" in valid(history)
