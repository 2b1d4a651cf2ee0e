"""The page of a campaign's matrix: every claim is there, and no number that nobody measured."""

import re

import msgspec
import pytest
from typer.testing import CliRunner

from deliverycheck import content
from deliverycheck.cli.app import app
from deliverycheck.cli.pages import kept_plans, steps_in_words
from deliverycheck.plans import plan_of
from deliverycheck.plans.campaign import Cell, ClaimState, StepLine, Tally
from reports import Beside, KeptPlan
from reports.matrix_page import alarms_of, lasting, matrix_page_of, replay_of
from selftests.sample_campaign import CLAIMS, sample

STEPS = (
    StepLine(number=1, lane="p1", text="publish 17 messages"),
    StepLine(number=2, lane="b1", text="SIGKILL"),
)
KEPT = tuple(
    KeptPlan(
        claim=name,
        file=f"corpus/kafka-{name}/7f3a91c0.json",
        steps=STEPS,
        rate=Tally(convictions=7, executions=80, low=0.043, high=0.17),
    )
    for name in ("acks-0", "plain-twice")
)
CONSTANTS = {"0", "3", "95"}
"""Of the sentence that explains what 0 of n leaves."""


def numbers_of(text):
    return set(re.findall(r"\d+", text.replace(",", "")))


def in_page(text):
    """As a reader sees it: entities are what they stand for."""
    return re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), text)


def derived_of(campaign):
    """What the page may count together from what the campaign holds."""
    holding = [one for one in campaign.results if one.claim.stance == "holds"]
    states = [one.state for one in campaign.results]
    whole = round(campaign.duration_s)
    tallies = [one.rate for one in campaign.violations]
    return {
        *(states.count(state) for state in ClaimState),
        sum(one.valid for one in holding),
        max(one.valid for one in holding),
        *(cell.valid + cell.invalid for one in campaign.results for cell in one.cells),
        *(whole // 3600, whole // 60 % 60, whole % 60),
        *(round(100 * bound) for tally in tallies for bound in (tally.low, tally.high)),
    }


@pytest.mark.parametrize("alarm", [False, True], ids=["as-stated", "with-an-alarm"])
def test_page_has_no_number_that_the_campaign_has_not(tmp_path, alarm):
    campaign = sample(tmp_path, alarm=alarm)
    known = numbers_of(msgspec.json.encode(campaign).decode())
    known |= CONSTANTS | set(map(str, derived_of(campaign)))
    assert numbers_of(in_page(matrix_page_of(campaign))) - known == set()


def test_page_names_every_claim_with_stance_setting_and_source(tmp_path):
    campaign = sample(tmp_path)
    page = in_page(matrix_page_of(campaign))
    for result in campaign.results:
        one = result.claim
        assert f"| {one.setting} | `{one.id}` | {one.stance} |" in page
        assert f"({one.source})" in page


def test_what_breaks_has_its_smallest_plan_and_the_line_that_replays_it(tmp_path):
    campaign = sample(tmp_path)
    page = matrix_page_of(campaign, Beside(kept=KEPT))
    for violation in campaign.violations:
        assert all(re.search(rf"{one.number}  .*{one.text}", page) for one in violation.steps)
        assert all(sentence in page for sentence in violation.sentences)
    replays = set(re.findall(r"^deliverycheck replay .*$", page, re.MULTILINE))
    kept = {one.file for one in KEPT}
    assert replays == {one.replay for one in campaign.violations if one.plan_file in kept}


def test_plan_that_is_not_kept_is_no_command_that_nobody_can_run(tmp_path):
    campaign = sample(tmp_path)
    (first, *_) = campaign.violations
    moved = msgspec.structs.replace(
        first, plan_file="/data/plan.json", replay="deliverycheck replay /data/plan.json"
    )
    campaign = msgspec.structs.replace(campaign, violations=(moved,))
    alone, beside = matrix_page_of(campaign), matrix_page_of(campaign, Beside(kept=KEPT))
    assert "/data/plan.json" not in alone + beside
    assert f"deliverycheck run --claim {first.claim}" in alone
    assert replay_of(KEPT[0]) in beside


def test_break_that_was_not_seen_shows_the_plan_that_is_kept(tmp_path):
    campaign = msgspec.structs.replace(sample(tmp_path), violations=())
    page = matrix_page_of(campaign, Beside(kept=KEPT))
    assert "Not seen in 32 executions of this campaign." in page
    assert "7 of 80 when replayed" in page
    assert " 1  p1  publish 17 messages\n 2  b1  SIGKILL" in page


def test_claim_that_the_campaign_did_not_run_is_named(tmp_path):
    campaign = sample(tmp_path)
    claimed = tuple(CLAIMS.values())
    fewer = msgspec.structs.replace(campaign, results=campaign.results[2:])
    told = "Claimed, and not run by this campaign: `acks-all`, `one-in-flight`."
    assert told in matrix_page_of(fewer, Beside(claimed=claimed))
    assert "not run by this campaign" not in matrix_page_of(campaign, Beside(claimed=claimed))


def test_execution_counts_once_for_all_claims_of_its_settings(tmp_path):
    campaign = sample(tmp_path)
    one, other = campaign.results[0], campaign.results[3]
    assert one.claim.subject == other.claim.subject
    both = msgspec.structs.replace(campaign, results=(one, other))
    assert one.valid == other.valid == 156
    assert alarms_of(both).startswith("156 valid executions of `holds` claims, none violated (312")


def test_executions_of_other_settings_are_added(tmp_path):
    campaign = sample(tmp_path)
    one, other = campaign.results[0], campaign.results[3]
    subject = msgspec.structs.replace(other.claim.subject, producer={"acks": "all"})
    claim = msgspec.structs.replace(other.claim, subject=subject)
    results = (one, msgspec.structs.replace(other, claim=claim))
    told = alarms_of(msgspec.structs.replace(campaign, results=results))
    assert told.startswith("312 valid executions")


def test_alarm_is_not_told_as_none(tmp_path):
    campaign = sample(tmp_path, alarm=True)
    assert "none violated" not in alarms_of(campaign)
    assert "3 verdicts of a violation" in alarms_of(campaign)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (
            Cell(hazard="none", state=ClaimState.NOT_FOUND, valid=60, unknown=2),
            "NOT FOUND** 0 of 62",
        ),
        (Cell(hazard="none", state=ClaimState.FOUND, valid=4, invalid=3), "FOUND** 3 of 7"),
        (Cell(hazard="none", state=ClaimState.NOT_EXERCISED), "not exercised"),
    ],
    ids=["silent", "found", "not-exercised"],
)
def test_cell_says_how_many_of_how_many(tmp_path, cell, shown):
    campaign = sample(tmp_path)
    result = msgspec.structs.replace(campaign.results[-1], cells=(cell,), state=cell.state)
    page = matrix_page_of(msgspec.structs.replace(campaign, results=(result,), violations=()))
    assert f"{shown} |" in page


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(37.2, "37 s"), (249, "4 min 9 s"), (7380.4, "2 h 3 min")],
    ids=["seconds", "minutes", "hours"],
)
def test_duration_in_words(seconds, told):
    assert lasting(seconds) == told


def test_kept_plans_are_those_of_the_corpus_in_words():
    root = content.folder("corpus")
    kept = {one.file: one for one in kept_plans(root)}
    assert set(kept) == {f"corpus/{path.relative_to(root)}" for path in root.glob("*/*.json")}
    for one in kept.values():
        entry = msgspec.json.decode((root.parent / one.file).read_bytes())
        assert one.claim == entry["claim"]
        assert one.steps == steps_in_words(plan_of(msgspec.json.encode(entry["plan"])))


def test_command_writes_the_page_alone(tmp_path):
    folder, page = tmp_path / "campaign", tmp_path / "page.md"
    sample(folder)
    ended = CliRunner().invoke(app, ["report", str(folder), "--page", str(page)])
    assert (ended.exit_code, ended.stdout) == (0, f"Page: {page}\n")
    assert page.read_text().startswith("# Kafka 4.3.1: the matrix")
    assert not (folder / "report.html").exists()
