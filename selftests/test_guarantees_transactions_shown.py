"""What each golden history of a transaction shows: how many were examined, and what proves it."""

import pytest

from deliverycheck.guarantees import check
from deliverycheck.history import Source, read_history
from selftests.story import at
from selftests.test_guarantees_golden import FILES, GOLDEN, name_of
from selftests.transaction_stories import Told, found, verdict_of

FAMILY = (
    "read_committed",
    "atomic_transactions",
    "fencing",
    "read_order",
    "serializable_transactions",
)

# By golden history: examined, witnesses, message and place.
SHOWN = {
    "read_committed/anomaly-aborted-read-by-a-receive-that-timed-out": (
        1,
        (1, 2, 3),
        "p1#1-1",
        ("t", 0, 0),
    ),
    "read_committed/anomaly-aborted-read-by-two-scans": (1, (1, 2, 3), "p1#1-1", ("t", 0, 0)),
    "read_committed/anomaly-aborted-read": (1, (1, 2, 3), "p1#1-1", ("t", 0, 0)),
    "read_committed/anomaly-aborted-then-sent-again": (2, (1, 2, 6), "p1#1-1", ("t", 0, 0)),
    "read_committed/anomaly-commit-failed": (1, (1, 2, 3), "p1#1-1", ("t", 0, 0)),
    "read_committed/anomaly-in-a-cut-file": (1, (1, 2, 3), "p1#1-1", ("t", 0, 0)),
    "read_committed/anomaly-level-stated-at-subscribe-then-rebalanced": (
        1,
        (1, 2, 6),
        "p1#1-1",
        ("t", 0, 0),
    ),
    "read_committed/anomaly-never-committed": (1, (1, 2), "p1#1-1", ("t", 0, 0)),
    "read_committed/anomaly-read-before-its-commit": (1, (1, 3, 2), "p1#1-1", ("t", 0, 0)),
    "read_committed/anomaly-read-of-its-own": (1, (1, 3, 2), "p1#1-1", ("t", 0, 0)),
    "atomic_transactions/anomaly-commit-failed-and-one-part-read": (
        1,
        (1, 3, 4),
        "p1#1-1",
        ("t", 0, 0),
    ),
    "atomic_transactions/anomaly-commit-unknown-and-one-part-read": (
        1,
        (2, 3, 4),
        "p1#1-2",
        ("t", 0, 1),
    ),
    "atomic_transactions/anomaly-handed-again-after-a-rebalance": (
        1,
        (9, 10, 13),
        "q-2",
        ("in", 0, 2),
    ),
    "atomic_transactions/anomaly-handed-again-after-an-unknown-commit": (
        2,
        (9, 10, 13),
        "q-2",
        ("in", 0, 2),
    ),
    "atomic_transactions/anomaly-handed-again": (2, (9, 10, 12), "q-2", ("in", 0, 2)),
    "atomic_transactions/anomaly-hidden": (1, (2, 3, 4, 5), "p1#1-2", ("t", 0, 1)),
    "atomic_transactions/anomaly-torn-in-a-queue": (1, (2, 3, 4), "p1#1-2", ("q", None, None)),
    "atomic_transactions/anomaly-killed-while-it-committed": (
        1,
        (2, 3, 4),
        "p1#1-2",
        ("t", None, None),
    ),
    "atomic_transactions/anomaly-moved-alone": (2, (9, 10, 12), "q-5", ("in", 0, 5)),
    "atomic_transactions/anomaly-part-read-by-a-receive-that-timed-out": (
        1,
        (2, 3, 4),
        "p1#1-2",
        ("t", 0, 1),
    ),
    "atomic_transactions/anomaly-torn-for-any-reader": (1, (2, 3), "p1#1-2", ("t", 0, 1)),
    "atomic_transactions/anomaly-torn-without-positions": (1, (2, 3, 4), "p1#1-2", ("t", 0, None)),
    "atomic_transactions/anomaly-torn": (1, (2, 3, 4), "p1#1-2", ("t", 0, 1)),
    "fencing/anomaly-in-a-cut-file": (1, (3, 4), None, (None, None, None)),
    "fencing/anomaly-only-positions-after-a-rebalance": (1, (5, 6), None, (None, None, None)),
    "fencing/anomaly-zombie-commits": (1, (3, 4), None, (None, None, None)),
    "fencing/anomaly-zombie-is-read": (1, (3, 4, 5), "p1#1-1", ("t", 0, 0)),
    "read_order/anomaly-after-a-rebalance": (2, (6, 10, 7, 9), "p1#1-1", ("t", 0, 0)),
    "read_order/anomaly-against-the-order-of-a-process": (1, (6, 7, 8, 5), "p1#1-2", ("t", 0, 2)),
    "read_order/anomaly-in-a-cut-file": (2, (5, 8, 6, 7), "p1#1-1", ("t", 0, 0)),
    "read_order/anomaly-read-from-the-future": (1, (6, 7, 8, 5), "p2#1-1", ("t", 0, 2)),
    "read_order/anomaly-read-of-each-other": (2, (5, 8, 6, 7), "p1#1-1", ("t", 0, 0)),
    "serializable_transactions/anomaly-read-and-written-across": (
        2,
        (6, 8, 5, 10),
        "p1#1-1",
        ("t", 0, 1),
    ),
    "serializable_transactions/anomaly-read-of-each-other": (
        3,
        (5, 8, 6, 7),
        "p1#1-1",
        ("t", 0, 0),
    ),
    "serializable_transactions/anomaly-written-across": (
        2,
        (5, 11, 6, 7, 8),
        "p2#1-1",
        ("t", 0, 1),
    ),
    "serializable_transactions/anomaly-written-before-what-was-done": (
        1,
        (5, 6, 7, 9, 4),
        "p1#1-1",
        ("t", 0, 1),
    ),
}


def test_every_conviction_of_the_family_is_told():
    convicting = (path for path in FILES if path.stem.startswith("anomaly"))
    assert {name_of(path) for path in convicting if path.parent.name in FAMILY} == SHOWN.keys()


@pytest.mark.parametrize(("name", "shown"), SHOWN.items(), ids=SHOWN)
def test_golden_history_is_convicted_by_these_operations(name, shown):
    guarantee = name.partition("/")[0]
    (verdict,) = check(read_history(GOLDEN / f"{name}.jsonl"), [guarantee])
    (anomaly,) = verdict.anomalies
    where = (anomaly.source, anomaly.partition, anomaly.position)
    assert (verdict.examined, anomaly.witnesses, anomaly.message, where) == shown


def test_hidden_message_is_told_as_one_that_others_can_read():
    path = GOLDEN / "atomic_transactions" / "anomaly-hidden.jsonl"
    (anomaly,) = check(read_history(path), ["atomic_transactions"])[0].anomalies
    assert anomaly.facts == {
        "kind": "read",
        "reader": "scan#1",
        "read_ns": 10_000_000,
        "seen": "p1#1-1",
        "transaction": "x1",
        "process": "p1#1",
        "owed": 2,
        "missing": 1,
        "hidden": 1,
    }


def test_commit_that_failed_without_a_word_is_told_without_an_error():
    story = Told()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.end("p1#1", "x1", outcome="fail")
    story.read("c1#1", at("p1#1-1", 0))
    (anomaly,) = verdict_of(story.done().history(), "read_committed").anomalies
    assert anomaly.facts["kind"] == "commit_failed"
    assert "error" not in anomaly.facts


def test_last_of_the_commits_that_failed_is_shown():
    story = Told()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    for _ in range(2):
        story.end("p1#1", "x1", outcome="fail")
    story.read("c1#1", at("p1#1-1", 0))
    (anomaly,) = verdict_of(story.done().history(), "read_committed").anomalies
    assert (anomaly.witnesses, anomaly.facts["ended_ns"]) == ((1, 3, 4), 8_000_000)


def test_message_that_was_sent_again_in_another_transaction_is_still_missing_of_the_first():
    story = Told()
    story.whole("p1#1", "x1", ("p1#1-1", 0), ("p1#1-2", 1))
    story.begin("p1#1", "x2")
    story.published("p1#1-2", 2, transaction="x2", attempt=2)
    story.end("p1#1", "x2")
    story.read("scan#1", at("p1#1-1", 0), at("p1#1-2", 2, attempt=2))
    (anomaly,) = verdict_of(story.done().history(), "atomic_transactions").anomalies
    assert (anomaly.name, anomaly.facts["transaction"]) == ("torn", "x1")


def test_transaction_is_found_where_every_operation_names_it():
    story = Told()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.end("p1#1", "x1", "abort")
    story.read("c1#1", at("p1#1-1", 0), transaction="x1")
    assert found(story.done().history(), "read_committed") == ["aborted_read"]


def test_message_on_its_way_when_the_abort_was_asked_for_is_a_part_of_what_was_read_in_part():
    story = Told()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.publish("p1#1-2", transaction="x1")
    story.end("p1#1", "x1", "abort")
    story.read("scan#1", at("p1#1-1", 0))
    (anomaly,) = verdict_of(story.done().history(), "atomic_transactions").anomalies
    assert (anomaly.facts["owed"], anomaly.facts["missing"]) == (2, 1)


def test_message_missing_from_a_log_is_missed_though_there_is_a_queue():
    story = Told(sources={"t": Source(), "u": Source(kind="queue")})
    story.whole("p1#1", "x1", ("p1#1-1", 0), ("p1#1-2", 1))
    story.read("scan#1", at("p1#1-1", 0))
    assert found(story.done().history(), "atomic_transactions") == ["torn"]
