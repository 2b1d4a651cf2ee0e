"""Who seeks by its own wish: what others then conclude from what its group does."""

import pytest

from deliverycheck.guarantees import Validity, check
from deliverycheck.history import DeliveryRun, Position
from selftests.story import Story, at

MESSAGES = ("p1#1-1", "p1#1-2", "p1#1-3")
BREAKS_NOTHING = ("at_most_once_in_effect", "exactly_once_in_effect", "commits_move_forward")


def place(position):
    return (Position(source="t", partition=0, position=position),)


def worked(story, process, *positions):
    for position in positions:
        delivery = at(MESSAGES[position], position)
        story.received(process, delivery)
        story.effect(process, delivery)
        story.committed(process, position + 1)


def seek(story, process, position=0, whence="position"):
    op = story.invoke(process, "seek", group="g", covers=place(position), whence=whence)
    story.ok(op)


def begun():
    story = Story(groups={"g": ("t",)})
    story.subscribed("c1#1")
    story.ok(story.invoke("c1#1", "assign", group="g", covers=place(0)))
    for position, message in enumerate(MESSAGES):
        story.published(message, position)
    return story


def ended(story):
    story.scanned(*MESSAGES)
    return story.done().history()


def verdict(history, name):
    return check(history, [name])[0]


@pytest.mark.parametrize("name", [*BREAKS_NOTHING, "single_delivery_in_group", "gapless_reading"])
def test_what_a_member_works_off_again_by_its_own_wish_is_no_repetition(name):
    story = begun()
    worked(story, "c1#1", 0, 1, 2)
    seek(story, "c1#1")
    worked(story, "c1#1", 0, 1, 2)
    assert verdict(ended(story), name).validity is not Validity.INVALID


def test_who_takes_over_behind_a_commit_that_went_back_repeats_by_that_wish():
    story = begun()
    worked(story, "c1#1", 0, 1, 2)
    seek(story, "c1#1")
    worked(story, "c1#1", 0)
    story.process("c1#1", "killed")
    story.subscribed("c2#1")
    worked(story, "c2#1", 1, 2)
    history = ended(story)
    for name in (*BREAKS_NOTHING, "single_delivery_in_group"):
        assert verdict(history, name).validity is not Validity.INVALID


def test_repetition_before_the_wish_is_one():
    story = begun()
    worked(story, "c1#1", 0, 1, 0)
    seek(story, "c1#1")
    worked(story, "c1#1", 0, 1, 2)
    assert verdict(ended(story), "at_most_once_in_effect").validity is Validity.INVALID


def test_seek_without_a_wish_excuses_no_repetition():
    story = begun()
    worked(story, "c1#1", 0, 1, 2)
    seek(story, "c1#1", whence=None)
    worked(story, "c1#1", 0)
    assert verdict(ended(story), "at_most_once_in_effect").validity is Validity.INVALID


@pytest.mark.parametrize(
    ("whence", "validity"),
    [("end", Validity.VALID), (None, Validity.INVALID)],
    ids=["left-out-by-a-wish", "left-out"],
)
@pytest.mark.parametrize("name", ["at_least_once_in_effect", "exactly_once_in_effect"])
def test_what_a_member_leaves_out_by_its_own_wish_is_not_lost(name, whence, validity):
    story = begun()
    worked(story, "c1#1", 0)
    seek(story, "c1#1", 2, whence)
    worked(story, "c1#1", 2)
    assert verdict(ended(story), name).validity is validity


@pytest.mark.parametrize(
    ("whence", "validity"),
    [("end", Validity.VALID), (None, Validity.INVALID)],
    ids=["passed-by-a-wish", "passed"],
)
def test_commit_past_what_was_left_out_by_a_wish_is_not_ahead(whence, validity):
    story = begun()
    worked(story, "c1#1", 0)
    story.received("c1#1", at(MESSAGES[1], 1))
    seek(story, "c1#1", 2, whence)
    worked(story, "c1#1", 2)
    assert verdict(ended(story), "commit_follows_effect").validity is validity


def test_order_in_a_bulk_receive_after_a_seek_is_not_judged():
    story = begun()
    seek(story, "c1#1")
    op = story.invoke("c1#1", "receive", group="g")
    story.ok(
        op,
        delivery_runs=(
            DeliveryRun(
                process="p1#1", first_sequence=2, source="t", partition=0, first_position=1, count=2
            ),
        ),
    )
    assert verdict(ended(story), "replay").validity is not Validity.INVALID


def test_topic_that_was_deleted_is_not_judged():
    story = begun()
    worked(story, "c1#1", 0, 1, 2)
    story.topic_deleted()
    story.topic_made()
    seek(story, "c1#1")
    story.received("c1#1", at(MESSAGES[1], 1))
    assert verdict(ended(story), "replay").validity is Validity.UNKNOWN


@pytest.mark.parametrize(
    ("other", "validity"),
    [("c1#1", Validity.INVALID), ("c2#1", Validity.VALID)],
    ids=["nobody-else-got-it", "another-member-got-it"],
)
def test_what_should_come_to_the_end_is_owed_to_the_last_owner(other, validity):
    story = begun()
    worked(story, "c1#1", 0, 1)
    seek(story, "c1#1")
    story.received("c1#1", at(MESSAGES[0], 0))
    story.subscribed("c2#1")
    if other != "c1#1":
        story.ok(story.invoke(other, "assign", group="g", covers=place(0)))
    assert verdict(ended(story), "replay").validity is validity


def test_end_may_lie_before_what_was_confirmed_and_read_by_nobody():
    story = begun()
    seek(story, "c1#1", whence="end")
    story.received("c1#1", at(MESSAGES[2], 2))
    assert verdict(ended(story), "replay").validity is Validity.VALID
