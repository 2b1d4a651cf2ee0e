"""Verdicts on a terminal: what is broken first, then what holds, then what cannot be told."""

from collections import Counter
from collections.abc import Iterator, Sequence

from deliverycheck.cli.judging import Judged
from deliverycheck.guarantees import Validity, Verdict, explain
from deliverycheck.guarantees.sentences import counted, duration
from deliverycheck.history import History

Line = tuple[str, str | None]
"""The text and its style."""

_NOTHING = "nothing to examine: "
_ORDER = (Validity.INVALID, Validity.VALID, Validity.UNKNOWN)
_SIGNS = {Validity.INVALID: ("✗", "bold red"), Validity.VALID: ("✓", "green")}
_UNKNOWN = ("?", "yellow")
_WORDS = {
    Validity.INVALID: "violated",
    Validity.VALID: "not violated",
    Validity.UNKNOWN: "unknown",
}


def lines_of(one: Judged, *, asked_for: bool) -> Iterator[Line]:
    """All verdicts on one history; those that had nothing to examine in one line.

    What was asked for by name is always told with its reason.
    """
    yield _head(one), "bold"
    for line in _cut(one):
        yield line, "yellow"
    verdicts = sorted(one.verdicts.values(), key=lambda verdict: _ORDER.index(verdict.validity))
    idle = [each for each in verdicts if not asked_for and _has_nothing(each)]
    told: dict[str, str] = {}
    for verdict in verdicts:
        if verdict not in idle:
            yield from _lines(verdict, one.history, told)
    if idle:
        names = ", ".join(verdict.guarantee for verdict in idle)
        yield f"- nothing to examine for {len(idle)} more: {names}", "dim"


def _head(one: Judged) -> str:
    """What was judged, and by which engine; one for big histories keeps only what it names."""
    if one.engine != "python":
        return f"{one.name} (engine: {one.engine})"
    operations = one.history.operations
    processes = {operation.process for operation in operations}
    ends = [each.completed_ns or each.invoked_ns for each in operations]
    size = f"{counted(len(operations), 'operation')} of {counted(len(processes), 'process')}"
    return f"{one.name}: {size}, {duration(max(ends, default=0))} (engine: {one.engine})"


def _cut(one: Judged) -> Iterator[str]:
    """What is missing at the end, and what that means."""
    if one.torn:
        yield "! The last line is torn, and left out."
    if one.history.done is None:
        yield (
            "! It ends before its end (no line of phase done): "
            "what is missing may have come later, so its absence proves nothing."
        )


def _has_nothing(verdict: Verdict) -> bool:
    return verdict.validity is Validity.UNKNOWN and (verdict.reason or "").startswith(_NOTHING)


def _lines(verdict: Verdict, history: History, told: dict[str, str]) -> Iterator[Line]:
    """A verdict with its anomalies; one that stands above already is not told again."""
    explanation = explain(verdict, history)
    sign, style = _SIGNS.get(verdict.validity, _UNKNOWN)
    yield f"{sign} {explanation.summary} [{verdict.guarantee}]", style
    above = 0
    for anomaly in explanation.anomalies:
        if told.setdefault(anomaly.sentence, verdict.guarantee) != verdict.guarantee:
            above += 1
            continue
        yield f"    {anomaly.sentence}", None
        for line in anomaly.witnesses:
            yield f"      {line}", "dim"
    if above:
        all_of_it = above == len(explanation.anomalies)
        yield f"    {'As told above.' if all_of_it else f'{above} more are told above.'}", "dim"
    if explanation.untold:
        yield f"    … and {explanation.untold} more of them.", None


def last_line(found: Sequence[Judged]) -> Line:
    """Of several histories, how many are what."""
    counts = Counter(_worst(one) for one in found)
    words = [f"{counts[each]} {_WORDS[each]}" for each in _ORDER if counts[each]]
    return f"{counted(len(found), 'history')}: {', '.join(words)}", "bold"


def _worst(one: Judged) -> Validity:
    found = {verdict.validity for verdict in one.verdicts.values()}
    return next(each for each in (*_ORDER, Validity.UNKNOWN) if each in found or not found)
