"""Commits of members that were not, or may not have been, the owners any more."""

from collections.abc import Iterable, Iterator

from deliverycheck.guarantees.delivery.earliest import EarliestEnds, Stretch
from deliverycheck.guarantees.delivery.group_commits import GroupCommit
from deliverycheck.guarantees.delivery.members import (
    Move,
    assignments,
    given_before,
    rebalances,
    subscribers,
)
from deliverycheck.guarantees.verdict import Anomaly
from deliverycheck.history import Action, History

_TAKEN = frozenset({Action.REVOKE, Action.LOST})


def stale_commits(history: History, row: list[GroupCommit]) -> Iterator[Anomaly]:
    """Of one partition, the commits that took effect after another member had become its owner.

    Sound: only members that leave assignment to the group are judged, and only between two news
    of a rebalance, of which the next is no assignment: a member is told that it lost a partition
    before it can get it back. If the last news took the partition away, another one's assignment
    or commit after that is the proof. If not, only another one's commit is: both took effect,
    while one of the two had no right.
    """
    members = subscribers(history)
    sure = [one for one in row if one.sure and one.timed and one.process in members]
    if not sure:
        return
    committed = EarliestEnds(_stretch(one) for one in sure)
    assigned = EarliestEnds(_given(assignments(history).get((sure[0].group, sure[0].place), ())))
    for commit in sure:
        given = given_before(history, commit.process, commit.place, commit.invoked_ns)
        last = _last_news(history, commit)
        if given is None or last is None:
            continue
        taken = last.what in _TAKEN and (not last.places or commit.place in last.places)
        other = assigned.after(last.ns, not_by=commit.process) if taken else None
        for kind, found in (
            ("after_assignment", other),
            ("after_commit", committed.after(last.ns, not_by=commit.process)),
        ):
            if found is not None and found.completed_ns < commit.invoked_ns:
                yield _staleness(commit, found, last if taken else given, kind, last.ns)
                break


def _last_news(history: History, commit: GroupCommit) -> Move | None:
    """What the member was told last, if what it is told next is no assignment."""
    told = rebalances(history)[commit.process]
    number = told.until(commit.told_ns)
    regains = number < len(told.all) and told.all[number].what == Action.ASSIGN
    return None if regains else told.all[number - 1]


def _stretch(commit: GroupCommit) -> Stretch:
    return Stretch(
        process=commit.process,
        op=commit.op,
        invoked_ns=commit.invoked_ns,
        completed_ns=commit.told_ns,
    )


def _given(moves: Iterable[tuple[str, Move]]) -> Iterator[Stretch]:
    for process, move in moves:
        yield Stretch(process=process, op=move.op, invoked_ns=move.called_ns, completed_ns=move.ns)


def _staleness(
    commit: GroupCommit, found: Stretch, shown: Move, kind: str, told_ns: int
) -> Anomaly:
    return Anomaly(
        name="stale_commit",
        witnesses=(shown.op, found.op, commit.op),
        source=commit.place[0],
        partition=commit.place[1],
        facts={
            "kind": kind,
            "group": commit.group,
            "committed": commit.position,
            "committed_by": commit.process,
            "committed_ns": commit.told_ns,
            "owner": found.process,
            "owner_ns": found.completed_ns,
            "told_ns": told_ns,
        },
    )
