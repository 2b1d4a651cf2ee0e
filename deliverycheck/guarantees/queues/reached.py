"""Which queues a message must have come to, and what the application relied on of it."""

from collections.abc import Iterator
from math import inf

from deliverycheck.guarantees.queues.handings import sure_publications
from deliverycheck.guarantees.queues.queue_history import queues
from deliverycheck.history import Action, History, Operation, Outcome, Publication, indexed

_Stretch = tuple[float, float]


def relied(history: History) -> Iterator[tuple[Publication, tuple[str, ...]]]:
    """What the application relied on and could not know better, with the queues it belongs in.

    Not what failed or came back, what belongs to a transaction that is not known to be
    committed, nor what went out while bindings were being changed: it may have gone either way.
    """
    for publication in sure_publications(history).values():
        routes = routes_of(history, publication)
        if routes is not None and _is_relied_on(history, publication):
            yield publication, routes


def routes_of(history: History, publication: Publication) -> tuple[str, ...] | None:
    """The queues that it belongs in; ``None`` where nobody can say."""
    operation = history.by_op[publication.op]
    if operation.routes is not None:
        return None if _met_a_change(history, operation) else operation.routes
    return (publication.target,) if publication.target in queues(history) else None


def _is_relied_on(history: History, publication: Publication) -> bool:
    operation = history.by_op[publication.op]
    open_end = operation.transaction is not None and publication.outcome is not Outcome.OK
    return (
        history.relied_upon(publication)
        and publication.outcome is not Outcome.FAIL
        and not operation.returned_unroutable
        and not open_end
    )


def _met_a_change(history: History, operation: Operation) -> bool:
    end_ns = inf if operation.completed_ns is None else operation.completed_ns
    return any(
        since_ns <= end_ns and operation.invoked_ns <= until_ns
        for since_ns, until_ns in _changes(history)
    )


@indexed
def _changes(history: History) -> list[_Stretch]:
    """When exchanges, queues or bindings were being declared or taken away."""
    return [
        (one.invoked_ns, inf if one.completed_ns is None else one.completed_ns)
        for one in history.select(Action.DECLARE)
    ]
