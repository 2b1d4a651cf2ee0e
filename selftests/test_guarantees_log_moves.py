"""What may have moved a process between two receives, and what it tells in the same moment."""

from selftests.test_guarantees_log_reading import ended, handed, log_of, moved, names


def three_read():
    """Positions 0, 1 and 2 are there; c1 is handed the first and the last."""
    return log_of(0, 1, 2)


def test_receive_that_begins_as_a_move_ends_may_have_been_moved():
    story = three_read()
    moved(story, "seek", 0)
    story.ms -= 1
    story.received("c1#1", handed(0))
    story.received("c1#1", handed(2))
    assert names(ended(story, 0, 1, 2)) == []


def test_receive_that_ends_as_a_move_begins_may_have_been_moved():
    story = three_read()
    story.received("c1#1", handed(0))
    story.received("c1#1", handed(2))
    story.ms -= 1
    moved(story, "seek", 0)
    assert names(ended(story, 0, 1, 2)) == []


def test_receive_that_begins_as_the_one_before_it_ends_comes_after_it():
    story = three_read()
    story.received("c1#1", handed(0))
    story.ms -= 1
    story.received("c1#1", handed(2))
    assert names(ended(story, 0, 1, 2)) == ["skipped"]
