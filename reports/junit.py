"""`junit.xml`: one test case for each claim, for everything that counts tests."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent, tostring

from deliverycheck.plans.campaign import Campaign, ClaimResult, ClaimState, Violation
from reports import words
from reports.cards import Card, cards_of
from reports.matrix import column_of
from reports.visible import all_visible

_FAILED = frozenset({ClaimState.VIOLATED, ClaimState.NOT_FOUND})


def junit_of(campaign: Campaign) -> bytes:
    """The campaign as JUnit XML.

    A claim that came out otherwise than stated is a failure, one that was not
    exercised is skipped; a conviction of a `breaks` claim passes.
    """
    campaign = all_visible(campaign)
    failures = sum(1 for result in campaign.results if result.state in _FAILED)
    skipped = words.count_of(campaign, ClaimState.NOT_EXERCISED)
    counts = {
        "name": f"deliverycheck {campaign.brokers}",
        "tests": str(len(campaign.results)),
        "failures": str(failures),
        "errors": "0",
        "skipped": str(skipped),
        "time": f"{campaign.duration_s:.3f}",
    }
    root = Element("testsuites", counts)
    suite = SubElement(root, "testsuite", {**counts, "timestamp": campaign.started})
    _properties(suite, words.facts_of(campaign))
    cards = {card.violation.id: card for card in cards_of(campaign)}
    for result in campaign.results:
        _case(suite, result, cards.get(result.violation or ""))
    indent(ElementTree(root))
    xml: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _properties(parent: Element, facts: tuple[tuple[str, str], ...]) -> None:
    properties = SubElement(parent, "properties")
    for name, value in facts:
        SubElement(properties, "property", {"name": name, "value": value})


def _case(suite: Element, result: ClaimResult, card: Card | None) -> None:
    claim = result.claim
    case = SubElement(
        suite,
        "testcase",
        {"classname": f"{claim.system}.{claim.guarantee}", "name": claim.id, "time": "0"},
    )
    _properties(case, tuple(_facts(result, card)))
    if result.state in _FAILED:
        message = card.heading if card else f"{claim.id}: {result.state.value}"
        failure = SubElement(case, "failure", {"message": message, "type": result.state.value})
        failure.text = _story(card.violation) if card else _counts(result)
    elif result.state is ClaimState.NOT_EXERCISED:
        SubElement(case, "skipped", {"message": result.note or "not exercised"})
    elif card:
        SubElement(case, "system-out").text = f"{card.heading}\n{_story(card.violation)}"


def _facts(result: ClaimResult, card: Card | None) -> Iterator[tuple[str, str]]:
    claim = result.claim
    yield "setting", claim.setting
    yield "stance", claim.stance.value
    yield "state", result.state.value
    yield "guarantee", claim.guarantee
    yield "faults", ", ".join(dict.fromkeys(column_of(hazard) for hazard in claim.hazards))
    yield "source", claim.source
    for count in ("executions", "valid", "invalid", "unknown", "inconclusive", "needed"):
        yield count, str(getattr(result, count))
    if card:
        yield "violation", card.violation.id
        yield "measured", card.measured
        yield "replay", card.violation.replay


def _counts(result: ClaimResult) -> str:
    return (
        f"{result.executions} executions: {result.valid} valid, {result.invalid} invalid, "
        f"{result.unknown} unknown, {result.inconclusive} inconclusive"
    )


def _story(violation: Violation) -> str:
    steps = (
        f"  {step.number} {step.lane}: {step.text}" + (f" -> {step.result}" if step.result else "")
        for step in violation.steps
    )
    lines = (
        *violation.sentences,
        *steps,
        *(f"    {operation}" for operation in violation.operations),
        f"Who promised what: {violation.promise} [{violation.source}]",
        *([f"Holds instead: {violation.instead}"] if violation.instead else []),
        f"Again: {violation.replay}",
    )
    return "\n".join(lines)
