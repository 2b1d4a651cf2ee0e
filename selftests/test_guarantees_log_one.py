"""One log for all readers: sharp edges and the plain definition."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import GUARANTEES
from deliverycheck.history import Position, Source
from selftests.story import Story, at

SMALL = settings(max_examples=200, deadline=None, database=None)
A, B, C = "p1#1-1", "p1#1-2", "p1#1-3"


def verdict_on(story):
    return GUARANTEES["one_log"].check(story.done().history())


def names(story):
    return [anomaly.name for anomaly in verdict_on(story).anomalies]


def sent(*messages, **header):
    """The application published these and knows nothing of where they went."""
    story = Story(**header)
    for message in messages:
        story.info(story.publish(message))
    return story


READ = st.lists(st.tuples(st.sampled_from([A, B, C]), st.integers(0, 3)), max_size=4)


@SMALL
@given(
    reads=st.lists(READ, max_size=3),
    scan=READ,
    confirmed=st.dictionaries(st.sampled_from([A, B, C]), st.integers(0, 3)),
)
def test_anomalies_are_those_of_the_definition(reads, scan, confirmed):
    story = Story()
    for message in (A, B, C):
        if message in confirmed:
            story.published(message, confirmed[message])
        else:
            story.info(story.publish(message))
    for number, read in enumerate(reads):
        story.received(f"c{number}#1", *(at(*each) for each in read))
    story.scanned(*(at(*each) for each in scan))
    expected = []
    for position in range(4):
        earlier = {message for read in reads for message, place in read if place == position}
        later = {message for message, place in scan if place == position}
        named = {message for message, place in confirmed.items() if place == position}
        if (earlier or later) and len(earlier | later | named) > 1:
            expected.append("conflicting_position")
        if earlier and not later:
            expected.append("vanished")
    assert sorted(names(story)) == sorted(expected)
    assert verdict_on(story).examined == len(
        {place for read in (*reads, scan) for _, place in read}
    )


@SMALL
@given(epochs=st.lists(st.none() | st.integers(-1, 3), max_size=6))
def test_epochs_regress_where_one_is_lower_than_the_one_known_before_it(epochs):
    story = sent(*(f"p1#1-{number}" for number in range(6)))
    story.scanned(*(at(f"p1#1-{place}", place, epoch=epoch) for place, epoch in enumerate(epochs)))
    told = [epoch for epoch in epochs if epoch is not None and epoch >= 0]
    falls = sum(late < early for early, late in pairwise(told))
    assert names(story) == ["epoch_regressed"] * falls


def test_epochs_of_two_partitions_are_not_compared():
    story = sent(A, B)
    story.scanned(at(A, 0, epoch=2), at(B, 0, partition=1, epoch=1))
    assert names(story) == []


def test_epochs_are_compared_in_the_order_of_positions_whoever_read_them_first():
    story = sent(A, B, C)
    story.received("c1#1", at(C, 2, epoch=1))
    story.received("c2#1", at(A, 0, epoch=0), at(B, 1, epoch=2))
    story.scanned(at(A, 0), at(B, 1), at(C, 2))
    (anomaly,) = verdict_on(story).anomalies
    assert (anomaly.name, anomaly.position) == ("epoch_regressed", 2)
    assert (anomaly.facts["epoch"], anomaly.facts["earlier"], anomaly.facts["before"]) == (1, 2, 1)


def test_conflict_names_the_first_two_readings_and_not_the_confirm():
    story = sent(A)
    story.published(C, 0)
    first = story.received("c1#1", at(A, 0))
    second = story.received("c2#1", at(B, 0))
    story.received("c3#1", at(C, 0))
    story.scanned(at(A, 0))
    (anomaly,) = verdict_on(story).anomalies
    assert (anomaly.facts["holds"], anomaly.message) == (A, B)
    assert anomaly.witnesses == (second, first)


def test_conflict_with_two_confirms_names_the_first_of_them():
    story = sent(C)
    confirmed = story.published(A, 0)
    story.published(B, 0)
    scan = story.scanned(at(C, 0))
    (anomaly,) = verdict_on(story).anomalies
    assert (anomaly.facts["kind"], anomaly.message) == ("confirmed", A)
    assert anomaly.witnesses == (confirmed, scan)


@pytest.mark.parametrize("outcome", ["fail", "info"])
def test_position_without_a_confirm_conflicts_with_nothing(outcome):
    story = sent(B)
    getattr(story, outcome)(story.publish(A), partition=0, position=0)
    story.scanned(at(B, 0))
    assert names(story) == []


def test_messages_that_are_not_ours_cannot_be_told_apart():
    story = sent(A)
    story.received("c1#1", at("", 0), at(A, 1))
    story.scanned(at(A, 0), at("", 1))
    assert names(story) == []


def test_positions_of_a_queue_name_deliveries():
    story = sent(A, B, sources={"t": Source(kind="queue")})
    story.received("c1#1", at(A, 1))
    story.received("c2#1", at(B, 1))
    assert names(story) == []


def test_readings_without_a_position_are_passed_over():
    story = sent(A, B)
    story.received("c1#1", at(A, None), at(B, None))
    story.scanned()
    assert verdict_on(story).reason.startswith("nothing to examine: ")


def test_message_that_was_read_when_the_scan_began_must_be_found():
    story = sent(A)
    story.received("c1#1", at(A, 0))
    story.ms -= 1  # The scan begins in the very moment in which the receive ended.
    story.scanned()
    assert names(story) == ["vanished"]


def test_scan_that_begins_with_another_call_began_there():
    story = sent(A)
    story.ok(story.invoke("scan#1", "open"))
    story.received("c1#1", at(A, 0))
    story.scanned()
    assert names(story) == []


def test_message_that_another_execution_published_may_go():
    story = sent(A)
    story.received("c1#1", at("p7#1-1", 0), at(A, 1))
    story.scanned(at(A, 1))
    assert names(story) == []


def test_message_of_a_committed_transaction_may_not_go():
    story = Story()
    story.published(A, 0, transaction="x")
    story.ok(story.invoke("p1#1", "commit_transaction", transaction="x"))
    story.received("c1#1", at(A, 0))
    story.scanned()
    assert names(story) == ["vanished"]


@pytest.mark.parametrize(
    ("start", "found"), [(None, []), (0, ["vanished"]), (1, [])], ids=["untold", "at", "below"]
)
def test_log_with_a_retention_may_drop_what_lies_below_its_start(start, found):
    story = sent(A, sources={"t": Source(retention_ms=1)})
    story.received("c1#1", at(A, 0))
    starts = () if start is None else (Position(source="t", partition=0, position=start),)
    story.ok(story.invoke("scan#1", "receive"), starts=starts)
    assert names(story) == found


def test_what_stands_in_a_log_that_drops_may_go_wherever_it_was_sent():
    story = Story(sources={"t": Source(retention_ms=1), "u": Source()})
    story.published(A, 0, target="u")
    story.received("c1#1", at(A, 0))
    story.scanned(at(A, 0, source="u"))
    assert names(story) == []


@pytest.mark.parametrize(
    ("later", "found"),
    [
        ({"key": "k"}, []),
        ({"key": "j"}, ["vanished"]),
        ({"key": "k", "target": "u"}, ["vanished"]),
    ],
    ids=["its-key", "another-key", "another-source"],
)
def test_compacted_log_may_drop_what_a_later_message_replaced(later, found):
    sources = {"t": Source(compacted=True), "u": Source(compacted=True)}
    story = Story(sources=sources)
    story.info(story.publish(A, key="k"))
    story.received("c1#1", at(A, 0))
    story.published(B, 1, **later)
    story.scanned(at(B, 1, source=later.get("target", "t")))
    assert names(story) == found


def test_message_that_stands_elsewhere_has_gone_from_where_it_was_read():
    story = sent(A)
    story.received("c1#1", at(A, 5))
    story.scanned(at(A, 3))
    assert names(story) == ["vanished"]


def test_anomalies_are_told_with_the_receives_that_prove_them():
    story = sent(A, B)
    read = story.received("c1#1", at(B, 1, epoch=0))
    scan = story.scanned(at(A, 0, epoch=1))
    regressed, vanished = verdict_on(story).anomalies
    assert regressed.witnesses == (read, scan)
    assert vanished.witnesses == (read,)
    for anomaly in (regressed, vanished):
        assert (anomaly.message, anomaly.source, anomaly.partition, anomaly.position) == (
            B, "t", 0, 1,
        )  # fmt: skip


def test_places_without_a_partition_stand_beside_places_with_one():
    story = sent(A, B)
    story.scanned(at(A, 0, partition=0, epoch=1), at(B, 0, partition=None, epoch=2))
    assert (names(story), verdict_on(story).examined) == ([], 2)
