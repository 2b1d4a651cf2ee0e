"""How, when and what members commit, run against a broker in memory."""

import pytest

from deliverycheck.clients import AutoCommitEvent, ClientErrorEvent, commands
from deliverycheck.executions import execute
from deliverycheck.executions.consumer import ConsumerLane
from deliverycheck.guarantees import Validity, check
from deliverycheck.history import Action, ExecutionFolder, Outcome, Position, read_history
from deliverycheck.plans import (
    CommitMode,
    CommitPolicy,
    Consumer,
    Covers,
    Kill,
    OnRevoke,
    Plan,
    Publish,
    Subject,
    Subscribes,
)
from deliverycheck.plans import Work as WorkStep
from selftests.memory_target import MemoryTarget, MemoryWorker

UNTOLD = {"enable.partition.eof": False}
AFTER, BEFORE = CommitPolicy.AFTER_EFFECT, CommitPolicy.BEFORE_EFFECT


@pytest.fixture
def run(tmp_path):
    def run(*steps, commit=AFTER, mutes=(), **ways):
        target = MemoryTarget(tmp_path, mutes=mutes)
        subject = Subject(partitions=1, consumer=Consumer(commit=commit, **ways))
        folder = ExecutionFolder(root=tmp_path / "execution")
        execution = execute(Plan(system="kafka", subject=subject, steps=steps), target.live, folder)
        assert execution.inconclusive is None
        return read_history(folder.history)

    return run


def calls_of(history, process="c1#1"):
    named = {Action.RECEIVE, Action.EFFECT, Action.COMMIT}
    return [one for one in history.operations if one.process == process and one.action in named]


def committed(history):
    return [one.covers[0].position for one in history.select(Action.COMMIT)]


def validity(history, name):
    return check(history, [name])[0].validity


def test_batch_is_worked_off_message_by_message_and_each_is_committed(run):
    history = run(Publish(count=3), WorkStep(calls=7), batch=5)
    first, *rest = calls_of(history)[:7]
    assert len(first.deliveries) == 3
    assert [one.action for one in rest] == [Action.EFFECT, Action.COMMIT] * 3
    assert committed(history)[:3] == [1, 2, 3]


def test_commit_of_what_was_handed_covers_what_is_not_done_and_a_crash_loses_that(run):
    steps = (Publish(count=3), WorkStep(calls=3), Kill(lane="c1"))
    history = run(*steps, batch=5, covers=Covers.HANDED)
    assert committed(history)[0] == 3
    assert validity(history, "at_least_once_in_effect") is Validity.INVALID
    assert validity(run(*steps, batch=5), "at_least_once_in_effect") is Validity.VALID


def test_commit_of_a_messages_own_position_brings_it_again_to_the_next_owner(run):
    steps = (Publish(), WorkStep(calls=3), Kill(lane="c1"))
    own = run(*steps, commit=BEFORE, covers=Covers.OWN)
    assert committed(own)[0] == 0
    assert validity(own, "at_most_once_in_effect") is Validity.INVALID
    assert validity(run(*steps, commit=BEFORE), "at_most_once_in_effect") is Validity.VALID


def test_late_commit_covers_all_that_was_done_since_the_last_one(run):
    history = run(Publish(count=5), WorkStep(calls=20), commit_every=2)
    assert committed(history) == [2, 4]


def test_asynchronous_commit_goes_out_as_one_and_the_effect_does_not_wait_for_its_answer(run):
    history = run(Publish(), WorkStep(calls=3), commit=BEFORE, commit_mode=CommitMode.ASYNCHRONOUS)
    actions = [one.action for one in calls_of(history)][:3]
    assert actions == [Action.RECEIVE, Action.COMMIT, Action.EFFECT]


def test_worker_is_told_how_to_subscribe_and_what_to_do_when_partitions_are_revoked(
    run, monkeypatch
):
    told, send = [], MemoryWorker.send
    monkeypatch.setattr(
        MemoryWorker, "send", lambda self, command: told.append(command) or send(self, command)
    )
    run(Publish(), WorkStep(), on_revoke=OnRevoke.COMMIT, subscribes=Subscribes.BY_PATTERN)
    (command,) = [one for one in told if isinstance(one, commands.OpenConsumer)]
    assert (command.on_revoke, command.subscribes) == (OnRevoke.COMMIT, Subscribes.BY_PATTERN)
    assert commands.decode_command(commands.encode_command(1, command)) == command


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(None, Outcome.OK), ("_WAIT_COORD", Outcome.INFO)],
    ids=["made", "failed"],
)
def test_commit_that_the_library_makes_by_itself_is_known_to_be_made_only_without_an_error(
    run, monkeypatch, error, outcome
):
    covers = (Position(source="topic-x1", partition=0, position=1),)
    told = AutoCommitEvent(covers=covers, error=error)
    monkeypatch.setattr(MemoryWorker, "_idle", lambda self, _: self._say(told), raising=False)
    history = run(Publish(), WorkStep(calls=4), commit=CommitPolicy.AUTO)
    assert {one.outcome for one in history.select(Action.COMMIT)} == {outcome}


@pytest.mark.parametrize("batch", [1, 5], ids=["one-by-one", "several-at-once"])
def test_member_that_is_told_of_no_ends_is_done_once_it_stands_behind_the_last_message(run, batch):
    history = run(Publish(count=3), WorkStep(calls=2), settings=UNTOLD, batch=batch)
    assert [one.delivery.position for one in history.receipts] == [0, 1, 2]
    assert history.drained


def test_member_that_is_told_of_no_ends_and_stands_before_the_last_message_is_not_done():
    lane = ConsumerLane.__new__(ConsumerLane)
    lane.idle, lane.assigned, lane.ends = True, frozenset({0, 1}), {}
    lane.stands = {0: 2, 1: 5}
    assert lane.reached({0: 9, 1: 9}, {0: 2, 1: 5})
    assert not lane.reached({0: 9, 1: 9}, {0: 3, 1: 5})
    lane.stands = {0: 2}
    assert not lane.reached({0: 9, 1: 9}, {0: 2})


def test_member_whose_client_is_of_no_use_is_gone_and_another_one_goes_on(run, monkeypatch):
    fenced = ClientErrorEvent(error="FENCED_INSTANCE_ID", fatal=True)

    def idle(self, _):
        if self.process == "c1#1":
            self._say(fenced)

    monkeypatch.setattr(MemoryWorker, "_idle", idle, raising=False)
    history = run(Publish(count=2), WorkStep(calls=9), WorkStep(lane="c2", calls=6))
    processes = {one.process for one in history.operations if one.process.startswith("c")}
    assert processes == {"c1#1", "c2#1"}
    assert [one.delivery.position for one in history.receipts] == [0, 1]
    told = [one.what for one in history.processes if one.process == "c1#1"]
    assert told == ["started", "error", "discarded", "closed"]
    assert history.drained
