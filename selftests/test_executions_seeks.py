"""Members that go where they like, run against a broker in memory."""

import pytest

from deliverycheck.executions import execute
from deliverycheck.guarantees import Validity, check
from deliverycheck.history import Action, ExecutionFolder, Whence, read_history
from deliverycheck.plans import (
    CommitPolicy,
    Consumer,
    Kill,
    PausePartitions,
    Plan,
    Publish,
    ResumePartitions,
    Seek,
    Seeks,
    Subject,
    Subscribe,
    Unsubscribe,
)
from deliverycheck.plans import Work as WorkStep
from selftests.memory_target import MemoryTarget

GROUP = Subject(
    partitions=1, consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, seeks=Seeks.AT_WILL)
)


@pytest.fixture
def run(tmp_path):
    def run(*steps):
        target = MemoryTarget(tmp_path)
        folder = ExecutionFolder(root=tmp_path / "execution")
        execution = execute(Plan(system="kafka", subject=GROUP, steps=steps), target.live, folder)
        assert execution.inconclusive is None
        return read_history(folder.history)

    return run


def handed(history):
    return [one.delivery.position for one in history.receipts]


@pytest.mark.parametrize(
    ("seek", "positions"),
    [
        (Seek(), [0, 1, 2, 0, 1, 2]),
        (Seek(to=Whence.POSITION), [0, 1, 2, 2]),
        (Seek(to=Whence.POSITION, back=1), [0, 1, 2, 1, 2]),
        (Seek(to=Whence.TIME, back=9), [0, 1, 2, 0, 1, 2]),
        (Seek(to=Whence.END), [0, 1, 2]),
    ],
    ids=["beginning", "the-last-one", "one-before-it", "time-of-the-first", "end"],
)
def test_member_reads_on_where_it_wants_to_and_nothing_is_held_against_it(run, seek, positions):
    history = run(Publish(count=3), WorkStep(calls=9), seek)
    assert handed(history) == positions
    (sought,) = history.select(Action.SEEK)
    assert (sought.whence, sought.process) == (seek.to, "c1#1")
    assert all(verdict.validity is not Validity.INVALID for verdict in check(history))


def test_seek_is_made_before_the_member_asks_for_more_and_not_with_a_message_in_hand(run):
    history = run(Publish(count=2), WorkStep(calls=1), Seek(), WorkStep(calls=3))
    actions = [one.action for one in history.operations if one.process == "c1#1"]
    assert actions.index(Action.COMMIT) < actions.index(Action.SEEK)
    assert handed(history) == [0, 0, 1]


def test_wish_of_a_member_that_is_killed_dies_with_it(run):
    history = run(Publish(count=2), WorkStep(calls=6), Seek(), Kill(lane="c1"), WorkStep(calls=1))
    assert not list(history.select(Action.SEEK))


def test_replay_is_judged_to_the_end_of_the_group(run):
    history = run(Publish(count=2), WorkStep(calls=6), Seek())
    (found,) = check(history, ["replay"])
    assert (found.validity, found.examined) == (Validity.VALID, 3)


def test_paused_member_asks_on_is_handed_nothing_and_has_all_when_it_wants_it_again(run):
    history = run(
        *(Publish(count=2), WorkStep(calls=3), PausePartitions(), WorkStep(calls=2)),
        *(ResumePartitions(), WorkStep(calls=3)),
    )
    acts = [one.action for one in history.operations if one.process == "c1#1"]
    paused, resumed = acts.index(Action.PAUSE_PARTITIONS), acts.index(Action.RESUME_PARTITIONS)
    assert Action.RECEIVE in acts[paused:resumed]
    assert handed(history) == [0, 1]
    for name in ("paused_partitions", "at_least_once_in_effect"):
        assert check(history, [name])[0].validity is Validity.VALID


def test_member_that_a_plan_leaves_paused_works_off_the_rest_in_the_end(run):
    history = run(Publish(count=2), WorkStep(calls=3), PausePartitions(), WorkStep(calls=1))
    assert [one.action for one in history.select(Action.RESUME_PARTITIONS)]
    assert handed(history) == [0, 1]


def test_member_that_unsubscribes_is_done_with_what_it_has_and_asks_on_in_vain(run):
    history = run(
        *(Publish(count=3), WorkStep(calls=1), Unsubscribe(), WorkStep(calls=6)),
        *(Subscribe(), WorkStep(calls=7)),
    )
    acts = [one.action for one in history.operations if one.process == "c1#1"]
    left = acts.index(Action.UNSUBSCRIBE)
    back = acts.index(Action.SUBSCRIBE, left)
    assert acts.index(Action.COMMIT) < left
    assert acts[left:back].count(Action.RECEIVE) == 1
    assert handed(history) == [0, 1, 2]
    assert all(verdict.validity is not Validity.INVALID for verdict in check(history))


def test_another_member_goes_on_where_the_one_that_unsubscribed_had_committed(run):
    history = run(
        *(Publish(count=3), WorkStep(calls=3), Unsubscribe(), WorkStep(calls=4)),
        WorkStep(lane="c2", calls=9),
    )
    by = {one.process: one.delivery.position for one in history.receipts}
    assert by == {"c1#1": 0, "c2#1": 2}
    assert handed(history) == [0, 1, 2]


def test_member_that_a_plan_leaves_without_a_topic_wants_it_again_in_the_end(run):
    history = run(Publish(count=2), WorkStep(calls=3), Unsubscribe(), WorkStep(calls=1))
    assert len(list(history.select(Action.SUBSCRIBE))) == 2
    assert handed(history) == [0, 1]


def test_member_that_never_came_to_unsubscribe_does_not_subscribe_twice(run):
    history = run(Publish(), WorkStep(calls=3), Unsubscribe(), Subscribe())
    assert len(list(history.select(Action.SUBSCRIBE))) == 2
    history = run(Publish(), WorkStep(calls=3), Unsubscribe(), Kill(lane="c1"))
    assert not list(history.select(Action.UNSUBSCRIBE))
