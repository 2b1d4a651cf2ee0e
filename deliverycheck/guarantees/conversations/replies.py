"""Guarantee on request and reply: each reply that was counted answers one request, once."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from deliverycheck.guarantees.reached import why_not_whole
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Action, Delivery, History, Operation, Outcome

_Reply = tuple[Operation, Delivery]
_Answers = dict[str, list[Operation]]
_Facts = dict[str, str | int | list[str] | list[int]]


def matching_replies(history: History) -> Verdict:
    """Each reply that a request counted answers it; none is counted twice, none answers nothing.

    A request counts what its ``ok`` completion holds in `deliveries`. Items of a declared stream
    are many to one request; their number and order is the business of `gapless_stream`.

    Sound: a reply is mismatched by what it says itself, by every operation that sent it, or, if
    nothing says what it answers, because two requests counted it. It is a phantom only in a
    whole history, if no operation bears the id that it answers, whatever became of that
    operation: a refused request may be answered with the refusal. A request that the
    application sent again is one request. What was cut off may be the send of a reply, so
    what its senders say, or do not say, counts in whole histories only.

    Complete for whole histories; one that was cut, without an anomaly, is UNKNOWN.
    """
    name = "matching_replies"
    handed, sent, answers = _handed(history), _sent(history), _answers(history)
    if not handed and not sent:
        return unknown(name, "nothing to examine: no request was answered")
    reason = why_not_whole(history)
    counted = _counted(history, handed)
    anomalies = [*_wrongly_handed(history, handed, answers), *_repeated(history, counted)]
    if not reason:
        anomalies += [*_shared(counted, answers), *_wrongly_sent(history, sent)]
    if reason and not anomalies:
        return unknown(name, reason)
    return judge(name, anomalies, examined=len(handed) + len(sent))


def _in_order(history: History, action: Action) -> list[Operation]:
    return sorted(history.select(action), key=lambda operation: operation.op)


def _handed(history: History) -> list[_Reply]:
    """Every reply that a request counted, then every one that a plain receive got."""
    requests = [one for one in _in_order(history, Action.REQUEST) if one.message is not None]
    if not requests and not any(history.select(Action.REPLY)):
        return []
    counted = [
        (request, delivery)
        for request in requests
        if request.outcome is Outcome.OK
        for delivery in request.deliveries
    ]
    received = [
        (receive, delivery)
        for receive in _in_order(history, Action.RECEIVE)
        for delivery in receive.deliveries
        if delivery.correlation is not None
    ]
    return counted + received


def _sent(history: History) -> list[Operation]:
    """The replies that surely were sent, each to the request that it names."""
    return [
        reply
        for reply in _in_order(history, Action.REPLY)
        if reply.outcome is Outcome.OK and reply.correlation is not None
    ]


def _asked(history: History) -> set[str | None]:
    """The ids of all that may be answered; whoever publishes may be waiting for an answer too."""
    asked = {request.message for request in history.select(Action.REQUEST)}
    return asked | {publication.message for publication in history.publications}


def _wrongly_handed(history: History, handed: list[_Reply], answers: _Answers) -> Iterator[Anomaly]:
    """Replies to what nobody asked, and replies counted by a request that they do not answer."""
    asked = _asked(history)
    for operation, delivery in handed:
        correlation = delivery.correlation
        if delivery.execution not in {None, history.header.execution}:
            facts: _Facts = {
                "kind": "other_execution",
                "execution": str(delivery.execution),
                "correlation": correlation or "unnamed",
            }
            yield _about("phantom_reply", operation, delivery, facts)
        elif correlation is not None and correlation not in asked and not history.cut:
            facts = {"kind": "handed", "correlation": correlation}
            yield _about("phantom_reply", operation, delivery, facts)
        elif operation.action is Action.REQUEST:
            senders = () if history.cut else answers.get(delivery.message, ())
            yield from _mismatched(operation, delivery, senders)


def _answers(history: History) -> _Answers:
    """The operations that sent each reply."""
    answers = defaultdict(list)
    for reply in _in_order(history, Action.REPLY):
        if reply.message:
            answers[reply.message].append(reply)
    return answers


def _mismatched(
    request: Operation, delivery: Delivery, senders: Sequence[Operation]
) -> Iterator[Anomaly]:
    """The request counted what says, or whose senders say, that it answers another."""
    wanted = str(request.message)
    meant = [reply.correlation for reply in senders]
    if delivery.correlation is not None and delivery.correlation != wanted:
        facts: _Facts = {"kind": "label", "request": wanted, "correlation": delivery.correlation}
        yield _about("mismatched_reply", request, delivery, facts)
    elif meant and None not in meant and wanted not in meant:
        facts = {"kind": "sent", "request": wanted, "correlation": str(meant[0])}
        witnesses = (request.op, *(reply.op for reply in senders))
        yield _about("mismatched_reply", request, delivery, facts, witnesses=witnesses)


def _counted(history: History, handed: list[_Reply]) -> list[_Reply]:
    """What requests counted as their one reply; items of a stream are many to one request."""
    streams = {name for name, source in history.header.sources.items() if source.kind == "stream"}
    return [
        (operation, delivery)
        for operation, delivery in handed
        if operation.action is Action.REQUEST and delivery.source not in streams
    ]


def _shared(counted: list[_Reply], answers: _Answers) -> Iterator[Anomaly]:
    """Replies of which nobody says what they answer, counted by several requests."""
    by_reply: dict[str, list[_Reply]] = defaultdict(list)
    for request, delivery in counted:
        if delivery.message and delivery.correlation is None and delivery.message not in answers:
            by_reply[delivery.message].append((request, delivery))
    for replies in by_reply.values():
        requests = [*dict.fromkeys(str(request.message) for request, _ in replies)]
        if len(requests) > 1:
            request, delivery = replies[-1]
            witnesses = tuple(dict.fromkeys(request.op for request, _ in replies))
            facts: _Facts = {"kind": "shared", "requests": requests}
            yield _about("mismatched_reply", request, delivery, facts, witnesses=witnesses)


def _repeated(history: History, counted: list[_Reply]) -> Iterator[Anomaly]:
    """Requests that counted several replies, over all attempts at them."""
    by_request: dict[str, list[_Reply]] = defaultdict(list)
    for request, delivery in counted:
        by_request[str(request.message)].append((request, delivery))
    attempts = Counter(request.message for request in history.select(Action.REQUEST))
    for message, replies in by_request.items():
        if len(replies) > 1:
            again = {"attempts": attempts[message]} if attempts[message] > 1 else {}
            requests = list({request.op: request for request, _ in replies}.values())
            yield Anomaly(
                name="repeated_reply",
                message=message,
                witnesses=tuple(request.op for request in requests),
                source=replies[-1][1].source,
                facts={
                    "kind": "counted",
                    "process": [*dict.fromkeys(request.process for request in requests)],
                    "counted": len(replies),
                    "replies": [delivery.message or "one without an id" for _, delivery in replies],
                    "counted_ns": [one.completed_ns or one.invoked_ns for one in requests],
                    **again,
                },
            )


def _wrongly_sent(history: History, sent: list[Operation]) -> Iterator[Anomaly]:
    """Replies that were sent to what nobody asked."""
    asked = _asked(history)
    for reply in sent:
        if reply.correlation not in asked:
            yield Anomaly(
                name="phantom_reply",
                message=reply.message,
                witnesses=(reply.op,),
                facts={
                    "kind": "sent",
                    "process": reply.process,
                    "correlation": str(reply.correlation),
                },
            )


def _about(
    name: str,
    operation: Operation,
    delivery: Delivery,
    facts: _Facts,
    *,
    witnesses: tuple[int, ...] = (),
) -> Anomaly:
    return Anomaly(
        name=name,
        message=delivery.message or None,
        witnesses=witnesses or (operation.op,),
        source=delivery.source,
        partition=delivery.partition,
        position=delivery.position,
        facts={"process": operation.process, **facts},
    )
