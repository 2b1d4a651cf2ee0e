"""Judged histories for other programs: `junit.xml` and `summary.md`, as a campaign has them."""

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent, tostring

from reports.judged import HELD, VIOLATED, Finding, Part, Row
from reports.summary import escaped

FINDINGS_SHOWN_MAX = 5
"""Of one history; the rest is counted and stands in the report."""

_CELLS = {VIOLATED: "**✗ violated**", HELD: "✓ holds"}


def junit_of_judged(parts: Sequence[Part]) -> bytes:
    """A suite for each history, a case for each guarantee that it says anything of.

    A violation is a failure, what could not be concluded is skipped with its reason.
    """
    root = Element("testsuites", {"name": "deliverycheck check", **_counts(parts)})
    for part in parts:
        suite = SubElement(root, "testsuite", {"name": part.name, **_counts([part])})
        told = {finding.id: finding for finding in part.findings}
        for row in part.rows:
            _case(suite, part, row, told.get(row.finding))
    indent(ElementTree(root))
    xml: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _counts(parts: Sequence[Part]) -> dict[str, str]:
    marks = [row.mark for part in parts for row in part.rows]
    failures, held = marks.count(VIOLATED), marks.count(HELD)
    return {
        "tests": str(len(marks)),
        "failures": str(failures),
        "errors": "0",
        "skipped": str(len(marks) - failures - held),
    }


def _case(suite: Element, part: Part, row: Row, finding: Finding | None) -> None:
    names = {"classname": part.name, "name": row.guarantee, "time": "0"}
    case = SubElement(suite, "testcase", names)
    if finding is not None:
        failure = SubElement(case, "failure", {"message": finding.heading, "type": "violated"})
        failure.text = "\n".join(_story(finding))
    elif row.mark != HELD:
        SubElement(case, "skipped", {"message": row.told})


def _story(finding: Finding) -> Iterator[str]:
    for anomaly in finding.explanation.anomalies:
        yield anomaly.sentence
        yield from (f"    {line}" for line in anomaly.witnesses)
    if finding.explanation.untold:
        yield f"… and {finding.explanation.untold} more of them."
    yield f"Again: {finding.replay}"


def summary_of_judged(answer: str, parts: Sequence[Part]) -> str:
    """Markdown in which no text of a history acts as markup, a mention or a link."""
    lines = [f"### {escaped(answer)}", ""]
    for part in parts:
        lines += [*_table(part), *_findings(part)]
    return "\n".join(lines) + "\n"


def _table(part: Part) -> Iterator[str]:
    yield f"**{escaped(part.name)}**: {escaped(part.facts)}"
    yield ""
    if part.rows:
        yield "| guarantee | verdict | |"
        yield "| --- | --- | --- |"
    for row in part.rows:
        cell = _CELLS.get(row.mark, "? unknown")
        yield f"| {escaped(row.title)} | {cell} | {escaped(row.told.removeprefix('holds for '))} |"
    yield ""


def _findings(part: Part) -> Iterator[str]:
    for finding in part.findings[:FINDINGS_SHOWN_MAX]:
        yield f"- {escaped(finding.heading)}"
        yield from (
            f"  - {escaped(anomaly.sentence)}" for anomaly in finding.explanation.anomalies[:1]
        )
    if (rest := len(part.findings) - FINDINGS_SHOWN_MAX) > 0:
        yield f"- … and {rest} more in report.html."
    yield ""
