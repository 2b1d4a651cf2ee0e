"""Clients that are closed in order: before they have all confirms, or beside others that go on."""

from deliverycheck.guarantees.hazard import Evidence, ops_of
from deliverycheck.guarantees.queue_hazards import by_number
from deliverycheck.history import Action, History, Operation, Outcome, ProcessEvent


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


def channel_closed_beside(history: History) -> tuple[Evidence, ...]:
    """A channel was closed in order, and another client of its connection went on after that."""
    channels = {
        event.process: event
        for event in history.processes
        if event.what == "started" and "channel" in event.evidence
    }
    return tuple(
        Evidence(
            kind="beside",
            ns=close.invoked_ns,
            facts={
                "process": close.process,
                "closed_ns": close.invoked_ns,
                "other": other.process,
            },
            witnesses=(close.op, other.op),
        )
        for close in by_number(history, Action.CLOSE)
        if close.process in channels
        and close.outcome is Outcome.OK
        and (other := _went_on(history, close, channels)) is not None
    )


def _went_on(
    history: History, close: Operation, channels: dict[str, ProcessEvent]
) -> Operation | None:
    """The first call, after the close, of a client that was there before and had its connection."""
    own = channels[close.process]
    others = {
        event.process
        for event in channels.values()
        if event.link == own.link
        and event.evidence.get("pid") == own.evidence.get("pid")
        and event.process != close.process
        and event.ns < close.invoked_ns
    }
    later = (
        one
        for one in history.operations
        if one.process in others
        and one.action is not Action.CLOSE
        and one.invoked_ns > (close.completed_ns or 0)
    )
    return min(later, key=lambda one: one.op, default=None)
