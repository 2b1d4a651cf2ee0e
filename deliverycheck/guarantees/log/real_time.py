"""Guarantee on order between processes: a log grows at its end, whoever writes to it."""

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from deliverycheck.guarantees.copies import in_order_of_call
from deliverycheck.guarantees.log.sources import Partition, may_be_no_log
from deliverycheck.guarantees.reached import why_not_scanned, why_not_whole
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import History, Outcome, Publication

_NAME = "real_time_order"


class _Place(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where a message stands, and the operation that tells so."""

    partition: Partition
    position: int
    message: str
    op: int


class _Confirm(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A place that was named to the application, and when."""

    place: _Place
    ns: int


class _Sent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The first call of a message, and the lowest of its places in one partition."""

    call: Publication
    place: _Place


def real_time_order(history: History) -> Verdict:
    """What was confirmed with a position before another message was sent stands before it.

    Whoever sent the two: the first was in the log when the other was not yet on its way.

    Sound: both places are of one partition of a log. The first is named by a confirm that ended
    ok before the first call of the other message began, so every copy of that one, of whichever
    attempt, was appended later. Its places are those that such confirms name, and those where
    readers found it. A confirm that readers contradict, since they found its message elsewhere
    and never there, counts for nothing. What is dropped, or aborted, moves no other message. A
    history that was cut may lack a first call: it is UNKNOWN.

    Complete for scanned histories; any other without an anomaly is UNKNOWN.
    """
    if reason := why_not_whole(history):
        return unknown(_NAME, reason)
    pairs = list(_pairs(history))
    found = [
        _backdated(sent, ahead) for sent, ahead in pairs if sent.place.position < _position(ahead)
    ]
    reason = why_not_scanned(history)
    if reason and not found:
        return unknown(_NAME, reason)
    if not pairs:
        return unknown(
            _NAME,
            "nothing to examine: no message was sent after another of its partition had been "
            "confirmed with a position",
        )
    return judge(_NAME, found, examined=len(pairs))


def _pairs(history: History) -> Iterator[tuple[_Sent, _Confirm]]:
    """Each message with the highest place that was confirmed in its partition before its call."""
    read = _read(history)
    confirms = _confirms(history, read)
    sent = _sent(history, [*read, *(confirm.place for confirm in confirms)])
    highest: dict[Partition, _Confirm] = {}
    waiting = iter(sorted(confirms, key=attrgetter("ns")))
    confirm = next(waiting, None)
    for each in sorted(sent, key=lambda one: (one.call.invoked_ns, one.call.op)):
        while confirm and confirm.ns < each.call.invoked_ns:
            partition = confirm.place.partition
            if partition not in highest or _position(highest[partition]) < _position(confirm):
                highest[partition] = confirm
            confirm = next(waiting, None)
        if each.place.partition in highest:
            yield each, highest[each.place.partition]


def _read(history: History) -> list[_Place]:
    """The places where readers found what this execution published."""
    return [
        _Place(
            partition=(delivery.source, delivery.partition),
            position=delivery.position,
            message=delivery.message,
            op=reading.op,
        )
        for reading in sorted((*history.log, *history.receipts), key=attrgetter("op"))
        if (delivery := reading.delivery).position is not None
        and delivery.execution in {None, history.header.execution}
    ]


def _confirms(history: History, read: list[_Place]) -> list[_Confirm]:
    """Confirms that name a place in a log; not those whose message was found only elsewhere."""
    places = {(place.message, place.partition, place.position) for place in read}
    messages = {place.message for place in read}
    found = []
    for publication in in_order_of_call(history):
        message, position = publication.message, publication.position
        partition = (publication.target, publication.partition)
        if publication.outcome is not Outcome.OK or position is None:
            continue
        if message in messages and (message, partition, position) not in places:
            continue
        if not may_be_no_log(history, publication.target):
            place = _Place(
                partition=partition, position=position, message=message, op=publication.op
            )
            ns = publication.completed_ns or publication.invoked_ns
            found.append(_Confirm(place=place, ns=ns))
    return found


def _sent(history: History, places: list[_Place]) -> list[_Sent]:
    """Each published message with its lowest place in each partition."""
    calls: dict[str, Publication] = {}
    for publication in in_order_of_call(history):
        first = calls.setdefault(publication.message, publication)
        if publication.invoked_ns < first.invoked_ns:
            calls[publication.message] = publication
    lowest: dict[tuple[Partition, str], _Place] = {}
    for place in places:
        key = (place.partition, place.message)
        if place.message in calls:
            known = lowest.setdefault(key, place)
            if place.position < known.position:
                lowest[key] = place
    return [_Sent(call=calls[place.message], place=place) for place in lowest.values()]


def _position(confirm: _Confirm) -> int:
    return confirm.place.position


def _backdated(sent: _Sent, ahead: _Confirm) -> Anomaly:
    source, partition = sent.place.partition
    return Anomaly(
        name="backdated",
        message=sent.place.message,
        witnesses=tuple(dict.fromkeys((ahead.place.op, sent.call.op, sent.place.op))),
        source=source,
        partition=partition,
        position=sent.place.position,
        facts={
            "kind": "in_log",
            "process": sent.call.process,
            "sent_ns": sent.call.invoked_ns,
            "before": ahead.place.message,
            "before_position": ahead.place.position,
            "confirmed_ns": ahead.ns,
        },
    )
