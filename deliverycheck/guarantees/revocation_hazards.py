"""Hazards of revocations: what a member had not committed when it was told, or told too late."""

from itertools import pairwise

from deliverycheck.guarantees.delivery.holdings import holdings
from deliverycheck.guarantees.delivery.members import Place, given_before, place_at
from deliverycheck.guarantees.hazard import (
    WITNESSES_MAX,
    Evidence,
    FaultColumn,
    Hazard,
    Needed,
)
from deliverycheck.guarantees.sentences import place as told_place
from deliverycheck.history import Action, Effect, History, Operation, Outcome


def revoked_uncommitted(history: History) -> tuple[Evidence, ...]:
    """Partitions that a member had to give up with effects of it that it had not committed."""
    found: list[Evidence] = []
    for revoke in sorted(history.select(Action.REVOKE), key=lambda one: one.op):
        for place in (place_at(one) for one in revoke.covers):
            done = _uncommitted(history, revoke, place)
            if done:
                facts: dict[str, str | int] = {
                    "process": revoke.process,
                    "place": told_place(*place),
                    "moved_ns": revoke.invoked_ns,
                    "messages": len(done),
                    "message": done[0].delivery.message,
                }
                witnesses = (*(one.op for one in done), revoke.op)[-WITNESSES_MAX:]
                found.append(
                    Evidence(kind="revoked", ns=revoke.invoked_ns, facts=facts, witnesses=witnesses)
                )
    return tuple(found)


def taken_unasked(history: History) -> tuple[Evidence, ...]:
    """Partitions that another member was given while the one that had them was told of nothing."""
    found = [
        Evidence(
            kind="taken",
            ns=second.from_ns,
            facts={
                "process": first.process,
                "place": told_place(*place),
                "other": second.process,
                "moved_ns": second.from_ns,
            },
            witnesses=(first.given, second.given),
        )
        for (_, place), row in holdings(history).items()
        for first, second in pairwise(row)
        if first.process != second.process and second.from_ns < first.until_ns
    ]
    return tuple(sorted(found, key=lambda one: (one.ns, one.witnesses)))


def _uncommitted(history: History, revoke: Operation, place: Place) -> list[Effect]:
    """The effects of the member since it got the partition, beyond what it had committed of it."""
    given = given_before(history, revoke.process, place, revoke.invoked_ns)
    if given is None:
        return []
    committed = max(
        (
            one.position
            for commit in history.select(Action.COMMIT)
            if commit.process == revoke.process
            and commit.outcome is Outcome.OK
            and commit.invoked_ns < revoke.invoked_ns
            for one in commit.covers
            if place_at(one) == place
        ),
        default=0,
    )
    return [
        effect
        for effect in history.effects
        if effect.process == revoke.process
        and effect.outcome is Outcome.OK
        and given.called_ns <= effect.invoked_ns < revoke.invoked_ns
        and (effect.delivery.source, effect.delivery.partition) == place
        and (effect.delivery.position or 0) >= committed
    ]


_REVOKED = {
    "revoked": (
        "{process} had to give {place} up at {moved_ns:s}; {messages:count effect} of it, that of "
        "{message} first, it had not committed."
    )
}

_TAKEN = {
    "taken": (
        "{other} was given {place} at {moved_ns:s}, and {process}, which had it, was told later."
    )
}

HAZARDS_OF_REVOCATIONS: tuple[Hazard, ...] = (
    Hazard(
        name="taken_unasked",
        title="a partition went to another member before the one that had it was told",
        fault_column=FaultColumn.REBALANCE,
        needs=Needed.NOTHING,
        sentences=_TAKEN,
        find=taken_unasked,
    ),
    Hazard(
        name="revoked_uncommitted",
        title="a member had to give a partition up before it had committed what it had done",
        fault_column=FaultColumn.REBALANCE,
        needs=Needed.NOTHING,
        sentences=_REVOKED,
        find=revoked_uncommitted,
    ),
)
"""Of revocations."""
