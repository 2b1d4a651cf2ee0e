"""`trace.json.gz`: executions in Chrome's trace-event format, as ui.perfetto.dev opens it.

An execution is a process of the trace, a lane is a thread, an operation a complete event (`X`).
The events of one thread have to nest (perfetto.dev/docs/faq, "overlapping events in JSON traces"),
and open calls overlap: a lane gets as many threads as it has calls at once.
"""

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import groupby
from operator import attrgetter

import msgspec

from deliverycheck.history import History
from reports.trace_spans import Span, moments_of, spans_of
from reports.visible import visible

OPERATIONS_MAX = 200_000
"""Of all executions of a trace together: some 60 MB of JSON, and a viewer that still scrolls."""

_NS_PER_US = 1000
_LEVEL = 6
"""9 takes more than twice as long for 3 % less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedExecution:
    """A history, and what its process of the trace is called."""

    name: str
    history: History
    witnesses: frozenset[int] = frozenset()


class TraceEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event; its names are the format's. `ts` and `dur` in µs since the execution's start."""

    ph: str
    name: str
    pid: int
    tid: int
    cat: str | None = None
    ts: float | None = None
    dur: float | None = None
    s: str | None = None
    args: dict[str, str | int] = {}


class Trace(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The whole file."""

    trace_events: list[TraceEvent]
    display_time_unit: str
    other_data: dict[str, str]


def trace_of(executions: Iterable[TracedExecution], facts: Mapping[str, str]) -> bytes:
    """The trace, packed; the same executions give the same bytes."""
    events: list[TraceEvent] = []
    told = {visible(name): visible(value) for name, value in facts.items()}
    left = OPERATIONS_MAX
    for pid, execution in enumerate(executions, start=1):
        operations = execution.history.operations[:left]
        left -= len(operations)
        spans = spans_of(execution.history, operations, execution.witnesses)
        events += _process(execution, spans, pid)
        if missing := len(execution.history.operations) - len(operations):
            told[f"left out of {visible(execution.name)}"] = f"the last {missing} operations"
    trace = Trace(trace_events=events, display_time_unit="ms", other_data=told)
    return gzip.compress(msgspec.json.encode(trace), _LEVEL, mtime=0)


def _process(execution: TracedExecution, spans: Sequence[Span], pid: int) -> Iterator[TraceEvent]:
    """The execution's lanes, each with the threads that it needs."""
    yield _named("process_name", execution.name, pid, 0)
    threads: dict[str, int] = {}
    free = 1
    for lane, of_lane in groupby(spans, key=attrgetter("lane")):
        own = list(of_lane)
        tracks = _tracks_of(own)
        threads[lane] = free
        for track in range(max(tracks) + 1):
            yield from _thread(lane if not track else f"{lane} ({track + 1})", pid, free + track)
        for span, track in zip(own, tracks, strict=True):
            yield _complete(span, pid, free + track)
        free += max(tracks) + 1
    for moment in moments_of(execution.history):
        yield TraceEvent(
            ph="i",
            name=moment.name,
            cat="end",
            pid=pid,
            tid=threads.get(moment.lane, 0),
            ts=moment.ns / _NS_PER_US,
            s="t",
        )


def _tracks_of(ordered: Sequence[Span]) -> list[int]:
    """For each span of a lane, by their beginning, the first of its threads that is free then."""
    busy: list[tuple[int, int]] = []
    free: list[int] = []
    tracks: list[int] = []
    for span in ordered:
        while busy and busy[0][0] < span.start_ns:
            heappush(free, heappop(busy)[1])
        tracks.append(heappop(free) if free else len(busy))
        heappush(busy, (span.end_ns, tracks[-1]))
    return tracks


def _thread(name: str, pid: int, tid: int) -> Iterator[TraceEvent]:
    yield _named("thread_name", name, pid, tid)
    yield TraceEvent(ph="M", name="thread_sort_index", pid=pid, tid=tid, args={"sort_index": tid})


def _named(what: str, name: str, pid: int, tid: int) -> TraceEvent:
    return TraceEvent(ph="M", name=what, pid=pid, tid=tid, args={"name": visible(name)})


def _complete(span: Span, pid: int, tid: int) -> TraceEvent:
    args: dict[str, str | int] = {"told": span.told}
    if span.op is not None:
        args["op"] = span.op
    if span.witness:
        args["witness"] = "proves a violation"
    return TraceEvent(
        ph="X",
        name=span.name,
        cat=f"{span.category},witness" if span.witness else span.category,
        pid=pid,
        tid=tid,
        ts=span.start_ns / _NS_PER_US,
        dur=(span.end_ns - span.start_ns) / _NS_PER_US,
        args=args,
    )
