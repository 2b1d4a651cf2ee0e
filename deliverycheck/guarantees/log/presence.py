"""Guarantees on the log: what fresh readers find after the last heal."""

from collections import Counter
from collections.abc import Iterator

from deliverycheck.guarantees.copies import (
    copies,
    copies_by_message,
    in_order_of_call,
    publications_by_message,
)
from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.guarantees.sentences import place
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Delivery, History, Outcome, Publication, Reading, indexed


def at_least_once_in_log(history: History) -> Verdict:
    """Every message that the application relied on stands in the log.

    Sound: only relied-upon publications are obligations. The absence of any other
    proves nothing, and neither does its presence. A message that stands in another
    topic than its own is there: being ``misrouted`` is the business of `exactly_once_in_log`.

    Complete for scanned histories; any other is UNKNOWN, since what was not read may be there.
    """
    name = "at_least_once_in_log"
    if reason := why_not_scanned(history):
        return unknown(name, reason)
    relied = _relied_upon(history)
    if not relied:
        return unknown(name, "the application relied on no message: none was confirmed to it")
    return judge(name, _lost(history, relied), examined=len(relied))


def exactly_once_in_log(history: History) -> Verdict:
    """Every relied-upon message stands in the log, once, where it belongs, and nothing else does.

    Sound: what is found twice, or found at all, is a proof even of a part of the log; what is
    missing is one only of a scanned log. In a history that was cut a publication may be missing
    too: what bears an id of ours is neither ``phantom`` nor ``resurrected`` there. A message that
    the application sent again is one message: its two copies are a ``duplicate``.

    Complete for scanned histories. Whether consumers *act* once is not judged here.
    """
    name = "exactly_once_in_log"
    reason = why_not_scanned(history)
    relied = _relied_upon(history)
    anomalies = [
        *(() if reason else _lost(history, relied)),
        *_duplicates(history),
        *_strangers(history),
        *_misrouted(history),
        *_mangled(history),
    ]
    if reason and not anomalies:
        return unknown(name, reason)
    return judge(name, anomalies, examined=len(relied.keys() | copies_by_message(history).keys()))


@indexed
def _relied_upon(history: History) -> dict[str, Publication]:
    """The obligations: of each message the first attempt that the application relied on."""
    relied: dict[str, Publication] = {}
    for publication in in_order_of_call(history):
        if history.relied_upon(publication):
            relied.setdefault(publication.message, publication)
    return relied


def _lost(history: History, relied: dict[str, Publication]) -> Iterator[Anomaly]:
    found = copies_by_message(history)
    missing = [publication for message, publication in relied.items() if message not in found]
    sizes = Counter(reading.delivery.source for reading in copies(history)) if missing else {}
    for publication in missing:
        yield Anomaly(
            name="lost",
            message=publication.message,
            witnesses=(publication.op,),
            source=publication.target,
            partition=publication.partition,
            position=publication.position,
            facts={
                "kind": "in_log",
                **_reliance(history, publication),
                "found": sizes.get(publication.target, 0),
            },
        )


def _reliance(history: History, publication: Publication) -> dict[str, str | int]:
    """What the application took for done, and when."""
    operation = history.by_op[publication.op]
    facts: dict[str, str | int] = {"relied": "confirmed"}
    moments = (operation.completed_ns, operation.invoked_ns)
    if history.header.relies_on == "call_returned" and publication.returned:
        facts["relied"] = "handed over"
        moments = (operation.returned_ns, operation.invoked_ns)
    elif operation.outcome is not Outcome.OK:
        facts["proves_nothing"] = 1
    if publication.error is not None:
        facts["error"] = publication.error
    return facts | {"relied_ns": next(moment for moment in moments if moment is not None)}


def _duplicates(history: History) -> Iterator[Anomaly]:
    attempts = publications_by_message(history)
    for message, found in copies_by_message(history).items():
        if message and len(found) > 1:
            sent = attempts.get(message, ())
            again = {"attempts": len(sent)} if len(sent) > 1 else {}
            yield _standing(
                "duplicate",
                found[-1],
                witnesses=(*(attempt.op for attempt in sent), *_ops(found)),
                kind="in_log",
                copies=len(found),
                places=[_where(reading.delivery) for reading in found],
                **again,
            )


def _strangers(history: History) -> Iterator[Anomaly]:
    """What stands there and should not: nobody published it, or every attempt failed for good."""
    attempts = publications_by_message(history)
    for reading in copies(history):
        delivery = reading.delivery
        sent = attempts.get(delivery.message, [])
        if delivery.execution not in {None, history.header.execution}:
            execution = str(delivery.execution)
            yield _standing("phantom", reading, kind="other_execution", execution=execution)
        elif not delivery.message:
            yield _standing("phantom", reading, kind="not_ours")
        elif not history.cut and not sent:
            yield _standing("phantom", reading, kind="unpublished")
        elif not history.cut and all(attempt.outcome is Outcome.FAIL for attempt in sent):
            yield _standing(
                "resurrected",
                reading,
                witnesses=(*(attempt.op for attempt in sent), reading.op),
                kind="in_log",
                error=sent[-1].error or "no reason given",
                failed_ns=sent[-1].completed_ns or sent[-1].invoked_ns,
            )


def _misrouted(history: History) -> Iterator[Anomaly]:
    """What belongs elsewhere: by its body, or in a whole history by every attempt at it."""
    attempts = publications_by_message(history)
    for reading in copies(history):
        sent = [] if history.cut else attempts.get(reading.delivery.message, [])
        if wanted := _elsewhere(history, reading.delivery, sent):
            yield _standing(
                "misrouted",
                reading,
                witnesses=(*(attempt.op for attempt in sent), reading.op),
                kind="in_log",
                target=wanted,
            )


def _elsewhere(history: History, delivery: Delivery, sent: list[Publication]) -> list[str]:
    """Where the message was to go; nothing if it stands where some attempt sent it."""
    wanted: set[str] = set()
    for attempt in sent:
        asked = history.by_op[attempt.op].asked_partition
        if attempt.target == delivery.source and asked in {None, delivery.partition}:
            return []
        wanted.add(place(attempt.target, asked))
    if not sent and delivery.target == delivery.source:
        return ["another partition"]
    if not sent and delivery.target is not None:
        return [delivery.target]
    return sorted(wanted)


def _mangled(history: History) -> Iterator[Anomaly]:
    """What is ours and came back changed; a body that says nothing is a ``phantom``."""
    attempts = publications_by_message(history)
    for reading in copies(history):
        if reading.delivery.message and (mangled := reading.delivery.mangled):
            sent = attempts.get(reading.delivery.message, ())
            yield _standing(
                "mangled",
                reading,
                witnesses=(*(attempt.op for attempt in sent), reading.op),
                kind="in_log",
                mangled=list(mangled),
            )


def _standing(
    name: str,
    reading: Reading,
    *,
    witnesses: tuple[int, ...] = (),
    **facts: str | int | list[str] | list[int],
) -> Anomaly:
    """An anomaly about a copy in the log."""
    return Anomaly(
        name=name,
        message=reading.delivery.message or None,
        witnesses=tuple(dict.fromkeys(witnesses or (reading.op,))),
        source=reading.delivery.source,
        partition=reading.delivery.partition,
        position=reading.delivery.position,
        facts=facts,
    )


def _ops(readings: list[Reading]) -> Iterator[int]:
    return (reading.op for reading in readings)


def _where(delivery: Delivery) -> str:
    return place(delivery.source, delivery.partition, delivery.position)
