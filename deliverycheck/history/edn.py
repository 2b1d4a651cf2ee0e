"""A history in the EDN that Jepsen's checker of partitioned logs reads (`docs/edn.md`)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import chain, count

import msgspec

from deliverycheck.history.edn_calls import Call, calls_of
from deliverycheck.history.edn_names import Names, names_of
from deliverycheck.history.edn_text import Keyword, text_of
from deliverycheck.history.history import FaultSpan, History

_Fields = dict[Keyword, object]
_NEMESIS = Keyword("nemesis")


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line: what happened when, and its place among what happened at the same moment."""

    ns: int
    rank: tuple[int, int]
    fields: _Fields


def edn_of(history: History) -> Iterator[str]:
    """One map a line, in the order of time, without line ends; the first one explains the rest."""
    names = names_of(history)
    entries = [*_of_calls(calls_of(history, names)), *_of_nemesis(history)]
    ordered = sorted(entries, key=lambda entry: (entry.ns, entry.rank))
    told = chain([_legend(names)], (entry.fields for entry in ordered))
    for index, fields in enumerate(told):
        yield text_of({Keyword("index"): index, **fields})


def _legend(names: Names) -> _Fields:
    """Which numbers stand for what."""
    keys = {number: list(place) for place, number in names.keys.items()}
    values = {number: message for message, number in names.values.items()}
    value = {Keyword("keys"): keys, Keyword("values"): values}
    return _line("info", 0, _NEMESIS, "legend", value)


def _of_calls(calls: Iterable[Call]) -> Iterator[_Entry]:
    """An invocation and a completion each, on a process number that is free meanwhile.

    A process of Jepsen makes one call at a time, and none after one whose outcome is unknown; a
    reader that was moved begins anew. So one process of ours may need several numbers.
    """
    free: dict[str, list[tuple[int, int]]] = defaultdict(list)
    unused = count()
    for call in sorted(calls, key=lambda call: (call.start_ns, call.op)):
        idle = free[call.process]
        if call.moves:
            idle.clear()
        if call.f is not None:
            is_free = bool(idle) and idle[0][0] <= call.start_ns
            number = heappop(idle)[1] if is_free else next(unused)
            if call.outcome != "info":
                heappush(idle, (call.end_ns, number))
            yield from _both_ends(call, call.f, number)


def _both_ends(call: Call, f: str, number: int) -> Iterator[_Entry]:
    whose = {Keyword("op"): call.op, Keyword("client"): call.process}
    error = {} if call.error is None else {Keyword("error"): call.error}
    invoked = _line("invoke", call.start_ns, number, f, call.asked) | whose
    completed = _line(call.outcome, call.end_ns, number, f, call.got) | error | whose
    yield _Entry(ns=call.start_ns, rank=(1, call.op), fields=invoked)
    yield _Entry(ns=call.end_ns, rank=(0, call.op), fields=completed)


def _line(kind: str, ns: int, process: object, f: str, value: object) -> _Fields:
    return {
        Keyword("type"): Keyword(kind),
        Keyword("time"): ns,
        Keyword("process"): process,
        Keyword("f"): Keyword(f),
        Keyword("value"): value,
    }


def _of_nemesis(history: History) -> Iterator[_Entry]:
    """What was done to the system, for those who look at times."""
    told: list[tuple[int, str, list[str]]] = []
    for span in history.faults:
        told += [(ns, "fault", [span.fault, moment, span.lane]) for moment, ns in _ends(span)]
    told += [(one.ns, "node", [one.node, one.state.value]) for one in history.nodes]
    told += [(one.ns, "process", [one.process, one.what]) for one in history.processes]
    for number, (ns, f, value) in enumerate(sorted(told)):
        yield _Entry(ns=ns, rank=(2, number), fields=_line("info", ns, _NEMESIS, f, value))


def _ends(span: FaultSpan) -> Iterator[tuple[str, int]]:
    for moment in ("inject", "injected", "heal", "healed"):
        ns = getattr(span, f"{moment}_ns")
        if ns is not None:
            yield moment, ns
