"""Queues and exchanges that claims and pools share, by names that the vocabulary knows."""

from typing import Any

from msgspec import structs

from deliverycheck.plans import (
    Binding,
    DeadLettering,
    Destination,
    Exchange,
    ExchangeKind,
    Match,
    Overflow,
    Queue,
    QueueKind,
    Topology,
)

DEAD = "dead"
"""The queue of dead letters."""
DEAD_TOO = "dead-too"
"""Another one, to which policies may send them."""


def one_queue(kind: QueueKind = QueueKind.CLASSIC, **more: Any) -> Topology:
    """A single queue, q1."""
    return Topology(queues=(Queue(name="q1", kind=kind, **more),))


def with_dead_letters(
    kind: QueueKind = QueueKind.CLASSIC, *, dead: Queue | None = None, **more: Any
) -> Topology:
    """A queue whose dead letters go to another one by the default exchange."""
    queue = Queue(name="q1", kind=kind, dead_letter_exchange="", dead_letter_key=DEAD, **more)
    return Topology(queues=(queue, dead or Queue(name=DEAD, kind=kind)))


def with_places_by_policy(kind: QueueKind = QueueKind.CLASSIC) -> Topology:
    """A queue whose dead letters go where a policy says, or nowhere."""
    queues = (Queue(name="q1", kind=kind), Queue(name=DEAD), Queue(name=DEAD_TOO))
    return Topology(queues=queues, limited_later=("q1",))


def way(*queues: Queue, then: str | None = None) -> Topology:
    """Queues of which each sends its dead to the next, and the last one to `then`, if to any."""
    after = [*(queue.name for queue in queues[1:]), then]
    return Topology(
        queues=tuple(
            queue
            if place is None
            else structs.replace(queue, dead_letter_exchange="", dead_letter_key=place)
            for queue, place in zip(queues, after, strict=True)
        )
    )


AT_LEAST_ONCE: dict[str, Any] = {
    "dead_lettering": DeadLettering.AT_LEAST_ONCE,
    "overflow": Overflow.REJECT_PUBLISH,
}
"""What at-least-once dead lettering needs of a quorum queue."""

FULL_SOON = Queue(name=DEAD, length_max=1, overflow=Overflow.REJECT_PUBLISH)
"""A place for the dead that takes one, and refuses the next."""

CLASSIC = one_queue()
QUORUM = one_queue(QueueKind.QUORUM)

FAN_OUT = Topology(
    queues=(Queue(name="q1"), Queue(name="q2", kind=QueueKind.QUORUM)),
    exchanges=(Exchange(name="x3", kind=ExchangeKind.FANOUT),),
    bindings=(
        Binding(source="x3", destination="q1"),
        Binding(source="x3", destination="q2"),
    ),
)

STREAM = one_queue(QueueKind.STREAM)

REQUESTS = Topology(
    queues=(Queue(name="q1"), Queue(name="replies-p1"), Queue(name="replies-p2")),
)
"""A queue of requests, and one for the replies of each requester."""

EVERY_EXCHANGE = Topology(
    queues=(
        Queue(name="q1"),
        Queue(name="q2", kind=QueueKind.QUORUM),
        Queue(name="q3"),
    ),
    exchanges=(
        Exchange(name="x1"),
        Exchange(name="x2", kind=ExchangeKind.TOPIC, alternate="x5"),
        Exchange(name="x3", kind=ExchangeKind.FANOUT),
        Exchange(name="x4", kind=ExchangeKind.HEADERS),
        Exchange(name="x5", kind=ExchangeKind.FANOUT),
    ),
    bindings=(
        Binding(source="x1", destination="q1", key="a"),
        Binding(source="x2", destination="q2", key="a.#"),
        Binding(source="x2", destination="x1", to=Destination.EXCHANGE, key="*"),
        Binding(source="x4", destination="q3", match=Match.ANY, headers=(("h", "v"), ("k", "v"))),
        Binding(source="x5", destination="q3"),
    ),
)
"""Every kind of exchange, one bound to another, one with an alternate: plans bind further ones."""
