"""Members that write rows of a database: with their position in the same transaction, and apart."""

import pytest

from deliverycheck.clients import operations_in
from deliverycheck.clients.sink import SinkFile, StaleError
from deliverycheck.executions import execute
from deliverycheck.executions.sinking import SINK
from deliverycheck.guarantees import Validity, check
from deliverycheck.history import Action, Delivery, ExecutionFolder, Outcome, Position, read_history
from deliverycheck.plans import CommitPolicy, Consumer, Kill, Publish, Sink, Subject, Work
from deliverycheck.plans.kafka import KafkaModel
from selftests.memory_target import MemoryTarget


def at(position, message="p1#1-1"):
    return Delivery(message=message, source="t", partition=0, position=position)


def beyond(position):
    return (Position(source="t", partition=0, position=position + 1),)


@pytest.fixture
def run(tmp_path):
    """Run steps for members that write rows, in memory: the history and the folder of it."""

    def run_one(*steps, commit=CommitPolicy.IN_TRANSACTION):
        subject = Subject(consumer=Consumer(commit=commit, sink=Sink.SQLITE))
        plan = KafkaModel().normalise(subject, steps)
        assert plan.steps == steps
        folder = ExecutionFolder(root=tmp_path / "execution")
        execution = execute(plan, MemoryTarget(tmp_path).live, folder)
        assert execution.inconclusive is None
        return read_history(folder.history), folder

    return run_one


def exactly_once(history):
    (verdict,) = check(history, ["exactly_once_in_effect"])
    return verdict.validity


def test_each_message_has_a_row_and_no_commit_where_the_position_goes_with_it(run):
    history, folder = run(Publish(count=2), Work(calls=4))
    assert not list(history.select(Action.COMMIT))
    effects = list(history.select(Action.EFFECT))
    assert {one.outcome for one in effects} == {Outcome.OK}
    assert operations_in(folder.root / SINK) == {one.op for one in effects}
    assert exactly_once(history) is Validity.VALID


def test_row_of_a_killed_member_is_there_and_not_written_again(run):
    history, _ = run(Publish(), Work(calls=2), Kill(lane="c1"))
    assert exactly_once(history) is Validity.VALID


def test_position_apart_makes_two_rows_of_a_kill_between(run):
    steps = (Publish(), Work(calls=2), Kill(lane="c1"))
    history, _ = run(*steps, commit=CommitPolicy.AFTER_EFFECT)
    assert len(list(history.select(Action.EFFECT))) == 2
    assert exactly_once(history) is Validity.INVALID


def test_position_goes_on_with_the_row_and_is_told_to_whoever_opens_the_file(tmp_path):
    one, other = (SinkFile(str(tmp_path / "db")) for _ in range(2))
    assert other.position("t", 0) is None
    one.write(1, at(4), beyond(4))
    assert other.position("t", 0) == 5
    assert operations_in(tmp_path / "db") == {1}


@pytest.mark.parametrize("position", [3, 4], ids=["far-behind", "just-behind"])
def test_row_behind_the_stored_position_is_not_written(position, tmp_path):
    sink = SinkFile(str(tmp_path / "db"))
    sink.write(1, at(4), beyond(4))
    with pytest.raises(StaleError):
        sink.write(2, at(position), beyond(position))
    assert operations_in(tmp_path / "db") == {1}
    assert sink.position("t", 0) == 5


def test_row_that_skips_what_is_no_message_is_written(tmp_path):
    sink = SinkFile(str(tmp_path / "db"))
    sink.write(1, at(4), beyond(4))
    sink.write(2, at(6), beyond(6))
    assert sink.position("t", 0) == 7


def test_row_without_a_position_may_come_twice(tmp_path):
    sink = SinkFile(str(tmp_path / "db"))
    for op in (1, 2):
        sink.write(op, at(4), ())
    assert operations_in(tmp_path / "db") == {1, 2}


def test_no_database_has_no_rows(tmp_path):
    assert operations_in(tmp_path / "db") == frozenset()
