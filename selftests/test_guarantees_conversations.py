"""Replies and streams: slow definitions of the same words, and the boundary of each condition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import Validity, check
from deliverycheck.history import Delivery, Position, Source
from selftests.story import Story

SMALL = settings(max_examples=200, deadline=None, database=None)
STREAMS = {"s": Source(kind="stream"), "s2": Source(kind="stream")}


def verdict_of(story, guarantee):
    return check(story.history(), [guarantee])[0]


def names_of(story, guarantee):
    return [anomaly.name for anomaly in verdict_of(story, guarantee).anomalies]


# replies


def reply(message, to=None, *, source="answers", **fields):
    return Delivery(message=message, source=source, correlation=to, **fields)


def asked(story, message, *replies, process="c1#1", how="ok", **fields):
    op = story.invoke(process, "request", message=message, target="rpc", **fields)
    getattr(story, how)(op, deliveries=replies)
    return op


def answered(story, message, to, *, how="ok"):
    op = story.invoke("w1#1", "reply", message=message, correlation=to, target="answers")
    getattr(story, how)(op)
    return op


IDS = ["a", "b", "c"]
LABELS = st.sampled_from([*IDS, "nobody's"])


@SMALL
@given(
    counted=st.lists(st.lists(LABELS, max_size=3), min_size=1, max_size=3),
    sent=st.lists(LABELS, max_size=3),
)
def test_labelled_replies_match_exactly_when_each_request_counts_one_of_its_own(counted, sent):
    story = Story()
    for number, to in enumerate(sent):
        answered(story, f"sent-{number}", to)
    requests = IDS[: len(counted)]
    for request, labels in zip(requests, counted, strict=True):
        asked(story, request, *(reply(f"{request}-{n}", to) for n, to in enumerate(labels)))
    anomalies = sorted(names_of(story.done(), "matching_replies"))
    handed = [
        (request, to) for request, labels in zip(requests, counted, strict=True) for to in labels
    ]
    expected = ["repeated_reply" for labels in counted if len(labels) > 1]
    expected += ["phantom_reply" for to in sent if to not in requests]
    expected += ["phantom_reply" for _, to in handed if to not in requests]
    expected += ["mismatched_reply" for one, to in handed if to in requests and to != one]
    assert anomalies == sorted(expected)


@SMALL
@given(counted=st.lists(st.sampled_from(["r1", "r2", "r3", ""]), min_size=2, max_size=3))
def test_replies_without_a_label_match_exactly_when_no_two_requests_count_the_same(counted):
    story = Story()
    for request, message in zip(IDS, counted, strict=False):
        asked(story, request, reply(message))
    named = [message for message in counted if message]
    assert bool(names_of(story.done(), "matching_replies")) == (len(set(named)) < len(named))


def test_reply_that_was_sent_to_several_matches_any_of_them():
    story = Story()
    answered(story, "r", "a")
    answered(story, "r", "b", how="info")
    asked(story, "a", reply("r"))
    asked(story, "b", reply("r"))
    assert names_of(story.done(), "matching_replies") == []


def test_reply_whose_sender_says_nothing_is_not_mismatched():
    story = Story()
    answered(story, "r", "b")
    answered(story, "r", None)
    asked(story, "a", reply("r"))
    asked(story, "b", how="info")
    assert names_of(story.done(), "matching_replies") == []


def test_reply_of_the_same_execution_by_name_is_ours():
    story = Story()
    asked(story, "a", reply("r", "a", execution="x1"))
    assert verdict_of(story.done(), "matching_replies").validity is Validity.VALID


def test_shared_reply_of_two_attempts_at_one_request_is_repeated_and_not_mismatched():
    story = Story()
    asked(story, "a", reply("r"))
    asked(story, "a", reply("r"), attempt=2)
    assert names_of(story.done(), "matching_replies") == ["repeated_reply"]


def test_items_of_a_stream_may_be_handed_to_two_requests_and_other_replies_may_not():
    story = Story(sources=STREAMS)
    asked(story, "a", reply("r", source="s"), reply("q"))
    asked(story, "b", reply("r", source="s"), reply("q"))
    (anomaly,) = verdict_of(story.done(), "matching_replies").anomalies
    assert (anomaly.name, anomaly.message) == ("mismatched_reply", "q")
    assert anomaly.facts["requests"] == ["a", "b"]


def test_reply_to_a_message_of_a_bulk_publish_answers_it():
    story = Story()
    story.ok(story.publish("p1#1-1", target="rpc", count=3))
    answered(story, "r1", "p1#1-3")
    assert names_of(story.done(), "matching_replies") == []
    answered(story, "r2", "p1#1-4")
    assert names_of(story.done(), "matching_replies") == ["phantom_reply"]


@pytest.mark.parametrize("how", ["fail", "info"])
def test_what_a_request_was_handed_without_success_was_not_counted(how):
    story = Story()
    asked(story, "a", reply("r1", "b"), reply("r2", "b"), how=how)
    asked(story, "b", reply("r3", "b"))
    assert names_of(story.done(), "matching_replies") == []


def test_messages_with_a_correlation_are_no_replies_where_nobody_asks_or_answers():
    story = Story()
    story.received("c1#1", reply("r", "nobody's"))
    verdict = verdict_of(story.done(), "matching_replies")
    assert (verdict.validity, verdict.examined) == (Validity.UNKNOWN, 0)


def test_ordinary_messages_beside_replies_are_not_examined():
    story = Story()
    asked(story, "a", reply("r1", "a"))
    story.received("c2#1", reply("r1", "a"), reply("news"))
    assert verdict_of(story.done(), "matching_replies").examined == 2


def test_request_without_an_id_is_not_examined():
    story = Story()
    asked(story, None, reply("r1", "b"))
    assert verdict_of(story.done(), "matching_replies").validity is Validity.UNKNOWN


# streams


def item(message, position=None, *, to=None, source="s", **fields):
    return Delivery(message=message, source=source, position=position, correlation=to, **fields)


def handed(story, *items, process="c1#1", how="ok", **fields):
    op = story.invoke(process, "receive", target="s", **fields)
    getattr(story, how)(op, deliveries=items)
    return op


def moved(story, action, position=0, *, how="ok", source="s"):
    op = story.invoke("c1#1", action, covers=(Position(source=source, position=position),))
    getattr(story, how)(op)


POSITIONS = st.lists(st.integers(0, 4), min_size=1, max_size=5)


@SMALL
@given(positions=POSITIONS, told=st.none() | st.integers(0, 2), split=st.integers(0, 5))
def test_placed_items_are_gapless_exactly_when_they_count_up_from_the_beginning(
    positions, told, split
):
    story = Story(sources=STREAMS)
    if told is not None:
        moved(story, "assign", told)
    items = [item(f"p1#1-{position + 1}", position) for position in positions]
    handed(story, *items[:split])
    handed(story, *items[split:])
    begin = min(positions) if told is None else told
    in_order = positions == list(range(positions[0], positions[0] + len(positions)))
    broken = bool(names_of(story.done(), "gapless_stream"))
    # Who is told to begin at 2 and handed 1 was handed more than asked for: no gap.
    assert broken == (not in_order or positions[0] > begin)


@SMALL
@given(
    order=st.lists(st.integers(0, 4), min_size=1, max_size=6),
    outcomes=st.lists(st.sampled_from(["ok", "info", "fail"]), min_size=5, max_size=5),
    answer=st.booleans(),
)
def test_unplaced_items_are_judged_by_the_calls_that_sent_them(order, outcomes, answer):
    story = Story(sources=STREAMS)
    to = "a" if answer else None
    for number, outcome in enumerate(outcomes):
        op = story.invoke("w1#1", "reply", message=f"w1#1-{number}", target="s", correlation=to)
        getattr(story, outcome)(op)
    handed(story, *(item(f"w1#1-{number}", to=to) for number in order))
    sure = {number for number, outcome in enumerate(outcomes) if outcome == "ok"}
    first = 0 if answer else min(order)
    left_out = {number for number in sure if first <= number < max(order)} - set(order)
    back = [here for place, here in enumerate(order) if here <= max(order[:place], default=-1)]
    found = names_of(story.done(), "gapless_stream")
    assert ("stream_gap" in found) == bool(left_out)
    assert found.count("stream_disorder") == len(back)


def sent(story, *numbers, process="p1#1", **fields):
    for number in numbers:
        story.ok(story.publish(f"{process}-{number}", target="s", **fields))


def test_senders_are_judged_one_at_a_time():
    story = Story(sources=STREAMS)
    sent(story, 1, 2)
    sent(story, 1, 2, process="p2#1")
    handed(story, item("p2#1-1"), item("p1#1-1"), item("p1#1-2"), item("p2#1-2"))
    verdict = verdict_of(story.done(), "gapless_stream")
    assert (verdict.validity, verdict.examined) == (Validity.VALID, 4)


@pytest.mark.parametrize("action", ["assign", "seek", "subscribe", "revoke", "lost"])
@pytest.mark.parametrize("how", ["ok", "info"])
def test_nothing_is_compared_across_a_move_that_may_have_happened(action, how):
    story = Story(sources=STREAMS)
    handed(story, item("b", 1))
    moved(story, action, how=how)
    handed(story, item("a", 0))
    assert names_of(story.done(), "gapless_stream") == []


def test_move_that_failed_moved_nothing():
    story = Story(sources=STREAMS)
    handed(story, item("b", 1))
    moved(story, "seek", how="fail")
    handed(story, item("a", 0))
    assert names_of(story.done(), "gapless_stream") == ["stream_disorder"]


def test_move_of_another_stream_moves_this_one_not():
    story = Story(sources=STREAMS)
    handed(story, item("b", 1))
    moved(story, "seek", source="s2")
    handed(story, item("a", 0), item("x", 0, source="s2"))
    assert names_of(story.done(), "gapless_stream") == ["stream_disorder"]


def test_subscribe_without_places_moves_everything():
    story = Story(sources=STREAMS)
    moved(story, "assign", 1)
    handed(story, item("b", 1))
    story.ok(story.invoke("c1#1", "subscribe"))
    handed(story, item("c", 2))
    assert names_of(story.done(), "gapless_stream") == []


@pytest.mark.parametrize("action", ["revoke", "lost", "subscribe"])
def test_reader_is_told_where_to_begin_by_assign_and_seek_alone(action):
    story = Story(sources=STREAMS)
    moved(story, action, 0)
    handed(story, item("b", 1))
    assert names_of(story.done(), "gapless_stream") == []


def test_assign_that_may_have_failed_tells_no_beginning():
    story = Story(sources=STREAMS)
    moved(story, "assign", 0, how="info")
    handed(story, item("b", 1))
    assert names_of(story.done(), "gapless_stream") == []


def test_unknown_receive_excuses_the_gap_across_it_and_no_other():
    story = Story(sources=STREAMS)
    moved(story, "assign", 0)
    handed(story, how="info")
    handed(story, item("b", 1))
    assert names_of(story, "gapless_stream") == []
    handed(story, item("d", 3))
    assert names_of(story, "gapless_stream") == ["stream_gap"]
    handed(story, how="info")
    handed(story, item("f", 5))
    assert names_of(story.done(), "gapless_stream") == ["stream_gap"]


def test_unknown_receive_of_another_process_excuses_nothing():
    story = Story(sources=STREAMS)
    handed(story, item("a", 0))
    handed(story, process="c2#1", how="info")
    handed(story, item("c", 2))
    assert names_of(story.done(), "gapless_stream") == ["stream_gap"]


def test_receive_that_failed_handed_over_nothing():
    story = Story(sources=STREAMS)
    handed(story, item("a", 0))
    handed(story, item("b", 1), how="fail")
    handed(story, item("c", 2))
    assert names_of(story.done(), "gapless_stream") == ["stream_gap"]


def test_what_an_unknown_receive_brought_is_in_order_among_itself_and_may_come_again():
    story = Story(sources=STREAMS)
    handed(story, item("b", 1), item("a", 0), how="info")
    handed(story, item("a", 0), item("b", 1))
    assert names_of(story.done(), "gapless_stream") == ["stream_disorder"]


@pytest.mark.parametrize(
    "dropping", [{"retention_ms": 1}, {"length_max": 1}, {"compacted": True}], ids=str
)
def test_stream_that_drops_may_have_gaps_and_no_disorder(dropping):
    story = Story(sources={"s": Source(kind="stream", **dropping)})
    handed(story, item("a", 0), item("c", 2))
    assert names_of(story, "gapless_stream") == []
    handed(story, item("a", 0))
    assert names_of(story.done(), "gapless_stream") == ["stream_disorder"]


def test_group_of_one_reader_is_judged_and_of_two_is_not():
    story = Story(sources=STREAMS)
    handed(story, item("a", 0), item("c", 2), group="g")
    handed(story, item("a", 0), group="h", process="c2#1")
    story.done()
    assert names_of(story, "gapless_stream") == ["stream_gap"]
    handed(story, item("b", 1), group="g", process="c3#1")
    assert names_of(story, "gapless_stream") == []


def test_answer_to_a_request_that_was_sent_again_is_not_judged_wherever_it_was_read():
    story = Story(sources=STREAMS)
    asked(story, "a", item("x", 0, to="a"), item("z", 2, to="a"))
    assert names_of(story.done(), "gapless_stream") == ["stream_gap"]
    asked(story, "a", attempt=2, how="info")
    assert names_of(story, "gapless_stream") == []


def test_answers_of_one_request_belong_to_it_without_saying_so():
    story = Story(sources=STREAMS)
    asked(story, "a", item("x", 0), item("z", 2), item("q", source="other"))
    (anomaly,) = verdict_of(story.done(), "gapless_stream").anomalies
    assert anomaly.facts["stream"] == "s in answer to a"


def test_answer_begins_at_the_first_position_that_anybody_knows():
    story = Story(sources=STREAMS)
    asked(story, "a", item("y", 4, to="a"))
    assert names_of(story, "gapless_stream") == []
    handed(story, item("x", 3, to="a"), process="c2#1")
    (anomaly,) = verdict_of(story.done(), "gapless_stream").anomalies
    assert (anomaly.facts["first"], anomaly.facts["missing"]) == (3, 1)


def test_streams_are_not_examined_for_the_readers_of_the_harness_nor_for_other_sources():
    story = Story(sources=STREAMS)
    story.scanned(item("b", 1), item("a", 0))
    handed(story, item("b", 1, source="t"), item("a", 0, source="t"))
    verdict = verdict_of(story.done(), "gapless_stream")
    assert (verdict.validity, verdict.examined) == (Validity.UNKNOWN, 0)


def test_item_that_was_left_out_is_told_with_its_send_and_how_many_more():
    story = Story(sources=STREAMS)
    sent(story, 1, 2, 3, 4)
    handed(story, item("p1#1-1"), item("p1#1-4"))
    (anomaly,) = verdict_of(story.done(), "gapless_stream").anomalies
    assert (anomaly.message, anomaly.facts["more"], anomaly.witnesses) == ("p1#1-2", 1, (1, 4))


def test_gap_at_the_beginning_is_proven_by_who_told_where_to_begin():
    story = Story(sources=STREAMS)
    moved(story, "assign", 0)
    handed(story, item("b", 1))
    (anomaly,) = verdict_of(story.done(), "gapless_stream").anomalies
    assert anomaly.witnesses == (0, 1)


def test_position_of_a_send_counts_for_an_answer_that_other_readers_never_saw():
    story = Story(sources=STREAMS)
    op = story.publish("p1#1-1", target="s", correlation="a")
    story.ok(op, position=6)
    asked(story, "a", item("p1#1-2", 7, to="a"))
    assert names_of(story.done(), "gapless_stream") == ["stream_gap"]
