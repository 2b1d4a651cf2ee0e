"""What the history says of each queue, from what was declared."""

from deliverycheck.history import Source
from deliverycheck.plans import DeadLettering, Queue, QueueKind, Topology
from deliverycheck.plans.routing import NoSuchExchangeError, routes

ORIGINAL = "original"


def sources_of(topology: Topology) -> dict[str, Source]:
    """Of each declared queue what the guarantees need to know."""
    return {queue.name: source_of(topology, queue) for queue in topology.queues}


def source_of(topology: Topology, queue: Queue) -> Source:
    """What the guarantees need to know of that queue."""
    if queue.kind is QueueKind.STREAM:
        return Source(kind="log")  # What is read stays, and is read by position.
    classic = queue.kind is QueueKind.CLASSIC
    return Source(
        kind="queue",
        expires_ms=queue.expires_ms,
        length_max=queue.length_max,
        overflow=None if queue.length_max is None else queue.overflow.value,
        dead_letter=_dead_letter(topology, queue),
        delivery_limit=queue.delivery_limit,
        priorities=None if queue.priorities_max is None else queue.priorities_max + 1,
        requeue=ORIGINAL if classic else None,
        limited_later=queue.name in topology.limited_later,
    )


def _dead_letter(topology: Topology, queue: Queue) -> str | None:
    """The only queue to which its dead letters come, or a name that is none of a queue.

    Where they wait for their place they may go to a later one than the one they died with.
    """
    exchange = queue.dead_letter_exchange
    if exchange is None:
        return None
    elsewhere = f"exchange {exchange or 'default'}"
    waits = queue.dead_lettering is DeadLettering.AT_LEAST_ONCE
    if queue.dead_letter_key is None:  # Their way is that of the messages' own keys.
        return elsewhere
    if waits and queue.name in topology.limited_later:
        return elsewhere
    try:
        reached = routes(topology, exchange, queue.dead_letter_key)
    except NoSuchExchangeError:
        return elsewhere
    return min(reached) if len(reached) == 1 else elsewhere
