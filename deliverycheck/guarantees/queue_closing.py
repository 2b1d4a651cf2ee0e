"""A publisher that is closed in order before it has all its confirms."""

from deliverycheck.guarantees.hazard import Evidence, ops_of
from deliverycheck.guarantees.queue_hazards import by_number
from deliverycheck.history import Action, History, Operation


def closed_unconfirmed(history: History) -> tuple[Evidence, ...]:
    """A client was closed in order with publishes of which it had no answer."""
    publishes = by_number(history, Action.PUBLISH)
    found: list[Evidence] = []
    for close in by_number(history, Action.CLOSE):
        unanswered = [one for one in publishes if _is_open(one, close)]
        if unanswered:
            facts: dict[str, str | int] = {
                "process": close.process,
                "closed_ns": close.invoked_ns,
                "messages": len(unanswered),
            }
            witnesses = (close.op, *ops_of(unanswered))
            found.append(
                Evidence(kind="closed", ns=close.invoked_ns, facts=facts, witnesses=witnesses)
            )
    return tuple(found)


def _is_open(publish: Operation, close: Operation) -> bool:
    if publish.process != close.process or publish.op > close.op:
        return False
    return publish.completed_ns is None or publish.completed_ns > close.invoked_ns
