"""The history of one violation as a picture's data: lanes, bars, bands, marks, and a table."""

from collections.abc import Iterator
from dataclasses import dataclass

from deliverycheck.guarantees import describe_operation
from deliverycheck.history import (
    Action,
    History,
    Operation,
    Outcome,
    incarnation_lane,
    is_scanner,
)
from reports.axis import Axis, Interval, axis_of, moment, tracks_of
from reports.disturbances import Disturbance, disturbances_of
from reports.matrix import DASH
from reports.visible import visible

OPERATIONS_MAX = 400
"""More than an eye takes in; beyond it those nearest to the witnesses are kept."""

_PX_PER_CHARACTER = 7.2
_PADDING_PX = 16.0
_LABEL_CHARACTERS_MAX = 24
_ENDS = {"killed": "✕ SIGKILL", "died": "✕ died"}
"""What ends a process otherwise than in order, and how its lane shows it."""

_HARNESS = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One operation; `left` and `width` in percent of the axis.

    Attributes:
        label: the call in one or two words.
        told: the whole operation in one line.
        shape: its outcome, or ``open`` if no completion was recorded.
    """

    op: int
    label: str
    shape: str
    witness: bool
    told: str
    left: float
    width: float
    track: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A stretch in which a lane was disturbed."""

    label: str
    told: str
    left: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The end of a process."""

    label: str
    told: str
    left: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One row: a process with all its incarnations, or what faults are done to.

    Attributes:
        bands: faults of this lane itself, with their words.
        shades: faults elsewhere that hit it.
    """

    name: str
    is_fault: bool
    bars: tuple[Bar, ...]
    bands: tuple[Band, ...]
    shades: tuple[Band, ...]
    marks: tuple[Mark, ...]
    tracks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One operation of the table that says the same as the picture."""

    op: int
    process: str
    call: str
    begun: str
    ended: str
    outcome: str
    witness: bool
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Everything that the picture of one execution shows.

    Attributes:
        left_out: operations that are in the history and not in the picture.
        cut: the history ends before its end.
    """

    lanes: tuple[Lane, ...]
    axis: Axis
    rows: tuple[TableRow, ...]
    left_out: int
    cut: bool


def timeline_of(history: History, witnesses: frozenset[int]) -> Timeline:
    """The picture of `history`, with the operations that prove something marked."""
    drawing = _Drawing(history, witnesses)
    operations = drawing.operations
    return Timeline(
        lanes=tuple(drawing.lanes()),
        axis=drawing.axis,
        rows=tuple(_row(operation, operation.op in witnesses) for operation in operations),
        left_out=len(history.operations) - len(operations),
        cut=history.cut,
    )


class _Drawing:
    """Gathers what needs a place, asks the axis, and hands out lanes."""

    def __init__(self, history: History, witnesses: frozenset[int]) -> None:
        self.witnesses = witnesses
        self.operations = _shown(history.operations, witnesses)
        self.disturbances = disturbances_of(history)
        ends = {event.process: event.ns for event in history.processes if event.what in _ENDS}
        self.intervals = {one.op: _interval(one, ends) for one in self.operations}
        self.moments = _moments(history)
        self.axis = axis_of(
            [*self.intervals.values(), *(_band_interval(one) for one in self.disturbances)],
            moments=[interval for _, _, interval in self.moments],
            phases=[(mark.phase.value, mark.ns) for mark in history.phases],
        )

    def lanes(self) -> Iterator[Lane]:
        """Each process over its link, then nodes, then the harness's own."""
        names = dict.fromkeys(_lane_of(operation) for operation in self.operations)
        names |= dict.fromkeys(lane for lane, _, _ in self.moments)
        own = {one.lane for one in self.disturbances} - set(names)
        for name in sorted(names, key=_rank):
            yield self._lane(name, is_fault=False)
            link = f"link {name}"
            if link in own:
                own.remove(link)
                yield self._lane(link, is_fault=True)
        for name in sorted(own):
            yield self._lane(name, is_fault=True)

    def _lane(self, name: str, *, is_fault: bool) -> Lane:
        operations = [one for one in self.operations if _lane_of(one) == name]
        intervals = [self.intervals[one.op] for one in operations]
        tracks = tracks_of(intervals)
        return Lane(
            name=name,
            is_fault=is_fault,
            bars=tuple(map(self._bar, operations, intervals, tracks)),
            bands=tuple(self._band(one) for one in self.disturbances if one.lane == name),
            shades=tuple(
                self._band(one)
                for one in self.disturbances
                if one.lane != name and one.hits(name) and not is_fault
            ),
            marks=tuple(
                Mark(
                    label=label,
                    told=f"{label} ({lane}) at {moment(interval.start_ns)}",
                    left=self.axis.left(interval.start),
                )
                for lane, label, interval in self.moments
                if lane == name
            ),
            tracks=max(tracks, default=0) + 1,
        )

    def _bar(self, operation: Operation, interval: Interval, track: int) -> Bar:
        left, width = self.axis.span(interval)
        return Bar(
            op=operation.op,
            label=_label(operation),
            shape="open" if operation.completed_ns is None else operation.outcome.value,
            witness=operation.op in self.witnesses,
            told=visible(describe_operation(operation)),
            left=left,
            width=width,
            track=track,
        )

    def _band(self, one: Disturbance) -> Band:
        left, width = self.axis.span(_band_interval(one))
        return Band(label=one.label, told=one.told, left=left, width=width)


def _shown(operations: tuple[Operation, ...], witnesses: frozenset[int]) -> list[Operation]:
    """All in order of invocation; of too many, those nearest in time to a witness."""
    ordered = sorted(operations, key=lambda one: (one.invoked_ns, one.op))
    if len(ordered) <= OPERATIONS_MAX:
        return ordered
    proofs = [one.invoked_ns for one in ordered if one.op in witnesses] or [0]

    def distance(operation: Operation) -> int:
        return min(abs(operation.invoked_ns - ns) for ns in proofs)

    kept = {one.op for one in sorted(ordered, key=distance)[:OPERATIONS_MAX]}
    return [one for one in ordered if one.op in kept]


def _interval(operation: Operation, ends: dict[str, int]) -> Interval:
    """From invocation to completion; an open one ends with its process."""
    end_ns = operation.completed_ns
    if end_ns is None:
        end_ns = ends.get(operation.process)
    return Interval(
        start_ns=operation.invoked_ns, end_ns=end_ns, needs_px=_room_px(_label(operation))
    )


def _band_interval(one: Disturbance) -> Interval:
    return Interval(start_ns=one.start_ns, end_ns=one.end_ns, needs_px=_room_px(one.label))


def _moments(history: History) -> list[tuple[str, str, Interval]]:
    """Lane, words and place of each mark, 1 ns behind the calls that it ends."""
    return [
        (
            visible(incarnation_lane(event.process)),
            _ENDS[event.what],
            Interval(
                start_ns=event.ns + 1,
                end_ns=event.ns + 1,
                needs_px=_room_px(_ENDS[event.what]),
            ),
        )
        for event in history.processes
        if event.what in _ENDS
    ]


def _room_px(label: str) -> float:
    return len(label) * _PX_PER_CHARACTER + _PADDING_PX


def _label(operation: Operation) -> str:
    """The call in a bar: ``publish 3``, ``flush``, ``effect p1-2``."""
    word = operation.action.value.replace("_", " ")
    incarnation = operation.process.partition("#")[2]
    if operation.action is Action.OPEN and incarnation not in {"", "1"}:
        return visible(f"{word} #{incarnation}")[:_LABEL_CHARACTERS_MAX]
    message = operation.message
    if operation.action is Action.EFFECT and operation.deliveries:
        message = operation.deliveries[0].message
    number = (message or "").rpartition("-")[2]
    more = (
        f"{DASH}{int(number) + operation.count - 1}"
        if number.isdigit() and operation.count > 1
        else ""
    )
    return visible(f"{word} {number}{more}".strip())[:_LABEL_CHARACTERS_MAX]


def _lane_of(operation: Operation) -> str:
    return visible(incarnation_lane(operation.process))


def _rank(lane: str) -> tuple[bool, bool, bool, str]:
    """Producers and consumers by name; then nodes; the harness's own last."""
    producer = lane.startswith("p")
    return (is_scanner(lane) or lane == _HARNESS, lane.startswith("b"), not producer, lane)


def _row(operation: Operation, witness: bool) -> TableRow:  # noqa: FBT001 - a fact of the row
    ended = operation.completed_ns
    outcome = operation.outcome.value
    if operation.outcome is Outcome.INFO and operation.confirmed:
        outcome = "info (confirmed, proves nothing)"
    return TableRow(
        op=operation.op,
        process=visible(operation.process),
        call=_label(operation),
        begun=moment(operation.invoked_ns),
        ended="open" if ended is None else moment(ended),
        outcome=outcome if operation.error is None else visible(f"{outcome} ({operation.error})"),
        witness=witness,
        told=visible(describe_operation(operation)),
    )
