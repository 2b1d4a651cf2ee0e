"""`--events`: each thing that happens is a line of its own, at once, and a reader may go away."""

import io
import json
import os
from types import SimpleNamespace

import pytest

from deliverycheck.cli.console import Progress
from deliverycheck.cli.events import EventStream, Happening, event_stream
from deliverycheck.cli.messages import stderr
from deliverycheck.cli.schemas import SCHEMAS, schema_of
from deliverycheck.cli.systems import UsageError
from deliverycheck.history import ExecutionFolder
from selftests.campaign_bench import BREAKS, HOLDS, Bench, bad_repeats, keeps
from selftests.sample_campaign import sample


def lines_of(data):
    return [json.loads(line) for line in data.splitlines()]


@pytest.fixture
def stream():
    file = io.BytesIO()
    return SimpleNamespace(file=file, events=EventStream(file))


def ran(tmp_path, stream, claims, behave):
    """A campaign on a scripted target, wired as a run is."""
    bench = Bench(
        tmp_path,
        claims,
        behave,
        tell=lambda judgement: stream.events.judged(judgement, 1.5),
        tell_of=stream.events.violated,
    ).run()
    return bench, lines_of(stream.file.getvalue())


def test_each_execution_is_a_line_with_what_it_says(tmp_path, stream):
    bench, lines = ran(tmp_path, stream, [HOLDS], keeps)
    executed = [one for one in lines if one["event"] == "executed"]
    assert len(executed) == bench.judge.executions > 0
    assert {one["system"] for one in executed} == {"kafka"}
    assert all("at_least_once_in_log" in one["valid"] for one in executed)
    assert all("invalid" not in one for one in executed)


def test_violation_is_told_and_again_with_the_smaller_plan_for_the_same_folder(tmp_path, stream):
    bench, lines = ran(tmp_path, stream, [BREAKS], bad_repeats)
    told = [one for one in lines if one["event"] == "violated"]
    assert len(told) >= 2
    assert len({one["folder"] for one in told}) == 1
    (violation,) = bench.campaign.violations.values()
    assert told[-1]["signature"] == violation.id
    assert told[-1]["steps"] == len(violation.steps) <= told[0]["steps"]


def test_what_people_are_told_is_an_event_too_and_the_end_has_the_exit_code(tmp_path, stream):
    Progress(stderr(), stream.events).say("a fresh broker")
    stream.events.ended(sample(tmp_path, alarm=True))
    said, ended = lines_of(stream.file.getvalue())
    assert (said["event"], said["text"]) == ("said", "a fresh broker")
    assert (ended["event"], ended["exit_code"], ended["violations"]) == ("ended", 1, 9)


def test_trouble_is_told_without_the_machines_paths_and_its_brokers_log(tmp_path, stream):
    trouble = f"b1 died; the end of {tmp_path}/broker/b1.log:\n    hunter2"
    execution = SimpleNamespace(
        plan=SimpleNamespace(system="kafka", short_digest="1"),
        folder=ExecutionFolder(root=tmp_path / "executions" / "1"),
        seconds=0.1,
    )
    judged = SimpleNamespace(execution=execution, inconclusive=trouble, verdicts={}, hazards={})
    stream.events.judged(judged, 0.1)
    Progress(stderr(), stream.events).say(f"inconclusive: {trouble}")
    judged, said = lines_of(stream.file.getvalue())
    assert judged["inconclusive"] == "b1 died; the end of …/broker/b1.log"
    assert said["text"] == "inconclusive: b1 died; the end of …/broker/b1.log"


def test_reader_that_goes_away_is_told_once_and_the_campaign_goes_on(capsys):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as file:
        progress = Progress(stderr(), EventStream(file, "pipe"))
        progress.say("one")
        progress.say("two")
    shown = capsys.readouterr().err
    assert shown.count("--events pipe: no further events are written: Broken pipe") == 1
    assert "two" in shown


def test_file_that_is_full_is_told_once_and_costs_nothing_else():
    told = []
    with event_stream("/dev/full") as events:
        events.complain = told.append
        events.said("one")
        events.said("two")
    assert told == ["--events /dev/full: no further events are written: No space left on device"]


def test_file_is_added_to_and_one_that_cannot_be_opened_is_a_usage_error(tmp_path):
    path = tmp_path / "events.jsonl"
    for text in ("one", "two"):
        with event_stream(str(path)) as events:
            events.said(text)
    assert [one["text"] for one in lines_of(path.read_bytes())] == ["one", "two"]
    missing = str(tmp_path / "no" / "x")
    with (
        pytest.raises(UsageError, match=r"--events .*/no/x: No such file or directory"),
        event_stream(missing),
    ):
        pass


def test_without_the_option_nothing_is_written(capsys):
    with event_stream(None) as events:
        events.said("x")
    assert capsys.readouterr().out == ""


def test_every_event_is_in_the_schema():
    assert SCHEMAS["events"] is Happening
    titles = {one["title"] for one in schema_of("events")["$defs"].values()}
    assert {"Began", "Said", "Executed", "Violated", "Ended"} <= titles
