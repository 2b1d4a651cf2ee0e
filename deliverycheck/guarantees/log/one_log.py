"""Whether all readers, and all confirms, speak of one log that only grows at its end."""

from collections.abc import Iterator
from itertools import pairwise
from operator import attrgetter

import msgspec

from deliverycheck.guarantees.copies import copies, in_order_of_call, rank, standing
from deliverycheck.guarantees.log.dropping import may_have_dropped
from deliverycheck.guarantees.log.sources import fresh_since_ns, not_logs
from deliverycheck.guarantees.log.uncommitted import uncommitted
from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Delivery, History, Reading

_NAME = "one_log"
_Place = tuple[str, int | None, int | None]
_ReadAt = dict[_Place, Reading]


def one_log(history: History) -> Verdict:
    """Whoever speaks of a position speaks of the same message, and what was read stays.

    Sound: ``conflicting_position`` needs two messages at one position, one of them handed to a
    reader, the other handed or confirmed. ``epoch_regressed`` compares the leader epochs that
    readers were told. Both are proofs even of a part of a log. ``vanished`` needs a complete scan
    that began after the message had been read, and spares what the source may have dropped, what
    stood in a transaction that did not surely commit, and what this execution did not publish.

    Complete for scanned histories; any other without an anomaly is UNKNOWN.
    """
    readings = _readings(history)
    read = _read_at(readings)
    reason = why_not_scanned(history)
    found = [
        *_conflicts(history, readings, read),
        *_regressions(read),
        *(() if reason else _vanished(history, read)),
    ]
    if reason and not found:
        return unknown(_NAME, reason)
    if not read:
        return unknown(_NAME, "nothing to examine: nobody was handed a position of a log")
    return judge(_NAME, found, examined=len(read))


def _read_at(readings: list[Reading]) -> _ReadAt:
    """What was first read at each place of the logs, in the order of the places."""
    read: _ReadAt = {}
    for reading in readings:
        read.setdefault(_place(reading.delivery), reading)
    return dict(sorted(read.items(), key=lambda item: standing(item[1].delivery)))


def _readings(history: History) -> list[Reading]:
    """Readings of logs by operation; what is not ours bears no name that could be compared."""
    others = not_logs(history)
    return [
        reading
        for reading in sorted((*history.log, *history.receipts), key=attrgetter("op"))
        if reading.delivery.message
        and reading.delivery.position is not None
        and reading.delivery.source not in others
    ]


def _conflicts(history: History, readings: list[Reading], read: _ReadAt) -> Iterator[Anomaly]:
    """One for each place: the first other message that was read there, else was confirmed there."""
    other: dict[_Place, Reading] = {}
    for reading in readings:
        place = _place(reading.delivery)
        if reading.delivery.message != read[place].delivery.message:
            other.setdefault(place, reading)
    confirmed = _confirmed_elsewise(history, read)
    for place, first in read.items():
        if place in other:
            second = other[place]
            by, ns = second.process, second.ns
            yield _anomaly("conflicting_position", "read", second, first, process=by, ns=ns)
        elif place in confirmed:
            yield _anomaly("conflicting_position", "confirmed", confirmed[place], first)


def _confirmed_elsewise(history: History, read: _ReadAt) -> dict[_Place, Reading]:
    """By place the first message whose confirm names it, and of which readers know otherwise."""
    found: dict[_Place, Reading] = {}
    for publication in in_order_of_call(history):
        place = (publication.target, publication.partition, publication.position)
        first = read.get(place)
        if first is None or first.delivery.message == publication.message:
            continue
        if publication.confirmed and place not in found:
            delivery = msgspec.structs.replace(first.delivery, message=publication.message)
            found[place] = msgspec.structs.replace(first, op=publication.op, delivery=delivery)
    return found


def _regressions(read: _ReadAt) -> Iterator[Anomaly]:
    """Each two neighbours in one partition of which the later was written in an earlier epoch."""
    known = [
        (reading, epoch)
        for reading in read.values()
        if (epoch := reading.delivery.epoch) is not None and epoch >= 0
    ]
    for (before, earlier), (reading, epoch) in pairwise(known):
        same = _place(before.delivery)[:2] == _place(reading.delivery)[:2]
        if same and epoch < earlier:
            facts = {"epoch": epoch, "earlier": earlier, "before": before.delivery.position or 0}
            yield _anomaly("epoch_regressed", "in_log", reading, before, **facts)


def _vanished(history: History, read: _ReadAt) -> Iterator[Anomaly]:
    began_ns, ours, spared = fresh_since_ns(history), rank(history), uncommitted(history)
    stays = {_place(reading.delivery) for reading in copies(history)}
    for place, reading in read.items():
        delivery = reading.delivery
        key = (delivery.message, delivery.attempt)
        if place in stays or reading.ns > began_ns or key not in ours or key in spared:
            continue
        placed = msgspec.structs.replace(
            ours[key][1],
            target=delivery.source,
            partition=delivery.partition,
            position=delivery.position,
        )
        if not may_have_dropped(history, placed):
            yield _anomaly("vanished", "in_log", reading, reading)


def _anomaly(name: str, kind: str, reading: Reading, other: Reading, **facts: str | int) -> Anomaly:
    delivery = reading.delivery
    return Anomaly(
        name=name,
        message=delivery.message,
        witnesses=tuple(dict.fromkeys((reading.op, other.op))),
        source=delivery.source,
        partition=delivery.partition,
        position=delivery.position,
        facts={
            "kind": kind,
            "holds": other.delivery.message,
            "read_by": other.process,
            "read_ns": other.ns,
            **facts,
        },
    )


def _place(delivery: Delivery) -> _Place:
    return (delivery.source, delivery.partition, delivery.position)
