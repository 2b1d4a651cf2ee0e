"""A campaign's journal: what was judged is not run again, and nothing that was written is lost."""

import pytest

from deliverycheck.executions import Execution
from deliverycheck.guarantees import Anomaly, Evidence, Validity, Verdict, unknown
from deliverycheck.history import ExecutionFolder
from deliverycheck.plans import Plan, Publish, Subject
from deliverycheck.search import Journal, JournalFormatError, Judge, Judgement

PLAN = Plan(system="kafka", subject=Subject(), steps=(Publish(count=2),))
OTHER = Plan(system="kafka", subject=Subject(partitions=1), steps=(Publish(count=2),))
BROKEN = Verdict(
    guarantee="at_least_once_in_log",
    validity=Validity.INVALID,
    examined=3,
    count=1,
    anomalies=(
        Anomaly(
            name="lost", message="p1#1-1", witnesses=(1, 4), facts={"kind": "tail", "places": ["a"]}
        ),
    ),
)
HELD = Verdict(guarantee="one_log", validity=Validity.VALID, examined=2)


def judgement(root, plan=PLAN, number=1, **of_execution):
    execution = Execution(
        plan=plan,
        folder=ExecutionFolder(root=root / "executions" / f"{number:05d}"),
        seconds=0.25,
        **of_execution,
    )
    if execution.inconclusive is not None:
        return Judgement(execution=execution, verdicts={}, hazards={})
    hazards = {"lost_reply": (Evidence(kind="seen", ns=5, witnesses=(2,)),)}
    verdicts = {verdict.guarantee: verdict for verdict in (BROKEN, HELD)}
    return Judgement(execution=execution, verdicts=verdicts, hazards=hazards, inert="not met")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.ndjson"


def test_what_was_kept_is_answered_as_it_was(path, tmp_path):
    kept = judgement(tmp_path)
    Journal(path).keep(kept)
    answered = Journal(path).answer(PLAN)
    assert answered.execution == kept.execution
    assert (answered.hazards, answered.inert) == (kept.hazards, kept.inert)
    assert {name: answered.verdicts[name] for name in kept.verdicts} == kept.verdicts
    assert answered.verdicts["fencing"].validity is Validity.UNKNOWN


def test_inconclusive_execution_is_remembered_as_one(path, tmp_path):
    kept = judgement(tmp_path, inconclusive="no broker", broker_died="it died")
    Journal(path).keep(kept)
    assert Journal(path).answer(PLAN) == kept


def test_trouble_is_kept_without_the_machines_paths_and_its_brokers_log(path, tmp_path):
    trouble = f"b1 died; the end of {tmp_path}/broker/b1.log:\n    hunter2"
    Journal(path).keep(judgement(tmp_path, inconclusive=trouble, broker_died=trouble))
    assert "hunter2" not in path.read_text()
    assert str(tmp_path) not in path.read_text()
    assert Journal(path).answer(PLAN).inconclusive == "b1 died; the end of …/broker/b1.log"


def test_each_answer_is_given_once_and_in_its_order(path, tmp_path):
    journal = Journal(path)
    for number, plan in enumerate((PLAN, OTHER, PLAN)):
        journal.keep(judgement(tmp_path, plan, number))
    again = Journal(path)
    folders = [again.answer(PLAN).execution.folder.root.name for _ in range(2)]
    assert folders == ["00000", "00002"]
    assert again.answer(PLAN) is None
    assert again.answer(OTHER) is not None


@pytest.mark.parametrize("lost_bytes", [1, 2, 40])
def test_line_that_was_being_written_is_dropped_and_the_next_one_is_whole(
    path, tmp_path, lost_bytes
):
    journal = Journal(path)
    journal.keep(judgement(tmp_path, PLAN))
    journal.keep(judgement(tmp_path, OTHER))
    path.write_bytes(path.read_bytes()[:-lost_bytes])
    after_the_kill = Journal(path)
    assert after_the_kill.remembered == 1
    assert after_the_kill.answer(OTHER) is None
    after_the_kill.keep(judgement(tmp_path, OTHER))
    assert Journal(path).remembered == 2


def test_line_of_something_else_is_named(path):
    path.write_text('{"plan": {}}\n')
    with pytest.raises(JournalFormatError, match=r"events\.ndjson, line 1: no entry"):
        Journal(path)


def test_time_passes_as_it_did_and_then_goes_on(path, tmp_path):
    now = [100.0]
    first = Journal(path, lambda: now[0])
    for moment, plan in ((130.0, PLAN), (150.0, OTHER)):
        now[0] = moment
        first.keep(judgement(tmp_path, plan))
    again = Journal(path, lambda: now[0])
    now[0] = 7005.0  # A broker was started meanwhile.
    again.begin()
    assert again.passed_s() == 0.0
    again.answer(OTHER)
    assert again.passed_s() == 30.0  # Chains ask in any order: one answer is as late as the first.
    again.answer(PLAN)
    assert again.passed_s() == 50.0
    now[0] = 7010.0
    assert again.passed_s() == 55.0


def test_judge_runs_what_no_earlier_run_judged(path, tmp_path):
    ran = []

    def execute(plan, folder):
        ran.append(plan)
        folder.create()
        return Execution(plan=plan, folder=folder, seconds=0.1, inconclusive="of no account here")

    def a_judge():
        return Judge(
            execute=execute,
            renew=lambda _: None,
            guarantees=("one_log",),
            folder=tmp_path / "executions",
            journal=Journal(path),
        )

    a_judge().execute(PLAN)  # Once, and once more on a fresh broker.
    assert ran == [PLAN, PLAN]
    again = a_judge()
    again.execute(PLAN)
    assert ran == [PLAN, PLAN]
    assert (again.executions, again.inconclusive) == (2, 2)
    again.execute(PLAN)
    assert len(ran) == 4


def test_what_says_nothing_takes_no_room(path, tmp_path):
    kept = judgement(tmp_path)
    silent = {f"g{number}": unknown(f"g{number}", "nothing to examine: no") for number in range(50)}
    Journal(path).keep(Judgement(execution=kept.execution, verdicts=silent, hazards={}))
    assert b"nothing to examine" not in path.read_bytes()
