"""Versions compared: what is replayed, what counts as a difference, and how it goes on."""

from threading import Event

import pytest

from deliverycheck.cli.compare_versions.evidence import alike_of, differences_of, once_of
from deliverycheck.cli.compare_versions.findings import findings_of
from deliverycheck.cli.compare_versions.page import page_of
from deliverycheck.cli.compare_versions.pool import drawn
from deliverycheck.cli.compare_versions.record import Compared, Comparison
from deliverycheck.cli.compare_versions.runs import Runs, StoppedError
from deliverycheck.cli.compare_versions.sights import UNKNOWN, Sight, counted, worth_replays
from deliverycheck.cli.compare_versions.smallest import TIMES
from deliverycheck.cli.compare_versions.splits import (
    Candidate,
    Split,
    candidates_of,
    grouped,
    split_of,
)
from deliverycheck.cli.compare_versions.versions import (
    USUAL,
    broker_versions,
    client_versions,
    key_of,
)
from deliverycheck.cli.systems import UsageError, content_of
from deliverycheck.plans import Plan, Publish, Subject
from deliverycheck.plans.campaign import Target
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.search import Journal, Judge, load_plans, save_plans, tally
from selftests.scripted_target import Does, ScriptedTarget

LOST = Sight("at_least_once_in_log", "lost")
OLD, NEW = client_versions(["2.3.0"])
FOUR_STEPS = Plan(system="kafka", subject=Subject(), steps=(Publish(count=2),) * 4)
HELD, BROKEN, SILENT = frozenset(), frozenset({"lost"}), frozenset({UNKNOWN})


def faces(**by_guarantee):
    return by_guarantee


# Versions.


def test_usual_version_is_always_compared_and_the_oldest_comes_first():
    assert [one.number for one in client_versions(["2.10.1", "2.3.0"])] == [
        "2.3.0",
        "2.10.1",
        USUAL,
    ]
    assert NEW.client is None
    assert OLD.running(FOUR_STEPS).subject.client == "confluent-kafka==2.3.0"


@pytest.mark.parametrize("numbers", [["newest"], ["2.x"], [USUAL]])
def test_what_cannot_be_compared_is_refused(numbers):
    with pytest.raises(UsageError, match=r"version|usual"):
        client_versions(numbers)


def test_brokers_are_of_one_system_and_its_usual_one_is_always_compared():
    system, versions = broker_versions(["rabbitmq:4.0", "rabbitmq:3.10"])
    assert system == "rabbitmq"
    assert [one.number for one in versions] == ["3.10", "4.0", "4"]
    assert [one.broker for one in versions] == ["rabbitmq:3.10", "rabbitmq:4.0", None]
    assert versions[-1].running(FOUR_STEPS) == FOUR_STEPS


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["rabbitmq:4.0", "kafka:3.9.2"], "one system"),
        (["rabbitmq:4"], "usual"),
        (["rabbitmq:newest"], "numbers and dots"),
        (["activemq:6.0"], "there are: kafka, rabbitmq"),
    ],
    ids=["two-systems", "only-the-usual", "no-number", "no-system"],
)
def test_what_are_no_versions_of_one_broker_is_refused(texts, said):
    with pytest.raises(UsageError, match=said):
        broker_versions(texts)


def test_client_of_a_program_of_its_own_is_no_version():
    streams = Subject(client="rstream")
    assert key_of(streams) != key_of(Subject())


def test_subject_has_the_same_key_with_every_version():
    assert key_of(OLD.under(FOUR_STEPS.subject)) == key_of(FOUR_STEPS.subject)


# What is replayed.


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ([HELD, HELD], False),
        ([SILENT, SILENT], False),
        ([HELD, SILENT], True),
        ([BROKEN, BROKEN], True),
        ([BROKEN, HELD], True),
    ],
    ids=["all-hold", "none-concludes", "one-concludes", "all-broken", "one-broken"],
)
def test_broken_or_not_the_same_is_worth_replays(said, wanted):
    assert worth_replays([faces(g=one) for one in said]) == ({"g"} if wanted else set())


def test_version_that_said_nothing_at_all_differs_from_nobody():
    assert not worth_replays([faces(g=HELD), None, faces(g=HELD)])


# What is a difference.


@pytest.mark.parametrize(
    ("old", "new", "differ"),
    [(0, 6, True), (0, 5, False), (10, 4, True), (10, 5, False), (3, 7, False)],
)
def test_versions_differ_when_their_intervals_are_apart(old, new, differ):
    split = split_of({"old": tally(old, 10), "new": tally(new, 10)})
    assert (split is not None) == differ


def test_version_between_two_that_differ_is_on_neither_side():
    rates = {"a": tally(0, 10), "b": tally(3, 10), "c": tally(10, 10)}
    assert split_of(rates) == Split(more=frozenset("c"), fewer=frozenset("ab"))
    rates["b"] = tally(5, 10)
    assert split_of({**rates, "d": tally(10, 10)}).more == frozenset("cd")


def test_no_execution_is_no_difference():
    assert split_of({"a": tally(0, 0), "b": tally(10, 10)}) is None


def test_inconclusive_executions_are_not_counted():
    counts = counted([("a", None), ("a", {LOST.guarantee: BROKEN}), ("b", {LOST.guarantee: HELD})])
    assert counts.rates(LOST) == {"a": tally(1, 1), "b": tally(0, 1)}


def counts_of(**lost_of_ten):
    seen = [
        (version, {LOST.guarantee: BROKEN if number < lost else HELD})
        for version, lost in lost_of_ten.items()
        for number in range(10)
    ]
    return counted(seen)


def candidates(place, **lost_of_ten):
    return candidates_of(place, 5, counts_of(**lost_of_ten), {LOST.guarantee})


def test_guarantee_that_was_not_worth_replays_has_no_candidate():
    assert not candidates_of(0, 5, counts_of(a=0, b=10), {"another"})


def test_plans_that_tell_the_same_versions_apart_are_one_group_and_the_clearest_is_first():
    found = [
        *candidates(1, a=0, b=7, c=4),
        *candidates(2, a=0, b=10, c=10),
        *candidates(3, a=10, b=0, c=0),
    ]
    groups = grouped(found)
    assert [[one.place for one in group.candidates] for group in groups] == [[2, 1], [3]]
    assert groups[0].split == Split(more=frozenset("bc"), fewer=frozenset("a"))
    assert groups[0].candidates[0].clearest[1] == "a"


def test_what_breaks_two_guarantees_at_once_is_told_once():
    def of(guarantee, place, **lost_of_ten):
        rates = {version: tally(lost, 10) for version, lost in lost_of_ten.items()}
        return Candidate(
            place=place,
            steps=5,
            sight=Sight(guarantee, "lost"),
            rates=rates,
            split=split_of(rates),
        )

    groups = grouped(
        [of("a", 1, x=0, y=10), of("b", 1, x=0, y=9), of("b", 2, x=0, y=9), of("c", 1, x=9, y=0)]
    )
    assert [(one.sight.guarantee, one.also) for one in groups] == [("b", ("a",)), ("c", ())]


# The pool.


def test_pool_is_spread_over_the_subjects_and_few_plans_disturb_a_node():
    content = content_of("kafka")
    lists = content.make_pool(0, 60)
    plans = drawn(content.claims, lists, content.model, 90)
    subjects = {key_of(claim.subject) for claim in content.claims}
    assert {key_of(plan.subject) for plan in plans} == subjects
    assert len({plan.digest for plan in plans}) == 90
    assert sum(map(content.model.broker_wide, plans)) <= 0.05 * 90


def test_pool_that_is_too_small_gives_what_it_has():
    content = content_of("kafka")
    plans = drawn(content.claims, content.make_pool(0, 10)[:1], content.model, 500)
    assert 0 < len(plans) <= len(content.claims)


def test_saved_plans_are_read_as_they_were(tmp_path):
    save_plans(tmp_path / "plans.ndjson", [FOUR_STEPS, OLD.running(FOUR_STEPS)])
    assert load_plans(tmp_path / "plans.ndjson") == (FOUR_STEPS, OLD.running(FOUR_STEPS))


# The whole of it, without a broker.


def losing(*clients):
    """A broker on which these clients lose the last message."""
    return lambda plan, _: Does.LOSES if plan.subject.client in clients else Does.KEEPS


def runs_on(target, folder, *, refused=None, stop=None):
    judge = Judge(
        execute=target.execute,
        renew=target.renew,
        guarantees=("at_least_once_in_log",),
        folder=folder / "executions",
        journal=Journal(folder / "events.ndjson"),
    )
    return Runs(
        execute=lambda version, plan: judge.execute(version.running(plan)),
        versions=(OLD, NEW),
        refused=refused or {},
        say=lambda _: None,
        stop=stop or Event(),
    )


def test_what_one_version_breaks_is_a_difference_with_its_smallest_plan(tmp_path):
    target = ScriptedTarget(losing(OLD.client))
    findings = findings_of(runs_on(target, tmp_path), KafkaModel(), [FOUR_STEPS])
    (difference,) = differences_of(findings, tmp_path)
    assert (difference.guarantee, difference.shows) == LOST
    assert (difference.more, difference.fewer) == (("2.3.0",), (USUAL,))
    assert difference.rates == {"2.3.0": tally(10, 10), USUAL: tally(0, 10)}
    assert len(difference.steps) == 1
    assert (tmp_path / difference.plan_file).exists()
    assert not once_of(findings)


def test_what_all_versions_break_is_told_apart_from_differences(tmp_path):
    target = ScriptedTarget(losing(OLD.client, NEW.client))
    findings = findings_of(runs_on(target, tmp_path), KafkaModel(), [FOUR_STEPS])
    assert not findings.found
    assert [(one.guarantee, one.plans) for one in alike_of(findings)] == [(LOST.guarantee, 1)]
    assert target.times(NEW.running(FOUR_STEPS)) == 1 + TIMES


def test_time_is_told_of_plans_that_all_versions_take(tmp_path):
    refused = {(OLD.number, key_of(Subject(partitions=1))): "unknown setting"}
    runs = runs_on(ScriptedTarget(losing()), tmp_path, refused=refused)
    other = Plan(system="kafka", subject=Subject(partitions=1), steps=FOUR_STEPS.steps)
    findings_of(runs, KafkaModel(), [FOUR_STEPS, other])
    assert runs.seconds == {OLD.number: [0.1], NEW.number: [0.1]}


def test_what_tells_versions_apart_only_once_is_no_difference(tmp_path):
    def by_luck(plan, time):
        return Does.LOSES if plan.subject.client and time <= 1 + TIMES else Does.KEEPS

    target = ScriptedTarget(by_luck)
    findings = findings_of(runs_on(target, tmp_path), KafkaModel(), [FOUR_STEPS])
    assert not differences_of(findings, tmp_path)
    assert [one.shows for one in once_of(findings)] == ["lost"]


def test_plan_that_a_version_does_not_take_is_not_run_with_it(tmp_path):
    target = ScriptedTarget(losing(OLD.client))
    refused = {(OLD.number, key_of(FOUR_STEPS.subject)): "unknown setting"}
    findings = findings_of(runs_on(target, tmp_path, refused=refused), KafkaModel(), [FOUR_STEPS])
    assert not findings.replayed
    assert target.times(OLD.running(FOUR_STEPS)) == 0


def test_stopped_comparison_goes_on_without_running_anything_twice(tmp_path):
    stop, target = Event(), ScriptedTarget(losing(OLD.client))

    def stopping(plan, time):
        if len(target.ran) == 30:
            stop.set()
        return losing(OLD.client)(plan, time)

    target.behave = stopping
    with pytest.raises(StoppedError):
        findings_of(runs_on(target, tmp_path, stop=stop), KafkaModel(), [FOUR_STEPS])
    before = len(target.ran)
    assert before >= 30
    again = findings_of(runs_on(target, tmp_path), KafkaModel(), [FOUR_STEPS])
    whole = ScriptedTarget(losing(OLD.client))
    findings_of(runs_on(whole, tmp_path / "whole"), KafkaModel(), [FOUR_STEPS])
    assert len(target.ran) == len(whole.ran)
    assert len(differences_of(again, tmp_path)) == 1


def test_page_shows_each_difference_and_what_was_left_out(tmp_path):
    target = ScriptedTarget(losing(OLD.client))
    findings = findings_of(runs_on(target, tmp_path), KafkaModel(), [FOUR_STEPS])
    versions = [
        Compared(
            number=one.number,
            name=one.number,
            option=one.option,
            not_applicable={"no such": 2},
            inconclusive={},
            median_s=1.5,
        )
        for one in (OLD, NEW)
    ]
    page = page_of(
        Comparison(
            target=Target(system="kafka", broker="K", backend="process", client="c", proxy="T"),
            what="confluent-kafka",
            versions=tuple(versions),
            seed=0,
            plans=1,
            replayed=findings.replayed,
            executions=9,
            differences=differences_of(findings, tmp_path),
            once=once_of(findings),
            alike=alike_of(findings),
        )
    )
    assert "`lost` with 2.3.0" in page
    assert "10 of 10 (72%-100%) | 0 of 10 (0%-28%)" in page
    assert "2.3.0: plans that are not applicable: 2. It says: no such." in page
