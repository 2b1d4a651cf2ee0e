"""Hazards of groups: who was given a partition after whom, and what was in hand."""

import pytest

from deliverycheck.guarantees import HAZARDS, Evidence
from deliverycheck.history import Position, history_of
from selftests.interleaving import backwards
from selftests.shown import evidence, occurred
from selftests.story import Story, at

GROUPS = {"g": ("t",)}
FIRST = at("p1#1-1", 0)


def covering(partition=0):
    return (Position(source="t", partition=partition, position=0),)


def told(story, process, action, *, partition=0):
    story.ok(story.invoke(process, action, covers=covering(partition)))


def joined(story, *members, group="g"):
    for member in members:
        story.ok(story.invoke(member, "subscribe", target="t", group=group))


def moved(*between, again="c2#1", partition=0):
    """A partition is assigned to `c1#1`; then what stands between; then it is assigned again."""
    story = Story(groups=GROUPS)
    joined(story, "c1#1", "c2#1")
    told(story, "c1#1", "assign")
    for what in between:
        story.process("c1#1", what)
    told(story, again, "assign", partition=partition)
    return story


# Partitions that move


def test_partition_that_another_member_is_given_has_moved():
    story = moved()
    assert occurred(story) == {"partitions_moved"}
    assert evidence(story, "partitions_moved") == ["t/0 went from c1#1 to c2#1 at 0.008 s."]
    (found,) = HAZARDS["partitions_moved"].find(story.history())
    assert found == Evidence(
        kind="moved",
        ns=8_000_000,
        facts={"process": "c1#1", "place": "t/0", "other": "c2#1", "moved_ns": 8_000_000},
        witnesses=(2, 3),
    )


@pytest.mark.parametrize(
    "story",
    [moved(again="c1#1"), moved(partition=1)],
    ids=["the-same-member-again", "another-partition"],
)
def test_partition_that_no_other_member_is_given_has_not_moved(story):
    assert occurred(story) == set()


def test_partition_has_not_moved_between_members_of_two_groups():
    story = Story(groups={"g": ("t",), "h": ("t",)})
    joined(story, "c1#1")
    joined(story, "c2#1", group="h")
    told(story, "c1#1", "assign")
    told(story, "c2#1", "assign")
    assert occurred(story) == set()


def test_moves_are_told_in_the_order_of_time_whatever_their_partitions():
    story = Story(groups=GROUPS)
    joined(story, "c1#1", "c2#1")
    for member in ("c1#1", "c2#1"):
        for partition in (1, 0):
            told(story, member, "assign", partition=partition)
    assert [one[:3] for one in evidence(story, "partitions_moved")] == ["t/1", "t/0"]


# Members that stand still


def test_member_that_stands_still_while_another_gets_its_partition_is_told():
    story = moved("paused")
    assert occurred(story) == {"partitions_moved", "member_paused"}
    assert evidence(story, "member_paused") == [
        "t/0 was given to c2#1 at 0.009 s while c1#1, which had it, stood still."
    ]


@pytest.mark.parametrize(
    "story",
    [
        moved("paused", "resumed"),
        moved("paused", "killed"),
        moved("resumed"),
        moved("paused", again="c1#1"),
        moved("paused", partition=1),
    ],
    ids=["went-on-before", "killed-before", "never-stopped", "the-same-member", "other-partition"],
)
def test_member_that_did_not_stand_still_when_another_got_its_partition_is_none(story):
    assert "member_paused" not in occurred(story)


def test_member_that_stops_only_after_the_move_is_none():
    story = moved()
    story.process("c1#1", "paused")
    assert occurred(story) == {"partitions_moved"}


def at_the_same_moment(story):
    """The next line bears the time of the last one."""
    story.ms = story.events[-1].ns // 1_000_000 - 1


def test_pause_that_begins_at_the_very_moment_of_the_move_may_have_come_after_it():
    story = moved()
    at_the_same_moment(story)
    story.process("c1#1", "paused")
    assert occurred(story) == {"partitions_moved"}


def test_pause_that_ends_at_the_very_moment_of_the_move_may_have_ended_before_it():
    story = moved("paused")
    at_the_same_moment(story)
    story.process("c1#1", "resumed")
    assert occurred(story) == {"partitions_moved"}


def test_each_pause_has_an_end_of_its_own():
    assert "member_paused" in occurred(moved("started", "paused", "resumed", "paused"))


# Partitions that are lost


def lost(*, done=(), partition=0, later=()):
    """`c1#1` is handed a message and does some of what is to be done, then loses a partition."""
    story = Story(groups=GROUPS)
    joined(story, "c1#1")
    told(story, "c1#1", "assign")
    story.received("c1#1", FIRST)
    _does(story, "c1#1", done)
    told(story, "c1#1", "lost", partition=partition)
    _does(story, "c1#1", later)
    story.committed("c2#1", 0)
    return story


def _does(story, process, calls):
    if "effect" in calls:
        story.effect(process, FIRST)
    if "commit" in calls:
        story.committed(process, 1)


@pytest.mark.parametrize(
    ("done", "without"),
    [((), "its effect and its commit"), (("effect",), "its commit"), (("commit",), "its effect")],
)
def test_loss_with_a_message_in_hand_is_told_with_what_it_was_without(done, without):
    story = lost(done=done)
    (told_so,) = evidence(story, "lost_unfinished")
    assert told_so.startswith("c1#1 lost t/0 at ")
    assert told_so.endswith(f" with p1#1-1 in hand, without {without}.")


def test_evidence_of_a_loss_begins_with_it_and_names_the_handing():
    (found,) = HAZARDS["lost_unfinished"].find(lost().history())
    assert (found.kind, found.ns, found.witnesses) == ("lost", 7_000_000, (2, 3))


def test_what_is_done_after_the_loss_was_not_done_before_it():
    assert "lost_unfinished" in occurred(lost(later=("effect", "commit")))


@pytest.mark.parametrize(
    "story",
    [lost(done=("effect", "commit")), lost(partition=1)],
    ids=["nothing-in-hand", "other-partition"],
)
def test_loss_of_what_was_finished_is_no_hazard(story):
    assert "lost_unfinished" not in occurred(story)


def test_message_that_is_handed_out_only_after_the_loss_was_not_in_hand():
    story = Story(groups=GROUPS)
    joined(story, "c1#1")
    told(story, "c1#1", "assign")
    told(story, "c1#1", "lost")
    story.received("c1#1", FIRST)
    story.committed("c2#1", 0)
    assert occurred(story) == set()


def test_of_several_messages_in_hand_the_first_is_named_however_the_lines_stand():
    story = Story(groups=GROUPS)
    joined(story, "c1#1")
    told(story, "c1#1", "assign")
    story.received("c1#1", FIRST)
    story.received("c1#1", at("p1#1-2", 1))
    told(story, "c1#1", "lost")
    story.committed("c2#1", 0)
    for lines in (b"".join(story.lines()), backwards(b"".join(story.lines()))):
        (found,) = HAZARDS["lost_unfinished"].find(history_of(lines))
        assert (found.facts["message"], found.witnesses) == ("p1#1-1", (2, 4))


def test_message_that_comes_at_the_very_moment_of_the_loss_was_in_hand():
    story = Story(groups=GROUPS)
    joined(story, "c1#1")
    told(story, "c1#1", "assign")
    story.received("c1#1", FIRST)
    at_the_same_moment(story)
    told(story, "c1#1", "lost")
    story.committed("c2#1", 0)
    assert "lost_unfinished" in occurred(story)


def test_revoked_partition_was_given_up_and_not_lost():
    story = Story(groups=GROUPS)
    joined(story, "c1#1")
    told(story, "c1#1", "assign")
    story.received("c1#1", FIRST)
    told(story, "c1#1", "revoke")
    assert occurred(story) == set()


# Members of one name


def fenced(error="FENCED_INSTANCE_ID", of="c1#1", **moves):
    story = moved(**moves)
    story.process(of, "error", error=error)
    return story


def test_member_that_another_of_its_name_came_for_is_told_with_its_partition():
    assert evidence(fenced(), "member_fenced") == [
        "c1#1 was fenced: c2#1, of the same name, was given t/0 at 0.008 s."
    ]


@pytest.mark.parametrize(
    "story",
    [fenced(error="_TRANSPORT"), fenced(of="c2#1"), fenced(partition=1), fenced(again="c1#1")],
    ids=["another-error", "the-last-one", "another-partition", "nobody-came"],
)
def test_member_that_nobody_of_its_name_came_for_is_not_fenced(story):
    assert "member_fenced" not in occurred(story)
