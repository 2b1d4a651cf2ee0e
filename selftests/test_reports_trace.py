"""The trace: lanes are threads on which nothing overlaps, and all that happened is there once."""

import gzip
import json
from collections import defaultdict

import pytest

from deliverycheck.guarantees import check
from deliverycheck.history import Outcome, history_of
from reports import JudgedHistory, render, render_judged
from reports.load import histories_in
from reports.trace import TracedExecution, trace_of
from reports.traced import trace_of_campaign
from selftests.sample_campaign import sample
from selftests.sample_stories import killed_unflushed, overtaken, reply_lost
from selftests.story import Story

STORIES = {"lost reply": reply_lost, "killed": killed_unflushed, "overtaken": overtaken}


def events_of(packed):
    return json.loads(gzip.decompress(packed))["traceEvents"]


def traced(*stories, **facts):
    return trace_of(
        [TracedExecution(name=name, history=STORIES[name]().history()) for name in stories], facts
    )


def complete(events):
    return [one for one in events if one["ph"] == "X"]


def test_every_operation_is_one_event_with_its_times_in_microseconds():
    history = overtaken().history()
    found = {
        one["args"]["op"]: one
        for one in complete(events_of(traced("overtaken")))
        if "op" in one["args"]
    }
    assert found.keys() == history.by_op.keys()
    for op, operation in history.by_op.items():
        assert found[op]["ts"] == operation.invoked_ns / 1000
        if operation.completed_ns is not None:
            assert found[op]["dur"] == (operation.completed_ns - operation.invoked_ns) / 1000
            assert found[op]["cat"] == operation.outcome


@pytest.mark.parametrize("name", STORIES)
def test_events_of_one_thread_do_not_overlap(name):
    ends = defaultdict(float)
    for event in sorted(complete(events_of(traced(name))), key=lambda one: one["ts"]):
        thread = event["pid"], event["tid"]
        assert event["ts"] >= ends[thread], event
        ends[thread] = event["ts"] + event["dur"]


def test_calls_that_are_open_at_once_stand_on_two_threads_of_their_lane():
    story = Story()
    first, second = story.publish("p1#1-1"), story.publish("p1#1-2")
    story.ok(first)
    story.ok(second)
    events = events_of(trace_of([TracedExecution(name="two", history=story.done().history())], {}))
    names = [one["args"]["name"] for one in events if one["name"] == "thread_name"]
    assert [name for name in names if name.startswith("p1")] == ["p1", "p1 (2)"]


def test_lane_is_a_thread_and_its_link_stands_below_it_with_the_fault_on_it():
    events = events_of(traced("lost reply"))
    names = {one["tid"]: one["args"]["name"] for one in events if one["name"] == "thread_name"}
    order = [names[tid] for tid in sorted(names)]
    assert order.index("link p1") == order.index("p1") + 1
    (fault,) = (one for one in complete(events) if one["cat"] == "fault")
    assert names[fault["tid"]] == "link p1"
    assert fault["dur"] > 0


def test_call_that_is_open_ends_with_its_process_whose_end_is_marked():
    history = killed_unflushed().history()
    events = events_of(traced("killed"))
    (killed,) = (one for one in events if one["ph"] == "i")
    assert killed["name"] == "SIGKILL"
    cut = [one for one in complete(events) if one["cat"].startswith("open")]
    assert len(cut) == sum(one.completed_ns is None for one in history.operations) > 0
    assert {one["ts"] + one["dur"] for one in cut} == {killed["ts"]}


def test_each_execution_is_a_process_of_its_own():
    events = events_of(traced(*STORIES))
    names = {one["pid"]: one["args"]["name"] for one in events if one["name"] == "process_name"}
    assert names == dict(enumerate(STORIES, start=1))


def test_operations_beyond_the_limit_are_left_out_and_counted(monkeypatch):
    monkeypatch.setattr("reports.trace.OPERATIONS_MAX", 2)
    packed = traced("overtaken")
    rest = len(overtaken().history().operations) - 2
    assert len([one for one in complete(events_of(packed)) if "op" in one["args"]]) == 2
    other = json.loads(gzip.decompress(packed))["otherData"]
    assert other == {"left out of overtaken": f"the last {rest} operations"}


def test_operations_that_prove_a_violation_are_marked(tmp_path):
    campaign = sample(tmp_path)
    events = events_of(trace_of_campaign(campaign, histories_in(tmp_path, campaign)))
    of_each = defaultdict(int)
    for event in complete(events):
        of_each[event["pid"]] += event["cat"].endswith(",witness")
    assert all(of_each.values())
    assert len(of_each) == len(campaign.violations)


def test_history_that_is_missing_or_torn_is_told_in_the_trace(tmp_path):
    campaign = sample(tmp_path)
    gone, torn = campaign.violations[:2]
    (tmp_path / gone.folder / "history.jsonl").unlink()
    (tmp_path / torn.folder / "history.jsonl").write_text("{not json\n")
    render(tmp_path)
    other = json.loads(gzip.decompress((tmp_path / "trace.json.gz").read_bytes()))["otherData"]
    missing = {name: text for name, text in other.items() if name.startswith("missing: ")}
    assert len(missing) == 2
    assert f"{gone.folder}/history.jsonl is not there" in missing.values()
    assert not any(str(tmp_path) in text for text in missing.values())


@pytest.mark.parametrize("name", STORIES)
def test_history_that_was_cut_anywhere_has_a_trace(name):
    lines = STORIES[name]().lines()
    for whole in range(1, len(lines) + 1):
        history = history_of(b"".join(lines[:whole]))
        execution = TracedExecution(name=name, history=history)
        events = complete(events_of(trace_of([execution], {})))
        assert all(one["dur"] >= 0 for one in events)
        assert len([one for one in events if "op" in one["args"]]) == len(history.operations)


def test_history_that_was_judged_has_a_trace_with_its_witnesses(tmp_path):
    history = overtaken().history()
    verdicts = tuple(check(history, ["per_partition_order"]))
    judged = JudgedHistory(name="x", path="x.jsonl", history=history, verdicts=verdicts)
    render_judged([judged], tmp_path)
    events = events_of((tmp_path / "trace.json.gz").read_bytes())
    marked = {one["args"]["op"] for one in complete(events) if "witness" in one["args"]}
    assert marked == {op for one in verdicts[0].anomalies for op in one.witnesses} != set()


def test_outcomes_are_categories_by_which_a_viewer_filters():
    kinds = {one["cat"].partition(",")[0] for one in complete(events_of(traced(*STORIES)))}
    assert kinds <= {*(one.value for one in Outcome), "open", "fault", "phase"}
