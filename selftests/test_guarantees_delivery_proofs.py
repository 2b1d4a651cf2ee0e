"""How much golden histories of delivery have to examine, and which operations prove what."""

from pathlib import Path

import pytest

from deliverycheck.history import history_of, read_history
from selftests.delivery_steps import verdict_of

GOLDEN = Path(__file__).parent / "golden"
FLAGS = ("never", "never_received")
PROOFS = {
    "at_least_once_in_effect/anomaly-both-groups-missed-both": (
        4,
        [
            ("p1#1-1", "t", 0, 0, (4,)),
            ("p1#1-2", "t", 0, 1, (3, 4)),
            ("p1#1-1", "t", 0, 0, (2, 4)),
            ("p1#1-2", "t", 0, 1, (4,)),
        ],
    ),
    "at_least_once_in_effect/anomaly-commit-unknown": (1, [("p1#1-1", "t", 0, 0, (1, 3))]),
    "at_least_once_in_effect/anomaly-committed-and-killed": (2, [("p1#1-2", "t", 0, 1, (4, 5, 6))]),
    "at_least_once_in_effect/anomaly-done-by-another-group": (1, [("p1#1-1", "t", 0, 0, (4,))]),
    "at_least_once_in_effect/anomaly-effect-failed": (1, [("p1#1-1", "t", 0, 0, (1, 3))]),
    "at_least_once_in_effect/anomaly-fan-out-one-subscriber-missed-it": (
        2,
        [("p1#1-1", "t", 0, 0, (3, 4, 5))],
    ),
    "at_least_once_in_effect/anomaly-group-named-on-joining": (
        2,
        [("p1#1-1", "t", 0, 0, (3, 4, 10))],
    ),
    "at_least_once_in_effect/anomaly-never-received": (2, [("p1#1-2", "t", 0, 1, (4,))]),
    "at_least_once_in_effect/anomaly-not-committed-past": (2, [("p1#1-2", "t", 0, 1, (2, 5))]),
    "at_least_once_in_effect/anomaly-queue-acked-and-killed": (
        2,
        [("p1#1-2", "q", None, None, (5, 1))],
    ),
    "at_least_once_in_effect/anomaly-two-had-it-and-both-committed": (
        2,
        [("p1#1-1", "t", 0, 0, (2, 3, 4, 10)), ("p1#1-2", "t", 0, 1, (6, 10))],
    ),
    "at_most_once_in_effect/anomaly-fan-out-one-subscriber-twice": (
        2,
        [("p1#1-1", "t", 0, 0, (2, 3))],
    ),
    "at_most_once_in_effect/anomaly-in-a-cut-file": (1, [("p1#1-1", "t", 0, 0, (1, 2))]),
    "at_most_once_in_effect/anomaly-killed-before-its-commit": (1, [("p1#1-1", "t", 0, 0, (2, 4))]),
    "at_most_once_in_effect/anomaly-queue-killed-before-its-ack": (
        1,
        [("p1#1-1", "q", None, None, (2, 4))],
    ),
    "at_most_once_in_effect/anomaly-queue-without-tags-and-not-scanned": (
        1,
        [("p1#1-1", "q", None, None, (1, 2))],
    ),
    "at_most_once_in_effect/anomaly-several": (
        7,
        [
            ("p1#1-1", "t", None, 0, (4, 9)),
            ("p1#1-1", "t", 0, 0, (3, 8)),
            ("p1#1-2", "t", 0, 1, (2, 7)),
            ("m1", "u", None, None, (1, 6)),
            ("m2", "u", None, None, (0, 5)),
            ("p1#1-3", "q", None, None, (10, 12)),
            ("p1#1-1", "t", 0, 0, (11, 13)),
        ],
    ),
    "at_most_once_in_effect/anomaly-without-positions": (1, [("m1", "q", None, None, (1, 2))]),
    "exactly_once_in_effect/anomaly-fan-out-one-twice-one-never": (
        2,
        [("p1#1-1", "t", 0, 0, (3,)), ("p1#1-1", "t", 0, 0, (1, 2))],
    ),
    "exactly_once_in_effect/anomaly-one-lost-one-twice": (
        2,
        [("p1#1-2", "t", 0, 1, (4,)), ("p1#1-1", "t", 0, 0, (2, 3))],
    ),
    "exactly_once_in_effect/anomaly-queue-never": (1, [("p1#1-1", "q", None, None, (1, 0))]),
    "exactly_once_in_effect/anomaly-twice-and-not-drained": (1, [("p1#1-1", "t", 0, 0, (1, 2))]),
    "exactly_once_in_effect/anomaly-twice-and-not-in-the-log": (1, [("p1#1-1", "t", 0, 0, (0, 1))]),
    "commit_follows_effect/anomaly-committed-past-the-batch": (
        2,
        [("p1#1-2", "t", 0, 1, (4, 6, 7))],
    ),
    "commit_follows_effect/anomaly-effect-after-the-commit": (
        1,
        [("p1#1-1", "t", 0, 0, (3, 4, 5))],
    ),
    "commit_follows_effect/anomaly-effect-failed": (1, [("p1#1-1", "t", 0, 0, (3, 5))]),
    "commit_follows_effect/anomaly-killed-after-its-commit": (2, [("p1#1-2", "t", 0, 1, (7, 8))]),
    "commit_follows_effect/anomaly-rebalance": (2, [("p1#1-2", "t", 0, 1, (7, 9, 13))]),
    "commit_follows_effect/anomaly-several": (
        4,
        [
            ("p1#1-1", "t", None, 0, (3, 5)),
            ("p1#1-1", "t", 0, 0, (3, 4)),
            ("p1#1-5", "t", 0, 3, (3, 4)),
            ("p1#1-4", "t", 0, 4, (3, 4)),
        ],
    ),
    "commit_follows_effect/anomaly-two-at-the-same-moment": (
        1,
        [("p1#1-1", "t", 0, 0, (7, 9, 11))],
    ),
    "commits_move_forward/anomaly-behind-the-one-that-was-answered": (
        2,
        [(None, "t", 0, None, (3, 4))],
    ),
    "commits_move_forward/anomaly-lost-everything": (1, [(None, "t", 0, None, (2, 4, 6))]),
    "commits_move_forward/anomaly-next-member-went-back": (1, [(None, "t", 0, None, (2, 5))]),
    "commits_move_forward/anomaly-rebalance": (1, [(None, "t", 0, None, (3, 5, 6))]),
    "commits_move_forward/anomaly-same-again-and-back": (2, [(None, "t", 0, None, (2, 4))]),
    "commits_move_forward/anomaly-two-groups-and-two-partitions": (
        5,
        [
            (None, "t", None, None, (4, 5)),
            (None, "t", 0, None, (2, 3)),
            (None, "t", 1, None, (2, 3)),
            (None, "t", 0, None, (0, 1)),
            (None, "t", 1, None, (0, 1)),
        ],
    ),
    "commits_move_forward/anomaly-two-zombies-at-the-same-moment": (
        2,
        [(None, "t", 0, None, (1, 6, 7)), (None, "t", 0, None, (3, 6, 8))],
    ),
    "commits_move_forward/anomaly-went-back": (2, [(None, "t", 0, None, (3, 4))]),
    "commits_move_forward/anomaly-zombie-committed-twice": (
        2,
        [(None, "t", 0, None, (1, 4, 5)), (None, "t", 0, None, (1, 4, 6))],
    ),
    "commits_move_forward/anomaly-zombie-committed": (1, [(None, "t", 0, None, (1, 4, 5))]),
    "commits_move_forward/anomaly-zombie-given-it-twice": (1, [(None, "t", 0, None, (2, 5, 6))]),
    "commits_move_forward/anomaly-zombie-that-lost-another": (1, [(None, "t", 0, None, (1, 5, 6))]),
    "single_owner/anomaly-both-commit": (3, [(None, "t", 0, None, (3, 5, 6))]),
    "single_owner/anomaly-newcomer-has-it-too": (2, [(None, "t", 0, None, (1, 3, 4))]),
    "single_owner/anomaly-rebalance": (4, [(None, "t", 0, None, (1, 5, 6))]),
    "single_owner/anomaly-two-groups-and-two-partitions": (
        8,
        [
            (None, "t", 0, None, (3, 7, 9)),
            (None, "t", 1, None, (3, 7, 9)),
            (None, "t", 0, None, (1, 5, 8)),
            (None, "t", 1, None, (1, 5, 8)),
        ],
    ),
    "single_owner/anomaly-two-newcomers-at-the-same-moment": (3, [(None, "t", 0, None, (1, 4, 6))]),
    "single_delivery_in_group/anomaly-committed-and-handed-again": (
        1,
        [("p1#1-1", "t", 0, 0, (4, 5, 8))],
    ),
    "single_delivery_in_group/anomaly-handed-to-two-at-the-same-moment": (
        1,
        [("p1#1-1", "t", 0, 0, (3, 5, 8))],
    ),
    "single_delivery_in_group/anomaly-handed-twice": (2, [("p1#1-2", "t", 0, 1, (4, 5))]),
    "single_delivery_in_group/anomaly-rebalance": (1, [("p1#1-1", "t", 0, 0, (4, 5, 9))]),
    "single_delivery_in_group/anomaly-several": (
        3,
        [
            ("p1#1-1", "t", None, 0, (3, 4)),
            ("p1#1-1", "t", 0, 0, (3, 4)),
            ("p1#1-2", "t", 0, 1, (3, 4)),
        ],
    ),
    "single_delivery_in_group/anomaly-twice-in-one-call": (1, [("p1#1-1", "t", 0, 0, (4,))]),
    "settlement/anomaly-acked-and-handed-again": (1, [("p1#1-1", "q", None, None, (2, 3, 5))]),
    "settlement/anomaly-acked-and-still-there": (1, [("p1#1-1", "q", None, None, (2, 3, 4))]),
    "settlement/anomaly-acked-as-it-came": (1, [("p1#1-1", "q", None, None, (1, 2, 3))]),
    "settlement/anomaly-acked-by-another-member-of-the-log": (
        2,
        [("p1#1-1", "t", 0, 0, (0, 2, 4)), ("p1#1-2", "t", 0, 1, (1, 3, 4))],
    ),
    "settlement/anomaly-acked-by-two": (1, [("p1#1-1", "q", None, None, (4, 6, 8))]),
    "settlement/anomaly-flag-missing-after-a-nack": (1, [("p1#1-1", "q", None, None, (2, 4))]),
    "settlement/anomaly-flag-missing-twice": (
        1,
        [("p1#1-1", "q", None, None, (1, 3)), ("p1#1-1", "q", None, None, (1, 4))],
    ),
    "settlement/anomaly-flag-missing": (1, [("p1#1-1", "q", None, None, (2, 4))]),
    "settlement/anomaly-log-without-partitions": (1, [("p1#1-1", "t", None, 0, (1, 2, 3))]),
    "settlement/anomaly-rebalance": (1, [("p1#1-1", "t", 0, 0, (3, 4, 7))]),
    "settlement/anomaly-subscribed-after-the-ack": (1, [("p1#1-1", "q", None, None, (2, 3, 5))]),
    "settlement/anomaly-two-at-the-same-moment": (
        1,
        [("p1#1-1", "t", 0, 0, (1, 3, 5)), ("p1#1-1", "t", 0, 0, (1, 5))],
    ),
}


@pytest.mark.parametrize(("name", "proofs"), PROOFS.items(), ids=PROOFS)
def test_anomaly_of_delivery_names_its_place_and_the_operations_that_prove_it(name, proofs):
    verdict = verdict_of(read_history(GOLDEN / f"{name}.jsonl"), name.partition("/")[0])
    shown = [
        (one.message, one.source, one.partition, one.position, one.witnesses)
        for one in verdict.anomalies
    ]
    assert (verdict.examined, shown) == proofs
    flags = [one.facts.get(name, 1) for one in verdict.anomalies for name in FLAGS]
    assert set(flags) == {1}


@pytest.mark.parametrize("folder", dict.fromkeys(name.partition("/")[0] for name in PROOFS))
def test_verdict_bears_the_name_of_its_guarantee_whatever_it_says(folder):
    for path in sorted((GOLDEN / folder).glob("*.jsonl")):
        lines = path.read_bytes().splitlines(keepends=True)
        for told in (lines, lines[:-1]):
            verdict_of(history_of(b"".join(told)), folder)
