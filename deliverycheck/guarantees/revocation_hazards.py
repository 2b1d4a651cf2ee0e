"""Hazards of who gives partitions up: what it had not committed, or could not, what goes on."""

from deliverycheck.guarantees.delivery.holdings import holdings
from deliverycheck.guarantees.delivery.members import (
    Place,
    given_before,
    groups_of_processes,
    place_at,
)
from deliverycheck.guarantees.hazard import (
    WITNESSES_MAX,
    Evidence,
    FaultColumn,
    Hazard,
    Needed,
)
from deliverycheck.guarantees.sentences import place as told_place
from deliverycheck.history import Action, Effect, History, Operation, Outcome, Reading


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


def commit_refused(history: History) -> tuple[Evidence, ...]:
    """Commits that were answered with an error: of who is no member any more, mostly."""
    return tuple(
        Evidence(
            kind="refused",
            ns=commit.invoked_ns,
            facts={
                "process": commit.process,
                "place": told_place(commit.covers[0].source, commit.covers[0].partition),
                "error": commit.error,
                "asked_ns": commit.invoked_ns,
            },
            witnesses=(commit.op,),
        )
        for commit in sorted(history.select(Action.COMMIT), key=lambda one: one.op)
        if commit.error is not None and commit.outcome is not Outcome.OK and commit.covers
    )


def unsubscribed(history: History) -> tuple[Evidence, ...]:
    """Members that wanted their topic no more, with partitions of which their group had more."""
    return tuple(
        Evidence(
            kind="unsubscribed",
            ns=leave.invoked_ns,
            facts={
                "process": leave.process,
                "place": told_place(*place),
                "left_ns": leave.invoked_ns,
                "messages": len(later),
                "other": later[0].process,
            },
            witnesses=(leave.op, *dict.fromkeys(one.op for one in later))[:WITNESSES_MAX],
        )
        for leave in sorted(history.select(Action.UNSUBSCRIBE), key=lambda one: one.op)
        if leave.outcome is Outcome.OK
        for place in _left(history, leave)
        if (later := _handed_later(history, leave, place))
    )


def _left(history: History, leave: Operation) -> list[Place]:
    """The partitions that the member had until then."""
    return [
        place
        for (_, place), row in holdings(history).items()
        if any(one.process == leave.process and one.until_ns == leave.invoked_ns for one in row)
    ]


def _handed_later(history: History, leave: Operation, place: Place) -> list[Reading]:
    """What members of the group that were given the partition since were handed of it."""
    groups = groups_of_processes(history)
    return [
        one
        for one in history.receipts
        if one.ns > leave.invoked_ns
        and (one.delivery.source, one.delivery.partition) == place
        and groups.get(one.process) == groups.get(leave.process)
        and (given := given_before(history, one.process, place, one.ns)) is not None
        and given.ns > leave.invoked_ns
    ]


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

_REFUSED = {"refused": "{process} committed in {place} at {asked_ns:s} and was told {error}."}

_UNSUBSCRIBED = {
    "unsubscribed": (
        "{process} unsubscribed at {left_ns:s} from {place}, of which {other} was handed "
        "{messages:count message} afterwards."
    )
}

HAZARDS_OF_REVOCATIONS: tuple[Hazard, ...] = (
    Hazard(
        name="commit_refused",
        title="a commit was answered with an error",
        fault_column=FaultColumn.REBALANCE,
        needs=Needed.NOTHING,
        sentences=_REFUSED,
        find=commit_refused,
    ),
    Hazard(
        name="revoked_uncommitted",
        title="a member had to give a partition up before it had committed what it had done",
        fault_column=FaultColumn.REBALANCE,
        needs=Needed.NOTHING,
        sentences=_REVOKED,
        find=revoked_uncommitted,
    ),
    Hazard(
        name="unsubscribed",
        title="a member unsubscribed from a partition of which its group was handed more later",
        fault_column=FaultColumn.REBALANCE,
        needs=Needed.NOTHING,
        sentences=_UNSUBSCRIBED,
        find=unsubscribed,
    ),
)
"""Of revocations."""
