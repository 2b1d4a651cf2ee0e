"""A topic that was deleted and made again: each of its two logs is judged by itself."""

import pytest

from deliverycheck.guarantees import HAZARDS, Validity, check
from deliverycheck.guarantees.remade import told_apart
from deliverycheck.history import Action, Delivery, Position
from selftests.shown import evidence, occurred
from selftests.story import Story, at

REMADE = {"topic_remade", "written_while_deleted", "remade_under_member", "committed_to_remade"}


def verdict(story, name):
    (found,) = check(story.done().history(), [name])
    return found


def remade(*, read=("c1#1",), worked=(0, 1, 2), outcome="ok"):
    """Of a topic a member has read two messages; made again, the topic gets three others."""
    story = Story(groups={"g": ("t",)})
    story.subscribed("c1#1")
    old = [at(f"p1#1-{position}", position) for position in range(2)]
    for delivery in old:
        story.published(delivery.message, delivery.position)
    for delivery in old:
        story.received("c1#1", delivery)
        story.effect("c1#1", delivery)
    story.committed("c1#1", 2)
    story.topic_deleted(outcome=outcome)
    story.topic_made()
    new = [at(f"p1#1-{5 + position}", position) for position in range(3)]
    for delivery in new:
        story.published(delivery.message, delivery.position)
    for process in read:
        for position in worked:
            story.received(process, new[position])
            story.effect(process, new[position])
            story.committed(process, position + 1)
    story.scanned(*new)
    return story


EVERYTHING = (
    "at_least_once_in_log",
    "exactly_once_in_log",
    "one_log",
    "per_partition_order",
    "real_time_order",
    "genuine_deliveries",
    "gapless_reading",
    "commits_move_forward",
    "at_least_once_in_effect",
    "exactly_once_in_effect",
    "single_delivery_in_group",
    "commit_follows_effect",
)


@pytest.mark.parametrize("name", EVERYTHING)
def test_two_logs_of_one_name_are_no_contradiction(name):
    assert not verdict(remade(), name).anomalies


def test_message_confirmed_in_the_present_log_must_be_there():
    story = remade()
    story.published("p1#1-9", 7)
    story.scanned(process="scan#2")
    assert verdict(story, "at_least_once_in_log").validity is not Validity.INVALID
    story = Story()
    story.published("p1#1-0", 0)
    story.topic_deleted()
    story.topic_made()
    story.published("p1#1-1", 0)
    story.scanned()
    (lost,) = verdict(story, "at_least_once_in_log").anomalies
    assert (lost.name, lost.message, lost.source) == ("lost", "p1#1-1", "t")


def test_message_skipped_at_a_position_carried_over_is_lost_though_another_had_an_effect_there():
    found = verdict(remade(worked=(2,)), "at_least_once_in_effect")
    assert [(one.name, one.message) for one in found.anomalies] == [
        ("lost", "p1#1-5"),
        ("lost", "p1#1-6"),
    ]


def test_commit_of_the_position_behind_a_message_is_of_that_messages_log():
    story = remade(worked=(0, 1))
    covers = [one.covers for one in told_apart(story.history()).select(Action.COMMIT)]
    assert [cover.source for (cover,) in covers] == ["t (deleted)", "t", "t"]
    assert verdict(story, "commits_move_forward").validity is Validity.VALID


def test_commit_that_nothing_explains_is_placed_by_the_clock():
    story = remade(worked=())
    story.committed("c1#2", 2)
    *_, last = told_apart(story.history()).select(Action.COMMIT)
    assert last.covers == (Position(source="t", partition=0, position=2),)


def test_message_under_way_at_the_deletion_may_have_gone_with_the_old_log_or_stand_in_the_new():
    story = Story()
    story.published("p1#1-0", 0)
    found, gone = story.publish("p1#1-1"), story.publish("p1#1-2")
    story.topic_deleted()
    story.topic_made()
    for op, position in ((found, 0), (gone, 1)):
        story.ok(op, partition=0, position=position)
    story.published("p1#1-3", 1)
    story.scanned("p1#1-1", "p1#1-3")
    assert verdict(story, "exactly_once_in_log").validity is Validity.VALID
    named = {one.message: one.target for one in told_apart(story.history()).publications}
    assert named == {
        "p1#1-0": "t (deleted)",
        "p1#1-1": "t",
        "p1#1-2": "t (deleted)",
        "p1#1-3": "t",
    }


def test_message_sent_again_to_the_topic_made_again_was_at_its_place_in_the_old_log_too():
    """Its first reply was lost: a copy is in each of the two logs."""
    story = Story(groups={"g": ("t",)})
    story.subscribed("c1#1")
    story.published("p1#1-0", 0)
    twice = story.publish("p1#1-1")
    story.received("c1#1", at("p1#1-1", 1))
    story.topic_deleted()
    story.topic_made()
    story.ok(twice, partition=0, position=0)
    story.scanned("p1#1-1")
    assert verdict(story, "genuine_deliveries").validity is Validity.VALID


def test_message_in_the_wrong_topic_is_misrouted_though_another_was_made_again():
    story = Story(groups={"g": ("t",)})
    story.subscribed("c1#1")
    story.published("p1#1-0", 0)
    story.published("p1#1-1", 0, target="u")
    story.received("c1#1", at("p1#1-1", 1))
    story.topic_deleted()
    story.topic_made()
    story.scanned()
    assert [one.name for one in verdict(story, "genuine_deliveries").anomalies] == ["misrouted"]


@pytest.mark.parametrize(("told", "found"), [(True, []), (False, ["nonmonotonic"])])
def test_member_that_lost_its_partition_before_the_topic_went_may_be_handed_a_message_again(
    told, found
):
    story = Story(groups={"g": ("t",)})
    place = (Position(source="t", partition=0, position=0),)
    story.subscribed("c1#1")
    story.ok(story.invoke("c1#1", "assign", group="g", covers=place))
    story.published("p1#1-0", 0)
    story.received("c1#1", at("p1#1-0", 0))
    for action in ("lost", "assign") if told else ():
        story.ok(story.invoke("c1#1", action, group="g", covers=place))
    story.received("c1#1", at("p1#1-0", 0))
    story.topic_deleted()
    story.topic_made()
    story.scanned()
    assert [one.name for one in verdict(story, "gapless_reading").anomalies] == found


def committed_by_whom_had(*, committed_before_deletion=False, new=2):
    """A member has position 1 of a topic in hand when that is made again, and commits behind it."""
    story = Story(groups={"g": ("t",)})
    story.subscribed("c1#1")
    for position in range(2):
        story.published(f"p1#1-{position}", position)
        story.received("c1#1", at(f"p1#1-{position}", position))
    if committed_before_deletion:
        story.committed("c1#1", 2)
    story.topic_deleted()
    story.topic_made()
    for position in range(new):
        story.published(f"p1#1-{5 + position}", position)
    if not committed_before_deletion:
        story.committed("c1#1", 2)
    story.scanned(*[at(f"p1#1-{5 + position}", position) for position in range(new)])
    return story


def test_commit_of_what_came_from_the_deleted_topic_is_told_with_what_it_passes():
    assert evidence(committed_by_whom_had(), "committed_to_remade") == [
        (
            "c1#1 committed t/0 at position 2 at 0.019 s, behind what it had been handed of the "
            "topic that was deleted at 0.011 s: below that the topic that was made again has 2 "
            "messages, p1#1-5 among them."
        )
    ]


@pytest.mark.parametrize(
    "story",
    [committed_by_whom_had(committed_before_deletion=True), committed_by_whom_had(new=0), remade()],
    ids=["answered before the deletion", "nothing to pass", "of what the present topic has"],
)
def test_commit_that_passes_nothing_of_the_topic_made_again_is_none_of_these(story):
    assert "committed_to_remade" not in occurred(story)


def test_what_is_not_ours_is_told_by_its_place_and_its_moment():
    story = remade(worked=())
    for before in (True, False):
        story = Story(groups={"g": ("t",)})
        strange = Delivery(message="", source="t", partition=0, position=0)
        story.published("p1#1-0", 0)
        if before:
            story.received("c1#1", strange)
        story.topic_deleted()
        if not before:
            story.received("c1#1", strange)
        story.scanned(strange)
        (reading,) = told_apart(story.history()).receipts
        assert reading.delivery.source == ("t (deleted)" if before else "t")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda story: story.topic_deleted(), "t was deleted twice"),
        (lambda story: story.published("p1#1-20", 9, count=2), "sent in bulk"),
    ],
    ids=["deleted-twice", "sent-in-bulk"],
)
def test_logs_that_cannot_be_told_apart_are_not_judged(spoil, said):
    story = remade()
    spoil(story)
    found = verdict(story, "exactly_once_in_log")
    assert found.validity is Validity.UNKNOWN
    assert said in found.reason


def test_topic_that_was_perhaps_deleted_after_it_was_read_is_not_judged():
    found = verdict(remade(outcome="info"), "at_least_once_in_log")
    assert found.validity is Validity.UNKNOWN
    assert "read while it was deleted" in found.reason


def test_refused_deletion_leaves_one_log():
    story = Story()
    story.published("p1#1-0", 0)
    story.topic_deleted(outcome="fail")
    story.published("p1#1-1", 1)
    story.scanned(at("p1#1-1", 1))
    assert [one.message for one in verdict(story, "at_least_once_in_log").anomalies] == ["p1#1-0"]


def test_topic_made_again_under_a_member_that_goes_on_is_told_with_what_it_would_skip():
    assert evidence(remade(), "remade_under_member") == [
        (
            "c1#1 had come to t/0 at position 2 when the topic was deleted at 0.017 s, and c1#1 "
            "went on: below that position the topic that was made again has 2 messages, p1#1-5 "
            "among them."
        )
    ]
    assert evidence(remade(), "topic_remade") == [
        (
            "admin#1 deleted t at 0.017 s with 2 confirmed messages; 3 messages were confirmed in "
            "the one that was made again, p1#1-5 among them."
        )
    ]


@pytest.mark.parametrize(("new", "carries"), [(0, False), (1, True), (2, True), (3, True)])
def test_position_is_carried_over_to_a_log_that_has_anything_below_it(new, carries):
    """One of two messages is out of range, unless the log grows; two of two is its very end."""
    story = Story(groups={"g": ("t",)})
    story.subscribed("c1#1")
    for position in range(2):
        story.published(f"p1#1-{position}", position)
        story.received("c1#1", at(f"p1#1-{position}", position))
    story.topic_deleted()
    story.topic_made()
    story.committed("c1#1", 2)
    for position in range(new):
        story.published(f"p1#1-{5 + position}", position)
    story.scanned(*[at(f"p1#1-{5 + position}", position) for position in range(new)])
    assert ("remade_under_member" in occurred(story)) is carries


def test_who_took_over_before_the_topic_went_carries_the_position_of_its_predecessor():
    story = Story(groups={"g": ("t",)})
    story.subscribed("c1#1")
    story.published("p1#1-0", 0)
    story.received("c1#1", at("p1#1-0", 0))
    story.committed("c1#1", 1)
    story.subscribed("c2#1")
    story.topic_deleted()
    story.topic_made()
    story.published("p1#1-1", 0)
    story.received("c2#1")
    story.scanned(at("p1#1-1", 0))
    (told,) = evidence(story, "remade_under_member")
    assert told.startswith("c1#1 had come to t/0 at position 1")
    assert "and c2#1 went on" in told


def test_member_that_is_new_carries_no_position_over():
    assert occurred(remade(read=("c1#2",))) & REMADE == {"topic_remade"}


def test_messages_to_a_topic_that_is_gone_are_told_if_they_wait_for_it():
    story = Story()
    story.published("p1#1-0", 0)
    story.topic_deleted()
    op = story.publish("p1#1-1")
    story.topic_made()
    story.ok(op, partition=0, position=0)
    (found,) = HAZARDS["written_while_deleted"].find(told_apart(story.history()))
    assert (found.facts["messages"], found.facts["message"]) == (1, "p1#1-1")
    refused = Story()
    refused.published("p1#1-0", 0)
    refused.topic_deleted()
    refused.fail(refused.publish("p1#1-1"))
    refused.topic_made()
    assert "written_while_deleted" not in occurred(refused)


def test_messages_of_who_was_killed_before_the_topic_was_back_wait_for_nothing():
    for killed in (True, False):
        story = Story()
        story.published("p1#1-0", 0)
        story.publish("p2#1-0")
        story.process("p2#1", "killed" if killed else "ready")
        story.topic_deleted()
        story.topic_made()
        assert ("written_while_deleted" in occurred(story)) is not killed


def test_topic_that_nobody_made_again_is_written_to_by_nobody():
    story = Story()
    story.published("p1#1-0", 0)
    story.topic_deleted()
    story.publish("p1#1-1")
    assert occurred(story) & REMADE == set()


def test_history_without_deletions_is_itself_and_goes_with_its_last_user():
    history = Story().history()
    assert told_apart(history) is history
    assert history not in history.indexes.values()
