"""Places on a time axis that is not to scale: later is further right, every label fits.

An execution is a few milliseconds of calls and a second of waiting. To scale, all
calls would be one line. Here each stretch is as wide as the labels that stand in it
need, and the ticks tell the true times.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_NS_PER_MS = 1_000_000
_MS_PER_S = 1000
_MARGIN_PX = 10.0
_STEP_PX = 4.0
_WAIT_PX = 7.0
"""Added for each factor of ten by which a stretch is longer than 1 ms: a long wait looks long."""
_TICK_PX_MIN = 84.0
_PHASE_PX = 62.0

Point = tuple[int, int]
"""A moment in ns; of equal moments, beginnings (0) stand before ends (1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A stretch of time that needs room; without an end it goes on to the right edge."""

    start_ns: int
    end_ns: int | None
    needs_px: float = 0.0

    @property
    def start(self) -> Point:
        return (self.start_ns, 0)

    @property
    def end(self) -> Point | None:
        return None if self.end_ns is None else (max(self.end_ns, self.start_ns), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A true time at its place."""

    left: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A phase of the execution."""

    label: str
    left: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Places in percent of `width_px`, the width at which every label fits."""

    places: dict[Point, float]
    width_px: int
    ticks: tuple[Tick, ...]
    phases: tuple[Stretch, ...]

    def left(self, point: Point) -> float:
        return self.places[point]

    def span(self, interval: Interval) -> tuple[float, float]:
        """Left and width of an interval."""
        left = self.places[interval.start]
        right = 100.0 if interval.end is None else self.places[interval.end]
        return left, round(right - left, 3)


def axis_of(
    intervals: Iterable[Interval],
    *,
    moments: Iterable[Interval] = (),
    phases: Sequence[tuple[str, int]] = (),
) -> Axis:
    """The narrowest axis on which every interval and moment has the room that it needs."""
    begins = [ns for _, ns in phases]
    every = [*intervals, *moments, *map(_phase, begins, begins[1:])]
    points = {one.start for one in every} | {(ns, 0) for ns in begins}
    points |= {one.end for one in every if one.end is not None}
    ordered = sorted(points)
    at_px, right_px = _laid_out(ordered, every)
    places = {point: round(100 * px / right_px, 3) for point, px in at_px.items()}
    return Axis(
        places=places,
        width_px=math.ceil(right_px),
        ticks=tuple(_ticks(ordered, at_px, right_px)),
        phases=tuple(_stretches(phases, places)),
    )


def _phase(start_ns: int, next_ns: int) -> Interval:
    """Ends 1 ns early, so that the next phase begins behind the label of this one."""
    return Interval(start_ns=start_ns, end_ns=next_ns - 1, needs_px=_PHASE_PX)


def _laid_out(ordered: list[Point], intervals: list[Interval]) -> tuple[dict[Point, float], float]:
    """Each point as far right as the one before it and the intervals that end at it ask for."""
    ending: dict[Point | None, list[Interval]] = {}
    for interval in intervals:
        ending.setdefault(interval.end, []).append(interval)
    at_px: dict[Point, float] = {}
    before, px = 0, _MARGIN_PX - _STEP_PX
    for point in ordered:
        px += _gap_px(point[0] - before)
        needed = (at_px[one.start] + one.needs_px for one in ending.get(point, []))
        px = at_px[point] = max([px, *needed])
        before = point[0]
    open_px = (at_px[one.start] + one.needs_px for one in ending.get(None, []))
    return at_px, max([px + _MARGIN_PX, *open_px])


def _gap_px(gap_ns: int) -> float:
    return _STEP_PX + _WAIT_PX * max(0.0, math.log10(max(gap_ns, 1) / _NS_PER_MS))


def _ticks(ordered: list[Point], at_px: dict[Point, float], right_px: float) -> list[Tick]:
    """True times at points, no closer than their labels."""
    ticks: list[Tick] = []
    free_px = 0.0
    for point in ordered:
        px = at_px[point]
        if px >= free_px and px <= right_px - _TICK_PX_MIN / 2:
            ticks.append(Tick(left=round(100 * px / right_px, 3), label=moment(point[0])))
            free_px = px + _TICK_PX_MIN
    return ticks


def _stretches(phases: Sequence[tuple[str, int]], places: dict[Point, float]) -> list[Stretch]:
    """Each phase up to the next one; the last mark closes and is none itself."""
    lefts = [places[ns, 0] for _, ns in phases]
    rights = [*lefts[1:], 100.0]
    return [
        Stretch(label=name, left=left, width=round(right - left, 3))
        for (name, _), left, right in zip(phases, lefts, rights, strict=False)
        if name != "done"
    ]


def moment(ns: int) -> str:
    """``12.4 ms`` or ``1.302 s`` since the execution's start."""
    in_ms = ns / _NS_PER_MS
    return f"{in_ms:.1f} ms" if in_ms < _MS_PER_S else f"{in_ms / _MS_PER_S:.3f} s"


TRACKS_MAX = 12
"""Rows of a lane; calls that find none free share the last one."""


def tracks_of(spans: Sequence[tuple[int, int | None]]) -> list[int]:
    """The row of each call in its lane: the first that is free, in order of beginning."""
    ends: list[float] = []
    tracks = [0] * len(spans)
    for index in sorted(range(len(spans)), key=lambda one: spans[one][0]):
        start_ns, end_ns = spans[index]
        free = (row for row, end in enumerate(ends) if end < start_ns)
        track = min(next(free, len(ends)), TRACKS_MAX - 1)
        ends[track : track + 1] = [math.inf if end_ns is None else end_ns]
        tracks[index] = track
    return tracks
