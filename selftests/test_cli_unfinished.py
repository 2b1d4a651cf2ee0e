"""A campaign that was killed half-way is shown as far as it came, and its folder left as it is."""

import json
import shutil
import sys

import msgspec
import pytest

from deliverycheck.cli import main
from deliverycheck.cli.run_options import RunOptions, profile_of
from deliverycheck.cli.target import TargetOptions
from deliverycheck.cli.unfinished import campaign_in
from deliverycheck.executions import Execution
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.history import CampaignFolder, ExecutionFolder
from deliverycheck.plans import Direction, FaultKind, Inject, Plan, Publish, Subject
from deliverycheck.plans.campaign import ClaimState
from deliverycheck.search import Journal, Judgement, judge_history, tally
from properties import kafka
from reports import ReportError, render, trend_in
from reports.trended import notes_of
from selftests.sample_campaign import TARGET, save
from selftests.sample_stories import black_holed

CLAIMS = ("kafka-acks-0", "kafka-acks-all")
STARTED = "2026-11-01T01:00:00+00:00"
SUBJECTS = {claim.id: claim.subject for claim in kafka.CLAIMS}


def judged(folder, subject: Subject):
    """An execution that lost a message to silence, in its folder."""
    steps = (
        Publish(),
        Inject(lane="link p1", fault=FaultKind.BLACK_HOLE, direction=Direction.UPSTREAM),
        Publish(),
    )
    plan, story = Plan(system="kafka", subject=subject, steps=steps), black_holed()
    plan.save(folder.create().plan)
    folder.history.write_bytes(b"".join(story.lines()))
    folder.header.write_bytes(msgspec.json.encode(TARGET))
    verdicts, hazards, inert = judge_history(story.history(), tuple(GUARANTEES))
    execution = Execution(plan=plan, folder=folder, seconds=1.5)
    return Judgement(execution=execution, verdicts=verdicts, hazards=hazards, inert=inert)


@pytest.fixture
def folder(tmp_path):
    """The folder of a campaign that was killed after one conviction."""
    paths = CampaignFolder(root=tmp_path).create()
    RunOptions(
        profile=profile_of("demo"),
        target=TargetOptions(system="kafka", bootstrap=None, broker=None, client=None),
        claims=CLAIMS,
        seed=7,
        out=tmp_path,
        corpus=tmp_path / "corpus",
        started=STARTED,
    ).save(paths)
    judgement = judged(ExecutionFolder(root=paths.executions / "00001"), SUBJECTS["kafka-acks-0"])
    Journal(paths.events).keep(judgement)
    judged(ExecutionFolder(root=paths.violations / "kafka-acks-0"), SUBJECTS["kafka-acks-0"])
    return tmp_path


def test_what_was_found_until_then_is_shown(folder):
    campaign = campaign_in(folder)
    states = {one.claim.id: one.state for one in campaign.results}
    assert states == dict(zip(CLAIMS, (ClaimState.FOUND, ClaimState.NOT_EXERCISED), strict=True))
    assert (campaign.executions, campaign.seed, campaign.target) == (1, 7, TARGET)
    assert campaign.started == STARTED
    (violation,) = campaign.violations
    assert violation.folder == "violations/kafka-acks-0"


@pytest.fixture
def cli(monkeypatch, capsys):
    """Run a command: its exit code and what it prints as JSON."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["deliverycheck", *map(str, arguments), "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, json.loads(capsys.readouterr().out)

    return call


def test_trend_counts_it_at_its_time_and_says_that_it_was_stopped(folder, cli):
    later = msgspec.structs.replace(
        campaign_in(folder), started="2026-11-02T01:00:00+00:00", interrupted=False
    )
    nights = folder.parent / f"{folder.name}-nights"
    save(later, nights / "a-later")
    shutil.copytree(folder, nights / "b-killed")
    code, told = cli("trend", nights)
    assert code == 0
    assert [(one["folder"], one["interrupted"]) for one in told["campaigns"]] == [
        ("b-killed", True),
        ("a-later", False),
    ]
    assert told["left_out"] == []
    (note,) = notes_of(trend_in(nights, campaign_in))
    assert note.startswith("Stopped before their end, ")
    assert note.endswith(": b-killed")


def test_compare_takes_it_and_calls_nothing_untried_that_it_found(folder, cli):
    found, other = campaign_in(folder).results
    at_once = msgspec.structs.replace(found, corpus=tally(1, 1))
    whole = folder / "whole"
    save(
        msgspec.structs.replace(campaign_in(folder), results=(at_once, other), interrupted=False),
        whole,
    )
    code, told = cli("compare", whole, folder)
    assert (code, told["compared"], told["differences"]) == (0, 1, [])
    assert [told[side]["interrupted"] for side in ("first", "second")] == [False, True]


def test_page_says_that_it_is_not_the_end(folder):
    text = render(folder, campaign_in(folder)).html.read_text(encoding="utf-8")
    assert "This is not the end: campaign.json: missing" in text
    assert str(folder) not in text


@pytest.mark.parametrize(
    ("content", "told"),
    [('{"format":"delivery', "was the file cut"), ('{"version":9}', "the file has 9")],
    ids=["torn", "newer"],
)
def test_record_that_cannot_be_read_is_told_and_what_else_there_is_shown(folder, content, told):
    CampaignFolder(root=folder).campaign.write_text(content)
    campaign = campaign_in(folder)
    assert campaign.executions == 1
    assert told in campaign.notes[0]


def test_line_that_is_being_written_stays_and_is_not_counted(folder):
    events = CampaignFolder(root=folder).events
    events.write_bytes(torn := events.read_bytes() + b'{"plan":{"for')
    assert campaign_in(folder).executions == 1
    assert events.read_bytes() == torn


def test_violation_whose_line_of_the_journal_is_lost_is_no_pass(folder):
    CampaignFolder(root=folder).events.write_bytes(b"")
    campaign = campaign_in(folder)
    assert campaign.results[0].state is ClaimState.FOUND
    assert (campaign.executions, len(campaign.violations)) == (1, 1)


def test_evidence_that_was_being_copied_is_left_out(folder):
    ExecutionFolder(root=folder / "violations" / "kafka-acks-0").history.unlink()
    assert campaign_in(folder).violations == ()


def test_campaigns_of_several_systems_are_told_as_one(folder, tmp_path_factory):
    whole = tmp_path_factory.mktemp("whole")
    (whole / "kafka").symlink_to(folder)
    options = msgspec.json.decode((folder / "options.json").read_bytes())
    (whole / "options.json").write_bytes(
        msgspec.json.encode(options | {"systems": ["kafka", "rabbitmq"]})
    )
    campaign = campaign_in(whole)
    assert campaign.executions == 1
    assert [one.folder for one in campaign.violations] == ["kafka/violations/kafka-acks-0"]


def test_folder_of_nothing_is_no_campaign(tmp_path):
    with pytest.raises(ReportError, match="found nothing of a campaign"):
        campaign_in(tmp_path)
