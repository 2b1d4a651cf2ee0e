"""JUnit and Markdown: what other programs count and show."""

import re
from xml.etree.ElementTree import fromstring

import msgspec
import pytest

from reports.junit import junit_of
from reports.summary import VIOLATIONS_SHOWN_MAX, summary_of
from selftests.sample_campaign import sample

HOSTILE = "\x00\x1b[31m]]> <failure> \ud7ff\ufffe & | `x` @team [a](b)"


@pytest.fixture
def campaign(tmp_path):
    return sample(tmp_path, alarm=True)


def suite_of(campaign):
    return fromstring(junit_of(campaign)).find("testsuite")  # noqa: S314 - our own output


def with_hostile_text(campaign):
    violation = msgspec.structs.replace(
        campaign.violations[0], title=HOSTILE, sentences=(HOSTILE,), replay=HOSTILE
    )
    result = campaign.results[0]
    told = msgspec.structs.replace(result.claim, setting=HOSTILE)
    return msgspec.structs.replace(
        campaign,
        results=(msgspec.structs.replace(result, claim=told), *campaign.results[1:]),
        violations=(violation, *campaign.violations[1:]),
    )


def test_each_claim_is_a_test_case(campaign):
    cases = suite_of(campaign).findall("testcase")
    assert [case.get("name") for case in cases] == [one.claim.id for one in campaign.results]


def test_counts_are_those_of_the_cases(campaign):
    suite = suite_of(campaign)
    failed, skipped = suite.findall(".//failure"), suite.findall(".//skipped")
    counts = tuple(int(suite.get(name)) for name in ("tests", "failures", "skipped"))
    assert counts == (15, 1, 1)
    assert (len(failed), len(skipped)) == (1, 1)


def test_violated_holding_claim_is_the_failure_and_tells_its_replay(campaign):
    (case,) = (case for case in suite_of(campaign) if case.find("failure") is not None)
    assert case.get("name") == "idempotent-once"
    assert "Again: deliverycheck replay" in case.find("failure").text


def test_found_control_passes(campaign):
    case = suite_of(campaign).find("testcase[@name='acks-0']")
    assert (case.find("failure"), case.find("skipped")) == (None, None)


def test_properties_hold_the_figures(campaign):
    case = suite_of(campaign).find("testcase[@name='acks-all']")
    found = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert (found["stance"], found["state"], found["valid"]) == ("holds", "held", "156")


def test_hostile_text_leaves_the_xml_well_formed(campaign):
    suite = suite_of(with_hostile_text(campaign))
    assert len(suite.findall("testcase")) == len(campaign.results)


def test_summary_shows_every_setting_and_the_first_violations(campaign):
    summary = summary_of(campaign)
    settings = [row for row in summary.splitlines() if re.search(r"\| (holds|breaks) \|", row)]
    assert len(settings) == len(campaign.results)
    assert summary.count("<details") == VIOLATIONS_SHOWN_MAX
    assert "… and 4 more in report.html." in summary


def test_summary_opens_the_alarm_only(campaign):
    assert summary_of(campaign).count("<details open>") == 1


def test_every_row_of_the_summary_has_the_same_columns(campaign):
    rows = [row for row in summary_of(with_hostile_text(campaign)).splitlines() if row[:1] == "|"]
    assert len({row.count("|") for row in rows}) == 1


def test_hostile_text_is_no_markup_in_the_summary(campaign):
    summary = summary_of(with_hostile_text(campaign))
    outside_code = re.sub(r"(`{3,})sh\n.*?\n\1", "", summary, flags=re.DOTALL)
    assert "<failure>" not in outside_code
    assert "@team" not in outside_code
    assert "[a](b)" not in outside_code
