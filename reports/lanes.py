"""The lanes of a picture: who has one, what disturbed it, how it ended."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from deliverycheck.history import History, Operation, incarnation_lane, is_scanner
from reports.axis import moment
from reports.disturbances import Disturbance
from reports.visible import visible

LANES_MAX = 60
"""More than fit on a screen; processes beyond share the last lane."""

_ENDS = {"killed": "✕ SIGKILL", "died": "✕ died"}
"""What ends a process otherwise than in order, and how its lane shows it."""

_HARNESS = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The end of a process; 1 ns behind the calls that it ends."""

    lane: str
    label: str
    told: str
    ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One row: a process with all its incarnations, or what faults are done to.

    Attributes:
        bands: faults of this lane itself, with their words.
        shades: faults elsewhere that hit it.
        tracks: rows for calls that overlap.
    """

    name: str
    is_fault: bool
    bands: tuple[Disturbance, ...]
    shades: tuple[Disturbance, ...]
    marks: tuple[Moment, ...]
    tracks: int


def moments_of(history: History) -> tuple[Moment, ...]:
    """Each process that was killed or died."""
    return tuple(
        Moment(
            lane=visible(incarnation_lane(event.process)),
            label=_ENDS[event.what],
            told=f"{visible(incarnation_lane(event.process))}: {_ENDS[event.what]} "
            f"at {moment(event.ns)}",
            ns=event.ns + 1,
        )
        for event in history.processes
        if event.what in _ENDS
    )


def lane_of(operation: Operation) -> str:
    """The lane of the operation's process, as it is shown."""
    return visible(incarnation_lane(operation.process))


def lanes_of(
    names: Sequence[str],
    disturbances: Sequence[Disturbance],
    moments: Sequence[Moment],
    tracks: Callable[[str], int],
) -> tuple[Lane, ...]:
    """Each process over its link, then nodes, then the harness's own."""

    def lane(name: str, *, is_fault: bool) -> Lane:
        return Lane(
            name=name,
            is_fault=is_fault,
            bands=tuple(one for one in disturbances if one.lane == name),
            shades=tuple(
                one for one in disturbances if one.lane != name and one.hits(name) and not is_fault
            ),
            marks=tuple(one for one in moments if one.lane == name),
            tracks=0 if is_fault else tracks(name),
        )

    return tuple(
        lane(name, is_fault=is_fault) for name, is_fault in _in_order(names, disturbances, moments)
    )


def _in_order(
    names: Sequence[str], disturbances: Sequence[Disturbance], moments: Sequence[Moment]
) -> Iterator[tuple[str, bool]]:
    everybody = dict.fromkeys([*names, *(one.lane for one in moments)])
    own = {one.lane for one in disturbances} - set(everybody)
    for name in sorted(everybody, key=_rank)[:LANES_MAX]:
        yield name, False
        link = f"link {name}"
        if link in own:
            own.remove(link)
            yield link, True
    for name in sorted(own)[:LANES_MAX]:
        yield name, True


def _rank(lane: str) -> tuple[bool, bool, bool, str]:
    """Producers and consumers by name; then nodes; the harness's own last."""
    producer = lane.startswith("p")
    return (is_scanner(lane) or lane == _HARNESS, lane.startswith("b"), not producer, lane)
