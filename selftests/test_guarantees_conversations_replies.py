"""Replies: each verdict as a whole, with all that proves it, in whichever order it is told."""

import pytest

from deliverycheck.guarantees import Anomaly, Validity, Verdict
from deliverycheck.history import Delivery, Source
from selftests import verdicts
from selftests.story import Story

GUARANTEE = "matching_replies"


def both_ways(story):
    return verdicts.both_ways(story, GUARANTEE)


def convicted(examined, *anomalies):
    return verdicts.convicted(GUARANTEE, examined, *anomalies)


def valid(examined):
    return verdicts.valid(GUARANTEE, examined)


def reply(message, to=None, *, source="answers", **fields):
    return Delivery(message=message, source=source, correlation=to, **fields)


def asked(story, message, *replies, process="c1#1", how="ok", **fields):
    op = story.invoke(process, "request", message=message, target="rpc", **fields)
    getattr(story, how)(op, deliveries=replies)
    return op


def answered(story, message, to, *, process="w1#1", how="ok"):
    op = story.invoke(process, "reply", message=message, correlation=to, target="answers")
    getattr(story, how)(op)
    return op


def placed(message, to=None, **fields):
    return reply(message, to, partition=3, position=7, **fields)


def about(name, message, *witnesses, **facts):
    return Anomaly(
        name=name,
        message=message,
        witnesses=witnesses,
        source="answers",
        partition=3,
        position=7,
        facts=facts,
    )


def test_replies_by_label_are_told_in_the_order_of_the_requests_with_their_places():
    story = Story()
    asked(story, "a", placed("r1", "b"), process="c2#1")
    asked(story, "b", placed("r2", "a"), process="c1#1")
    labels = {"kind": "label"}
    assert both_ways(story.done()) == convicted(
        2,
        about("mismatched_reply", "r1", 0, process="c2#1", request="a", correlation="b", **labels),
        about("mismatched_reply", "r2", 1, process="c1#1", request="b", correlation="a", **labels),
    )


def test_reply_by_its_senders_is_proven_by_all_of_them_and_names_the_first():
    story = Story()
    answered(story, "r", "b", process="w2#1")
    answered(story, "r", "c", process="w1#1", how="info")
    asked(story, "a", placed("r"))
    asked(story, "b")
    asked(story, "c", how="info")
    assert both_ways(story.done()) == convicted(
        2,
        about(
            "mismatched_reply",
            "r",
            *(2, 0, 1),
            process="c1#1",
            kind="sent",
            request="a",
            correlation="b",
        ),
    )


def test_reply_that_was_sent_to_the_request_and_to_another_is_its_own():
    story = Story()
    answered(story, "r", "b")
    answered(story, "r", "a", how="info")
    asked(story, "a", reply("r"))
    asked(story, "b")
    assert both_ways(story.done()) == valid(2)


def test_reply_that_nobody_sent_and_nobody_labelled_matches():
    story = Story()
    asked(story, "a", reply("r"))
    assert both_ways(story.done()) == valid(1)


def test_shared_reply_is_told_where_the_last_of_three_requests_counted_it():
    story = Story()
    asked(story, "a", reply("r", source="x"), process="c3#1")
    asked(story, "b", reply("r", source="y"), process="c2#1")
    asked(story, "c", placed("r"), process="c1#1")
    assert both_ways(story.done()) == convicted(
        3,
        about(
            "mismatched_reply",
            "r",
            *(0, 1, 2),
            process="c1#1",
            kind="shared",
            requests=["a", "b", "c"],
        ),
    )


def test_request_that_counted_a_shared_reply_twice_is_one_witness():
    story = Story()
    asked(story, "a", reply("r"), reply("r"))
    asked(story, "b", placed("r"))
    found = both_ways(story.done()).anomalies
    assert [(one.name, one.witnesses) for one in found] == [
        ("repeated_reply", (0,)),
        ("mismatched_reply", (0, 1)),
    ]


def test_replies_with_a_label_are_shared_by_nobody():
    story = Story()
    asked(story, "a", reply("r", "a"))
    asked(story, "b", reply("r", "b"))
    assert both_ways(story.done()) == valid(2)


def test_shared_reply_whose_sender_says_whom_it_answers_is_told_by_that_alone():
    story = Story()
    answered(story, "r", "a")
    asked(story, "a", reply("r"))
    asked(story, "b", reply("r"))
    (anomaly,) = both_ways(story.done()).anomalies
    assert (anomaly.facts["kind"], anomaly.facts["request"]) == ("sent", "b")


def test_repeated_reply_is_told_over_all_attempts_with_where_the_last_came_from():
    story = Story()
    asked(story, "a", reply("r1", source="x"), reply("", source="y"), process="c2#1")
    asked(story, "a", reply("r3", source="z"), process="c1#1", attempt=2)
    asked(story, "b", reply("r4"))
    assert both_ways(story.done()) == convicted(
        4,
        Anomaly(
            name="repeated_reply",
            message="a",
            witnesses=(0, 1),
            source="z",
            facts={
                "kind": "counted",
                "process": ["c2#1", "c1#1"],
                "counted": 3,
                "replies": ["r1", "one without an id", "r3"],
                "counted_ns": [2_000_000, 4_000_000],
                "attempts": 2,
            },
        ),
    )


def test_attempts_are_told_only_of_a_request_that_was_sent_again():
    story = Story()
    asked(story, "a", reply("r1"), reply("r2"))
    (anomaly,) = both_ways(story.done()).anomalies
    assert "attempts" not in anomaly.facts


def test_reply_of_another_execution_is_told_whether_it_says_what_it_answers_or_not():
    story = Story()
    asked(story, "a", placed("r1", "a", execution="x0"), process="c2#1")
    asked(story, "b", placed("", execution="x0"), process="c1#1")
    other = {"kind": "other_execution", "execution": "x0"}
    assert both_ways(story.done()) == convicted(
        2,
        about("phantom_reply", "r1", 0, process="c2#1", correlation="a", **other),
        about("phantom_reply", None, 1, process="c1#1", correlation="unnamed", **other),
    )


def test_reply_to_what_nobody_asked_is_told_after_what_requests_counted():
    story = Story()
    story.received("c2#1", placed("r1", "z"))
    story.received("c1#1", placed("r2", "z"))
    asked(story, "a", placed("r3", "z"))
    handed = {"kind": "handed", "correlation": "z"}
    assert both_ways(story.done()) == convicted(
        3,
        about("phantom_reply", "r3", 2, process="c1#1", **handed),
        about("phantom_reply", "r1", 0, process="c2#1", **handed),
        about("phantom_reply", "r2", 1, process="c1#1", **handed),
    )


def test_sent_replies_to_what_nobody_asked_are_told_in_the_order_of_their_sends():
    story = Story()
    answered(story, "r1", "z", process="w2#1")
    answered(story, "r2", "y", process="w1#1")
    answered(story, "r3", None)
    answered(story, "r4", "z", how="info")
    assert both_ways(story.done()) == convicted(
        2,
        *(
            Anomaly(
                name="phantom_reply",
                message=message,
                witnesses=(op,),
                facts={"kind": "sent", "process": process, "correlation": to},
            )
            for op, (message, process, to) in enumerate([("r1", "w2#1", "z"), ("r2", "w1#1", "y")])
        ),
    )


def test_what_was_handed_and_what_was_sent_wrongly_is_told_together():
    story = Story()
    answered(story, "r1", "z")
    asked(story, "a", reply("r2", "y"))
    found = both_ways(story.done()).anomalies
    assert [one.facts["kind"] for one in found] == ["handed", "sent"]


def test_replies_are_examined_where_nobody_asked_but_somebody_answered():
    story = Story()
    answered(story, "r1", None)
    story.received("c1#1", reply("r2", "z"))
    assert both_ways(story.done()).examined == 1


def test_replies_are_examined_where_somebody_asked_and_nobody_answered():
    story = Story()
    asked(story, "a", how="info")
    story.received("c1#1", reply("r", "a"))
    assert both_ways(story.done()) == valid(1)


def test_a_publisher_may_be_answered_and_so_may_a_request():
    story = Story()
    story.published("p1#1-1", target="rpc")
    asked(story, "a", reply("r1", "a"))
    story.received("c1#1", reply("r2", "p1#1-1"))
    assert both_ways(story.done()) == valid(2)


def test_items_of_a_stream_are_told_apart_from_replies_of_a_queue():
    sources = {"s": Source(kind="stream"), "answers": Source(kind="queue")}
    story = Story(sources=sources)
    asked(story, "a", reply("i1", source="s"), reply("i2", source="s"), reply("r"))
    assert both_ways(story.done()) == valid(3)
    asked(story, "a", reply("r5"), attempt=2)
    assert [one.name for one in both_ways(story).anomalies] == ["repeated_reply"]


CUT = "the history was cut before its end: what is missing may have come later"


@pytest.mark.parametrize("to", ["b", "nobody's"])
def test_senders_are_no_proof_in_a_history_that_was_cut(to):
    """Another send of the same reply may be what was cut off."""
    story = Story()
    asked(story, "b")
    answered(story, "r", to)
    asked(story, "a", reply("r"))
    assert both_ways(story) == Verdict(
        guarantee=GUARANTEE, validity=Validity.UNKNOWN, examined=0, reason=CUT
    )


def test_shared_reply_is_no_proof_in_a_history_that_was_cut():
    story = Story()
    asked(story, "a", reply("r"))
    asked(story, "b", reply("r"))
    assert both_ways(story).reason == CUT


def test_what_a_history_says_before_it_was_cut_convicts_all_the_same():
    story = Story()
    asked(story, "a", reply("r1", "b"), reply("r2", "a"))
    verdict = both_ways(story)
    assert verdict.examined == 2
    assert [one.name for one in verdict.anomalies] == ["mismatched_reply", "repeated_reply"]


def test_history_without_requests_has_nothing_to_examine():
    story = Story()
    story.published("p1#1-1")
    assert both_ways(story.done()) == Verdict(
        guarantee=GUARANTEE,
        validity=Validity.UNKNOWN,
        examined=0,
        reason="nothing to examine: no request was answered",
    )
