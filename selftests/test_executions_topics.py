"""What a plan does to topics in use, run against a broker in memory."""

import pytest

from deliverycheck.executions import execute
from deliverycheck.guarantees import Validity, check
from deliverycheck.history import Action, ExecutionFolder, Source, read_history
from deliverycheck.plans import (
    ChangeConfig,
    CommitPolicy,
    Consumer,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    Plan,
    Publish,
    Subject,
    Work,
)
from selftests.memory_target import MemoryTarget

GROUP = Subject(partitions=1, consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT))
COMPACTED = Subject(topic={"cleanup.policy": "compact"})


@pytest.fixture
def run(tmp_path):
    def run(subject, *steps):
        target = MemoryTarget(tmp_path)
        plan = Plan(system="kafka", subject=subject, steps=steps)
        folder = ExecutionFolder(root=tmp_path / "execution")
        execution = execute(plan, target.live, folder)
        assert execution.inconclusive is None
        return read_history(folder.history), target

    return run


def validity(history, name):
    return check(history, [name])[0].validity


def test_deletion_names_the_first_record_that_is_left_and_the_scan_where_each_partition_begins(run):
    history, target = run(GROUP, Publish(count=3), DeleteRecords(keep=1))
    (deletion,) = history.select(Action.DELETE_RECORDS)
    assert [one.position for one in deletion.covers] == [2]
    assert "delete below 2 of topic-x1-0" in target.calls
    (scan,) = [one for one in history.select(Action.RECEIVE) if one.process == "scan#1"]
    assert [one.position for one in scan.starts] == [2]
    assert validity(history, "at_least_once_in_log") is Validity.VALID


def test_group_that_was_there_has_lost_what_was_deleted_before_it_came_to_it(run):
    history, _ = run(GROUP, Publish(count=3), Work(calls=3), DeleteRecords(keep=1))
    (found,) = check(history, ["at_least_once_in_effect"])
    assert [(one.name, one.position) for one in found.anomalies] == [("lost", 1)]


def test_group_that_had_worked_all_off_has_lost_nothing(run):
    history, _ = run(GROUP, Publish(count=2), Work(calls=6), DeleteRecords())
    assert validity(history, "at_least_once_in_effect") is Validity.VALID


REMADE = (Publish(count=3), Work(calls=9), DeleteTopic())


def test_topic_is_deleted_and_made_again_by_its_name_and_both_stand_in_the_history(run):
    history, target = run(GROUP, *REMADE, CreateTopic(topic="t1"), Publish(count=2))
    (deletion,) = history.select(Action.DELETE)
    (made,) = history.select(Action.DECLARE)
    assert deletion.target == made.target == "topic-x1"
    assert target.calls.index("delete topic-x1") < target.calls.index("create topic-x1")
    for name in ("at_least_once_in_log", "one_log"):
        assert validity(history, name) is Validity.VALID


def test_topic_that_a_plan_leaves_deleted_is_made_again_before_it_is_read(run):
    history, target = run(GROUP, *REMADE)
    assert target.calls.index("create topic-x1") < target.calls.index("scan")
    assert history.scanned


def test_settings_of_topics_are_given_to_each_and_the_header_says_what_they_keep(run):
    history, target = run(COMPACTED, Publish(key="k1"), CreateTopic(topic="t2"))
    told = [call for call in target.calls if call.startswith("configure")]
    assert [call.split()[1] for call in told] == ["topic-x1", "topic-x1-t2"]
    assert history.header.sources == dict.fromkeys(
        ("topic-x1", "topic-x1-t2"), Source(compacted=True)
    )


def test_topic_without_settings_keeps_all_and_is_left_as_it_is(run):
    history, target = run(GROUP, Publish())
    assert not history.header.sources
    assert not [call for call in target.calls if call.startswith("configure")]


def test_tombstone_is_told_as_one(run):
    history, _ = run(COMPACTED, Publish(key="k1"), Publish(key="k1", tombstone=True))
    assert [one.tombstone for one in history.select(Action.PUBLISH)] == [False, True]


def test_setting_that_a_plan_changes_is_told_and_is_what_it_was_in_the_end(run):
    subject = Subject(topic={"min.insync.replicas": 1})
    change = ChangeConfig(name="min.insync.replicas", value=2)
    history, target = run(subject, Publish(), change, Publish())
    asked = [call for call in target.calls if call.startswith("configure")]
    assert asked == [
        f"configure topic-x1 {{'min.insync.replicas': {value}}}" for value in (1, 2, 1)
    ]
    told = [one.evidence["value"] for one in history.processes if one.what == "config_changed"]
    assert told == [2, 1]
