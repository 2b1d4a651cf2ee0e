"""Hazards of logs that drop what they hold: before a group had worked it off, or after."""

from collections.abc import Iterator

from deliverycheck.guarantees.copies import in_order_of_call
from deliverycheck.guarantees.delivery.dropped import (
    deletes,
    deletions,
    delivery_at,
    there_since,
)
from deliverycheck.guarantees.delivery.work import piece_of
from deliverycheck.guarantees.hazard import WITNESSES_MAX, Evidence, FaultColumn, Hazard, Needed
from deliverycheck.guarantees.sentences import place
from deliverycheck.history import History, Operation, Outcome, Publication


def records_deleted(history: History) -> tuple[Evidence, ...]:
    """Deletions of messages of which a group that was there had not begun the effect."""
    return tuple(_of_deletions(history, unread=True))


def read_records_deleted(history: History) -> tuple[Evidence, ...]:
    """Deletions of nothing but what the groups that were there had worked off."""
    return tuple(_of_deletions(history, unread=False))


def _of_deletions(history: History, *, unread: bool) -> Iterator[Evidence]:
    for deletion in deletions(history):
        gone = _gone_with(history, deletion)
        for group, since_ns in sorted(there_since(history).items()):
            own = [one for one in gone if one.target in history.header.groups.get(group, ())]
            left = [one for one in own if not _was_begun(history, group, one, deletion.invoked_ns)]
            if own and since_ns <= deletion.invoked_ns and bool(left) == unread:
                yield _evidence(deletion, group, left or own)


def _gone_with(history: History, deletion: Operation) -> list[Publication]:
    """Confirmed messages that it does not leave; all of them stood there when it was asked for."""
    return [
        one
        for one in in_order_of_call(history)
        if one.outcome is Outcome.OK
        and one.position is not None
        and deletes(deletion, delivery_at(one))
    ]


def _was_begun(history: History, group: str, publication: Publication, ns: int) -> bool:
    """Whether the group had called for its effect by then, and that did not fail."""
    here = piece_of(history, delivery_at(publication))
    return any(
        effect.group == group
        and effect.invoked_ns <= ns
        and effect.outcome is not Outcome.FAIL
        and piece_of(history, effect.delivery) == here
        for effect in history.effects
    )


def _evidence(deletion: Operation, group: str, messages: list[Publication]) -> Evidence:
    first = messages[0]
    return Evidence(
        kind="deleted",
        ns=deletion.invoked_ns,
        facts={
            "process": deletion.process,
            "place": place(first.target, first.partition),
            "deleted_ns": deletion.invoked_ns,
            "group": group,
            "messages": len(messages),
            "message": first.message,
        },
        witnesses=(deletion.op, *(one.op for one in messages))[:WITNESSES_MAX],
    )


_UNREAD_DELETED = {
    "deleted": (
        "{process} deleted {messages:count message} of {place} at {deleted_ns:s}, {message} among "
        "them, of which {group} had not begun the effect."
    )
}
_READ_DELETED = {
    "deleted": (
        "{process} deleted {messages:count message} of {place} at {deleted_ns:s}; {group} had "
        "worked all of them off."
    )
}

HAZARDS_OF_DELETIONS: tuple[Hazard, ...] = (
    Hazard(
        name="records_deleted",
        title="records were deleted that a group had not worked off",
        fault_column=FaultColumn.RECORDS_GONE,
        needs=Needed.NOTHING,
        sentences=_UNREAD_DELETED,
        find=records_deleted,
    ),
    Hazard(
        name="read_records_deleted",
        title="records were deleted that a group had worked off",
        fault_column=FaultColumn.RECORDS_GONE,
        needs=Needed.NOTHING,
        sentences=_READ_DELETED,
        find=read_records_deleted,
    ),
)
"""Of deleted records."""
