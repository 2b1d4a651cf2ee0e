"""Where messages stand against the order in which they were published, for what turned it round."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deliverycheck.guarantees import ANOMALIES, Severity
from deliverycheck.history import History, Reading
from reports.visible import visible

POINTS_MAX = 120
"""Around the first message that is out of order; a picture of more is a cloud."""

PICTURES_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One message.

    Attributes:
        place: its rank among those that are shown, from 0, in the source or of its receipts.
        published: its rank by the call that published it, from 0.
        position: as the broker names it, or the number of the receipt.
        is_behind: the one before it was published later. One message that is far too early
            is one such place, not one for each that follows it.
    """

    place: int
    published: int
    position: int
    message: str
    op: int
    is_behind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """One partition, or what one consumer was handed from a queue."""

    title: str
    points: tuple[Point, ...]
    left_out: int

    @property
    def behind(self) -> int:
        """How many stand right behind one that was published later."""
        return sum(point.is_behind for point in self.points)


def places_of(history: History, anomaly: str, witnesses: frozenset[int]) -> tuple[Places, ...]:
    """A picture for each source that the proof is about, of an anomaly of order alone."""
    kind = ANOMALIES.get(anomaly)
    if kind is None or kind.severity is not Severity.DISORDER:
        return ()
    found = [_places(title, readings, history) for title, readings in _sources(history, witnesses)]
    disordered = [one for one in found if one.behind]
    return tuple(disordered[:PICTURES_MAX])


def _sources(
    history: History, witnesses: frozenset[int]
) -> Iterator[tuple[str, list[tuple[int, Reading]]]]:
    for (source, partition), readings in history.log_by_partition.items():
        place = source if partition is None else f"{source}/{partition}"
        placed = [(one.delivery.position or 0, one) for one in readings]
        yield f"{visible(place)}, by position", placed
    receipts: dict[str, list[Reading]] = {}
    for one in history.receipts:
        if one.op in witnesses or not witnesses:
            receipts.setdefault(f"{one.delivery.source}", [])
    for one in history.receipts:
        if one.delivery.source in receipts:
            receipts[one.delivery.source].append(one)
    for source, received in receipts.items():
        yield f"{visible(source)}, in the order of receipts", list(enumerate(received, start=1))


def _places(title: str, readings: list[tuple[int, Reading]], history: History) -> Places:
    """Only first attempts have a place in an order of publishing."""
    calls = {one.message: one for one in reversed(history.publications)}
    known = [(at, one) for at, one in readings if one.delivery.message in calls]
    by_call = sorted(
        {one.delivery.message for _, one in known},
        key=lambda name: (calls[name].invoked_ns, calls[name].op, calls[name].sequence),
    )
    ranks = {name: rank for rank, name in enumerate(by_call)}
    points = list(_points(known, ranks, {name: calls[name].op for name in ranks}))
    first = next((point.place for point in points if point.is_behind), 0)
    begin = max(0, min(first - POINTS_MAX // 2, len(points) - POINTS_MAX))
    shown = tuple(points[begin : begin + POINTS_MAX])
    return Places(title=title, points=shown, left_out=len(points) - len(shown))


def _points(
    known: Iterable[tuple[int, Reading]], ranks: dict[str, int], ops: dict[str, int]
) -> Iterator[Point]:
    before = -1
    for place, (position, reading) in enumerate(known):
        name = reading.delivery.message
        yield Point(
            place=place,
            published=ranks[name],
            position=position,
            message=visible(name),
            op=ops[name],
            is_behind=ranks[name] < before,
        )
        before = ranks[name]
