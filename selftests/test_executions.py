"""The driver makes the calls that a plan asks for, loses none, and brings everything to rest."""

import time
from threading import Thread

import pytest

from deliverycheck.clients import commands
from deliverycheck.executions import Occupancy, execute, stage
from deliverycheck.guarantees import GUARANTEES, Validity, check
from deliverycheck.history import Action, ExecutionFolder, Outcome, read_history
from deliverycheck.plans import (
    AddPartitions,
    AfterError,
    Close,
    CommitPolicy,
    Consumer,
    CreateTopic,
    Direction,
    ErrorMeans,
    FaultKind,
    Flush,
    Hold,
    Inject,
    Kill,
    Pause,
    Publish,
    Subject,
    TopicReady,
    Work,
    plan_of,
)
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.plans.kafka_applicable import REFRESH
from deliverycheck.plans.kafka_state import NODE
from selftests.memory_target import SLOTS, MemoryTarget

MODEL = KafkaModel()
CYCLE = {
    CommitPolicy.AFTER_EFFECT: ["receive", "effect", "commit"],
    CommitPolicy.BEFORE_EFFECT: ["receive", "commit", "effect"],
    CommitPolicy.STORE_AFTER_EFFECT: ["receive", "effect", "store_offset"],
    CommitPolicy.AUTO: ["receive", "effect"],
}
# Even undisturbed: who commits first has for a moment promised what is not done.
BREAKS = {policy: set() for policy in CommitPolicy} | {
    CommitPolicy.BEFORE_EFFECT: {"commit_follows_effect"}
}


def consuming(policy):
    return Subject(consumer=Consumer(commit=policy))


LOG = Subject()
AFTER = consuming(CommitPolicy.AFTER_EFFECT)


@pytest.fixture
def run(tmp_path):
    """Run steps for a subject in memory: the execution, its history, the target."""

    def run_one(subject, *steps, **trouble):
        plan = MODEL.normalise(subject, steps)
        assert plan.steps == steps
        target = MemoryTarget(tmp_path, **trouble)
        folder = ExecutionFolder(root=tmp_path / "execution")
        execution = execute(plan, target.live, folder)
        return execution, read_history(folder.history), target

    return run_one


def verdicts(history):
    return {verdict.guarantee: verdict.validity for verdict in check(history, tuple(GUARANTEES))}


def calls_of(history, process):
    return [str(one.action) for one in history.operations if one.process == process]


@pytest.mark.parametrize("policy", CYCLE)
def test_undisturbed_plan_breaks_nothing_and_is_drained(policy, run):
    execution, history, _ = run(consuming(policy), Publish(count=3), Work(calls=2))
    assert execution.inconclusive is None
    assert (history.scanned, history.drained) == (True, True)
    found = verdicts(history)
    assert {name for name in found if found[name] is Validity.INVALID} == BREAKS[policy]
    assert found["per_key_order"] is Validity.UNKNOWN  # No message has a key.
    promised = ["exactly_once_in_log", "exactly_once_in_effect", "per_partition_order"]
    assert {found[name] for name in promised} == {Validity.VALID}


@pytest.mark.parametrize("policy", CYCLE)
def test_consumer_makes_the_calls_of_its_policy_in_their_order(policy, run):
    _, history, _ = run(consuming(policy), Publish(count=2), Work(calls=2 * len(CYCLE[policy])))
    cycle = CYCLE[policy]
    calls = [call for call in calls_of(history, "c1#1") if call not in ("subscribe", "assign")]
    assert calls[: 2 * len(cycle)] == cycle * 2


@pytest.mark.parametrize(
    ("policy", "calls", "broken"),
    [
        (CommitPolicy.BEFORE_EFFECT, 2, "at_least_once_in_effect"),
        (CommitPolicy.AFTER_EFFECT, 2, "at_most_once_in_effect"),
        (CommitPolicy.STORE_AFTER_EFFECT, 2, "at_most_once_in_effect"),
    ],
    ids=["commit-before-effect-loses", "commit-after-effect-repeats", "store-after-effect-repeats"],
)
def test_consumer_killed_between_two_calls_breaks_what_its_policy_does_not_promise(
    policy, calls, broken, run
):
    steps = (Publish(count=2), Work(calls=calls), Kill(lane="c1"))
    _, history, _ = run(consuming(policy), *steps)
    found = verdicts(history)
    other = {"at_least_once_in_effect", "at_most_once_in_effect"} - {broken}
    assert found[broken] is Validity.INVALID
    assert found[other.pop()] is Validity.VALID


def test_killed_consumer_is_followed_by_a_new_incarnation(run):
    _, history, _ = run(AFTER, Publish(), Work(), Kill(lane="c1"))
    assert "effect" not in calls_of(history, "c1#1")
    assert "effect" in calls_of(history, "c1#2")


def test_call_that_is_blocked_is_waited_for_and_no_message_is_skipped(run, monkeypatch):
    monkeypatch.setattr(stage, "CALL_DEADLINE_S", 0.05)
    hole = Inject(lane="link c1", fault=FaultKind.BLACK_HOLE, direction=Direction.UPSTREAM)
    steps = (Publish(count=3), Work(calls=2), hole, Work(), Work(calls=5), Hold(ms=60), Publish())
    execution, history, _ = run(AFTER, *steps, hits=(commands.Commit,))
    assert execution.inconclusive is None
    blocked = [event for event in history.processes if event.what == "blocked"]
    assert len(blocked) == 2
    assert len({event.op for event in blocked}) == 1
    effects = [one for one in history.operations if one.action is Action.EFFECT]
    assert sorted(one.deliveries[0].message for one in effects) == [
        f"p1#1-{number}" for number in range(1, 5)
    ]
    assert verdicts(history)["exactly_once_in_effect"] is Validity.VALID


AGAIN = Subject(error_means=ErrorMeans.ABSENT, after_error=AfterError.SEND_AGAIN)


def attempts(history):
    return [(one.message, one.attempt) for one in history.select(Action.PUBLISH)]


@pytest.mark.parametrize(
    ("errors", "last"), [(0, 1), (1, 2), (2, 3), (9, 3)], ids=["none", "one", "two", "always"]
)
def test_who_sends_again_does_so_after_each_error_a_few_times(errors, last, run):
    _, history, _ = run(AGAIN, Publish(), errors=["_MSG_TIMED_OUT"] * errors)
    assert attempts(history) == [("p1#1-1", number) for number in range(1, last + 1)]
    broken = verdicts(history)["exactly_once_in_log"] is Validity.INVALID
    assert broken is (errors > 0)


def test_message_is_sent_again_before_the_next_one(run):
    steps = (Publish(), Publish(partition=1))
    _, history, _ = run(AGAIN, *steps, errors=["_MSG_TIMED_OUT"])
    assert attempts(history) == [("p1#1-1", 1), ("p1#1-1", 2), ("p1#1-2", 1)]


def test_who_gives_up_or_is_killed_sends_nothing_again(run):
    _, history, _ = run(LOG, Publish(), Publish(partition=1), errors=["_MSG_TIMED_OUT"])
    assert attempts(history) == [("p1#1-1", 1), ("p1#1-2", 1)]


def test_next_incarnation_knows_nothing_of_what_failed(run):
    steps = (Publish(), Kill(lane="p1"), Publish(partition=1))
    _, history, _ = run(AGAIN, *steps, errors=["_MSG_TIMED_OUT"])
    assert attempts(history) == [("p1#1-1", 1), ("p1#2-1", 1)]


JOURNALS = {
    "done-and-not-said-is-known": ({"mutes": (commands.Effect,)}, [Outcome.OK, Outcome.OK]),
    "not-done-stays-open": ({"hits": (commands.Effect,)}, [Outcome.INFO, Outcome.OK]),
}


@pytest.mark.parametrize(("fault", "outcomes"), JOURNALS.values(), ids=JOURNALS)
def test_effect_of_a_killed_worker_is_what_its_journal_says(fault, outcomes, run, monkeypatch):
    monkeypatch.setattr(stage, "CALL_DEADLINE_S", 0.02)
    hole = Inject(lane="link c1", fault=FaultKind.BLACK_HOLE, direction=Direction.UPSTREAM)
    _, history, _ = run(AFTER, Publish(), Work(), hole, Work(), Kill(lane="c1"), **fault)
    effects = [one for one in history.operations if one.action is Action.EFFECT]
    assert [one.outcome for one in effects] == outcomes


def test_tail_heals_flushes_closes_and_only_then_reads(run):
    hole = Inject(lane="link p1", fault=FaultKind.BLACK_HOLE, direction=Direction.DOWNSTREAM)
    _, history, target = run(LOG, Publish(), hole, Publish())
    assert [str(mark.phase) for mark in history.phases] == ["workload", "settle", "scan", "done"]
    order = ["inject black_hole", "heal", "back p1#1", "gone?", "scan", "retire 1"]
    assert [call for call in target.calls if call in order] == order


def test_topic_is_awaited_before_its_use_only_where_the_subject_says_so(run):
    steps = (CreateTopic(topic="t2"), Publish(topic="t2"))
    _, _, target = run(LOG, *steps)
    assert target.calls[:2] == ["create topic-x1-t2", "await topic-x1-t2"]


def test_topic_that_counts_when_created_is_awaited_by_the_scan_alone(run):
    steps = (CreateTopic(topic="t2"), Publish(topic="t2"))
    _, history, target = run(Subject(topic_ready=TopicReady.CREATED), *steps)
    at = [target.calls.index(call) for call in ("create topic-x1-t2", "gone?", "await topic-x1-t2")]
    assert at == sorted(at)
    assert "topic-x1-t2" in {one.target for one in history.select(Action.PUBLISH)}


def test_paused_worker_that_is_killed_is_not_resumed(run):
    execution, history, _ = run(LOG, Publish(), Pause(lane="p1"), Kill(lane="p1"))
    assert execution.inconclusive is None
    assert not [event for event in history.processes if event.what == "resumed"]


def test_node_that_was_taken_is_back_before_the_log_is_read(run):
    _, history, target = run(LOG, Publish(), Kill(lane=NODE), Publish())
    assert target.calls.count(f"node {NODE}") == 2
    assert target.calls.index("scan") > target.calls.index(f"node {NODE}")
    assert [str(event.state) for event in history.nodes] == ["killed", "ready"]


def test_leader_lost_without_need_is_trouble_that_nothing_is_concluded_from(tmp_path):
    target = MemoryTarget(tmp_path)
    target.broker.moved = ("topic-x1-0", "topic-x1-2")
    folder = ExecutionFolder(root=tmp_path / "execution")
    execution = execute(MODEL.normalise(LOG, [Publish()]), target.live, folder)
    assert execution.inconclusive == (
        "Inconclusive: topic-x1-0 and 1 more lost the leader for a moment, which the plan did "
        "not ask for"
    )
    assert not execution.broker_died
    assert not read_history(folder.history).scanned


def test_closed_member_stays_away_and_the_other_works_everything_off(run):
    steps = (Publish(count=3), Work(), Close(lane="c1"), Work(lane="c2"), Publish())
    _, history, _ = run(AFTER, *steps)
    assert calls_of(history, "c1#2") == []
    assert history.drained
    assert verdicts(history)["at_least_once_in_effect"] is Validity.VALID


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (Work(),),
        (Work(lane="c2"), Work()),
        (Work(lane="c2"), Kill(lane="c2"), Publish(partition=2)),
    ],
)
def test_each_of_two_groups_works_everything_off(steps, run):
    two = Subject(consumer=Consumer(commit=CommitPolicy.BEFORE_EFFECT, groups=2))
    _, history, _ = run(two, Publish(count=3), *steps)
    topic = "topic-x1"
    assert history.header.groups == {f"{topic}-group": (topic,), f"{topic}-group2": (topic,)}
    effects = [(one.group, one.delivery.message) for one in history.effects]
    published = len(list(history.select(Action.PUBLISH)))
    assert len(effects) == len(set(effects)) == 2 * published
    assert history.drained
    assert verdicts(history)["exactly_once_in_effect"] is Validity.VALID


def test_partitions_that_are_added_are_read_and_worked_off_too(run):
    subject = Subject(consumer=Consumer(commit=CommitPolicy.BEFORE_EFFECT, settings={REFRESH: 100}))
    steps = (Publish(), AddPartitions(count=2), Publish(partition=4), Work())
    _, history, target = run(subject, *steps)
    assert "grow topic-x1 to 5" in target.calls
    assert {one.delivery.partition for one in history.effects} == {0, 4}
    assert verdicts(history)["exactly_once_in_effect"] is Validity.VALID
    (added,) = [event for event in history.processes if event.what == "partitions_added"]
    assert added.evidence == {"topic": "topic-x1", "partitions": 5, "added": 2}


def test_each_step_is_marked_so_that_a_report_can_tell_what_became_of_it(run):
    _, history, _ = run(LOG, Publish(), Flush(), Publish())
    marks = [event.evidence["number"] for event in history.processes if event.what == "step"]
    assert marks == [1, 2, 3]


def test_folder_holds_the_plan_and_the_logs_of_every_incarnation(run):
    execution, history, _ = run(AFTER, Publish(), Work(), Kill(lane="c1"))
    assert plan_of(execution.folder.plan.read_bytes()) == execution.plan
    assert history.header.plan == execution.plan.digest
    logs = {path.name for path in execution.folder.logs.iterdir()}
    assert {"p1-1.log", "c1-1.log", "c1-2.log"} <= logs


def test_every_slot_comes_back(run):
    _, _, target = run(AFTER, Publish(), Work(), Kill(lane="c1"), Work(lane="c2"), Kill(lane="c2"))
    free = [target.live.slots.lease() for _ in SLOTS]
    assert {slot.name for slot in free} == {slot.name for slot in SLOTS}


def test_broker_that_one_has_alone_is_shared_by_nobody_and_who_wants_it_alone_goes_first():
    occupancy, order = Occupancy(), []

    def alone():
        with occupancy.alone():
            order.append("alone")

    def share():
        with occupancy.shared():
            order.append("shared")

    with occupancy.shared():
        share()
        waiting = Thread(target=alone)
        waiting.start()
        while not occupancy._waiting:  # noqa: SLF001  # The only sign that it waits.
            time.sleep(0.001)
        late = Thread(target=share)
        late.start()
        late.join(0.02)
        assert order == ["shared"]
    for thread in (waiting, late):
        thread.join(5)
    assert order == ["shared", "alone", "shared"]
