"""Commits of consumer groups, partition by partition."""

from collections import defaultdict
from itertools import accumulate
from math import inf

import msgspec

from deliverycheck.guarantees.delivery.members import (
    Place,
    group_of,
    place_at,
    standing_place,
    told_ns,
)
from deliverycheck.history import Action, History, Operation, Outcome, Position, indexed

FOREVER = inf


class GroupCommit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One partition of one commit.

    Attributes:
        position: the next to be read.
        told_ns: when its answer came; of what has none, its call.
        sure: it took effect, by then; if not, nobody knows whether it did, or will.
        timed: its call is known, so that it did not take effect before that. A commit that
            names no group is one that the client made by itself: it is known when it was told.
    """

    op: int
    process: str
    group: str
    place: Place
    position: int
    invoked_ns: int
    told_ns: int
    sure: bool
    timed: bool

    @property
    def until_ns(self) -> float:
        """Until when it may take effect."""
        return self.told_ns if self.sure else FOREVER


@indexed
def group_commits(history: History) -> dict[tuple[str, Place], list[GroupCommit]]:
    """Commits that may have taken effect, by group and partition, in the order of calls."""
    found: dict[tuple[str, Place], list[GroupCommit]] = defaultdict(list)
    for operation in history.select(Action.COMMIT):
        group = group_of(history, operation)
        if group is not None and operation.outcome is not Outcome.FAIL:
            for position in operation.covers:
                found[group, place_at(position)].append(_group_commit(operation, group, position))
    return {
        key: sorted(found[key], key=lambda one: (one.invoked_ns, one.op))
        for key in sorted(found, key=lambda key: (key[0], standing_place(key[1])))
    }


def settled_before(row: list[GroupCommit]) -> list[float]:
    """For each commit by when all before it were answered, and for all of them at last."""
    return list(accumulate((one.until_ns for one in row), max, initial=-FOREVER))


def _group_commit(operation: Operation, group: str, position: Position) -> GroupCommit:
    """One in a transaction takes effect with it, of which nothing is known here."""
    return GroupCommit(
        op=operation.op,
        process=operation.process,
        group=group,
        place=place_at(position),
        position=position.position,
        invoked_ns=operation.invoked_ns,
        told_ns=told_ns(operation),
        sure=operation.outcome is Outcome.OK and operation.transaction is None,
        timed=operation.group is not None,
    )
