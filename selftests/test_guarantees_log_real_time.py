"""Order between processes in real time: sharp edges and the plain definition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import GUARANTEES, Validity
from deliverycheck.history import PublishRun, Source
from selftests.story import Story, at

SMALL = settings(max_examples=300, deadline=None, database=None)
A, B, C = "p1#1-1", "p2#1-1", "p3#1-1"


def verdict_on(story):
    return GUARANTEES["real_time_order"].check(story.done().history())


def backdated(story):
    """What stands before what, by message and position."""
    return [
        (one.message, one.position, one.facts["before"], one.facts["before_position"])
        for one in verdict_on(story).anomalies
    ]


def sent_after(position, *, relation=1, **fields):
    """A is confirmed there; then, or just then, B is sent, and not heard of."""
    story = Story()
    story.published(A, position, **fields)
    story.ms += relation - 1
    story.info(story.publish(B))
    return story


SENDS = st.lists(
    st.tuples(
        st.sampled_from([A, B, C]),
        st.integers(1, 6),
        st.integers(0, 3),
        st.sampled_from(["ok", "ok", "ok", "info", "fail"]),
        st.integers(0, 1),
        st.none() | st.integers(0, 4),
    ),
    max_size=6,
)
READS = st.lists(
    st.tuples(st.sampled_from([A, B, C, "p9#1-1"]), st.integers(0, 1), st.integers(0, 4)),
    max_size=4,
)


@SMALL
@given(sends=SENDS, reads=READS)
def test_anomalies_are_those_of_the_definition(sends, reads):
    story = Story()
    for number, (message, begin, length, outcome, partition, position) in enumerate(sends):
        story.ms = begin - 1
        op = story.publish(message, process=f"s{number}#1")
        story.ms = begin + length - 1
        getattr(story, outcome)(op, partition=partition, position=position)
    story.ms = 20
    story.scanned(*(at(message, place, partition=part) for message, part, place in reads))
    named = [
        (message, begin + length, partition, position)
        for message, begin, length, outcome, partition, position in sends
        if outcome == "ok" and position is not None
        if (message, partition, position) in reads or message not in {one[0] for one in reads}
    ]
    examined, expected = 0, set()
    for message in {send[0] for send in sends}:
        first = min(send[1] for send in sends if send[0] == message)
        for part in (0, 1):
            places = [where for one, p, where in reads if (one, p) == (message, part)]
            places += [where for one, _, p, where in named if (one, p) == (message, part)]
            ahead = [where for _, end, p, where in named if end < first and p == part]
            examined += bool(places and ahead)
            if places and ahead and min(places) < max(ahead):
                expected.add((message, part, min(places), max(ahead)))
    verdict = verdict_on(story)
    found = [
        (one.message, one.partition, one.position, one.facts["before_position"])
        for one in verdict.anomalies
    ]
    assert sorted(found) == sorted(expected)
    assert verdict.examined == examined


@pytest.mark.parametrize(("relation", "found"), [(0, []), (1, [(B, 0, A, 1)])])
def test_who_sends_in_the_very_moment_of_the_confirm_may_come_first(relation, found):
    story = sent_after(1, relation=relation)
    story.scanned(B, A)
    assert backdated(story) == found


@pytest.mark.parametrize(("place", "found"), [(1, [(B, 1, A, 2)]), (2, []), (3, [])])
def test_only_a_lower_place_is_before(place, found):
    story = sent_after(2)
    story.scanned(at(A, 2), at(B, place))
    assert backdated(story) == found


def test_each_is_told_once_with_the_highest_place_confirmed_before_it():
    story = Story()
    early, high, low = (story.publish(one) for one in (A, B, C))
    story.ok(early, partition=0, position=4)
    story.ok(high, partition=0, position=7)
    story.ok(low, partition=0, position=6)
    story.published("p4#1-1", 5)
    story.published("p5#1-1", 8)
    story.published("p6#1-1", 3)
    story.published("p7#1-1", 9)
    assert backdated(story) == [("p4#1-1", 5, B, 7), ("p6#1-1", 3, "p5#1-1", 8)]
    assert verdict_on(story).examined == 4


def test_of_two_confirms_of_one_place_the_first_is_named():
    story = Story()
    one, other = story.publish(A), story.publish(B)
    story.ok(other, partition=0, position=1)
    story.ok(one, partition=0, position=1)
    story.published(C, 0)
    assert backdated(story) == [(C, 0, B, 1)]


def test_anomalies_come_in_the_order_of_the_calls_in_time():
    story = Story()
    story.published(A, 9)
    for ms, process, message in ((30, "p3#1", C), (20, "p2#1", B), (20, "p4#1", "p4#1-1")):
        story.ms = ms
        story.info(story.publish(message, process=process))
    story.ms = 40
    story.scanned("p4#1-1", B, C)
    assert [one[0] for one in backdated(story)] == [B, "p4#1-1", C]


@pytest.mark.parametrize("outcome", ["info", "fail"])
def test_only_an_ok_confirms_a_place(outcome):
    story = Story()
    getattr(story, outcome)(story.publish(A), partition=0, position=1)
    story.published(B, 0)
    verdict = verdict_on(story)
    assert (verdict.validity, verdict.examined) == (Validity.UNKNOWN, 0)


@pytest.mark.parametrize("outcome", ["info", "fail"])
def test_place_that_no_ok_names_is_not_known_until_it_is_read(outcome):
    story = Story()
    story.published(A, 1)
    getattr(story, outcome)(story.publish(B), partition=0, position=0)
    assert verdict_on(story).examined == 0
    story.events.pop()
    story.received("c1#1", at(B, 0))
    assert backdated(story) == [(B, 0, A, 1)]


@pytest.mark.parametrize(
    ("read", "found"),
    [
        ((), [(B, 0, A, 1)]),
        ((at(A, 1),), [(B, 0, A, 1)]),
        ((at(A, 1), at(A, 5)), [(B, 0, A, 1)]),
        ((at(A, 5),), []),
        ((at(A, 1, partition=1),), []),
        ((at(A, 1, source="u"),), []),
    ],
    ids=["unread", "there", "there-and-elsewhere", "position", "partition", "source"],
)
def test_confirm_counts_unless_its_message_was_found_only_elsewhere(read, found):
    story = Story()
    story.published(A, 1)
    story.published(B, 0)
    story.scanned(*read)
    assert backdated(story) == found


def test_message_that_was_read_elsewhere_has_its_place_from_there():
    story = Story()
    story.published(A, 3)
    story.published(B, 0)
    story.scanned(at(B, 2), at(A, 3))
    assert backdated(story) == [(B, 2, A, 3)]


@pytest.mark.parametrize(
    ("fields", "found"), [({}, 1), ({"execution": "x1"}, 1), ({"execution": "x2"}, 0)]
)
def test_what_another_execution_published_is_not_ours(fields, found):
    story = sent_after(1)
    story.scanned(at(B, 0, **fields))
    assert len(backdated(story)) == found


def test_what_nobody_published_and_what_is_not_ours_is_passed_over():
    story = sent_after(3)
    story.scanned(at("p9#1-1", 0), at("", 1), at(B, None), at(A, 3))
    assert verdict_on(story).examined == 0


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        ({"t": Source(kind="queue")}, 0),
        ({"q": Source(kind="queue")}, 0),
        ({"q": Source(kind="queue"), "t": Source()}, 1),
        ({"t": Source(compacted=True, retention_ms=1)}, 1),
    ],
    ids=["queue", "beside-a-queue", "log-beside-a-queue", "log-that-drops"],
)
def test_only_what_is_surely_a_log_has_an_order(sources, found):
    story = Story(sources=sources)
    story.published(A, 1)
    story.published(B, 0)
    assert len(backdated(story)) == found


@pytest.mark.parametrize("fields", [{"partition": 1}, {"partition": None}, {"target": "u"}])
def test_two_partitions_have_no_order(fields):
    story = Story()
    story.published(A, 1)
    story.published(B, 0, **fields)
    assert verdict_on(story).examined == 0


def test_message_is_judged_in_each_partition_that_it_stands_in():
    story = Story()
    story.published(A, 1)
    story.published("p1#1-2", 1, partition=1)
    story.info(story.publish(B))
    story.scanned(B, at(B, 0, partition=1), at(A, 1), at("p1#1-2", 1, partition=1))
    assert [(one.message, one.partition) for one in verdict_on(story).anomalies] == [(B, 0), (B, 1)]


def test_first_call_in_time_counts_whatever_its_number():
    story = Story()
    story.ms = 10
    story.published(A, 1)
    story.published(B, 0, attempt=2)
    story.ms = 5
    story.info(story.publish(B, process="p4#1"))
    assert backdated(story) == []


def test_message_sent_again_is_told_with_its_first_call():
    story = Story()
    confirm = story.published(A, 1)
    first = story.publish(B)
    story.ms -= 1
    second = story.publish(B, process="p5#1", attempt=2)
    story.info(first)
    story.info(second)
    scan = story.scanned(B)
    (anomaly,) = verdict_on(story).anomalies
    assert anomaly.facts["process"] == "p2#1"
    assert anomaly.witnesses == (confirm, first, scan)


def test_lowest_place_is_told_by_the_first_reader_that_found_it():
    story = Story()
    confirm, sent = story.published(A, 3), story.published(B, 1)
    story.received("c1#1", at(B, 2))
    read = story.received("c2#1", at(B, 1))
    story.received("c3#1", at(B, 1))
    (anomaly,) = verdict_on(story).anomalies
    assert (anomaly.source, anomaly.partition, anomaly.position) == ("t", 0, 1)
    assert anomaly.witnesses == (confirm, sent, read)
    assert anomaly.facts == {
        "kind": "in_log",
        "process": "p2#1",
        "sent_ns": 3_000_000,
        "before": A,
        "before_position": 3,
        "confirmed_ns": 2_000_000,
    }


def test_message_of_an_aborted_transaction_had_its_place_all_the_same():
    story = Story()
    story.published(A, 1, transaction="x")
    story.ok(story.invoke("p1#1", "abort_transaction", transaction="x"))
    story.published(B, 0)
    assert backdated(story) == [(B, 0, A, 1)]


def bulk(story, process, first_position, count=3):
    op = story.invoke(process, "publish", message=f"{process}-1", target="t", count=count)
    run = PublishRun(first_sequence=1, partition=0, first_position=first_position, count=count)
    story.ok(op, runs=(run,))


def test_each_message_of_a_bulk_is_compared_with_what_came_before_the_call():
    story = Story()
    bulk(story, "p1#1", 5)
    bulk(story, "p2#1", 4)
    assert [one[1:] for one in backdated(story)] == [
        (4, "p1#1-3", 7),
        (5, "p1#1-3", 7),
        (6, "p1#1-3", 7),
    ]
    assert verdict_on(story).examined == 3


@pytest.mark.parametrize("position", [0, 1])
def test_log_that_was_not_read_convicts_and_clears_of_nothing(position):
    story = Story()
    story.published(A, 1)
    story.published(B, position)
    verdict = GUARANTEES["real_time_order"].check(story.done(scanned=False).history())
    assert verdict.validity is (Validity.UNKNOWN if position else Validity.INVALID)
