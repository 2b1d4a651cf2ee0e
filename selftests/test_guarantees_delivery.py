"""Effects before commits, and owners of partitions, against slow definitions of the same words."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from deliverycheck.guarantees import Validity, check
from deliverycheck.history import History
from selftests.delivery_steps import (
    FOREVER,
    NEW,
    SMALL,
    joined,
    news_of,
    of,
    steps_of,
    told,
    verdict_of,
)
from selftests.story import Story


def ahead_by_definition(history):
    effects = [one for one in of(history, "effect") if one.outcome != "fail"]
    commits = [one for one in of(history, "commit") if one.outcome == "ok"]
    ahead = set()
    for position in range(4) if of(history, "effect") else ():
        handed = [
            one
            for one in of(history, "receive")
            if one.deliveries and one.deliveries[0].position == position
        ]
        past = [one.completed_ns for one in commits if one.covers[0].position > position]
        begun = [one.invoked_ns for one in effects if one.deliveries[0].position == position]
        if not past or all(one.invoked_ns > min(past) for one in handed):
            continue
        if all(ns > min(past) for ns in begun):
            ahead.add(position)
    return ahead


@SMALL
@given(steps=steps_of("receive", "effect", "commit", "commit", "answer", max_size=12))
def test_commit_is_ahead_exactly_when_nobody_had_begun_the_effect_by_its_answer(steps):
    history = told(steps)
    verdict = verdict_of(history, "commit_follows_effect")
    assert {one.position for one in verdict.anomalies} == ahead_by_definition(history)


def held_by_definition(history):
    """Process, operation, from, until, regained: as far as each was told."""
    subscribed = joined(history)
    ends = {
        process: [(event.ns, None) for event in history.processes if event.process == process]
        for process in subscribed
    }
    for process in subscribed:
        news = [
            (ns, one)
            for ns, one in news_of(history, process) + ends[process]
            if one is None or one.action != "subscribe" or not one.covers
        ]
        news.sort(key=lambda row: row[0])
        for number, (ns, one) in enumerate(news):
            if one is None or one.action != "assign":
                continue
            after = news[number + 1 :]
            if not after:
                yield process, one.op, ns, FOREVER, False
            elif after[0][1] is None:
                yield process, one.op, ns, after[0][0], False
            else:
                following = after[0][1]
                yield process, one.op, ns, following.invoked_ns, following.action == "assign"


def overlaps_by_definition(history):
    held = list(held_by_definition(history))
    commits = [
        one
        for one in of(history, "commit")
        if one.outcome == "ok"
        and any(
            process == one.process and start < one.invoked_ns < end
            for process, _, start, end, _ in held
        )
    ]
    signs = [(one.process, one.invoked_ns, one.completed_ns) for one in commits]
    for process, _, start, _, _ in held:
        begun = min(one.invoked_ns for one in history.operations if one.process == process)
        signs.append((process, begun, start))
    return {
        given
        for process, given, start, end, regained in held
        if not regained
        and any(
            other != process
            and start < invoked
            and any(
                one.process == process and completed < one.invoked_ns and one.completed_ns < end
                for one in commits
            )
            for other, invoked, completed in signs
        )
    }


@SMALL
@given(
    steps=steps_of(
        "subscribe", "assign", "assign", "commit", "commit", "revoke", "killed", "answer",
        outcomes=st.sampled_from(["ok", "ok", "ok", "info"]), max_size=12,
    )
)  # fmt: skip
def test_partition_has_two_owners_exactly_when_the_group_took_commits_of_both(steps):
    history = told(steps)
    verdict = verdict_of(history, "single_owner")
    assert {one.witnesses[0] for one in verdict.anomalies} == overlaps_by_definition(history)
    held = list(held_by_definition(history))
    doubt = any(
        one[0] != other[0] and one[2] <= other[2] < one[3] for one, other in product(held, held)
    )
    if len({one[0] for one in held}) > 1 and not verdict.anomalies:
        assert (verdict.validity is Validity.UNKNOWN) == doubt


@SMALL
@given(steps=steps_of("subscribe", "assign", "receive", "effect", "commit", "revoke", max_size=8))
def test_history_without_its_end_convicts_of_nothing(steps):
    whole = told(steps)
    cut = History(
        header=whole.header,
        operations=whole.operations,
        processes=whole.processes,
        cut=True,
    )
    for verdict in check(cut, NEW):
        assert verdict.validity is Validity.UNKNOWN
        nothing = verdict.reason.startswith("nothing to examine: ")
        assert nothing == (verdict.examined == 0)


def test_name_of_the_guarantee_stands_in_every_verdict():
    for name in NEW:
        assert verdict_of(Story().done().history(), name).validity is Validity.UNKNOWN
