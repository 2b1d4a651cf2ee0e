"""What a log dropped that a group which was there had still to work off."""

from collections.abc import Iterator

from deliverycheck.guarantees.copies import copies_by_message, in_order_of_call
from deliverycheck.guarantees.delivery.members import groups_of_processes, told_ns
from deliverycheck.guarantees.log.dropping import is_replaced
from deliverycheck.guarantees.log.sources import compacted, not_logs, promised_ms, starts
from deliverycheck.guarantees.log.uncommitted import uncommitted
from deliverycheck.history import (
    Action,
    Delivery,
    History,
    Operation,
    Outcome,
    Publication,
    indexed,
)


def dropped_for(history: History, group: str) -> Iterator[tuple[int, Delivery]]:
    """What surely stood in a log of the group, and was deleted or too old later on.

    Each with its publish. Deleted counts what somebody asked to delete when a member had
    subscribed; too old is what was sent since then and lies below the start that fresh readers
    were told, of a log that keeps for a time. What a later value of its key replaced is not
    missed by anybody.
    """
    sources, found = frozenset(history.header.groups[group]), copies_by_message(history)
    for publication in _placed(history):
        if publication.target not in sources or publication.message in found:
            continue
        if not is_replaced(history, publication) and _is_gone(history, group, publication):
            yield publication.op, delivery_at(publication)


def delivery_at(publication: Publication) -> Delivery:
    """Its place, as who is handed it names that."""
    return Delivery(
        message=publication.message,
        source=publication.target,
        partition=publication.partition,
        position=publication.position,
        attempt=publication.attempt,
    )


def may_be_gone(history: History, delivery: Delivery, by_ns: int) -> bool:
    """Whether its log may have dropped the message by then, so that nobody is handed it again.

    Of what goes by itself the moment is not known: what fresh readers do not find counts.
    """
    asked = any(
        deletion.outcome is not Outcome.FAIL
        and deletion.invoked_ns <= by_ns
        and deletes(deletion, delivery)
        for deletion in history.select(Action.DELETE_RECORDS)
    )
    by_itself = delivery.source in {*promised_ms(history), *compacted(history)}
    return asked or (by_itself and delivery.message not in copies_by_message(history))


def deletion_of(history: History, delivery: Delivery) -> Operation | None:
    """The first deletion that took effect and does not leave this place."""
    return next((one for one in deletions(history) if deletes(one, delivery)), None)


def deletes(deletion: Operation, delivery: Delivery) -> bool:
    """Whether it names a first position to be left behind this place."""
    return any(
        (left.source, left.partition) == (delivery.source, delivery.partition)
        and (delivery.position or 0) < left.position
        for left in deletion.covers
    )


@indexed
def deletions(history: History) -> list[Operation]:
    """Deletions of records that took effect, in the order of calls."""
    ok = (one for one in history.select(Action.DELETE_RECORDS) if one.outcome is Outcome.OK)
    return sorted(ok, key=lambda one: (one.invoked_ns, one.op))


@indexed
def there_since(history: History) -> dict[str, int]:
    """Since when each group has had a member that subscribed."""
    found: dict[str, int] = {}
    groups = groups_of_processes(history)
    for operation in history.select(Action.SUBSCRIBE):
        group = operation.group or groups.get(operation.process)
        if group is not None and operation.outcome is Outcome.OK:
            ns = told_ns(operation)
            found[group] = min(ns, found.get(group, ns))
    return found


@indexed
def _placed(history: History) -> list[Publication]:
    """Confirmed messages whose place is known, in logs and for good."""
    spared, others = uncommitted(history), not_logs(history)
    return [
        one
        for one in in_order_of_call(history)
        if one.outcome is Outcome.OK
        and one.position is not None
        and one.partition is not None
        and one.target not in others
        and (one.message, one.attempt) not in spared
    ]


def _is_gone(history: History, group: str, publication: Publication) -> bool:
    since_ns = there_since(history).get(group)
    if since_ns is None:
        return False
    deletion = deletion_of(history, delivery_at(publication))
    if deletion is not None and since_ns <= deletion.invoked_ns:
        return True
    start = starts(history).get((publication.target, publication.partition), 0)
    is_below = publication.position is not None and publication.position < start
    expires = publication.target in promised_ms(history)
    return expires and is_below and since_ns <= publication.invoked_ns
