"""Whatever a folder holds: one clear message and the right exit code, and nothing leaks."""

import gzip
import json
import sys
from pathlib import Path

import msgspec
import pytest

from deliverycheck.cli import main
from deliverycheck.history import CampaignFolder
from reports import render, write_issues
from reports.summary import BYTES_MAX, summary_of
from selftests.sample_campaign import sample, save

OUTPUTS = ("report.html", "summary.md", "junit.xml", "ctrf.json", "trace.json.gz")
PLANTED = "hunter2-planted"
LONG_TOPIC = "t" * 300


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    """Run the command line beside the campaigns `good` and `bad`: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    sample(tmp_path / "good", alarm=True)
    sample(tmp_path / "bad")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["deliverycheck", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return call


def rewritten(**fields):
    path = CampaignFolder(root=Path("bad")).campaign
    path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | fields))


def torn():
    path = CampaignFolder(root=Path("bad")).campaign
    path.write_bytes(path.read_bytes()[:1000])


DAMAGES = {
    "torn-record": (torn, "was the file cut?"),
    "newer-version": (lambda: rewritten(version=9), "the file has 9"),
    "another-format": (lambda: rewritten(format="deliverycheck-plan"), "is this a campaign?"),
    "field-of-another-kind": (lambda: rewritten(results="many"), "at `$.results`"),
}
COMMANDS = {
    "compare-first": ("compare", "bad", "good"),
    "compare-second": ("compare", "good", "bad"),
    "trend": ("trend", "bad"),
    "issues": ("report", "bad", "--issues", "issues"),
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(("damage", "message"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_campaign_is_told_in_one_message(cli, arguments, damage, message):
    damage()
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("deliverycheck: ")
    assert message in err
    assert "Traceback" not in err
    assert not Path("issues").exists()


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_folder_without_a_campaign_is_told_in_one_line(cli, name):
    Path("empty").mkdir()
    for arguments in (("compare", "good", name), ("trend", name)):
        code, _, err = cli(*arguments)
        assert code == 2
        assert name in err
        assert err.count("\n") == 1


def test_report_that_cannot_be_written_is_told_in_one_line(cli):
    Path("file").write_text("")
    for arguments in (("compare", "good", "bad"), ("trend", "good")):
        code, _, err = cli(*arguments, "--report", "file/below")
        assert code == 2
        assert "file/below: cannot be made" in err
        assert err.count("\n") == 1


def test_campaign_without_executions_is_shown_and_compares_as_not_exercised(cli):
    campaign = sample(Path("bad"))
    empty = tuple(
        msgspec.structs.replace(
            one, cells=(), executions=0, valid=0, invalid=0, corpus=None, generated=None
        )
        for one in campaign.results
    )
    save(msgspec.structs.replace(campaign, results=empty, violations=(), executions=0), Path("bad"))
    render(Path("bad"))
    assert json.loads(Path("bad/ctrf.json").read_text())["results"]["summary"]["tests"] == 15
    assert cli("compare", "bad", "good")[0] == 4
    code, out, _ = cli("trend", "bad")
    assert (code, "no alarm" in out) == (0, True)


def test_missing_verdict_and_torn_history_leave_everything_renderable(cli):
    for number, folder in enumerate(sorted(Path("good/violations").iterdir())):
        (folder / "verdict.json").unlink(missing_ok=True)
        history = folder / "history.jsonl"
        data = history.read_bytes()
        history.write_bytes(data[: len(data) * number // 9])
    code, out, err = cli("report", "good")
    assert (code, err) == (0, "")
    assert "Report: good/report.html" in out
    assert all((Path("good") / name).stat().st_size for name in OUTPUTS)


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(1)</script>",
        "\u202e\u2066abc\u05d0\u05d1",
        LONG_TOPIC,
        "\x00\x1b[2J",
    ],
    ids=["script", "right-to-left", "long-topic", "controls"],
)
def test_hostile_text_is_text_everywhere(tmp_path, text):
    campaign = sample(tmp_path, alarm=True)
    found = campaign.violations[-1]
    hostile = msgspec.structs.replace(
        found, id=f"x/../{text}", title=text, sentences=(text,), replay=text
    )
    result = msgspec.structs.replace(campaign.results[2], violation=hostile.id)
    campaign = msgspec.structs.replace(
        campaign,
        results=(*campaign.results[:2], result, *campaign.results[3:]),
        violations=(*campaign.violations[:-1], hostile),
    )
    save(campaign, tmp_path)
    render(tmp_path)
    (issue,) = write_issues(campaign, tmp_path / "issues")
    written = sorted(path.name for path in (tmp_path / "issues").iterdir())
    assert written == [f"{issue.signature}.md", f"{issue.signature}.title"]
    for name in ("report.html", "summary.md", f"issues/{issue.signature}.md"):
        told = (tmp_path / name).read_text()
        outside_code = "\n".join(part for part in told.split("```")[::2])
        assert "<script>alert" not in outside_code
        assert not {"\x00", "\x1b", "\u202e", "\u2066"} & set(told)
    json.loads((tmp_path / "ctrf.json").read_text())
    json.loads(gzip.decompress((tmp_path / "trace.json.gz").read_bytes()))


def test_summary_that_would_be_too_long_says_where_the_rest_stands(tmp_path):
    campaign = sample(tmp_path, alarm=True)
    many = tuple(
        msgspec.structs.replace(
            one, claim=msgspec.structs.replace(one.claim, setting=f"{LONG_TOPIC * 7} {number}")
        )
        for number in range(50)
        for one in campaign.results
    )
    summary = summary_of(msgspec.structs.replace(campaign, results=many))
    assert len(summary.encode()) <= BYTES_MAX
    assert "too long for a summary: it stands in report.html" in summary
    assert "an idempotent producer repeats messages, and must not" in summary


def test_no_secret_and_no_path_of_the_machine_is_in_any_output(cli, tmp_path, monkeypatch):
    """Planted in the environment, in logs and options beside the record, and where it lies."""
    monkeypatch.setenv("DELIVERYCHECK_AMQP_PASSWORD", PLANTED)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PLANTED)
    monkeypatch.setenv("HOME", f"/home/{PLANTED}")
    folder = CampaignFolder(root=Path("good"))
    folder.options.write_text(json.dumps({"target": {"bootstrap": f"amqp://u:{PLANTED}@h:1"}}))
    (folder.logs / "b1.log").write_text(f"password={PLANTED} at {tmp_path}\n")
    first = next(Path("good/violations").iterdir())
    (first / "logs" / "p1.log").write_text(f"sasl.password={PLANTED}\n")
    (first / "history.jsonl").unlink()
    shown = [
        "".join(map(str, cli(*arguments)))
        for arguments in (
            ("report", tmp_path / "good"),
            ("report", "good", "--issues", "out/issues"),
            ("compare", "good", "bad", "--report", "out"),
            ("trend", tmp_path, "--report", "out"),
        )
    ]
    files = [Path("good") / name for name in OUTPUTS]
    files += [path for path in Path("out").rglob("*") if path.is_file()]
    assert len(files) == len(OUTPUTS) + 7
    for path in files:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
        assert PLANTED not in text, path
        assert str(tmp_path) not in text, path
    assert not any(PLANTED in text for text in shown)
