"""CTRF: what is written keeps to the format, and says of each claim what JUnit says."""

import json

import fastjsonschema
import msgspec
import pytest

from deliverycheck.plans.campaign import ClaimState
from reports.ctrf import ctrf_of
from reports.junit import junit_of
from selftests.ctrf_format import SCHEMA
from selftests.sample_campaign import sample
from selftests.test_reports_machines import with_hostile_text

is_ctrf = fastjsonschema.compile(SCHEMA)


@pytest.fixture
def campaign(tmp_path):
    return sample(tmp_path, alarm=True)


def told(campaign):
    return json.loads(ctrf_of(campaign))


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one,
        with_hostile_text,
        lambda one: msgspec.structs.replace(one, started="", results=(), violations=()),
    ],
    ids=["as-it-is", "hostile-text", "nothing-run"],
)
def test_report_keeps_to_the_format(campaign, change):
    is_ctrf(told(change(campaign)))


def test_name_that_the_format_does_not_know_would_be_seen(campaign):
    report = told(campaign)
    report["results"]["tests"][0]["colour"] = "red"
    with pytest.raises(fastjsonschema.JsonSchemaValueException, match="colour"):
        is_ctrf(report)


def test_alarm_failed_a_control_passed_and_what_was_not_exercised_is_skipped(campaign):
    tests = {one["name"]: one for one in told(campaign)["results"]["tests"]}
    assert tests["idempotent-once"]["status"] == "failed"
    assert "Again: deliverycheck replay" in tests["idempotent-once"]["trace"]
    assert tests["acks-0"]["status"] == "passed"
    assert tests["before-sync"]["status"] == "skipped"
    assert tests["before-sync"]["rawStatus"] == ClaimState.NOT_EXERCISED


def test_counts_are_those_of_the_tests(campaign):
    results = told(campaign)["results"]
    for status in ("passed", "failed", "skipped"):
        assert results["summary"][status] == sum(
            one["status"] == status for one in results["tests"]
        )


def test_case_has_a_property_for_each_of_its_hazards(campaign):
    labels = told(campaign)["results"]["tests"][0]["labels"]
    assert labels["hazard.lost_reply"] == "held: 34 valid, 0 invalid, 0 unknown"
    assert b'name="hazard.lost_reply" value="held: 34 valid' in junit_of(campaign)


def test_same_campaign_gives_the_same_bytes_and_each_claim_an_id_of_its_own(campaign):
    assert ctrf_of(campaign) == ctrf_of(campaign)
    ids = [one["id"] for one in told(campaign)["results"]["tests"]]
    assert len(set(ids)) == len(ids) == len(campaign.results)


def test_history_of_a_violation_is_attached_by_a_path_below_the_report(campaign, tmp_path):
    (alarm,) = (one for one in told(campaign)["results"]["tests"] if one["status"] == "failed")
    (attached,) = alarm["attachments"]
    assert (tmp_path / attached["path"]).is_file()


@pytest.mark.parametrize("exit_code", [1, 3, 4])
def test_campaign_that_went_wrong_beside_its_claims_is_an_error_of_its_own(campaign, exit_code):
    good = tuple(one for one in campaign.results if one.state is ClaimState.HELD)
    died = msgspec.structs.replace(
        campaign, results=good, violations=(), exit_code=exit_code, notes=("node 1 died",)
    )
    results = told(died)["results"]
    assert (results["summary"]["failed"], results["tests"][-1]["status"]) == (1, "failed")
    assert "node 1 died" in results["tests"][-1]["message"]
    assert b'errors="1"' in junit_of(died)
    assert b"<error message=" in junit_of(died)
    is_ctrf(told(died))


@pytest.mark.parametrize("exit_code", [0, 1, 4])
def test_what_cases_tell_is_not_told_twice(campaign, exit_code):
    """The sample has an alarm and a claim that was not exercised."""
    ended = msgspec.structs.replace(campaign, exit_code=exit_code)
    assert len(told(ended)["results"]["tests"]) == len(campaign.results)
    assert b'errors="0"' in junit_of(ended)
