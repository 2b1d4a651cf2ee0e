"""How soon calls must be answered once nothing is disturbed any more, where that can be said."""

from deliverycheck.plans import FaultKind, Inject, Plan

WITHIN_MS = 8_000
"""Healed links pass on, or end, their connections at once, a node is ready before its restart
counts as over, and a connection is refused within 5 s; the tail waits 12 s for each publisher."""


def promised_ms(plan: Plan) -> int | None:
    """The time for every call of the plan; ``None`` where none is promised.

    What a black hole swallowed is noticed by heartbeats alone, after a minute. An ack is told by
    the next round trip, and a publish in a transaction by its end: the plan may make both late.
    """
    subject = plan.subject
    swallowed = any(
        isinstance(step, Inject) and step.fault is FaultKind.BLACK_HOLE for step in plan.steps
    )
    late = subject.consumer is not None or bool(subject.producer.get("transactional"))
    return None if swallowed or late else WITHIN_MS
