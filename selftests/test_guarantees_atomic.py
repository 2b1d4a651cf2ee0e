"""Whole transactions against a slow definition, and at the boundaries of the checker."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import Validity
from deliverycheck.history import Position, Source
from selftests.story import at
from selftests.transaction_stories import Told, found, verdict_of

NAME = "atomic_transactions"
SMALL = settings(max_examples=200, deadline=None, database=None)
MESSAGES = ("p1#1-1", "p1#1-2", "p1#1-3")
ENDS = [("commit", "ok"), ("commit", "info"), ("commit", "fail"), ("abort", "ok"), None]


@SMALL
@given(
    outcomes=st.tuples(*[st.sampled_from(["ok", "fail", "info", "open"])] * 3),
    end=st.sampled_from(ENDS),
    seen=st.sets(st.integers(0, 2)),
    committed_scan=st.booleans(),
)
def test_transaction_is_torn_exactly_if_a_part_is_read_and_an_owed_part_is_not(
    outcomes, end, seen, committed_scan
):
    story = Told()
    story.begin("p1#1", "x1")
    for message, outcome in zip(MESSAGES, outcomes, strict=True):
        op = story.publish(message, transaction="x1")
        if outcome != "open":
            getattr(story, outcome)(op)
    if end is not None:
        story.end("p1#1", "x1", *end)
    level = "read_committed" if committed_scan else "read_uncommitted"
    story.read("scan#1", *(at(MESSAGES[number], number) for number in sorted(seen)), level=level)
    owed = {"ok"} if end is None else {"ok", "open"}
    missing = [n for n in range(3) if outcomes[n] in owed and n not in seen]
    shows = bool(seen) and (committed_scan or end == ("commit", "ok"))
    verdict = verdict_of(story.done().history(), NAME)
    assert [each.name for each in verdict.anomalies] == ["torn"] * bool(shows and missing)
    if verdict.anomalies:
        facts = verdict.anomalies[0].facts
        assert facts["missing"] == len(missing)
        assert facts["owed"] == sum(outcome in owed for outcome in outcomes)


def test_message_that_timed_out_while_its_commit_ran_is_owed():
    story = Told()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    late = story.publish("p1#1-2", transaction="x1")
    commit = story.invoke("p1#1", "commit_transaction", transaction="x1")
    story.info(late)
    story.info(commit)
    story.read("scan#1", at("p1#1-1", 0))
    assert found(story.done().history(), NAME) == ["torn"]


def test_message_that_timed_out_as_its_commit_was_asked_for_is_not_owed():
    story = Told()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    late = story.publish("p1#1-2", transaction="x1")
    story.info(late)
    story.ms -= 1
    story.end("p1#1", "x1")
    story.read("scan#1", at("p1#1-1", 0))
    assert found(story.done().history(), NAME) == []


def test_message_sent_after_the_first_commit_was_asked_for_is_owed_only_once_confirmed():
    for outcome, torn in (("ok", ["torn"]), ("info", [])):
        story = Told()
        story.wrote("p1#1", "x1", ("p1#1-1", 0))
        story.end("p1#1", "x1", outcome="info")
        late = story.publish("p1#1-2", transaction="x1")
        getattr(story, outcome)(late)
        story.end("p1#1", "x1")
        story.read("scan#1", at("p1#1-1", 0))
        assert found(story.done().history(), NAME) == torn


EXCUSES = [
    ("plain", {}, {"target": "u"}, True),
    ("queue", {"u": Source(kind="queue")}, {"target": "u"}, True),
    ("limited-queue", {"u": Source(kind="queue", length_max=1)}, {"target": "u"}, False),
    ("limited-later", {"u": Source(kind="queue", limited_later=True)}, {"target": "u"}, False),
    ("expiring", {"u": Source(kind="queue")}, {"target": "u", "expires_ms": 1}, False),
    ("kept-for-a-time", {"u": Source(retention_ms=1)}, {"target": "u"}, False),
]


@pytest.mark.parametrize(
    ("sources", "fields", "torn"), [each[1:] for each in EXCUSES], ids=[one[0] for one in EXCUSES]
)
def test_missing_message_is_a_part_unless_its_source_may_be_without_it(sources, fields, torn):
    story = Told(sources={"t": Source(), **sources})
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.published("p1#1-2", transaction="x1", **fields)
    story.end("p1#1", "x1")
    story.read("scan#1", at("p1#1-1", 0))
    assert found(story.done().history(), NAME) == ["torn"] * torn


def test_message_that_no_queue_wanted_is_no_part():
    story = Told()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    returned = story.publish("p1#1-2", transaction="x1")
    story.ok(returned, returned_unroutable=True)
    story.end("p1#1", "x1")
    story.read("scan#1", at("p1#1-1", 0))
    assert found(story.done().history(), NAME) == []


@pytest.mark.parametrize(("passed", "torn"), [(1, False), (2, True)])
def test_hidden_message_is_missing_only_where_a_scan_of_committed_messages_passed_it(passed, torn):
    story = Told()
    story.whole("p1#1", "x1", ("p1#1-1", 0), ("p1#1-2", 1))
    story.read("scan#1", at("p1#1-1", 0), at("p2#1-1", passed))
    story.read("scan#2", at("p1#1-2", 1), level="read_uncommitted")
    assert found(story.done().history(), NAME) == ["torn"] * torn


def test_hidden_message_in_another_partition_was_not_passed():
    story = Told()
    story.whole("p1#1", "x1", ("p1#1-1", 0), ("p1#1-2", 1))
    story.read("scan#1", at("p1#1-1", 0), at("p2#1-1", 5, partition=1))
    story.read("scan#2", at("p1#1-2", 1), level="read_uncommitted")
    assert found(story.done().history(), NAME) == []


def test_consumer_that_passed_a_message_is_no_scan():
    story = Told()
    story.whole("p1#1", "x1", ("p1#1-1", 0), ("p1#1-2", 1))
    story.read("c1#1", at("p1#1-1", 0), at("p2#1-1", 5))
    story.read("scan#2", at("p1#1-1", 0), at("p1#1-2", 1), level="read_uncommitted")
    assert found(story.done().history(), NAME) == []


def test_message_that_only_a_consumer_was_handed_is_no_missing_part():
    story = Told()
    story.whole("p1#1", "x1", ("p1#1-1", 0), ("p1#1-2", 1))
    story.read("c1#1", at("p1#1-2", 1))
    story.read("scan#1", at("p1#1-1", 0))
    assert found(story.done().history(), NAME) == []


def test_message_sent_twice_in_one_transaction_is_one_part_of_it():
    story = Told()
    story.wrote("p1#1", "x1", ("p1#1-1", 0), ("p1#1-2", 1))
    story.published("p1#1-2", 2, transaction="x1", attempt=2)
    story.end("p1#1", "x1")
    story.read("scan#1", at("p1#1-1", 0), at("p1#1-2", 2, attempt=2))
    assert found(story.done().history(), NAME) == []


def test_first_sight_is_the_earliest_whoever_stands_first_in_the_history():
    story = Told()
    slow = story.invoke("c1#1", "receive", isolation="read_committed")
    story.whole("p1#1", "x1", ("p1#1-1", 0), ("p1#1-2", 1))
    story.read("c2#1", at("p1#1-1", 0))
    story.ok(slow, deliveries=(at("p1#1-1", 0),))
    story.read("scan#1", at("p1#1-1", 0))
    (anomaly,) = verdict_of(story.done().history(), NAME).anomalies
    assert anomaly.facts["reader"] == "c2#1"


def copied(ends=("ok", "ok"), covers=(2, 5)):
    """c1 of group g copies positions 0, 1 and then 2 to 4, each lot in a transaction."""
    story = Told()
    story.joined("c1#1", 0, 1, 2, 3, 4)
    for number, (end, cover) in enumerate(zip(ends, covers, strict=True)):
        story.begin("c1#1", f"x{number}")
        story.covered("c1#1", f"x{number}", cover)
        if end == "aborted":
            story.end("c1#1", f"x{number}", "abort")
        else:
            story.end("c1#1", f"x{number}", outcome=end)
    return story


@pytest.mark.parametrize("position", range(8))
def test_next_member_begins_where_the_last_transaction_committed(position):
    story = copied()
    story.joined("c2#1", position, position + 1)
    again = ["offsets_apart"] * (position < 5)
    assert found(story.history(), NAME) == again


@pytest.mark.parametrize("position", range(8))
def test_next_member_does_not_begin_where_only_an_aborted_transaction_would_have_set_it(position):
    story = copied(("ok", "aborted"))
    story.joined("c2#1", position)
    wrong = {0: "handed_again", 1: "handed_again", 5: "moved_alone"}
    wrong |= dict.fromkeys((6, 7), "moved_alone")
    kinds = [each.facts["kind"] for each in verdict_of(story.history(), NAME).anomalies]
    assert kinds == ([wrong[position]] if position in wrong else [])


UNPROVEN = {
    "commit-unknown": lambda s: s.joined("c2#1", 5),
    "reads-uncommitted": lambda s: s.joined("c2#1", 2, level="read_uncommitted"),
    "commits-back-by-hand": lambda s: (s.covered("a#1", None, 1), s.joined("c2#1", 2)),
    "commits-back-perhaps": lambda s: (s.covered("a#1", None, 1, "info"), s.joined("c2#1", 2)),
    "stores-back": lambda s: (
        s.covered("a#1", None, 1, action="store_offset"),
        s.joined("c2#1", 2),
    ),
    "not-the-first-call": lambda s: (s.received("c2#1"), s.joined("c2#1", 2)),
    "no-subscription": lambda s: (
        s.call("c2#1", "open", isolation="read_committed"),
        s.received("c2#1", at("q#1-2", 2, source="in")),
    ),
    "another-group": lambda s: (
        s.call("c2#1", "subscribe", group="h", isolation="read_committed"),
        s.received("c2#1", at("q#1-2", 2, source="in"), group="h"),
    ),
    "another-partition": lambda s: (
        s.joined("c2#1"),
        s.received("c2#1", at("q#1-2", 2, source="in", partition=1)),
    ),
    "another-source": lambda s: (s.joined("c2#1"), s.received("c2#1", at("q#1-2", 2))),
    "no-position": lambda s: (s.joined("c2#1"), s.received("c2#1", at("q", None, source="in"))),
    "assigned-by-position": lambda s: (
        s.joined("c2#1"),
        s.call(
            "c2#1", "assign", covers=(Position(source="in", partition=0, position=2),), group="g"
        ),
        s.received("c2#1", at("q#1-2", 2, source="in")),
    ),
}


@pytest.mark.parametrize("step", UNPROVEN.values(), ids=UNPROVEN)
def test_nothing_is_concluded_from_a_member_that_may_have_begun_elsewhere(step):
    story = copied(("ok", "info")) if step is UNPROVEN["commit-unknown"] else copied()
    step(story)
    assert found(story.history(), NAME) == []


def test_member_that_joined_while_the_commit_ran_may_begin_before_it():
    story = copied(("ok",), (2,))
    story.begin("c1#1", "x1")
    story.covered("c1#1", "x1", 5)
    commit = story.invoke("c1#1", "commit_transaction", transaction="x1")
    story.call("c2#1", "subscribe", group="g", isolation="read_committed")
    story.ok(commit)
    story.received("c2#1", at("q#1-2", 2, source="in"))
    assert found(story.history(), NAME) == []


def test_commit_back_before_the_transaction_excuses_nobody():
    story = Told()
    story.covered("a#1", None, 1)
    story.begin("c1#1", "x1")
    story.covered("c1#1", "x1", 5)
    story.end("c1#1", "x1")
    story.joined("c2#1", 2)
    assert found(story.history(), NAME) == ["offsets_apart"]


def test_commit_back_after_the_member_read_excuses_nobody():
    story = copied()
    story.joined("c2#1", 2)
    story.covered("c2#1", None, 3)
    assert found(story.history(), NAME) == ["offsets_apart"]


def test_last_position_of_a_transaction_is_the_one_that_it_commits():
    story = copied(("ok",), (2,))
    story.begin("c1#1", "x1")
    story.covered("c1#1", "x1", 3)
    story.covered("c1#1", "x1", 5)
    story.end("c1#1", "x1")
    story.joined("c2#1", 4)
    assert found(story.history(), NAME) == ["offsets_apart"]


def test_position_whose_commit_failed_is_no_part_of_its_transaction():
    story = copied(("ok",), (2,))
    story.begin("c1#1", "x1")
    story.covered("c1#1", "x1", 5, "fail")
    story.end("c1#1", "x1")
    story.joined("c2#1", 2)
    assert found(story.history(), NAME) == []


def test_lowest_position_of_a_member_is_where_it_began():
    story = copied()
    story.joined("c2#1", 6, 2, 3)
    (anomaly,) = verdict_of(story.history(), NAME).anomalies
    assert anomaly.position == 2


def test_two_members_that_show_the_same_are_one_anomaly():
    story = copied()
    story.joined("c2#1", 2)
    story.joined("c3#1", 2)
    assert found(story.history(), NAME) == ["offsets_apart"]


PASSED_OVER = {
    "by-a-receive-whose-end-is-unknown": lambda s: (
        s.joined("c2#1"),
        s.call("c2#1", "receive", "info", group="g"),
        s.received("c2#1", at("q#1-5", 5, source="in")),
    ),
    "by-an-unknown-commit": lambda s: (s.covered("a#1", None, 5, "info"), s.joined("c2#1", 5)),
    "by-hand": lambda s: (s.covered("a#1", None, 5), s.joined("c2#1", 5)),
}


@pytest.mark.parametrize("step", PASSED_OVER.values(), ids=PASSED_OVER)
def test_position_that_somebody_else_may_have_moved_did_not_move_alone(step):
    story = copied(("ok", "aborted"))
    step(story)
    assert found(story.history(), NAME) == []


def test_position_moves_alone_from_where_the_group_stood_last():
    story = copied(("ok", "aborted"))
    story.covered("a#1", None, 4)
    story.joined("c2#1", 5)
    (anomaly,) = verdict_of(story.history(), NAME).anomalies
    assert (anomaly.facts["base"], anomaly.facts["passed"]) == (4, 4)


def test_position_moved_alone_is_seen_though_the_member_goes_on():
    story = copied(("ok", "aborted"))
    story.joined("c2#1", 5, 6)
    story.covered("c2#1", None, 7)
    story.call("c2#1", "receive", "open", group="g")
    assert found(story.history(), NAME) == ["offsets_apart"]


def test_group_without_any_position_begins_where_its_reader_wants():
    story = copied(("aborted",), (5,))
    story.joined("c2#1", 5)
    assert found(story.history(), NAME) == []


def test_nothing_known_to_stand_between_was_passed_over():
    story = Told()
    story.joined("c1#1", 0, 1)
    story.begin("c1#1", "x0")
    story.covered("c1#1", "x0", 2)
    story.end("c1#1", "x0")
    story.begin("c1#1", "x1")
    story.covered("c1#1", "x1", 5)
    story.end("c1#1", "x1", "abort")
    story.joined("c2#1", 5)
    assert found(story.history(), NAME) == []


@pytest.mark.parametrize("source", [Source(compacted=True), Source(retention_ms=1)])
def test_source_that_drops_messages_passes_nothing_over(source):
    story = copied(("ok", "aborted"))
    story.events[0] = Told(sources={"in": source}).events[0]
    story.joined("c2#1", 5)
    assert found(story.history(), NAME) == []


def test_committed_scan_that_finds_nothing_is_a_scan():
    story = Told()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.end("p1#1", "x1", "abort")
    story.read("scan#1")
    verdict = verdict_of(story.done().history(), NAME)
    assert (verdict.validity, verdict.examined) == (Validity.VALID, 1)


def test_transaction_without_a_part_is_not_examined():
    story = Told()
    story.whole("p1#1", "x1")
    story.whole("p1#1", "x2", ("p1#1-1", 0))
    story.read("scan#1", at("p1#1-1", 0))
    assert verdict_of(story.done().history(), NAME).examined == 1
