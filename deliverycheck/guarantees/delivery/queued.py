"""What is known of messages in queues, where a position is a delivery tag of its process."""

from collections import Counter

from deliverycheck.guarantees.became import dead_letter_places
from deliverycheck.guarantees.copies import in_order_of_call
from deliverycheck.history import (
    Action,
    Delivery,
    History,
    Outcome,
    Publication,
    indexed,
)


def is_queue(history: History, source: str) -> bool:
    """Whether the header declares it as a queue."""
    declared = history.header.sources.get(source)
    return declared is not None and declared.kind == "queue"


def takes_dead_letters(history: History, source: str) -> bool:
    """Whether a message may come there a second time, from another queue."""
    return source in _dead_letter_sources(history)


@indexed
def _dead_letter_sources(history: History) -> frozenset[str | None]:
    found = (dead_letter_places(history, name) for name in history.header.sources)
    return frozenset().union(*found)


def sent_once(history: History, message: str) -> bool:
    """Whether there is at most one copy of a message of ours: one call may have sent it."""
    return bool(message) and _sendings(history)[message] == 1


@indexed
def _sendings(history: History) -> Counter[str]:
    return Counter(
        publication.message
        for publication in history.publications
        if publication.outcome is not Outcome.FAIL
    )


def queued_for(history: History, group: str) -> list[tuple[int, Delivery]]:
    """What the application relied on and only this group works off: what came to its queues.

    Each with the call that sent it.

    Not what a queue may drop, nor what a consumer refused, nor what came another way than by the
    queue's own name, unless the history tells its routes.
    """
    groups = history.header.groups
    shares = Counter(source for sources in groups.values() for source in set(sources))
    own = {
        source
        for source in groups[group]
        if shares[source] == 1 and is_queue(history, source) and _keeps(history, source)
    }
    if not own:
        return []
    return [
        (publication.op, Delivery(message=publication.message, source=source))
        for publication in in_order_of_call(history)
        for source in _targets(history, publication)
        if source in own and _stays(history, publication, source)
    ]


def _targets(history: History, publication: Publication) -> tuple[str, ...]:
    """The queues that it surely came to; the one that it names, if that is all that is known."""
    routes = history.by_op[publication.op].routes
    return (publication.target,) if routes is None else routes


def _keeps(history: History, source: str) -> bool:
    """Whether it holds a message until a consumer settles it."""
    told = history.header.sources[source]
    limits = (told.expires_ms, told.length_max, told.delivery_limit)
    return limits == (None, None, None) and not told.limited_later


def _stays(history: History, publication: Publication, source: str) -> bool:
    operation = history.by_op[publication.op]
    return (
        history.relied_upon(publication)
        and publication.outcome is not Outcome.FAIL
        and operation.expires_ms is None
        and not operation.returned_unroutable
        and (source, publication.message) not in _refused(history)
    )


@indexed
def _refused(history: History) -> frozenset[tuple[str, str]]:
    """Queue and message of what a consumer gave away without asking for it to come again."""
    tags = {
        (operation.process, position.source, position.position)
        for action in (Action.NACK, Action.REJECT)
        for operation in history.select(action)
        if not operation.requeue
        for position in operation.covers
    }
    return frozenset(
        (one.delivery.source, one.delivery.message)
        for one in history.receipts
        if (one.process, one.delivery.source, one.delivery.position) in tags
    )
