"""Histories that were judged without a run, as a page: the same look, no claims."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from deliverycheck.guarantees import GUARANTEES, Explanation, Validity, Verdict, explain, summary_of
from deliverycheck.history import History
from reports.page import rendered
from reports.timeline import Timeline, timeline_of
from reports.visible import all_visible, visible
from reports.words import counted

_NOTHING = "nothing to examine: "
_ORDER = (Validity.INVALID, Validity.VALID, Validity.UNKNOWN)
VIOLATED, HELD, TOO_FEW = "violated", "held", "too-few"
"""How the cell of a guarantee looks."""

_MARKS = {Validity.INVALID: VIOLATED, Validity.VALID: HELD, Validity.UNKNOWN: TOO_FEW}


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedHistory:
    """A history with its verdicts.

    Attributes:
        path: what the command line calls its file.
    """

    name: str
    path: str
    history: History
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One guarantee of the table.

    Attributes:
        mark: how its cell looks; `text` stands in it.
        finding: the place of its card on the page, if it is violated.
    """

    guarantee: str
    title: str
    promise: str
    mark: str
    text: str
    told: str
    finding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What breaks guarantees, as a card: several that are broken by the same are one."""

    id: str
    guarantees: tuple[str, ...]
    heading: str
    promises: tuple[tuple[str, str], ...]
    explanation: Explanation
    timeline: Timeline
    replay: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One history of the page.

    Attributes:
        idle: guarantees of which the history says nothing.
    """

    name: str
    facts: str
    rows: tuple[Row, ...]
    idle: tuple[str, ...]
    findings: tuple[Finding, ...]


def parts_of(histories: Sequence[JudgedHistory]) -> tuple[Part, ...]:
    """A part of the report for each history, in which every foreign text is visible."""
    return tuple(_part(one, number) for number, one in enumerate(histories, start=1))


def html_of_judged(answer: str, parts: Sequence[Part]) -> str:
    """The page."""
    return rendered(
        "judged.html.j2",
        answer=answer,
        bad=any(part.findings for part in parts),
        header=_header(len(parts)),
        parts_of_page=parts,
    )


def answer_of_judged(histories: Sequence[JudgedHistory]) -> str:
    """The first sentence of the report."""
    found = [verdict.validity for one in histories for verdict in one.verdicts]
    broken = {v.guarantee for h in histories for v in h.verdicts if v.validity is Validity.INVALID}
    if broken:
        verb = "is" if len(broken) == 1 else "are"
        return f"{counted(len(broken), 'guarantee')} {verb} violated"
    if Validity.VALID in found:
        return f"Nothing is violated: {counted(found.count(Validity.VALID), 'guarantee')} held"
    return "Nothing could be concluded"


def _header(histories: int) -> str:
    if histories == 1:
        return "One history, judged from its file alone"
    return f"{histories} histories, each judged from its file alone"


def _part(one: JudgedHistory, number: int) -> Part:
    verdicts = sorted(one.verdicts, key=lambda verdict: _ORDER.index(verdict.validity))
    idle = [verdict.guarantee for verdict in verdicts if _is_idle(verdict)]
    history = one.history
    processes = len({operation.process for operation in history.operations})
    facts = [
        counted(len(history.operations), "operation"),
        f"{processes} {'process' if processes == 1 else 'processes'}",
    ]
    facts += ["ends before its end"] if history.cut else []
    findings = _findings(one, number)
    cards = {guarantee: card.id for card in findings for guarantee in card.guarantees}
    return Part(
        name=visible(one.name),
        facts=", ".join(facts),
        rows=tuple(_row(verdict, cards) for verdict in verdicts if not _is_idle(verdict)),
        idle=tuple(idle),
        findings=tuple(findings),
    )


def anchor_of(number: int, guarantee: str) -> str:
    """The place of a finding on the page, by its history and the first guarantee it breaks."""
    return f"history-{number}-{guarantee}"


def _is_idle(verdict: Verdict) -> bool:
    return verdict.validity is Validity.UNKNOWN and (verdict.reason or "").startswith(_NOTHING)


def _row(verdict: Verdict, cards: dict[str, str]) -> Row:
    known = GUARANTEES[verdict.guarantee]
    text = {
        Validity.INVALID: f"{verdict.count} found",
        Validity.VALID: f"{verdict.examined}",
        Validity.UNKNOWN: "unknown",
    }[verdict.validity]
    return Row(
        guarantee=verdict.guarantee,
        title=known.title,
        promise=known.promise,
        mark=_MARKS[verdict.validity],
        text=text,
        told=visible(_without_verdict(summary_of(verdict).removeprefix(f"{known.title}: "))),
        finding=cards.get(verdict.guarantee, ""),
    )


def _without_verdict(summary: str) -> str:
    """What the cell beside it says already is left out."""
    return summary.removeprefix("violated, ").removeprefix("unknown, ")


def _findings(one: JudgedHistory, number: int) -> list[Finding]:
    """A card for each set of anomalies, under the first guarantee that it breaks."""
    by_anomalies: dict[tuple[str, ...], list[Verdict]] = {}
    explained: dict[str, Explanation] = {}
    for verdict in one.verdicts:
        if verdict.validity is Validity.INVALID:
            explanation = explain(verdict, one.history)
            explained[verdict.guarantee] = explanation
            key = tuple(anomaly.sentence for anomaly in explanation.anomalies)
            by_anomalies.setdefault(key, []).append(verdict)
    return [
        _finding(one, verdicts, explained[verdicts[0].guarantee], number)
        for verdicts in by_anomalies.values()
    ]


def _finding(
    one: JudgedHistory, verdicts: list[Verdict], explanation: Explanation, number: int
) -> Finding:
    witnesses = frozenset(op for anomaly in verdicts[0].anomalies for op in anomaly.witnesses)
    known = [GUARANTEES[verdict.guarantee] for verdict in verdicts]
    options = " ".join(f"--guarantee {each.name}" for each in known)
    return Finding(
        id=anchor_of(number, verdicts[0].guarantee),
        guarantees=tuple(each.name for each in known),
        heading=visible(explanation.summary),
        promises=tuple((each.title, each.promise) for each in known),
        explanation=all_visible(explanation),
        timeline=timeline_of(one.history, witnesses),
        replay=f"deliverycheck check {visible(shlex.quote(one.path))} {options}",
    )
