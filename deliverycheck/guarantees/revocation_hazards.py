"""Hazards of revocations: what a member had not committed when it was told, or could not then."""

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
)
"""Of revocations."""
