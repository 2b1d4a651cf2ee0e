"""What one process is handed, one after the other: sharp edges and the plain definition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import GUARANTEES
from deliverycheck.history import Position, Source
from selftests.story import Story, at

SMALL = settings(max_examples=200, deadline=None, database=None)
GUARANTEE = "gapless_reading"
HELD = 6


def message(position):
    return f"p1#1-{position + 1}"


def handed(position, **fields):
    return at(message(position), position, **fields)


def log_of(*positions, told=True, **header):
    """Messages stand at these positions of partition 0 of t, which c1 and c2 are assigned."""
    story = Story(**header)
    for process in ("c1#1", "c2#1") if told else ():
        moved(story, "assign", 0, process=process)
    for position in positions:
        story.published(message(position), position)
    return story


def places(*partitions, source="t"):
    return tuple(Position(source=source, partition=each, position=0) for each in partitions)


def moved(story, action, *partitions, process="c1#1", **fields):
    covers = places(*partitions)
    story.ok(story.invoke(process, action, group="g", covers=covers, **fields))


def ended(story, *positions):
    story.scanned(*(handed(position) for position in positions))
    return story.done().history()


def verdict_on(history):
    return GUARANTEES[GUARANTEE].check(history)


def names(history):
    return [anomaly.name for anomaly in verdict_on(history).anomalies]


@SMALL
@given(
    standing=st.sets(st.integers(0, HELD - 1)),
    receives=st.lists(st.lists(st.integers(0, HELD - 1), max_size=4), max_size=5),
)
def test_anomalies_are_those_of_the_definition(standing, receives):
    """Each delivery against those before it: behind none of them, and next to the highest."""
    story = log_of(*sorted(standing))
    for positions in receives:
        story.received("c1#1", *(handed(position) for position in positions))
    known = standing | {position for positions in receives for position in positions} & standing
    expected, before = [], []
    for position in (each for positions in receives for each in positions):
        if before and position <= before[-1]:
            expected.append("nonmonotonic")
        elif before and known & set(range(max(before) + 1, position)):
            expected.append("skipped")
        before.append(position)
    history = ended(story, *sorted(standing))
    assert sorted(names(history)) == sorted(expected)
    assert verdict_on(history).examined == max(0, len(before) - 1)


@pytest.mark.parametrize("action", ["assign", "revoke", "lost", "seek", "nack", "reject"])
@pytest.mark.parametrize(
    ("partition", "excused"),
    [(0, True), (None, True), (1, False)],
    ids=["of-the-partition", "of-the-whole-source", "of-another-partition"],
)
def test_move_between_two_receives_excuses_only_what_it_names(action, partition, excused):
    story = log_of(0, 1, 2)
    moved(story, "assign", 0, 1)
    story.received("c1#1", handed(0))
    moved(story, action, partition)
    story.received("c1#1", handed(2))
    assert names(ended(story, 0, 1, 2)) == ([] if excused else ["skipped"])


def test_move_that_names_nothing_moves_the_whole_process_and_no_other():
    story = log_of(0, 1, 2)
    for process in ("c1#1", "c2#1"):
        story.received(process, handed(0))
    moved(story, "seek")
    for process in ("c1#1", "c2#1"):
        story.received(process, handed(2))
    verdict = verdict_on(ended(story, 0, 1, 2))
    assert [anomaly.facts["process"] for anomaly in verdict.anomalies] == ["c2#1"]


def test_move_of_another_source_excuses_nothing():
    story = log_of(0, 1, 2)
    story.received("c1#1", handed(0))
    story.ok(story.invoke("c1#1", "seek", covers=places(0, source="u")))
    story.received("c1#1", handed(2))
    assert names(ended(story, 0, 1, 2)) == ["skipped"]


def test_subscription_moves_the_process_whatever_it_covers():
    story = log_of(0, 1, 2)
    story.received("c1#1", handed(0))
    story.ok(story.invoke("c1#1", "subscribe", covers=places(0, source="u")))
    story.received("c1#1", handed(2))
    assert names(ended(story, 0, 1, 2)) == []


def during_a_receive(*, told_before, action="assign"):
    """A move comes in the callback of the receive that brings position 0; the next brings 2."""
    story = log_of(0, 1, 2, told=False)
    told_before(story)
    receive = story.invoke("c1#1", "receive", group="g")
    moved(story, action, 0)
    story.ok(receive, deliveries=(handed(0),))
    story.received("c1#1", handed(2))
    return names(ended(story, 0, 1, 2))


@pytest.mark.parametrize(
    ("told_before", "found"),
    [
        (lambda _: None, ["skipped"]),
        (lambda story: story.ok(story.invoke("c1#1", "subscribe", target="t")), ["skipped"]),
        (lambda story: moved(story, "assign", 1), ["skipped"]),
        (lambda story: moved(story, "assign", 0), []),
        (lambda story: moved(story, "assign", None), []),
        (lambda story: moved(story, "assign"), []),
        (lambda story: moved(story, "assign", 0, process="c2#1"), ["skipped"]),
    ],
    ids=[
        "first-of-all",
        "first-after-the-subscription",
        "first-of-this-partition",
        "second",
        "second-after-the-whole-source",
        "second-after-the-whole-process",
        "first-of-this-process",
    ],
)
def test_first_assignment_of_a_partition_takes_nobody_away(told_before, found):
    assert during_a_receive(told_before=told_before) == found


@pytest.mark.parametrize(
    ("group", "told_before", "found"),
    [
        ("g", None, []),
        (None, None, ["skipped"]),
        (None, "subscribe", []),
        ("g", "assign", ["skipped"]),
        ("g", "subscribe", []),
    ],
    ids=[
        "member-that-tells-nothing",
        "reader-for-itself",
        "reader-that-subscribed",
        "member-that-tells-of-assignments",
        "member-that-tells-of-its-subscription-alone",
    ],
)
def test_member_of_a_group_has_to_tell_of_its_assignments(group, told_before, found):
    story = log_of(0, 1, 2, told=False)
    moved(story, "assign", 0, process="c2#1")
    moved(story, "subscribe", process="c2#1")
    if told_before:
        moved(story, told_before, 0)
    story.received("c1#1", handed(0), group=group)
    story.received("c1#1", handed(2), group=group)
    assert names(ended(story, 0, 1, 2)) == found


def test_skip_within_one_receive_needs_no_assignment():
    story = log_of(0, 1, 2, told=False)
    story.received("c1#1", handed(0), handed(2))
    assert names(ended(story, 0, 1, 2)) == ["skipped"]


def test_first_revocation_takes_the_process_away():
    assert during_a_receive(told_before=lambda _: None, action="revoke") == []


def test_move_that_has_no_end_moves_for_ever():
    story = log_of(0, 1, 2, 3, 4)
    story.invoke("c1#1", "seek", covers=places(0))
    moved(story, "seek", 1)
    story.received("c1#1", handed(0))
    story.received("c1#1", handed(2))
    story.received("c1#1", handed(4))
    assert names(ended(story, 0, 1, 2, 3, 4)) == []


def test_move_before_both_receives_or_after_them_excuses_nothing():
    story = log_of(0, 1, 2)
    moved(story, "seek", 0)
    story.received("c1#1", handed(0))
    story.received("c1#1", handed(2))
    moved(story, "seek", 0)
    assert names(ended(story, 0, 1, 2)) == ["skipped"]


def test_receives_that_overlap_have_no_order():
    story = log_of(0, 1)
    first = story.invoke("c1#1", "receive", group="g")
    second = story.invoke("c1#1", "receive", group="g")
    story.ok(second, deliveries=(handed(0),))
    story.ok(first, deliveries=(handed(1),))
    assert names(ended(story, 0, 1)) == []


def test_two_groups_in_one_process_read_apart():
    story = log_of(0, 1)
    story.received("c1#1", handed(0), handed(1), group="g")
    story.received("c1#1", handed(0), handed(1), group="h")
    assert names(ended(story, 0, 1)) == []


@pytest.mark.parametrize("flag", [{"redelivered": True}, {"deliveries": 2}])
def test_what_is_handed_again_by_the_brokers_word_ends_the_row(flag):
    story = log_of(0, 1, 2)
    story.received("c1#1", handed(0), handed(1), handed(0, **flag), handed(2))
    assert names(ended(story, 0, 1, 2)) == []


@pytest.mark.parametrize("flag", [{"redelivered": False}, {"deliveries": 1}])
def test_what_is_handed_for_the_first_time_by_the_brokers_word_is_a_step(flag):
    story = log_of(0, 1, 2)
    story.received("c1#1", handed(0), handed(2, **flag))
    assert names(ended(story, 0, 1, 2)) == ["skipped"]


def test_way_back_up_to_what_was_passed_is_told_once():
    story = log_of(0, 1, 2, 3, 4, 5)
    story.received("c1#1", *(handed(each) for each in (0, 1, 2, 3, 1, 3, 5)))
    verdict = verdict_on(ended(story, 0, 1, 2, 3, 4, 5))
    assert [anomaly.name for anomaly in verdict.anomalies] == ["nonmonotonic", "skipped"]
    assert verdict.anomalies[1].position == 4


def test_skip_names_the_first_message_left_out_and_who_knows_of_it():
    story = log_of(0)
    story.info(story.publish(message(1)))
    story.published(message(3), 3)
    seen = story.received("c2#1", handed(1), handed(3))
    story.received("c1#1", handed(0))
    skipping = story.received("c1#1", handed(3))
    (anomaly,) = verdict_on(ended(story, 0, 1, 3)).anomalies
    assert (anomaly.message, anomaly.position) == (message(1), 1)
    assert anomaly.witnesses == (seen, skipping - 1, skipping)
    assert "others" not in anomaly.facts


@pytest.mark.parametrize("outcome", ["fail", "info"])
def test_position_without_a_confirm_names_no_message(outcome):
    story = log_of(0)
    getattr(story, outcome)(story.publish(message(1)), partition=0, position=1)
    story.published(message(2), 2)
    story.received("c1#1", handed(0), handed(2))
    assert names(ended(story, 0, 2)) == []


def test_strangers_are_not_missed():
    story = log_of(0, 2)
    stranger = at("elsewhere-1", 1)
    story.received("c2#1", handed(0), stranger, handed(2))
    story.received("c1#1", handed(0), handed(2))
    story.scanned(handed(0), stranger, handed(2))
    assert names(story.done().history()) == []


@pytest.mark.parametrize(
    ("end", "found"), [("commit_transaction", ["skipped"]), ("abort_transaction", [])]
)
def test_message_of_a_transaction_is_missed_once_that_committed(end, found):
    story = Story()
    story.published(message(0), 0)
    story.published(message(1), 1, transaction="x")
    story.ok(story.invoke("p1#1", end, transaction="x"))
    story.published(message(2), 2)
    story.received("c2#1", handed(0), handed(1), handed(2))
    story.received("c1#1", handed(0), handed(2))
    assert names(story.done().history()) == found


@pytest.mark.parametrize(
    "source", [Source(compacted=True), Source(retention_ms=1)], ids=["compacted", "retention"]
)
def test_of_a_source_that_drops_what_the_scan_found_was_there_before_it(source):
    story = log_of(0, 1, 2, sources={"t": source})
    story.received("c1#1", handed(0), handed(2))
    assert names(ended(story, 0, 1, 2)) == ["skipped"]


def test_receive_that_ends_as_the_scan_begins_was_before_it():
    story = log_of(0, 1, 2, sources={"t": Source(compacted=True)})
    story.received("c1#1", handed(0), handed(2))
    story.ms -= 1
    assert names(ended(story, 0, 1, 2)) == ["skipped"]


def test_of_a_source_that_drops_nothing_is_known_after_the_scan_began():
    story = log_of(0, 1, 2, sources={"t": Source(compacted=True)})
    scan = story.invoke("scan#1", "receive")
    story.received("c1#1", handed(0), handed(2))
    story.ok(scan, deliveries=(handed(0), handed(1), handed(2)))
    assert names(story.done().history()) == []


def test_of_a_source_that_drops_what_another_reader_found_may_be_gone():
    story = log_of(0, 1, 2, sources={"t": Source(retention_ms=1)})
    story.received("c2#1", handed(0), handed(1), handed(2))
    story.received("c1#1", handed(0), handed(2))
    assert names(ended(story, 2)) == []


def test_sources_that_drop_nothing_know_what_was_read_after_the_scan_began():
    story = log_of(0, 1, 2, sources={"t": Source()})
    scan = story.invoke("scan#1", "receive")
    story.received("c1#1", handed(0), handed(2))
    story.ok(scan, deliveries=(handed(0), handed(1), handed(2)))
    assert names(story.done().history()) == ["skipped"]


def test_confirm_of_a_log_counts_beside_queues():
    story = Story(sources={"t": Source(), "q": Source(kind="queue")})
    for position in (0, 1, 2):
        story.published(message(position), position)
    story.received("c1#1", handed(0), handed(2))
    assert names(story.done().history()) == ["skipped"]


def test_place_at_which_one_receive_brought_two_messages_is_told_with_the_first_of_them():
    story = log_of(0, 2)
    for each in (1, 3):
        story.info(story.publish(message(each)))
    story.received("c1#1", handed(0), handed(2))
    story.scanned(handed(0), at(message(3), 1), at(message(1), 1), handed(2))
    (anomaly,) = verdict_on(story.done().history()).anomalies
    assert anomaly.message == message(3)


def test_delivery_without_a_position_hides_no_step():
    story = log_of(0, 1, 2)
    story.received("c1#1", at(message(0), None), handed(0), handed(2))
    assert names(ended(story, 0, 1, 2)) == ["skipped"]


def test_what_is_handed_again_hides_no_later_step():
    story = log_of(0, 1, 2, 3, 4)
    story.received("c1#1", handed(0, redelivered=True), handed(1), handed(3))
    assert names(ended(story, 0, 1, 2, 3, 4)) == ["skipped"]


@pytest.mark.parametrize(
    "before",
    [
        lambda story: story.info(story.publish("p2#1-1")),
        lambda story: story.published("p2#1-1", 0, target="u"),
    ],
    ids=["without-a-position", "to-a-source-that-drops"],
)
def test_confirm_names_a_message_whatever_was_published_before_it(before):
    story = Story(sources={"u": Source(compacted=True), "t": Source()})
    before(story)
    for position in (0, 1, 2):
        story.published(message(position), position)
    story.received("c1#1", handed(0), handed(2))
    assert names(story.history()) == ["skipped"]


@pytest.mark.parametrize("again", [0, 1], ids=["back", "again"])
def test_way_back_is_told_with_both_receives(again):
    story = log_of(0, 1)
    first = story.received("c1#1", handed(0), handed(1))
    second = story.received("c1#1", handed(again))
    (anomaly,) = verdict_on(ended(story, 0, 1)).anomalies
    assert (anomaly.message, anomaly.witnesses) == (message(again), (first, second))
    assert (anomaly.source, anomaly.partition, anomaly.position) == ("t", 0, again)


def test_way_back_to_what_is_not_ours_names_no_message():
    story = log_of(0, 1)
    story.received("c1#1", handed(1), at("", 0))
    (anomaly,) = verdict_on(ended(story, 0, 1)).anomalies
    assert anomaly.message is None
