"""Guarantee that who asks, and is still there, is answered in the end."""

from collections import defaultdict
from collections.abc import Iterator

from deliverycheck.guarantees.queues.handings import settlements_by_tag
from deliverycheck.guarantees.reached import why_not_drained
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Action, History, Operation, Outcome, Phase

_GONE = frozenset({"killed", "died"})
_TAIL = frozenset({Phase.SETTLE, Phase.DRAIN, Phase.SCAN})


def requests_answered(history: History) -> Verdict:
    """Every request that the application relied on counts a reply, if who asked is still there.

    A request is sent by a publish with its id; it counts what its ``ok`` completion holds.

    Sound: only in drained histories, in which who replies has worked off everything, and of
    requests that are open still: who gave one up wants no answer. A request that its application
    cannot rely on may never have been asked, and one that a consumer refused for good, or may
    have, gets none. Who was killed forgot what it had asked, and who closed before the end did
    not want to know any more.

    Complete for requests that are published as messages: whether any other was ever sent nobody
    can tell.
    """
    name = "requests_answered"
    if reason := why_not_drained(history):
        return unknown(name, reason)
    gone, refused = _gone(history), _refused(history)
    sent = {message: op for message, op in _sent(history).items() if message not in refused}
    asked = [
        one
        for one in sorted(history.select(Action.REQUEST), key=lambda one: one.op)
        if one.message in sent and one.process not in gone
    ]
    answered = {one.message for one in asked if one.outcome is Outcome.OK and one.deliveries}
    open_ = {one.message: one for one in asked if one.completed_ns is None}
    anomalies = [
        _unanswered(history, request, sent[str(message)])
        for message, request in open_.items()
        if message not in answered
    ]
    if not answered and not open_:
        return unknown(name, "nothing to examine: nobody who is still there relied on a request")
    return judge(name, anomalies, examined=len(answered | open_.keys()))


def _sent(history: History) -> dict[str, int]:
    """By id, a publish that the application relied on."""
    return {
        one.message: one.op
        for one in history.publications
        if history.relied_upon(one)
        and one.outcome is not Outcome.FAIL
        and not history.by_op[one.op].returned_unroutable
    }


def _refused(history: History) -> frozenset[str]:
    """What a consumer may have refused without wanting it again."""
    told = settlements_by_tag(history)
    return frozenset(
        one.delivery.message
        for one in history.receipts
        for settled in told.get((one.process, one.delivery.source, one.delivery.position), ())
        if settled.action is not Action.ACK and not settled.requeue
    )


def _gone(history: History) -> frozenset[str]:
    """Who was killed at any time, or closed before all was over."""
    tail_ns = min((mark.ns for mark in history.phases if mark.phase in _TAIL), default=None)
    ended: Iterator[str] = (
        event.process
        for event in history.processes
        if event.what in _GONE
        or (event.what == "closed" and (tail_ns is None or event.ns < tail_ns))
    )
    return frozenset(ended)


def _unanswered(history: History, request: Operation, publish: int) -> Anomaly:
    replies = _replies(history)[str(request.message)]
    sending = history.by_op[publish]
    facts: dict[str, str | int | list[str] | list[int]] = {
        "kind": "silent",
        "process": request.process,
        "target": request.target or "",
        "relied_ns": sending.completed_ns or sending.returned_ns or sending.invoked_ns,
    }
    if replies:
        last = replies[-1]
        facts |= {"kind": "replied", "sender": last.process, "reply": str(last.message)}
    return Anomaly(
        name="unanswered_request",
        message=request.message,
        witnesses=tuple(dict.fromkeys((request.op, publish, *(one.op for one in replies)))),
        source=request.target,
        facts=facts,
    )


def _replies(history: History) -> dict[str, list[Operation]]:
    """The replies that surely were sent, by what they answer."""
    found: dict[str, list[Operation]] = defaultdict(list)
    for reply in sorted(history.select(Action.REPLY), key=lambda one: one.op):
        if reply.outcome is Outcome.OK and reply.correlation is not None:
            found[reply.correlation].append(reply)
    return found
