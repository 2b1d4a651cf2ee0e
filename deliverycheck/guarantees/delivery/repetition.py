"""The guarantee that a group is handed each message once, unless something happened."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate

import msgspec

from deliverycheck.guarantees.delivery.group_commits import (
    FOREVER,
    GroupCommit,
    group_commits,
    settled_before,
)
from deliverycheck.guarantees.delivery.members import (
    Place,
    begins,
    chose,
    given_before,
    group_of,
    moves,
    standing_place,
)
from deliverycheck.guarantees.delivery.queued import is_queue
from deliverycheck.guarantees.reached import why_not_drained
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Action, History, Outcome, indexed

_Work = tuple[str, Place, int, str]
"""Group, source and partition, position, message."""
_SETTLING = frozenset({Action.ACK, Action.NACK, Action.REJECT})


class Handing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One handing of a message, from the call that asked for it to the answer."""

    process: str
    op: int
    invoked_ns: int
    ended_ns: int


def single_delivery_in_group(history: History) -> Verdict:
    """Inside one group a message is handed out once, unless there is a reason to do it again.

    Sound: two handings to one member count if it had been assigned the partition before, and
    between them nothing moved it, it did not seek, and no node of the broker went or came. A
    handing to a member that joined later counts if the group had committed past the message
    before that member was first heard of, and nothing may have taken that back.

    Complete for logs whose groups commit positions, and for drained histories. Any other
    repetition may have a reason that is not recorded. What is settled message by message is
    the business of `settlement`.
    """
    name = "single_delivery_in_group"
    handings = _handings(history)
    repeated = [
        _repetition(work, *found)
        for work in sorted(handings, key=_standing)
        for found in _without_reason(history, work, handings[work])
    ]
    if not handings:
        return unknown(name, "nothing to examine: no group was handed a message of a log")
    reason = why_not_drained(history)
    if reason and (history.cut or not repeated):
        return unknown(name, reason, examined=len(handings))
    return judge(name, repeated, examined=len(handings))


@indexed
def _handings(history: History) -> dict[_Work, list[Handing]]:
    """By message and place, in the order of calls; only what surely was handed."""
    found: dict[_Work, list[Handing]] = defaultdict(list)
    settled = _settled_sources(history)
    for reading in history.receipts:
        operation, delivery = history.by_op[reading.op], reading.delivery
        group = group_of(history, operation)
        if (
            group is not None
            and delivery.position is not None
            and operation.outcome is Outcome.OK
            and (group, delivery.source) not in settled
            and not is_queue(history, delivery.source)
        ):
            place = (delivery.source, delivery.partition)
            found[group, place, delivery.position, delivery.message].append(
                Handing(
                    process=operation.process,
                    op=operation.op,
                    invoked_ns=operation.invoked_ns,
                    ended_ns=reading.ns,
                )
            )
    for row in found.values():
        row.sort(key=lambda one: (one.invoked_ns, one.op))
    return dict(found)


@indexed
def _settled_sources(history: History) -> frozenset[tuple[str, str]]:
    """Groups that settle message by message in a log: when they get one again is not known."""
    return frozenset(
        (group, position.source)
        for action in _SETTLING
        for operation in history.select(action)
        for position in operation.covers
        if (group := group_of(history, operation)) is not None
    )


def _without_reason(
    history: History, work: _Work, row: list[Handing]
) -> Iterator[tuple[Handing, Handing, GroupCommit | None]]:
    """Each handing that follows another without a reason, with the commit that forbids it."""
    last: dict[str, Handing] = {}
    soonest = min(row, key=lambda one: (one.ended_ns, one.op))
    for handing in row:
        before = last.get(handing.process)
        if before is not None and _stayed(history, work[1], before, handing):
            yield before, handing, None
        elif soonest.ended_ns < begins(history)[handing.process]:
            commit = _committed_past(history, work, handing.process)
            if commit is not None:
                yield soonest, handing, commit
        last[handing.process] = handing


def _stayed(history: History, place: Place, first: Handing, second: Handing) -> bool:
    """Whether the member had the partition, and kept its position in it, from one to the other."""
    if given_before(history, first.process, place, first.invoked_ns) is None:
        return False
    had, nodes = moves(history)[first.process], _node_moments(history)
    return had.before(first.invoked_ns) == had.at_most_until(second.ended_ns) and bisect_left(
        nodes, first.invoked_ns
    ) == bisect_right(nodes, second.ended_ns)


@indexed
def _node_moments(history: History) -> list[int]:
    return sorted(node.ns for node in history.nodes)


def _committed_past(history: History, work: _Work, process: str) -> GroupCommit | None:
    """What the group had committed when a process came that must begin there, if past it."""
    row, settled, lowest = _commit_rows(history).get(work[:2], ([], [], []))
    begun_ns = begins(history)[process]
    number = bisect_left(row, begun_ns, key=lambda commit: commit.invoked_ns)
    if not number or chose(history, process):
        return None
    commit = row[number - 1]
    lasts = commit.timed and settled[number - 1] < commit.invoked_ns and lowest[number] > work[2]
    reaches = commit.until_ns < begun_ns and commit.position > work[2]
    return commit if lasts and reaches else None


@indexed
def _commit_rows(
    history: History,
) -> dict[tuple[str, Place], tuple[list[GroupCommit], list[float], list[float]]]:
    """Commits by call; by when all before each were answered; how far back the rest reaches."""
    return {
        key: (row, settled_before(row), _lowest(row)) for key, row in group_commits(history).items()
    }


def _lowest(row: list[GroupCommit]) -> list[float]:
    positions = (one.position for one in reversed(row))
    return list(accumulate(positions, min, initial=FOREVER))[::-1]


def _standing(work: _Work) -> tuple[str, tuple[str, tuple[int, ...]], int, str]:
    group, place, position, message = work
    return (group, standing_place(place), position, message)


def _repetition(
    work: _Work, first: Handing, second: Handing, commit: GroupCommit | None
) -> Anomaly:
    group, (source, partition), position, message = work
    facts: dict[str, str | int | list[str] | list[int]] = {
        "kind": "to_one_member" if commit is None else "after_commit",
        "group": group,
        "first_to": first.process,
        "first_ns": first.ended_ns,
        "again_to": second.process,
        "again_ns": second.ended_ns,
    }
    if commit is not None:
        facts |= {
            "committed": commit.position,
            "committed_by": commit.process,
            "committed_ns": commit.told_ns,
        }
    ops = (first.op, *(() if commit is None else (commit.op,)), second.op)
    return Anomaly(
        name="repeated_delivery",
        message=message or None,
        witnesses=tuple(dict.fromkeys(ops)),
        source=source,
        partition=partition,
        position=position,
        facts=facts,
    )
