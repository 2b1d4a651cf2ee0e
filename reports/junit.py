"""`junit.xml`: one test case for each claim, for everything that counts tests."""

from collections import Counter
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent, tostring

from deliverycheck.plans.campaign import Campaign
from reports import words
from reports.cases import WHOLE, Case, Status, cases_of, counts_of, untold_of
from reports.visible import all_visible


def junit_of(campaign: Campaign) -> bytes:
    """The campaign as JUnit XML; each case has its figures as properties of its own.

    What went wrong with the campaign and is no claim's is an error of a case of its own.
    """
    campaign = all_visible(campaign)
    cases = cases_of(campaign)
    untold = untold_of(campaign, cases)
    statuses = Counter(case.status for case in cases)
    counts = {
        "name": f"deliverycheck {campaign.brokers}",
        "tests": str(len(cases) + bool(untold)),
        "failures": str(statuses[Status.FAILED]),
        "errors": str(int(bool(untold))),
        "skipped": str(statuses[Status.SKIPPED]),
        "time": f"{campaign.duration_s:.3f}",
    }
    root = Element("testsuites", counts)
    suite = SubElement(root, "testsuite", {**counts, "timestamp": campaign.started})
    _properties(suite, words.facts_of(campaign))
    for case in cases:
        _case(suite, case)
    if untold:
        named = {"classname": "deliverycheck", "name": WHOLE, "time": "0"}
        error = SubElement(SubElement(suite, "testcase", named), "error")
        error.set("message", untold.partition("\n")[0])
        error.text = untold
    indent(ElementTree(root))
    xml: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _properties(parent: Element, facts: tuple[tuple[str, str], ...]) -> None:
    properties = SubElement(parent, "properties")
    for name, value in facts:
        SubElement(properties, "property", {"name": name, "value": value})


def _case(suite: Element, case: Case) -> None:
    claim = case.result.claim
    element = SubElement(
        suite,
        "testcase",
        {"classname": f"{claim.system}.{claim.guarantee}", "name": claim.id, "time": "0"},
    )
    _properties(element, case.facts)
    if case.status is Status.FAILED:
        told = {"message": case.message, "type": case.result.state.value}
        SubElement(element, "failure", told).text = case.story or counts_of(case.result)
    elif case.status is Status.SKIPPED:
        SubElement(element, "skipped", {"message": case.message})
    elif case.story:
        SubElement(element, "system-out").text = f"{case.message}\n{case.story}"
