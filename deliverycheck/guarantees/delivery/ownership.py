"""The guarantee that a partition has one owner in a group."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from deliverycheck.guarantees.delivery.earliest import EarliestEnds, Stretch
from deliverycheck.guarantees.delivery.group_commits import GroupCommit, group_commits
from deliverycheck.guarantees.delivery.holdings import Holding, holdings
from deliverycheck.guarantees.delivery.members import Place, begins
from deliverycheck.guarantees.reached import why_not_whole
from deliverycheck.guarantees.sentences import place as told_place
from deliverycheck.guarantees.sentences import seconds
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Action, History

_Key = tuple[str, Place]


def single_owner(history: History) -> Verdict:
    """No partition has two owners in a group at once.

    Sound: that two members think they own a partition is no proof, since one that was stopped,
    or whose session expired, does not know yet. It is one when the group goes along with both:
    it took a commit of another member that held the partition too, or assigned it to one that
    was first heard of later, and then took a commit of this one, which had been told of nothing.

    Complete where members subscribe, record what they are assigned and name their group when they
    commit. Holdings that overlap without such a commit are UNKNOWN, and so is a history that was
    cut.
    """
    name = "single_owner"
    rows = holdings(history)
    members: dict[str, set[str]] = defaultdict(set)
    for (group, _), row in rows.items():
        members[group].update(holding.process for holding in row)
    examined = sum(len(row) for (group, _), row in rows.items() if len(members[group]) > 1)
    overlaps = [overlap for key, row in rows.items() for overlap in _overlaps(history, key, row)]
    doubts = [doubt for key, row in rows.items() for doubt in _doubts(key, row)]
    if not examined:
        return unknown(name, "nothing to examine: no group had two members that were assigned any")
    if reason := why_not_whole(history):
        return unknown(name, reason, examined=examined)
    if doubts and not overlaps:
        return unknown(name, doubts[0], examined=examined)
    return judge(name, overlaps, examined=examined)


def _overlaps(history: History, key: _Key, row: list[Holding]) -> Iterator[Anomaly]:
    """Of each holding the first sign of another owner within it, and its own commit after that."""
    held: dict[str, list[Holding]] = defaultdict(list)
    for holding in row:
        held[holding.process].append(holding)
    commits = [
        one
        for one in group_commits(history).get(key, ())
        if one.sure and one.timed and _holds(held[one.process], one)
    ]
    others = EarliestEnds([*map(_of_commit, commits), *_of_newcomers(history, row)])
    own: dict[str, list[GroupCommit]] = defaultdict(list)
    for commit in commits:
        own[commit.process].append(commit)
    for holding in row:
        other = others.after(holding.from_ns, not_by=holding.process)
        if other is None or holding.regained:
            continue
        later = own[holding.process]
        number = bisect_right(later, other.completed_ns, key=lambda one: one.invoked_ns)
        if number < len(later) and later[number].told_ns < holding.until_ns:
            yield _overlap(history, key, holding, other, later[number])


def _holds(held: list[Holding], commit: GroupCommit) -> bool:
    """Whether its member held the partition when it called the commit."""
    number = bisect_left(held, commit.invoked_ns, key=lambda holding: holding.from_ns)
    return number > 0 and commit.invoked_ns < held[number - 1].until_ns


def _of_commit(commit: GroupCommit) -> Stretch:
    return Stretch(
        process=commit.process,
        op=commit.op,
        invoked_ns=commit.invoked_ns,
        completed_ns=commit.told_ns,
    )


def _of_newcomers(history: History, row: list[Holding]) -> Iterator[Stretch]:
    """Assignments, which happened after the member was first heard of and before it was told."""
    for holding in row:
        yield Stretch(
            process=holding.process,
            op=holding.given,
            invoked_ns=begins(history)[holding.process],
            completed_ns=holding.from_ns,
        )


def _doubts(key: _Key, row: list[Holding]) -> Iterator[str]:
    """Holdings that begin while the one before lasts, as far as both members were told."""
    for first, second in pairwise(row):
        if second.from_ns < first.until_ns:
            yield (
                f"{first.process} and {second.process} both had {told_place(*key[1])} at "
                f"{seconds(second.from_ns)} as far as they were told; one of them may have lost "
                "it without knowing yet"
            )


def _overlap(
    history: History, key: _Key, holding: Holding, other: Stretch, commit: GroupCommit
) -> Anomaly:
    is_commit = history.by_op[other.op].action is Action.COMMIT
    return Anomaly(
        name="overlap",
        witnesses=(holding.given, other.op, commit.op),
        source=key[1][0],
        partition=key[1][1],
        facts={
            "kind": "other_committed" if is_commit else "other_assigned",
            "group": key[0],
            "owner": holding.process,
            "owned_ns": holding.from_ns,
            "other": other.process,
            "other_ns": other.completed_ns,
            "committed_ns": commit.told_ns,
        },
    )
