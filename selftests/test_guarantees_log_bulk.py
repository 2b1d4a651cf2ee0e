"""Gaps in bulk receives, which tell runs and single deliveries apart."""

from deliverycheck.history import DeliveryRun, PublishRun
from selftests.story import Story
from selftests.test_guarantees_log_reading import ended, handed, names


def bulk(*runs, others=()):
    """One receive tells of runs, and apart from them of single deliveries."""
    story = Story()
    op = story.publish("p1#1-1", count=6)
    run = PublishRun(first_sequence=1, partition=0, first_position=0, count=6)
    story.ok(op, runs=(run,))
    receive = story.invoke("c1#1", "receive", group="g")
    told = [
        DeliveryRun(
            process="p1#1",
            first_sequence=first + 1,
            source="t",
            partition=0,
            first_position=first,
            count=count,
        )
        for first, count in runs
    ]
    story.ok(receive, delivery_runs=tuple(told), deliveries=others)
    return names(ended(story, *range(6)))


def test_bulk_receive_tells_single_deliveries_apart_from_runs_whatever_their_order():
    assert bulk((0, 2), (3, 3), others=(handed(2, attempt=1),)) == []
    assert bulk((3, 3), (0, 3)) == []


def test_bulk_receive_that_leaves_one_out_or_brings_one_twice_is_seen():
    assert bulk((0, 2), (3, 3)) == ["skipped"]
    assert bulk((0, 3), (2, 4)) == ["nonmonotonic"]
