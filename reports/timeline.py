"""The history of one violation as a picture's data: lanes, calls, faults, marks, and a table."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from deliverycheck.guarantees import describe_operation
from deliverycheck.history import Action, History, Operation, Outcome
from reports.axis import Axis, Interval, axis_of, moment, tracks_of
from reports.columns import Columns, columns_of, number_of
from reports.disturbances import Disturbance, disturbances_of
from reports.folded import WIDTH, FoldedAxis, folded_axis
from reports.lanes import LANES_MAX, Lane, lane_of, lanes_of, moments_of
from reports.matrix import DASH
from reports.pace import PaceRow, pace_of
from reports.visible import visible

LABELLED_MAX = 400
"""Operations of a history in which each has room for its label; a longer one is to scale."""

ROWS_MAX = 60
"""Operations of the table, those nearest to the proof; others join it when they are looked at."""

TOLD_CHARACTERS_MAX = 400
"""Of an operation in the table; its names stand whole in the sentences of the card."""

_PX_PER_CHARACTER = 7.2
_PADDING_PX = 16.0
_LABEL_CHARACTERS_MAX = 24
_NS_PER_US = 1000


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
        rows: of the operations nearest to the proof.
        pace: how many calls ended and how long they took, over time.
        cut: the history ends before its end.
        drawing: what the script of the page draws, as JSON.
    """

    lanes: tuple[Lane, ...]
    columns: Columns
    rows: tuple[TableRow, ...]
    pace: tuple[PaceRow, ...]
    cut: bool
    drawing: str

    @property
    def left_out(self) -> int:
        """Operations of the picture that are not in the table yet."""
        return len(self.columns) - len(self.rows)


def timeline_of(history: History, witnesses: frozenset[int]) -> Timeline:
    """The picture of `history`, with the operations that prove something marked."""
    picture = _Picture(history, witnesses)
    return Timeline(
        lanes=picture.lanes,
        columns=picture.columns,
        rows=tuple(
            row_of(operation, is_witness=operation.op in witnesses)
            for operation in nearest(picture.operations, witnesses, ROWS_MAX)
        ),
        pace=pace_of(picture.operations, picture.disturbances),
        cut=history.cut,
        drawing=msgspec.json.encode(picture.drawing()).decode(),
    )


class _Picture:
    """What the parts of one picture share: operations in order, their tracks, their places."""

    def __init__(self, history: History, witnesses: frozenset[int]) -> None:
        self.operations = sorted(history.operations, key=lambda one: (one.invoked_ns, one.op))
        self.disturbances = disturbances_of(history)
        self.moments = moments_of(history)
        self._witnesses = witnesses
        self._phases = [(mark.phase.value, mark.ns) for mark in history.phases]
        died = {one.process: one.ns for one in history.processes if one.what in {"killed", "died"}}
        self.spans = [_span(one, died) for one in self.operations]
        self._lane_names = {one.process: lane_of(one) for one in self.operations}
        self.end_ns = max(
            [1]
            + [one.ns for one in history.phases]
            + [one.ns for one in history.processes]
            + [start if end is None else end for start, end in self.spans]
            + [one.end_ns or one.start_ns for one in self.disturbances]
        )

    @cached_property
    def tracks(self) -> list[int]:
        by_lane: dict[str, list[int]] = defaultdict(list)
        for index, operation in enumerate(self.operations):
            by_lane[self._lane_names[operation.process]].append(index)
        found = [0] * len(self.operations)
        for places in by_lane.values():
            rows = tracks_of([self.spans[index] for index in places])
            for index, row in zip(places, rows, strict=True):
                found[index] = row
        return found

    @cached_property
    def lanes(self) -> tuple[Lane, ...]:
        rows: dict[str, int] = defaultdict(int)
        for operation, track in zip(self.operations, self.tracks, strict=True):
            name = self._lane_names[operation.process]
            rows[name] = max(rows[name], track + 1)
        return lanes_of(list(rows), self.disturbances, self.moments, lambda name: rows[name] or 1)

    @cached_property
    def labelled(self) -> Axis | None:
        """Of a short history the axis on which every label fits."""
        if len(self.operations) > LABELLED_MAX:
            return None
        calls = [
            Interval(start_ns=start, end_ns=end, needs_px=_room_px(label_of(operation)))
            for operation, (start, end) in zip(self.operations, self.spans, strict=True)
        ]
        ends = [
            Interval(start_ns=one.ns, end_ns=one.ns, needs_px=_room_px(one.label))
            for one in self.moments
        ]
        return axis_of(
            [*calls, *map(_band_interval, self.disturbances)], moments=ends, phases=self._phases
        )

    @cached_property
    def folded(self) -> FoldedAxis:
        return folded_axis(self.spans, self.end_ns)

    @cached_property
    def columns(self) -> Columns:
        places = [(self.left(start), self.right(end)) for start, end in self.spans if self.labelled]
        return columns_of(
            self.operations, witnesses=self._witnesses, tracks=self.tracks, places=places
        )

    def left(self, ns: int) -> int:
        return self._place(ns, 0)

    def right(self, ns: int | None) -> int:
        return WIDTH if ns is None else self._place(ns, 1)

    def _place(self, ns: int, side: int) -> int:
        if self.labelled is None:
            return self.folded.place(ns)
        return round(self.labelled.left((ns, side)) * WIDTH / 100)

    def drawing(self) -> dict[str, object]:
        """Times in microseconds, places in units of which the axis has `WIDTH`."""
        names = [lane.name for lane in self.lanes]
        numbers = {name: number for number, name in enumerate(names)}
        others = min(len(names), LANES_MAX) - 1
        packed = self.columns.packed()
        return {
            "count": len(self.columns),
            "end": _us(self.end_ns),
            "placed": self.labelled is not None,
            "width": self.labelled.width_px if self.labelled else 0,
            "processes": [
                [name, numbers.get(name.partition("#")[0], others)]
                for name in self.columns.processes
            ],
            "actions": self.columns.actions,
            "lanes": [self._lane(lane) for lane in self.lanes],
            "phases": [
                [label, _us(ns), self.left(ns)] for label, ns in self._phases if label != "done"
            ],
            "ticks": [
                [round(tick.left * WIDTH / 100), tick.label]
                for tick in (self.labelled.ticks if self.labelled else ())
            ],
            "knots": [[_us(ns), place] for ns, place in self.folded.knots],
            "ranks": packed.ranks,
            "columns": packed.text,
        }

    def _lane(self, lane: Lane) -> dict[str, object]:
        return {
            "name": lane.name,
            "fault": lane.is_fault,
            "tracks": lane.tracks,
            "bands": [[*self._stretch(one), one.label, one.told] for one in lane.bands],
            "shades": [[*self._stretch(one), one.told] for one in lane.shades],
            "marks": [[_us(one.ns), self.left(one.ns), one.label, one.told] for one in lane.marks],
        }

    def _stretch(self, one: Disturbance) -> tuple[int, int, int, int]:
        """Beginning and end, as times and as places."""
        end_ns = self.end_ns if one.end_ns is None else max(one.end_ns, one.start_ns)
        right = self.right(None if one.end_ns is None else end_ns)
        return _us(one.start_ns), _us(end_ns), self.left(one.start_ns), right


def _span(operation: Operation, died: dict[str, int]) -> tuple[int, int | None]:
    """From invocation to completion; an open one ends with its process."""
    end_ns = operation.completed_ns
    if end_ns is None:
        end_ns = died.get(operation.process)
    return operation.invoked_ns, None if end_ns is None else max(operation.invoked_ns, end_ns)


def _us(ns: int) -> int:
    return ns // _NS_PER_US


def nearest(
    operations: Sequence[Operation], witnesses: frozenset[int], rows_max: int
) -> list[Operation]:
    """All in the order they are in; of too many, those nearest in time to a witness."""
    if len(operations) <= rows_max:
        return list(operations)
    proofs = [one.invoked_ns for one in operations if one.op in witnesses] or [0]

    def distance(operation: Operation) -> tuple[bool, int]:
        near = min(abs(operation.invoked_ns - ns) for ns in proofs[:rows_max])
        return operation.op not in witnesses, near

    kept = {one.op for one in sorted(operations, key=distance)[:rows_max]}
    return [one for one in operations if one.op in kept]


def label_of(operation: Operation) -> str:
    """The call in a bar: ``publish 3``, ``flush``, ``effect 2``."""
    word = operation.action.value.replace("_", " ")
    incarnation = operation.process.partition("#")[2]
    if operation.action is Action.OPEN and incarnation not in {"", "1"}:
        return visible(f"{word} #{incarnation}")[:_LABEL_CHARACTERS_MAX]
    number = number_of(operation)
    more = f"{DASH}{int(number) + operation.count - 1}" if number and operation.count > 1 else ""
    return visible(f"{word} {number}{more}".strip())[:_LABEL_CHARACTERS_MAX]


def row_of(operation: Operation, *, is_witness: bool) -> TableRow:
    """The operation as the table says it."""
    ended = operation.completed_ns
    outcome = operation.outcome.value
    if operation.outcome is Outcome.INFO and operation.confirmed:
        outcome = "info (confirmed, proves nothing)"
    told = visible(describe_operation(operation))
    return TableRow(
        op=operation.op,
        process=visible(operation.process),
        call=label_of(operation),
        begun=moment(operation.invoked_ns),
        ended="open" if ended is None else moment(ended),
        outcome=outcome if operation.error is None else visible(f"{outcome} ({operation.error})"),
        witness=is_witness,
        told=told if len(told) <= TOLD_CHARACTERS_MAX else f"{told[:TOLD_CHARACTERS_MAX]}…",
    )


def _band_interval(one: Disturbance) -> Interval:
    return Interval(start_ns=one.start_ns, end_ns=one.end_ns, needs_px=_room_px(one.label))


def _room_px(label: str) -> float:
    return len(label) * _PX_PER_CHARACTER + _PADDING_PX
