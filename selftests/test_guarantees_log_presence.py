"""What stands in the log twice or wrongly: sharp edges, and everything that is told of it."""

import pytest

from deliverycheck.guarantees import GUARANTEES
from deliverycheck.history import Source
from selftests.story import Story, at

A, B = "p1#1-1", "p1#1-2"
QUEUES = {"t": Source(), "q": Source(kind="queue")}


def verdict_on(story, guarantee="exactly_once_in_log"):
    return GUARANTEES[guarantee].check(story.done().history())


def names(story):
    return [anomaly.name for anomaly in verdict_on(story).anomalies]


@pytest.mark.parametrize("attempts", [1, 2], ids=["sent-once", "sent-again"])
def test_duplicate_is_told_with_all_its_calls_and_copies(attempts):
    story = Story()
    ops = [story.published(A, 0, attempt=number + 1) for number in range(attempts)]
    scan = story.scanned(A, B, A)
    story.fail(story.publish(B))
    duplicate = verdict_on(story).anomalies[0]
    assert (duplicate.name, duplicate.message, duplicate.position) == ("duplicate", A, 2)
    assert (duplicate.source, duplicate.partition) == ("t", 0)
    assert duplicate.witnesses == (*ops, scan)
    assert duplicate.facts == {
        "kind": "in_log",
        "copies": 2,
        "places": ["t/0 at position 0", "t/0 at position 2"],
        **({"attempts": 2} if attempts > 1 else {}),
    }


def test_copies_that_two_scans_found_are_told_with_both():
    story = Story()
    sent = story.published(A, 0)
    one, other = story.scanned(A), story.scanned(at(A, 1), process="scan#2")
    (duplicate,) = verdict_on(story).anomalies
    assert duplicate.witnesses == (sent, one, other)


def test_duplicate_is_told_with_the_last_of_its_copies():
    story = Story()
    story.published(A, 0)
    story.scanned(A, A, A)
    (duplicate,) = verdict_on(story).anomalies
    assert (duplicate.position, duplicate.facts["copies"]) == (2, 3)


def test_duplicate_of_an_unknown_message_in_a_cut_history_needs_no_call():
    story = Story()
    scan = story.scanned(A, A)
    (duplicate,) = GUARANTEES["exactly_once_in_log"].check(story.history()).anomalies
    assert (duplicate.witnesses, duplicate.facts["copies"]) == ((scan,), 2)


def test_what_is_not_ours_has_no_copies_and_hides_none():
    story = Story()
    story.published(A, 1)
    story.scanned("", A, "", A)
    assert sorted(names(story)) == ["duplicate", "phantom", "phantom"]


@pytest.mark.parametrize(
    ("places", "found"),
    [(("q", "q"), []), (("t", "q"), []), (("t", "t"), ["duplicate"])],
    ids=["both-in-a-queue", "one-in-a-queue", "both-in-the-log"],
)
def test_only_copies_in_logs_are_duplicates(places, found):
    story = Story(sources=QUEUES)
    story.published(A, 0)
    story.scanned(*(at(A, number, source=source) for number, source in enumerate(places)))
    assert names(story) == found


@pytest.mark.parametrize(
    ("end", "found"), [("commit_transaction", ["duplicate"]), ("abort_transaction", [])]
)
def test_copies_of_a_transaction_are_duplicates_once_it_committed(end, found):
    story = Story()
    story.published(A, 0)
    story.published(A, 1, attempt=2, transaction="x")
    story.ok(story.invoke("p1#1", end, transaction="x"))
    story.scanned(at(A, 0, attempt=1), at(A, 1, attempt=2))
    assert names(story) == found


def test_what_is_owed_and_what_is_found_is_examined_once():
    story = Story()
    story.published(A, 0)
    story.published(B)
    story.info(story.publish("p1#1-3"))
    story.info(story.publish("p1#1-4"))
    story.scanned(A, "p1#1-3")
    verdict = verdict_on(story)
    assert (verdict.examined, [one.message for one in verdict.anomalies]) == (3, [B])


def test_what_is_missing_before_the_log_was_scanned_is_not_examined():
    story = Story()
    story.published(A, 0)
    story.published(B)
    story.scanned(A, A)
    history = story.done(scanned=False).history()
    verdict = GUARANTEES["exactly_once_in_log"].check(history)
    assert (verdict.examined, verdict.count) == (1, 1)


def test_suspects_in_the_log_are_told_whole():
    story = Story()
    failed = story.publish(A)
    story.fail(failed, error="QueueFull")
    sent = story.published(B, 1, target="u")
    scan = story.scanned(A, at(B, 1, mangled=("body",)), "p9#1-1")
    told = {
        anomaly.name: (anomaly.message, anomaly.witnesses, anomaly.position, anomaly.facts)
        for anomaly in verdict_on(story).anomalies
    }
    assert told == {
        "resurrected": (
            A,
            (failed, scan),
            0,
            {"kind": "in_log", "error": "QueueFull", "failed_ns": 2_000_000},
        ),
        "misrouted": (B, (sent, scan), 1, {"kind": "in_log", "target": ["u"]}),
        "mangled": (B, (sent, scan), 1, {"kind": "in_log", "mangled": ["body"]}),
        "phantom": ("p9#1-1", (scan,), 2, {"kind": "unpublished"}),
    }


@pytest.mark.parametrize(
    ("found", "facts"),
    [
        (at(A, 0, execution="x2"), {"kind": "other_execution", "execution": "x2"}),
        (at("", 0), {"kind": "not_ours"}),
        (at(A, 0), {"kind": "unpublished"}),
    ],
    ids=["of-another-execution", "not-ours", "unpublished"],
)
def test_stranger_is_told_whole_wherever_it_is_met(found, facts):
    story = Story()
    op = story.scanned(found)
    (stranger,) = verdict_on(story).anomalies
    assert (stranger.message, stranger.witnesses, stranger.facts) == (
        found.message or None, (op,), facts,
    )  # fmt: skip
    story = Story()
    op = story.received("c1#1", found)
    (stranger,) = verdict_on(story, "genuine_deliveries").anomalies
    handed = {"kind": f"handed_{facts['kind']}", "process": "c1#1", "ns": 2_000_000}
    assert (stranger.message, stranger.witnesses) == (found.message or None, (op,))
    assert stranger.facts == {**facts, **handed}
