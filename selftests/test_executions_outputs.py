"""Members that write an output in a transaction: it is the effect, told once it is known."""

import pytest

from deliverycheck.clients.protocol import Remedy
from deliverycheck.executions import execute
from deliverycheck.guarantees import Validity, check
from deliverycheck.history import Action, ExecutionFolder, Outcome, read_history
from deliverycheck.plans import CommitPolicy, Consumer, Kill, Publish, Subject, Work
from deliverycheck.plans.kafka import KafkaModel
from selftests.memory_target import MemoryTarget

OUTPUT = {"transactional.id": "out"}
CYCLE = ["receive", "begin_transaction", "effect", "publish", "commit", "commit_transaction"]
AGAIN, ABORT, DISCARD = (
    ("_TIMED_OUT", Remedy.AGAIN),
    ("UNKNOWN_MEMBER_ID", Remedy.ABORT),
    ("_FENCED", Remedy.DISCARD),
)


@pytest.fixture
def run(tmp_path):
    """Run steps for members with an output, in memory: the history of it."""

    def run_one(*steps, commit=CommitPolicy.IN_TRANSACTION, **trouble):
        subject = Subject(consumer=Consumer(commit=commit, output=OUTPUT))
        plan = KafkaModel().normalise(subject, steps)
        assert plan.steps == steps
        folder = ExecutionFolder(root=tmp_path / "execution")
        execution = execute(plan, MemoryTarget(tmp_path, **trouble).live, folder)
        assert execution.inconclusive is None
        return read_history(folder.history)

    return run_one


def calls_of(history, process):
    return [str(one.action) for one in history.operations if one.process == process]


def effects_of(history):
    return [
        (one.process, one.deliveries[0].message, one.outcome)
        for one in history.select(Action.EFFECT)
    ]


def exactly_once(history):
    (verdict,) = check(history, ["exactly_once_in_effect"])
    return verdict


def test_each_message_has_one_output_in_a_transaction_with_its_position(run):
    history = run(Publish(count=2), Work(calls=5))
    opened = ["subscribe", "open", "init_transactions", "assign"]
    calls = [call for call in calls_of(history, "c1#1") if call not in opened]
    assert calls[: 2 * len(CYCLE)] == CYCLE * 2
    assert effects_of(history) == [
        ("c1#1", "p1#1-1", Outcome.OK),
        ("c1#1", "p1#1-2", Outcome.OK),
    ]
    verdict = exactly_once(history)
    assert (verdict.validity, verdict.examined) == (Validity.VALID, 2)


@pytest.mark.parametrize("calls", [2, 3, 4])
def test_member_killed_before_the_end_leaves_no_effect_and_its_successor_makes_it(calls, run):
    history = run(Publish(), Work(calls=calls), Kill(lane="c1"))
    last = [("c1#2", "p1#1-1", Outcome.OK)]
    begun = [("c1#1", "p1#1-1", Outcome.FAIL)] if calls > 2 else []
    assert effects_of(history) == begun + last
    assert exactly_once(history).validity is Validity.VALID


def test_position_committed_apart_makes_two_effects_of_a_kill_between(run):
    history = run(Publish(), Work(calls=4), Kill(lane="c1"), commit=CommitPolicy.AFTER_EFFECT)
    assert effects_of(history) == [
        ("c1#1", "p1#1-1", Outcome.OK),
        ("c1#2", "p1#1-1", Outcome.OK),
    ]
    assert [one.name for one in exactly_once(history).anomalies] == ["duplicate"]


def test_position_committed_before_is_lost_with_its_output(run):
    history = run(Publish(), Work(calls=3), Kill(lane="c1"), commit=CommitPolicy.BEFORE_EFFECT)
    assert effects_of(history) == []
    assert [one.name for one in exactly_once(history).anomalies] == ["lost"]


@pytest.mark.parametrize("verb", ["send_offsets", "commit_transaction"])
def test_call_of_which_nothing_is_known_is_made_again(verb, run):
    history = run(Publish(), Work(calls=7), remedies={verb: [AGAIN]})
    assert effects_of(history) == [("c1#1", "p1#1-1", Outcome.OK)]
    action = "commit" if verb == "send_offsets" else verb
    assert calls_of(history, "c1#1").count(action) == 2


@pytest.mark.parametrize("verb", ["send_offsets", "commit_transaction"])
def test_transaction_that_must_be_aborted_is_and_its_message_is_read_again(verb, run):
    history = run(Publish(), Work(calls=9), remedies={verb: [ABORT]})
    assert effects_of(history) == [
        ("c1#1", "p1#1-1", Outcome.FAIL),
        ("c1#1", "p1#1-1", Outcome.OK),
    ]
    calls = calls_of(history, "c1#1")
    assert calls.index("abort_transaction") < calls.index("seek")
    assert exactly_once(history).validity is Validity.VALID


@pytest.mark.parametrize(
    ("verb", "effects"),
    [
        ("init_transactions", []),
        ("begin_transaction", []),
        ("commit_transaction", [("c1#1", "p1#1-1", Outcome.FAIL)]),
    ],
)
def test_client_that_is_of_no_use_any_more_is_discarded_and_the_next_one_goes_on(
    verb, effects, run
):
    history = run(Publish(), Work(calls=9), remedies={verb: [DISCARD]})
    assert effects_of(history) == [*effects, ("c1#2", "p1#1-1", Outcome.OK)]
    discarded = [event.process for event in history.processes if event.what == "discarded"]
    assert discarded == ["c1#1"]
    assert exactly_once(history).validity is Validity.VALID


def test_transaction_that_a_dead_member_left_open_is_ended_before_outputs_are_read(run):
    steps = (Publish(), Work(calls=4), Kill(lane="c1"))
    history = run(*steps)
    scans = [one for one in history.select(Action.RECEIVE) if one.process == "scan#1"]
    assert [{each.source for each in one.deliveries} for one in scans] == [
        {"topic-x1"},
        {"topic-x2"},
    ]
    takeovers = [one.op for one in history.select(Action.INIT_TRANSACTIONS)]
    assert takeovers[-1] < scans[-1].op
