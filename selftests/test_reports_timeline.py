"""The picture of a history: who did what, what disturbed it, and nothing that did not happen."""

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
from reports.axis import Interval, axis_of, tracks_of
from reports.timeline import OPERATIONS_MAX, timeline_of
from selftests.sample_stories import Driven, black_holed, consumed, killed_unflushed

MS = 1_000_000
BLACK_HOLE = Inject(lane="link p1", fault=FaultKind.BLACK_HOLE, direction=Direction.UPSTREAM)


def lane(picture, name):
    return next(each for each in picture.lanes if each.name == name)


def test_each_process_has_one_lane_over_its_link():
    picture = timeline_of(black_holed().history(), frozenset())
    assert [each.name for each in picture.lanes] == ["p1", "link p1", "scan"]


def test_incarnations_share_a_lane():
    picture = timeline_of(consumed("effect").history(), frozenset())
    opened = [bar.label for bar in lane(picture, "c1").bars if bar.label.startswith("open")]
    assert opened == ["open", "open #2"]


def test_kill_ends_the_calls_that_it_leaves_open():
    p1 = lane(timeline_of(killed_unflushed().history(), frozenset()), "p1")
    (mark,) = p1.marks
    left_open = [bar for bar in p1.bars if bar.shape == "open"]
    assert len(left_open) == 3
    assert all(bar.left + bar.width <= mark.left for bar in left_open)


def test_overlapping_calls_stand_under_each_other():
    p1 = lane(timeline_of(killed_unflushed().history(), frozenset()), "p1")
    assert [bar.track for bar in p1.bars if bar.shape == "open"] == [0, 1, 2]


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
    marked = {bar.op for each in picture.lanes for bar in each.bars if bar.witness}
    assert marked == {2} == {row.op for row in picture.rows if row.witness}


def test_of_too_many_operations_those_nearest_to_the_proof_are_drawn():
    story = Driven()
    for number in range(OPERATIONS_MAX + 50):
        story.published(f"p1#1-{number}", number)
    picture = timeline_of(story.history(), frozenset({OPERATIONS_MAX + 40}))
    assert (len(picture.rows), picture.left_out) == (OPERATIONS_MAX, 50)
    assert any(row.witness for row in picture.rows)


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
    intervals = [Interval(start_ns=n * 10, end_ns=n * 10 + 5) for n in range(4)]
    assert tracks_of(intervals) == [0, 0, 0, 0]


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
