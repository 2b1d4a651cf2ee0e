"""Whether what consumers are handed was published, here, so and not otherwise."""

from operator import attrgetter

from deliverycheck.guarantees.log.suspects import Suspect, suspects
from deliverycheck.guarantees.reached import why_not_drained
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import History, Reading

_NAME = "genuine_deliveries"


def genuine_deliveries(history: History) -> Verdict:
    """Consumers are handed what this execution published, unchanged and where it was to go.

    What they are handed again counts once. Sound: what bears an id of ours is neither
    ``phantom`` nor ``resurrected`` in a history that was cut, for its publication may be
    missing; a bodiless message where a tombstone was sent to is no stranger; a dead letter,
    and what went to something that is no log, is nowhere ``misrouted``.

    Complete for drained histories; any other without an anomaly is UNKNOWN, since more may yet
    be handed over. What fresh readers find is judged by `exactly_once_in_log`.
    """
    handed = _handed(history)
    found = [_anomaly(suspect) for suspect in suspects(history, handed)]
    if not handed:
        return unknown(_NAME, "nothing to examine: no consumer was handed anything")
    reason = why_not_drained(history)
    if reason and not found:
        return unknown(_NAME, reason)
    return judge(_NAME, found, examined=len(handed))


def _handed(history: History) -> list[Reading]:
    """The first handing of each message in each place, in the order of the receives."""
    first: dict[tuple[str, int | None, int | None, str], Reading] = {}
    for reading in sorted(history.receipts, key=attrgetter("op")):
        delivery = reading.delivery
        place = (delivery.source, delivery.partition, delivery.position, delivery.message)
        first.setdefault(place, reading)
    return list(first.values())


def _anomaly(suspect: Suspect) -> Anomaly:
    delivery = suspect.reading.delivery
    return Anomaly(
        name=suspect.name,
        message=delivery.message or None,
        witnesses=tuple(dict.fromkeys((*(one.op for one in suspect.sent), suspect.reading.op))),
        source=delivery.source,
        partition=delivery.partition,
        position=delivery.position,
        facts={
            **suspect.facts,
            "kind": "handed" if suspect.kind == "in_log" else f"handed_{suspect.kind}",
            "process": suspect.reading.process,
            "ns": suspect.reading.ns,
        },
    )
