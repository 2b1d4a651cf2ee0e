"""What groups commit, against slow definitions of the same words."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from selftests.delivery_steps import (
    JOINED,
    SMALL,
    ending,
    found,
    joined,
    moved_between,
    news_of,
    of,
    steps_of,
    told,
)


def within_by_definition(history):
    commits = [one for one in of(history, "commit") if one.outcome == "ok"]
    return {
        ("commit_regressed", later.op)
        for earlier, later in product(commits, commits)
        if earlier.process == later.process
        and earlier.completed_ns < later.invoked_ns
        and earlier.covers[0].position > later.covers[0].position
        and not moved_between(history, later.process, earlier.invoked_ns, later.completed_ns)
    }


def stale_by_definition(history):
    subscribed = joined(history)
    commits = [
        one for one in of(history, "commit") if one.outcome == "ok" and one.process in subscribed
    ]
    stale = set()
    for commit in commits:
        news = news_of(history, commit.process)
        before = [one for one in news if one[0] <= commit.completed_ns]
        after = [one for one in news if one[0] > commit.completed_ns]
        given = any(ns < commit.invoked_ns and one.action == "assign" for ns, one in news)
        if not given or (after and after[0][1].action == "assign"):
            continue
        last_ns, last = before[-1]
        signs = [one for one in commits if one.process != commit.process]
        if last.action in {"revoke", "lost"}:
            signs += [
                one
                for one in of(history, "assign")
                if one.process in subscribed - {commit.process} and one.outcome != "fail"
            ]
        if any(last_ns < one.invoked_ns and one.completed_ns < commit.invoked_ns for one in signs):
            stale.add(("stale_commit", commit.op))
    return stale


@SMALL
@given(
    members=st.booleans(),
    steps=steps_of("commit", "commit", "commit", "seek", "assign", "revoke", "lost", "answer"),
)
def test_commits_go_back_or_are_stale_exactly_when_the_definitions_say_so(members, steps):
    history = told([*JOINED, *steps] if members else steps)
    convicted = found(history, "commits_move_forward")
    assert convicted == within_by_definition(history) | stale_by_definition(history)


def joined_by_definition(history):
    """First commits of processes behind the commit before, made before they were there."""
    commits = sorted(
        (one for one in of(history, "commit") if one.outcome != "fail"),
        key=lambda one: one.invoked_ns,
    )
    subscribed = joined(history)
    sought = {one.process for one in of(history, "seek") if one.outcome != "fail"}
    behind = set()
    for number, commit in enumerate(commits):
        earlier = commits[:number]
        if not earlier or commit.process in {one.process for one in earlier}:
            continue
        last = earlier[-1]
        begun = min(one.invoked_ns for one in history.operations if one.process == commit.process)
        if (
            all(ending(one) < last.invoked_ns for one in earlier[:-1])
            and ending(last) < begun
            and commit.outcome == "ok"
            and commit.covers[0].position < last.covers[0].position
            and commit.process in subscribed - sought
        ):
            behind.add(("commit_regressed", commit.op))
    return behind


@SMALL
@given(
    steps=steps_of("commit", "commit", "subscribe", "seek", "answer", members=("a#1", "b#1", "c#1"))
)
def test_who_joins_goes_back_exactly_when_it_began_after_the_last_commit(steps):
    history = told(steps)
    convicted = found(history, "commits_move_forward")
    within = within_by_definition(history)
    assert convicted == joined_by_definition(history) | within | stale_by_definition(history)
