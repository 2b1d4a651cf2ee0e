"""The guarantee that what a group has committed moves forward, by the hand of the owner."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, pairwise

from deliverycheck.guarantees.delivery.group_commits import (
    GroupCommit,
    group_commits,
    settled_before,
)
from deliverycheck.guarantees.delivery.members import NO_MOVES, begins, chose, moves
from deliverycheck.guarantees.delivery.stale import stale_commits
from deliverycheck.guarantees.reached import why_not_whole
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import History


def commits_move_forward(history: History) -> Verdict:
    """What a group has committed never goes back, and nobody but the owner commits.

    Sound: only commits that took effect and do not overlap in time are compared. One process is
    compared with itself while it is told of no rebalance and does not seek; with others only if
    it was first heard of after their last commit was answered, since then it must begin where
    that points. For stale commits see `stale_commits`.

    Complete where commits name their group. Commits in transactions are not judged here. A
    history that was cut is UNKNOWN.
    """
    name = "commits_move_forward"
    rows = group_commits(history).values()
    anomalies = [
        *chain.from_iterable(_regressed_within(history, row) for row in rows),
        *chain.from_iterable(_regressed_on_joining(history, row) for row in rows),
        *chain.from_iterable(stale_commits(history, row) for row in rows),
    ]
    compared = sum(max(0, sum(one.sure for one in row) - 1) for row in rows)
    examined = max(compared, len(anomalies))
    if not examined:
        return unknown(name, "nothing to examine: no group committed a partition twice")
    if reason := why_not_whole(history):
        return unknown(name, reason, examined=examined)
    return judge(name, anomalies, examined=examined)


def _regressed_within(history: History, row: list[GroupCommit]) -> Iterator[Anomaly]:
    """Commits behind an earlier one of the same process that stayed where it was."""
    earlier: dict[tuple[str, float], list[GroupCommit]] = defaultdict(list)
    later: dict[tuple[str, float], list[GroupCommit]] = defaultdict(list)
    for commit in row:
        if not commit.sure:
            continue
        told = moves(history).get(commit.process, NO_MOVES)
        earlier[commit.process, told.before(commit.invoked_ns)].append(commit)
        if commit.timed:
            later[commit.process, told.at_most_until(commit.told_ns)].append(commit)
    for stay in sorted(later):
        yield from _behind(earlier[stay], later[stay])


def _behind(earlier: list[GroupCommit], later: list[GroupCommit]) -> Iterator[Anomaly]:
    """Each later one that stands behind the furthest of those answered before its call."""
    answered = sorted(earlier, key=lambda one: one.told_ns)
    furthest: GroupCommit | None = None
    number = 0
    for commit in later:
        while number < len(answered) and answered[number].told_ns < commit.invoked_ns:
            if furthest is None or answered[number].position > furthest.position:
                furthest = answered[number]
            number += 1
        if furthest is not None and commit.position < furthest.position:
            yield _regression(furthest, commit, "within")


def _regressed_on_joining(history: History, row: list[GroupCommit]) -> Iterator[Anomaly]:
    """First commits of a process behind the last one, answered before it was first heard of."""
    settled = settled_before(row)
    for number, (last, commit) in enumerate(pairwise(row)):
        if settled[number] < last.invoked_ns:
            yield from _joined_behind(history, last, commit)


def _joined_behind(history: History, last: GroupCommit, commit: GroupCommit) -> Iterator[Anomaly]:
    joined_later = last.timed and last.until_ns < begins(history)[commit.process]
    behind = commit.sure and commit.position < last.position
    if joined_later and behind and not chose(history, commit.process):
        yield _regression(last, commit, "on_joining")


def _regression(before: GroupCommit, commit: GroupCommit, kind: str) -> Anomaly:
    return Anomaly(
        name="commit_regressed",
        witnesses=(before.op, commit.op),
        source=commit.place[0],
        partition=commit.place[1],
        facts={
            "kind": kind,
            "group": commit.group,
            "committed": before.position,
            "committed_by": before.process,
            "committed_ns": before.told_ns,
            "behind": commit.position,
            "behind_by": commit.process,
            "behind_ns": commit.told_ns,
        },
    )
