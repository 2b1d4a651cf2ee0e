"""Hazards of queues that got other limits, or another place for their dead, while in use."""

from collections.abc import Iterator

from deliverycheck.guarantees.became import dead_letter_places
from deliverycheck.guarantees.hazard import WITNESSES_MAX, Evidence, ops_of
from deliverycheck.guarantees.queue_hazards import Facts, by_number, held, may_come
from deliverycheck.history import Action, History, Operation, Outcome

_REFUSES = frozenset({Action.NACK, Action.REJECT})


def limited_in_use(history: History) -> tuple[Evidence, ...]:
    """A queue got other limits while it held confirmed messages that nobody had settled."""
    return tuple(
        _evidence("limited", change, holding)
        for change in by_number(history, Action.SET_LIMITS)
        if change.outcome is Outcome.OK and (holding := _holding(history, change))
    )


def shortened_in_use(history: History) -> tuple[Evidence, ...]:
    """A queue got a limit of length that was passed already by what it held."""
    return tuple(
        _evidence("shortened", change, holding)
        for change in by_number(history, Action.SET_LIMITS)
        if change.outcome is Outcome.OK
        and change.becomes is not None
        and change.becomes.length_max is not None
        and len(holding := _holding(history, change)) > change.becomes.length_max
    )


def dead_letters_moved(history: History) -> tuple[Evidence, ...]:
    """A queue got another place for its dead, and messages that it held died afterwards."""
    found: list[Evidence] = []
    for change in by_number(history, Action.SET_LIMITS):
        if change.outcome is not Outcome.OK or not _moves(history, change):
            continue
        died = _died_after(history, change)
        dying = [one for one in _holding(history, change) if one.message in died]
        found += [_evidence("moved", change, dying)] if dying else []
    return tuple(found)


def _evidence(kind: str, change: Operation, holding: list[Operation]) -> Evidence:
    facts: Facts = {
        "queue": change.target or "",
        "down_ns": change.invoked_ns,
        "messages": len(holding),
    }
    witnesses = (change.op, *ops_of(holding))[:WITNESSES_MAX]
    return Evidence(kind=kind, ns=change.invoked_ns, facts=facts, witnesses=witnesses)


def _holding(history: History, change: Operation) -> list[Operation]:
    """Publishes of what the queue held when it was changed."""
    name = change.target or ""
    return [one for one in held(history, change.invoked_ns) if may_come(one, name)]


def _moves(history: History, change: Operation) -> bool:
    """Whether its dead went elsewhere just before."""
    if change.becomes is None:
        return False
    before = dead_letter_places(
        history, change.target or "", change.invoked_ns - 1, change.invoked_ns - 1
    )
    return change.becomes.dead_letter not in before


def _died_after(history: History, change: Operation) -> frozenset[str]:
    """What was refused in that queue, or read as a dead letter, once it was changed."""
    return frozenset(
        one.delivery.message
        for one in (*history.receipts, *history.log)
        if one.delivery.reason is not None and one.ns > (change.completed_ns or 0)
    ) | frozenset(_refused_after(history, change))


def _refused_after(history: History, change: Operation) -> Iterator[str]:
    refused = {
        (one.process, covered.source, covered.position)
        for one in history.operations
        if one.action in _REFUSES and not one.requeue
        if one.invoked_ns > (change.completed_ns or 0)
        for covered in one.covers
    }
    for one in history.receipts:
        at = (one.process, one.delivery.source, one.delivery.position)
        if one.delivery.source == change.target and at in refused:
            yield one.delivery.message
