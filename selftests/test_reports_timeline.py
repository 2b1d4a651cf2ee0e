"""The picture of a history: who did what, what disturbed it, and nothing that did not happen."""

import json

import pytest

from deliverycheck.plans import (
    AddPartitions,
    CreateTopic,
    DeleteRecords,
    Direction,
    FaultKind,
    Hold,
    Inject,
    Kill,
    Publish,
    Wait,
    Work,
)
from deliverycheck.plans.describe import describe_step
from reports.axis import TRACKS_MAX, Interval, axis_of, tracks_of
from reports.columns import SHAPES, WITNESS
from reports.folded import WIDTH, folded_axis
from reports.timeline import LABELLED_MAX, ROWS_MAX, timeline_of
from selftests.sample_stories import Driven, black_holed, consumed, killed_unflushed

MS = 1_000_000
BLACK_HOLE = Inject(lane="link p1", fault=FaultKind.BLACK_HOLE, direction=Direction.UPSTREAM)


def lane(picture, name):
    return next(each for each in picture.lanes if each.name == name)


def calls(picture, name):
    """Label, shape, track, left and right of the calls in a lane."""
    drawing = json.loads(picture.drawing)
    number = [each["name"] for each in drawing["lanes"]].index(name)
    columns = picture.columns
    rows = zip(
        picture.rows,
        columns.process,
        columns.shape,
        columns.track,
        columns.left,
        columns.right,
        strict=True,
    )
    return [
        (row.call, SHAPES[shape % WITNESS], track, left, right)
        for row, process, shape, track, left, right in rows
        if drawing["processes"][process][1] == number
    ]


def test_each_process_has_one_lane_over_its_link():
    picture = timeline_of(black_holed().history(), frozenset())
    assert [each.name for each in picture.lanes] == ["p1", "link p1", "scan"]


def test_incarnations_share_a_lane():
    picture = timeline_of(consumed("effect").history(), frozenset())
    opened = [call for call, *_ in calls(picture, "c1") if call.startswith("open")]
    assert opened == ["open", "open #2"]


def test_kill_ends_the_calls_that_it_leaves_open():
    picture = timeline_of(killed_unflushed().history(), frozenset())
    drawing = json.loads(picture.drawing)
    ((_, kill, *_),) = next(one["marks"] for one in drawing["lanes"] if one["name"] == "p1")
    left_open = [right for _, shape, _, _, right in calls(picture, "p1") if shape == "open"]
    assert len(left_open) == 3
    assert all(right <= kill for right in left_open)


def test_overlapping_calls_stand_under_each_other():
    picture = timeline_of(killed_unflushed().history(), frozenset())
    tracks = [track for _, shape, track, *_ in calls(picture, "p1") if shape == "open"]
    assert tracks == [0, 1, 2]


def test_calls_without_a_free_row_share_the_last_one():
    tracks = tracks_of([(number, None) for number in range(TRACKS_MAX + 5)])
    assert max(tracks) == TRACKS_MAX - 1


def test_fault_shades_the_lane_that_it_hits_and_no_other():
    picture = timeline_of(black_holed().history(), frozenset())
    assert [shade.label for shade in lane(picture, "p1").shades] == ["black hole, upstream"]
    assert lane(picture, "scan").shades == ()


def test_fault_tells_whether_it_acted():
    picture = timeline_of(black_holed().history(), frozenset())
    (band,) = lane(picture, "link p1").bands
    assert "It acted: " in band.told


def test_broken_node_shades_every_lane_but_the_harness():
    story = Driven()
    story.published("p1#1-1", 0)
    story.node("b1", "killed")
    story.wait(900)
    story.node("b1", "ready")
    picture = timeline_of(story.tail("p1#1-1").history(), frozenset())
    assert len(lane(picture, "p1").shades) == 1
    assert lane(picture, "scan").shades == ()
    assert lane(picture, "b1").bands[0].label == "✕ SIGKILL, down"


def test_witnesses_are_marked_in_picture_and_table():
    picture = timeline_of(black_holed().history(), frozenset({2}))
    columns = zip(picture.columns.op, picture.columns.shape, strict=True)
    assert {op for op, shape in columns if shape >= WITNESS} == {2}
    assert {row.op for row in picture.rows if row.witness} == {2}


def of_many(operations):
    story = Driven()
    for number in range(operations):
        story.published(f"p1#1-{number}", number)
    return story.history()


def test_of_too_many_operations_the_table_has_those_nearest_to_the_proof():
    picture = timeline_of(of_many(ROWS_MAX + 50), frozenset({ROWS_MAX + 40}))
    assert (len(picture.rows), picture.left_out) == (ROWS_MAX, 50)
    assert any(row.witness for row in picture.rows)


def test_picture_has_every_operation_of_a_long_history():
    picture = timeline_of(of_many(LABELLED_MAX + 1), frozenset())
    assert json.loads(picture.drawing)["count"] == LABELLED_MAX + 1
    assert len(picture.columns.left) == 0


def test_wait_of_a_long_history_is_folded_and_calls_have_the_room():
    axis = folded_axis([(0, 10), (5, 20), (980, 1000)], 1000)
    assert axis.place(20) - axis.place(0) > WIDTH * 0.45
    assert axis.place(980) - axis.place(20) < WIDTH * 0.01
    assert (axis.place(0), axis.place(1000)) == (0, WIDTH)


def test_wait_that_a_call_spans_is_not_folded():
    assert folded_axis([(0, 1000), (5, 20), (980, 990)], 1000).knots == ((0, 0), (1000, WIDTH))


def test_latency_and_throughput_name_the_fault_of_their_time():
    story = Driven()
    for number in range(30):
        story.published(f"p1#1-{number}", number)
    story.injected("stall", "link p1", direction="upstream")
    story.wait(1000)
    story.published("p1#1-30", 30)
    story.healed("stall", "link p1")
    rows = timeline_of(story.history(), frozenset()).pace
    assert sum(row.ended[0] for row in rows) == 31
    assert rows[0].faults == "link p1: stall, upstream" == rows[-1].faults
    assert rows[-1].publishes == 1


def test_few_calls_need_no_table_of_latencies():
    assert timeline_of(black_holed().history(), frozenset()).pace == ()


def test_empty_history_has_an_empty_picture():
    assert timeline_of(Driven().history(), frozenset()).rows == ()


def test_later_is_further_right():
    intervals = [Interval(start_ns=n * MS, end_ns=(n + 3) * MS, needs_px=70) for n in range(9)]
    axis = axis_of(intervals)
    ordered = sorted(axis.places)
    lefts = [axis.left(point) for point in ordered]
    assert lefts == sorted(lefts)
    assert 0 < lefts[0] < lefts[-1] < 100


def test_every_label_has_the_room_that_it_asked_for():
    short = Interval(start_ns=5 * MS, end_ns=5 * MS + 1, needs_px=120)
    open_ended = Interval(start_ns=6 * MS, end_ns=None, needs_px=200)
    axis = axis_of([short, open_ended])
    for interval in (short, open_ended):
        assert axis.span(interval)[1] * axis.width_px / 100 >= interval.needs_px - 0.1


def test_calls_one_after_the_other_share_a_track():
    assert tracks_of([(n * 10, n * 10 + 5) for n in range(4)]) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Publish(), "publish 1 message"),
        (Publish(topic="t2", count=3), "publish 3 messages to t2/0"),
        (Publish(key="k", count=2, wait=Wait.SENT), "publish 2 messages with key k, go on at once"),
        (
            Publish(bytes=1000, headers=(("h1", "v1"), ("h2", "")), timestamp_shift_ms=-5),
            "publish 1 message (1000 bytes each, header h1=v1, header h2=, timestamp -5 ms)",
        ),
        (BLACK_HOLE, "black hole, upstream"),
        (Inject(lane="link p1", fault=FaultKind.REFUSE), "refuse"),
        (Kill(lane="p1"), "SIGKILL"),
        (Work(calls=2), "work: next 2 calls"),
        (Hold(ms=300), "let 300 ms pass"),
        (CreateTopic(topic="t2"), "create topic t2"),
        (AddPartitions(), "add 1 partition"),
        (DeleteRecords(), "delete all records"),
        (
            DeleteRecords(topic="t2", partition=1, keep=2),
            "delete all records of t2/1 but the last 2",
        ),
        (AddPartitions(topic="t2", count=3), "add 3 partitions to t2"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_step_in_words(step, words):
    assert describe_step(step) == words
