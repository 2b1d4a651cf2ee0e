"""What logs may drop and what they may not: sharp edges and the plain definitions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import GUARANTEES
from deliverycheck.history import Position, Source
from selftests.story import Story, at

SMALL = settings(max_examples=200, deadline=None, database=None)
A, B, C = "p1#1-1", "p1#1-2", "p1#1-3"
MS = 1_000_000


def verdict_on(story, guarantee):
    return GUARANTEES[guarantee].check(story.done().history())


def names(story, guarantee="compaction"):
    return [anomaly.name for anomaly in verdict_on(story, guarantee).anomalies]


def compacted(**fields):
    return Story(sources={"t": Source(compacted=True, **fields), "u": Source(compacted=True)})


def scanned(story, *found, start=None):
    starts = () if start is None else (Position(source="t", partition=0, position=start),)
    story.ok(story.invoke("scan#1", "receive"), deliveries=found, starts=starts)


WRITES = st.lists(st.tuples(st.sampled_from("jk"), st.booleans()), min_size=1, max_size=5)


@SMALL
@given(writes=WRITES, kept=st.sets(st.integers(0, 4)))
def test_compaction_is_broken_exactly_where_the_definition_says(writes, kept):
    story = compacted()
    for place, (key, tombstone) in enumerate(writes):
        story.published(f"p1#1-{place}", place, key=key, tombstone=tombstone)
    bodies = ["" if tombstone else f"p1#1-{place}" for place, (_, tombstone) in enumerate(writes)]
    scanned(story, *(at(body, place) for place, body in enumerate(bodies) if place in kept))
    expected = []
    for key in {key for key, _ in writes}:
        places = [place for place, (each, _) in enumerate(writes) if each == key]
        left = [place for place in places if place in kept and not writes[place][1]]
        if places[-1] not in kept:
            deleted = writes[places[-1]][1]
            expected += (["undeleted"] if left else []) if deleted else ["compacted_away"]
    assert sorted(names(story)) == sorted(expected)


@pytest.mark.parametrize(
    "second",
    [{"target": "u"}, {"key": "j"}, {"key": None}],
    ids=["another-source", "another-key", "no-key"],
)
def test_keys_are_apart(second):
    story = compacted()
    story.published(A, 0, key="k")
    story.published(B, 1, **{"key": "k", **second})
    scanned(story, at(B, 1, source=second.get("target", "t")))
    assert names(story) == ["compacted_away"]


def two_writes(first, second, *, found=(), **fields):
    """Two writes of k; all of one is told by its completion, and the scan finds these."""
    story = compacted(**fields)
    for message, (outcome, told, asked) in ((A, first), (B, second)):
        getattr(story, outcome)(story.publish(message, key="k", **asked), **told)
    scanned(story, *found)
    return verdict_on(story, "compaction")


LAST = {"partition": 0, "position": 1}
FIRST = {"partition": 0, "position": 0}


@pytest.mark.parametrize(
    ("first", "second", "examined", "broken"),
    [
        (("ok", FIRST, {}), ("ok", LAST, {}), 1, True),
        (("ok", FIRST, {}), ("ok", {"partition": 1, "position": 1}, {}), 0, False),
        (("ok", FIRST, {}), ("ok", {}, {}), 0, False),
        (("ok", {}, {}), ("ok", LAST, {}), 0, False),
        (("info", {}, {}), ("ok", LAST, {}), 1, True),
        (("ok", FIRST, {}), ("info", {}, {}), 1, True),
        (("fail", {}, {}), ("ok", LAST, {}), 1, True),
        (("ok", FIRST, {}), ("fail", {}, {"tombstone": True}), 1, True),
        (("ok", FIRST, {}), ("info", {}, {"tombstone": True}), 0, False),
        (("ok", FIRST, {}), ("info", LAST, {}), 0, False),
        (("ok", FIRST, {}), ("info", {}, {"transaction": "x"}), 0, False),
        (("ok", FIRST, {}), ("ok", LAST, {"transaction": "x"}), 0, False),
        (("ok", FIRST, {"transaction": "x"}), ("ok", LAST, {}), 1, True),
    ],
    ids=[
        "both-known",
        "in-two-partitions",
        "the-later-unplaced",
        "the-earlier-unplaced",
        "the-earlier-unknown",
        "the-later-unknown",
        "the-earlier-failed",
        "a-deletion-that-failed",
        "a-deletion-that-may-have-taken-effect",
        "the-later-placed-but-unconfirmed",
        "the-later-in-an-open-transaction",
        "the-later-confirmed-in-an-open-transaction",
        "the-earlier-in-an-open-transaction",
    ],
)
def test_key_is_judged_if_its_last_write_is_known(first, second, examined, broken):
    verdict = two_writes(first, second)
    assert (verdict.examined, bool(verdict.count)) == (examined, broken)


def test_value_that_was_found_without_a_position_leaves_its_key_unjudged():
    verdict = two_writes(("ok", FIRST, {}), ("info", {}, {}), found=(at(B, None),))
    assert verdict.examined == 0


def test_value_of_unknown_outcome_that_was_found_is_the_latest():
    verdict = two_writes(("ok", FIRST, {}), ("info", {}, {}), found=(at(B, 1),))
    assert verdict.count == 0


def test_latest_value_is_where_its_message_is_found():
    verdict = two_writes(("ok", FIRST, {}), ("ok", LAST, {}), found=(at(B, 0),))
    assert (verdict.examined, verdict.count) == (1, 0)


@pytest.mark.parametrize(("start", "examined"), [(0, 1), (1, 0)])
def test_latest_value_below_the_start_of_a_log_with_a_retention_is_not_judged(start, examined):
    story = compacted(retention_ms=1)
    story.published(A, 0, key="k")
    scanned(story, start=start)
    verdict = verdict_on(story, "compaction")
    assert (verdict.examined, verdict.count) == (examined, examined)


def test_value_that_came_back_is_told_by_the_last_of_them():
    story = compacted()
    story.published(A, 0, key="k")
    story.published(B, 1, key="k")
    deletion = story.published(C, 2, key="k", tombstone=True)
    scanned(story, at(A, 0), at(B, 1))
    (anomaly,) = verdict_on(story, "compaction").anomalies
    assert (anomaly.message, anomaly.position, anomaly.facts["deleted"]) == (B, 1, 2)
    assert anomaly.witnesses == (deletion, deletion + 1)


@pytest.mark.parametrize("place", [{"partition": 1}, {"source": "u"}], ids=["partition", "source"])
def test_tombstone_stands_only_in_its_own_place(place):
    story = compacted()
    story.published(A, 0, key="k")
    story.published(B, 1, key="k", tombstone=True)
    scanned(story, at(A, 0), at("", 1, **place))
    assert names(story) == ["undeleted"]


def kept(retention_ms, **fields):
    return Story(sources={"t": Source(retention_ms=retention_ms, **fields)})


@pytest.mark.parametrize(("retention_ms", "found"), [(5, []), (6, ["dropped_early"])])
def test_message_is_young_until_the_very_end_of_its_time(retention_ms, found):
    story = kept(retention_ms)
    story.published(A, 0)
    story.ms += 2  # Called at 1 ms, and the scan ends at 6 ms.
    scanned(story, start=1)
    verdict = verdict_on(story, "retention")
    assert [anomaly.name for anomaly in verdict.anomalies] == found
    assert verdict.examined == len(found)


def test_time_ends_with_the_last_fresh_reader():
    story = kept(8)
    story.published(A, 0)
    scanned(story, start=1)
    story.ms += 10
    story.ok(story.invoke("c1#1", "receive"))
    assert names(story, "retention") == ["dropped_early"]
    story.invoke("scan#2", "receive")
    assert names(story, "retention") == []


@pytest.mark.parametrize(
    ("position", "start", "found"),
    [(0, 1, "dropped_early"), (1, 1, "lost"), (None, 1, "lost"), (0, None, "lost")],
    ids=["below-the-start", "at-the-start", "unplaced", "no-start"],
)
def test_young_message_that_is_missing_is_either_dropped_or_lost(position, start, found):
    story = kept(1000)
    story.published(A, position)
    scanned(story, start=start)
    assert names(story, "retention") + names(story, "at_least_once_in_log") == [found]


@pytest.mark.parametrize(
    ("position", "start", "found"),
    [(0, 1, []), (1, 1, ["lost"]), (None, 1, []), (0, None, [])],
    ids=["below-the-start", "at-the-start", "unplaced", "no-start"],
)
def test_old_message_that_may_lie_below_the_start_is_not_lost(position, start, found):
    story = kept(1)
    story.published(A, position)
    scanned(story, start=start)
    assert names(story, "retention") + names(story, "at_least_once_in_log") == found


def test_start_of_another_partition_is_not_its_start():
    story = kept(1000)
    story.published(A, 0, partition=1)
    scanned(story, start=1)
    assert names(story, "at_least_once_in_log") == ["lost"]


def test_highest_start_that_fresh_readers_were_told_counts_and_no_other_readers():
    story = kept(1000)
    story.published(A, 1)
    for process, position in (("scan#1", 2), ("scan#2", 1), ("c1#1", 9)):
        starts = (Position(source="t", partition=0, position=position),)
        story.ok(story.invoke(process, "receive"), starts=starts)
    (anomaly,) = verdict_on(story, "retention").anomalies
    assert anomaly.facts["start"] == 2


@pytest.mark.parametrize(("is_compacted", "found"), [(True, []), (False, ["dropped_early"])])
def test_replaced_message_may_go_at_any_age_where_the_log_is_compacted(is_compacted, found):
    story = kept(1000, compacted=is_compacted)
    story.published(A, 0, key="k")
    story.published(B, 1, key="k")
    scanned(story, at(B, 1), start=1)
    assert names(story, "retention") == found


def test_only_sources_with_a_retention_are_examined():
    story = Story(sources={"t": Source(), "u": Source(retention_ms=1000)})
    story.published(A, 0)
    story.published(B, 0, target="u")
    story.published(C, 0, target="v")
    scanned(story, at(A, 0), at(B, 0, source="u"), at(C, 0, source="v"))
    assert verdict_on(story, "retention").examined == 1


@pytest.mark.parametrize(
    ("first", "found"),
    [
        ({"key": "k"}, []),
        ({"key": None}, ["lost"]),
        ({"key": "j"}, ["lost"]),
        ({"key": "j", "tombstone": True}, []),
    ],
    ids=["replaced", "without-a-key", "another-key", "a-tombstone"],
)
@pytest.mark.parametrize("position", [0, None], ids=["placed", "unplaced"])
def test_compacted_log_may_drop_what_was_replaced_and_tombstones(first, found, position):
    story = compacted()
    story.published(A, position, **first)
    story.published(B, 1, key="k")
    scanned(story, at(B, 1))
    assert names(story, "at_least_once_in_log") == found


def test_hollow_confirm_of_a_replaced_message_is_not_lost():
    story = compacted()
    story.info(story.publish(A, key="k"), confirmed=True)
    story.published(B, 1, key="k")
    scanned(story, at(B, 1))
    assert names(story, "at_least_once_in_log") == []


def test_hollow_confirm_of_the_only_value_of_its_key_is_lost():
    story = compacted()
    story.info(story.publish(A, key="k"), confirmed=True)
    scanned(story)
    assert names(story, "at_least_once_in_log") == ["lost"]


def test_tombstone_is_found_by_its_place():
    story = Story()
    story.published(A, 0, key="k", tombstone=True)
    story.published(B, 1)
    scanned(story, at("", 0), at(B, 1))
    verdict = verdict_on(story, "at_least_once_in_log")
    assert (verdict.examined, verdict.count) == (1, 0)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ((), "tail"),
        ((at(B, 2), at(B, 0)), "hole"),
        ((at(B, 1),), "overwritten"),
        ((at("", 1),), "overwritten"),
        ((at(B, 0),), "tail"),
        ((at(B, 2, partition=1),), "tail"),
    ],
    ids=["empty", "hole", "other-message", "not-ours", "read-up-to-it", "other-partition"],
)
def test_what_became_of_the_place_of_a_lost_message(found, kind):
    story = Story()
    story.published(A, 1)
    story.info(story.publish(B))
    scanned(story, *found)
    (anomaly,) = verdict_on(story, "at_least_once_in_log").anomalies
    assert anomaly.facts["kind"] == kind


def test_loss_without_a_known_place_is_a_tail_of_which_nothing_is_told():
    story = Story()
    story.published(A)
    scanned(story)
    (anomaly,) = verdict_on(story, "at_least_once_in_log").anomalies
    assert anomaly.facts["kind"] == "tail"
    assert "tail_place" not in anomaly.facts


def test_key_that_is_not_judged_hides_no_other():
    story = compacted()
    story.published(A, key="a")
    story.published(B, 1, key="k")
    scanned(story)
    assert names(story) == ["compacted_away"]


def test_key_that_is_deleted_hides_no_other():
    story = compacted()
    story.published(A, 0, key="a")
    story.published(B, 1, key="k")
    story.published("p1#1-4", 2, key="k", tombstone=True)
    scanned(story, at(A, 0), at(B, 1))
    assert names(story) == ["undeleted"]


def test_message_that_stands_or_was_replaced_hides_none_that_was_dropped():
    story = kept(1000, compacted=True)
    story.ok(story.publish(A, key="a"), partition=1, position=0)
    story.published(B, 0, key="k")
    story.published(C, 1, key="j")
    story.published("p1#1-4", 2, key="k")
    scanned(story, at(A, 0, partition=1), at("p1#1-4", 2), start=2)
    assert names(story, "retention") == ["dropped_early"]


def test_value_that_was_compacted_away_is_told_with_the_last_that_stands():
    story = compacted()
    ops = [story.published(f"p1#1-{each}", each, key="k") for each in range(3)]
    scanned(story, at("p1#1-0", 0))
    story.scanned(at("p1#1-1", 1), process="scan#2")
    (anomaly,) = verdict_on(story, "compaction").anomalies
    assert anomaly.witnesses == (ops[2], ops[2] + 2)
    assert (anomaly.source, anomaly.partition, anomaly.position) == ("t", 0, 2)
    assert anomaly.facts["older"] == "message p1#1-1 in t/0 at position 1"


def test_message_that_was_dropped_early_is_told_with_its_publish():
    story = kept(1000)
    story.published(B, 5)
    dropped = story.published(A, 0)
    scanned(story, at(B, 5), start=5)
    (anomaly,) = verdict_on(story, "retention").anomalies
    assert (anomaly.message, anomaly.witnesses) == (A, (dropped,))
    assert (anomaly.source, anomaly.partition, anomaly.position) == ("t", 0, 0)
