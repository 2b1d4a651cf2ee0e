"""What consumers are handed and should not have been: sharp edges and the plain definition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import GUARANTEES
from deliverycheck.history import Source
from selftests.story import Story, at

SMALL = settings(max_examples=200, deadline=None, database=None)
A, B = "p1#1-1", "p1#1-2"
QUEUES = {"q": Source(kind="queue")}


def verdict_on(story, *, cut=False, guarantee="genuine_deliveries"):
    history = (story if cut else story.done()).history()
    return GUARANTEES[guarantee].check(history)


def names(story, **how):
    return [anomaly.name for anomaly in verdict_on(story, **how).anomalies]


def handed(*deliveries, published=(A,), **header):
    story = Story(**header)
    for message in published:
        story.published(message)
    story.received("c1#1", *deliveries)
    return story


@SMALL
@given(
    outcomes=st.dictionaries(st.sampled_from([A, B]), st.sampled_from(["ok", "fail", "info"])),
    read=st.lists(
        st.tuples(st.sampled_from([A, B]), st.integers(0, 2), st.sampled_from(["t", "u"])),
        max_size=5,
    ),
)
def test_anomalies_are_those_of_the_definition(outcomes, read):
    story = Story()
    for message, outcome in outcomes.items():
        getattr(story, outcome)(story.publish(message))
    for message, position, source in read:
        story.received("c1#1", at(message, position, source=source))
    expected = []
    for message, _, source in set(read):
        expected += ["phantom"] if message not in outcomes else []
        expected += ["resurrected"] if outcomes.get(message) == "fail" else []
        expected += ["misrouted"] if message in outcomes and source != "t" else []
    assert sorted(names(story)) == sorted(expected)
    assert verdict_on(story).examined == len(set(read))


def test_what_fresh_readers_find_is_not_judged_here():
    story = Story()
    story.published(A)
    story.scanned(A, "p9#1-1")
    assert verdict_on(story).reason.startswith("nothing to examine: ")


def test_deliveries_of_a_receive_without_an_end_are_judged_too():
    story = Story()
    story.published(A)
    story.info(story.invoke("c1#1", "receive"), deliveries=(at("p9#1-1", 0),))
    assert names(story) == ["phantom"]


def test_repetition_is_told_once_and_by_the_first_receive():
    story = Story()
    story.published(A)
    first = story.received("c1#1", at("p9#1-1", 0))
    story.received("c1#1", at("p9#1-1", 0), at("p9#1-1", 1))
    anomalies = verdict_on(story).anomalies
    assert [(one.position, one.witnesses[0]) for one in anomalies] == [(0, first), (1, first + 1)]


@pytest.mark.parametrize(
    ("delivery", "whole", "cut"),
    [
        (at(A, 0, execution="x2"), ["phantom"], ["phantom"]),
        (at(A, 0, execution="x1"), [], []),
        (at("", 0), ["phantom"], ["phantom"]),
        (at("", 0, mangled=("body",)), ["phantom"], ["phantom"]),
        (at(B, 0), ["phantom"], []),
        (at(B, 0, target="u"), ["phantom", "misrouted"], ["misrouted"]),
        (at(B, 0, target="t"), ["phantom", "misrouted"], ["misrouted"]),
        (at(A, 0, source="u"), ["misrouted"], []),
        (at(A, 0, target="u"), [], []),
        (at(A, 0, mangled=("headers",)), ["mangled"], ["mangled"]),
    ],
    ids=[
        "of-another-execution",
        "of-this-execution",
        "not-ours",
        "not-ours-is-not-mangled",
        "unpublished",
        "unpublished-and-its-body-names-another-topic",
        "unpublished-and-its-body-names-another-partition",
        "elsewhere-by-its-publish",
        "elsewhere-by-its-body-alone",
        "changed",
    ],
)
def test_one_delivery(delivery, whole, cut):
    assert names(handed(delivery)) == whole
    assert names(handed(delivery), cut=True) == cut


@pytest.mark.parametrize(("body_names", "told"), [("t", ["another partition"]), ("u", ["u"])])
def test_body_of_a_stranger_says_where_it_belongs(body_names, told):
    *_, misrouted = verdict_on(handed(at(B, 0, target=body_names))).anomalies
    assert misrouted.facts["target"] == told


def test_message_is_where_some_attempt_sent_it():
    story = Story()
    story.info(story.publish(A, target="u"))
    story.published(A, attempt=2)
    story.received("c1#1", at(A, 0), at(A, 0, source="u"), at(A, 0, source="v"))
    (anomaly,) = verdict_on(story).anomalies
    assert (anomaly.source, anomaly.facts["target"]) == ("v", ["t", "u"])


@pytest.mark.parametrize(("partition", "found"), [(0, []), (1, ["misrouted"]), (None, [])])
def test_partition_counts_if_the_application_named_it(partition, found):
    story = Story()
    story.ok(story.publish(A, partition=partition), partition=1)
    story.received("c1#1", at(A, 0))
    assert names(story) == found


@pytest.mark.parametrize("outcome", ["ok", "info"])
def test_one_attempt_that_may_have_taken_effect_is_enough(outcome):
    story = Story()
    story.fail(story.publish(A))
    getattr(story, outcome)(story.publish(A, attempt=2))
    story.received("c1#1", at(A, 0))
    assert names(story) == []


@pytest.mark.parametrize(
    ("error_means", "end", "found"),
    [
        ("absent", {"error": "late"}, ["resurrected"]),
        ("absent", {}, ["resurrected"]),
        ("absent", {"confirmed": True}, []),
        ("absent", None, []),
        ("unknown", {"error": "late"}, []),
    ],
)
def test_error_counts_as_absence_if_the_application_is_told_and_takes_it_so(
    error_means, end, found
):
    story = Story(error_means=error_means)
    story.fail(story.publish(A))
    again = story.publish(A, attempt=2)
    if end is not None:
        story.info(again, **end)
    story.received("c1#1", at(A, 0))
    assert names(story) == found


def test_failure_that_a_cut_may_explain_is_none():
    story = Story()
    story.fail(story.publish(A))
    story.received("c1#1", at(A, 0))
    assert names(story, cut=True) == []
    assert names(story) == ["resurrected"]


def test_resurrection_without_a_named_error_can_be_told():
    story = Story()
    story.fail(story.publish(A), error="first")
    story.fail(story.publish(A, attempt=2))
    story.received("c1#1", at(A, 0))
    (anomaly,) = verdict_on(story).anomalies
    assert (anomaly.facts["error"], anomaly.facts["failed_ns"]) == ("no reason given", 4_000_000)
    assert anomaly.witnesses == (0, 1, 2)


@pytest.mark.parametrize(
    ("delivery", "found"),
    [
        (at(A, 0, source="q"), []),
        (at(A, 0, source="v"), ["misrouted"]),
        (at(A, 0, source="v", reason="expired"), []),
    ],
    ids=["a-queue", "a-log", "a-dead-letter"],
)
def test_queues_and_dead_letters_hold_what_was_published_elsewhere(delivery, found):
    story = handed(delivery, sources={**QUEUES, "t": Source(), "v": Source()})
    assert names(story) == found


def test_target_that_is_not_declared_beside_queues_may_lead_anywhere():
    story = handed(at(A, 0, source="v"), sources={**QUEUES, "v": Source()})
    assert names(story) == []


@pytest.mark.parametrize(
    ("confirmed", "delivery", "found"),
    [
        ({"partition": 0, "position": 1}, at("", 1), []),
        ({"partition": 0, "position": 1}, at("", 2), ["phantom"]),
        ({"partition": 0, "position": 1}, at("", 1, source="u"), ["phantom"]),
        ({}, at("", 2), []),
        ({"partition": 0}, at("", 2), []),
        ({}, at("", 2, source="u"), ["phantom"]),
    ],
    ids=[
        "its-place",
        "another-place",
        "another-topic",
        "unknown-place",
        "unknown-position",
        "unknown-elsewhere",
    ],
)
def test_bodiless_message_is_no_stranger_where_a_tombstone_may_stand(confirmed, delivery, found):
    story = Story()
    story.published(A, 0)
    story.ok(story.publish(B, tombstone=True), **confirmed)
    story.received("c1#1", delivery)
    assert names(story) == found


def test_tombstone_that_failed_stands_nowhere():
    story = Story()
    story.fail(story.publish(B, tombstone=True))
    story.received("c1#1", at("", 0))
    assert names(story) == ["phantom"]


@pytest.mark.parametrize("action", ["request", "reply"])
def test_requests_and_replies_are_no_strangers(action):
    story = Story()
    story.ok(story.invoke("p1#1", action, message=A))
    story.received("c1#1", at(A, 0))
    assert names(story) == []
