"""Clients that are closed in order: before they have all confirms, or beside others that go on."""

from collections.abc import Iterable
from typing import NamedTuple

from deliverycheck.guarantees.hazard import Evidence, ops_of
from deliverycheck.guarantees.queue_hazards import by_number
from deliverycheck.history import Action, History, Operation, Outcome, ProcessEvent

BY_BROKER = "ChannelClosedByBroker"
"""How clients name an error for which the broker closed their channel, and nothing else."""


class _End(NamedTuple):
    """A channel ended at some moment between these two."""

    process: str
    since_ns: int
    until_ns: int
    ops: tuple[int, ...]


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
    ends = (
        _End(close.process, close.invoked_ns, close.completed_ns or 0, (close.op,))
        for close in by_number(history, Action.CLOSE)
        if close.outcome is Outcome.OK
    )
    return _beside(history, "closed", ends)


def channel_broken_beside(history: History) -> tuple[Evidence, ...]:
    """The broker closed a channel for an error, and another client of its connection went on."""
    ends = (
        _End(event.process, event.ns, event.ns, ())
        for event in history.processes
        if event.what == "error" and (event.error or "").startswith(BY_BROKER)
    )
    return _beside(history, "broken", ends)


def _beside(history: History, kind: str, ends: Iterable[_End]) -> tuple[Evidence, ...]:
    """For each end of a channel the first who went on, if anybody did."""
    channels = {
        event.process: event
        for event in history.processes
        if event.what == "started" and "channel" in event.evidence
    }
    return tuple(
        Evidence(
            kind=kind,
            ns=end.since_ns,
            facts={"process": end.process, "closed_ns": end.since_ns, "other": other.process},
            witnesses=(*end.ops, other.op),
        )
        for end in ends
        if end.process in channels and (other := _went_on(history, end, channels)) is not None
    )


def _went_on(history: History, end: _End, channels: dict[str, ProcessEvent]) -> Operation | None:
    """The first call, after the end, of a client that was there before and had its connection."""
    own = channels[end.process]
    others = {
        event.process
        for event in channels.values()
        if event.link == own.link
        and event.evidence.get("pid") == own.evidence.get("pid")
        and event.process != end.process
        and event.ns < end.since_ns
    }
    later = (
        one
        for one in history.operations
        if one.process in others
        and one.action is not Action.CLOSE
        and one.invoked_ns > end.until_ns
    )
    return min(later, key=lambda one: one.op, default=None)
