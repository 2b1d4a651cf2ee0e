"""Hazards of logs that keep for a time, or so many bytes: what was too old or too much is gone."""

from collections.abc import Iterator

from deliverycheck.guarantees.copies import copies_by_message, in_order_of_call
from deliverycheck.guarantees.delivery.dropped import deletion_of, dropped_for
from deliverycheck.guarantees.delivery.work import Effects
from deliverycheck.guarantees.gone_messages import by_place
from deliverycheck.guarantees.hazard import Evidence, FaultColumn, Hazard, Needed, ops_of
from deliverycheck.guarantees.log.dropping import is_below_the_start, may_be_deleted
from deliverycheck.guarantees.log.sources import promised_ms, starts
from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.history import History, Outcome, Publication


def records_expired(history: History) -> tuple[Evidence, ...]:
    """Partitions of which the start passed confirmed messages, and nobody asked for it."""
    return by_place(history, "expired", _expired(history))


def expired_unread(history: History) -> tuple[Evidence, ...]:
    """Messages that went in this way before a group that was there had begun their effect."""
    if why_not_scanned(history) is not None:
        return ()
    found = []
    for group in sorted(history.header.groups):
        effects = Effects(history, group)
        left = [
            history.by_op[op]
            for op, delivery in dropped_for(history, group)
            if deletion_of(history, delivery) is None and not effects.of(delivery)
        ]
        if left:
            facts: dict[str, str | int] = {
                "group": group,
                "messages": len(left),
                "message": str(left[0].message),
            }
            ns = left[0].invoked_ns
            found.append(Evidence(kind="unread", ns=ns, facts=facts, witnesses=ops_of(left)))
    return tuple(found)


def _expired(history: History) -> Iterator[Publication]:
    """Confirmed messages that fresh readers did not find, below the start that they were told.

    Not what somebody asked to delete: that moves the start as well.
    """
    if why_not_scanned(history) is not None:
        return
    found = copies_by_message(history)
    for one in in_order_of_call(history):
        told = (one.target, one.partition) in starts(history)
        may_go = one.target in promised_ms(history) and one.outcome is Outcome.OK
        is_gone = one.message not in found and is_below_the_start(history, one)
        if may_go and told and is_gone and not may_be_deleted(history, one):
            yield one


_EXPIRED = {
    "expired": (
        "{messages:count confirmed message} of {place} went with the time that the topic keeps, or "
        "its size, {message} among them."
    )
}
_UNREAD = {
    "unread": (
        "{messages:count message} went with time or size before {group} had begun the effect, "
        "{message} among them."
    )
}

HAZARDS_OF_RETENTION: tuple[Hazard, ...] = (
    Hazard(
        name="records_expired",
        title="a topic dropped what was too old, or too much",
        fault_column=FaultColumn.RECORDS_GONE,
        needs=Needed.NOTHING,
        sentences=_EXPIRED,
        find=records_expired,
    ),
    Hazard(
        name="expired_unread",
        title="a topic dropped what was too old, or too much, before a group had worked it off",
        fault_column=FaultColumn.RECORDS_GONE,
        needs=Needed.NOTHING,
        sentences=_UNREAD,
        find=expired_unread,
    ),
)
"""Of retention."""
