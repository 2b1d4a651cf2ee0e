"""Guarantees on the log: what fresh readers find after the last heal."""

from collections.abc import Iterator

from deliverycheck.guarantees.copies import copies, copies_by_message, publications_by_message
from deliverycheck.guarantees.log.lost import lost, obligations, relied_upon
from deliverycheck.guarantees.log.sources import not_logs
from deliverycheck.guarantees.log.suspects import suspects
from deliverycheck.guarantees.log.uncommitted import uncommitted
from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.guarantees.sentences import place
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import History, Reading

_TWICE = 2


def at_least_once_in_log(history: History) -> Verdict:
    """Every message that the application relied on stands in the log.

    Sound: only relied-upon publications are obligations, of a transaction only once it is known
    to have committed, and not what the source may have dropped: below its start if it keeps for
    a time, replaced by a later message of its key if it is compacted. The absence of any other
    proves nothing, and neither does its presence. A message that stands in another
    topic than its own is there: being ``misrouted`` is the business of `exactly_once_in_log`.

    Complete for scanned histories; any other is UNKNOWN, since what was not read may be there.
    What went to a queue is not judged here.
    """
    name = "at_least_once_in_log"
    if reason := why_not_scanned(history):
        return unknown(name, reason)
    if not relied_upon(history):
        return unknown(name, "the application relied on no message: none was confirmed to it")
    if not obligations(history):
        return unknown(name, "nothing to examine: the sources may have dropped all that is missing")
    return judge(name, lost(history), examined=len(obligations(history)))


def exactly_once_in_log(history: History) -> Verdict:
    """Every relied-upon message stands in the log, once, where it belongs, and nothing else does.

    Sound: what is found twice, or found at all, is a proof even of a part of the log; what is
    missing is one only of a scanned log. In a history that was cut a publication may be missing
    too: what bears an id of ours is neither ``phantom`` nor ``resurrected`` there. A message that
    the application sent again is one message: its two copies are a ``duplicate``, unless one is
    of a transaction that did not surely commit.

    Complete for scanned histories. Whether consumers *act* once is not judged here.
    """
    name = "exactly_once_in_log"
    reason = why_not_scanned(history)
    anomalies = [
        *(() if reason else lost(history)),
        *_duplicates(history),
        *_suspects(history),
    ]
    if reason and not anomalies:
        return unknown(name, reason)
    owed = {} if reason else obligations(history)
    return judge(name, anomalies, examined=len(owed.keys() | copies_by_message(history).keys()))


def _duplicates(history: History) -> Iterator[Anomaly]:
    attempts = publications_by_message(history)
    for message, all_found in copies_by_message(history).items():
        if not message or len(all_found) < _TWICE:
            continue
        found = _lasting(history, all_found)
        if len(found) >= _TWICE:
            sent = attempts.get(message, ())
            again = {"attempts": len(sent)} if len(sent) > 1 else {}
            yield _standing(
                "duplicate",
                found[-1],
                witnesses=(*(attempt.op for attempt in sent), *_ops(found)),
                kind="in_log",
                copies=len(found),
                places=[_where(reading) for reading in found],
                **again,
            )


def _lasting(history: History, found: list[Reading]) -> list[Reading]:
    """The copies that are there to stay: in logs, of no transaction that may have been aborted."""
    spared, others = uncommitted(history), not_logs(history)
    if not spared and not others:
        return found
    return [
        reading
        for reading in found
        if (reading.delivery.message, reading.delivery.attempt) not in spared
        and reading.delivery.source not in others
    ]


def _suspects(history: History) -> Iterator[Anomaly]:
    for suspect in suspects(history, copies(history)):
        yield _standing(
            suspect.name,
            suspect.reading,
            witnesses=(*(attempt.op for attempt in suspect.sent), suspect.reading.op),
            kind=suspect.kind,
            **suspect.facts,
        )


def _standing(
    name: str,
    reading: Reading,
    *,
    witnesses: tuple[int, ...],
    **facts: str | int | list[str] | list[int],
) -> Anomaly:
    """An anomaly about a copy in the log."""
    return Anomaly(
        name=name,
        message=reading.delivery.message or None,
        witnesses=tuple(dict.fromkeys(witnesses)),
        source=reading.delivery.source,
        partition=reading.delivery.partition,
        position=reading.delivery.position,
        facts=facts,
    )


def _ops(readings: list[Reading]) -> Iterator[int]:
    return (reading.op for reading in readings)


def _where(reading: Reading) -> str:
    delivery = reading.delivery
    return place(delivery.source, delivery.partition, delivery.position)
