"""What golden histories show of queues: what was examined, which operations prove it, and where."""

from pathlib import Path

import pytest

from deliverycheck.guarantees.queues.guarantees import GUARANTEES
from deliverycheck.history import read_history
from selftests.queue_story import verdict_of

GOLDEN = Path(__file__).parent / "golden"
FILES = [path for each in GUARANTEES for path in sorted((GOLDEN / each.name).glob("*.jsonl"))]
PROOFS = {
    "fifo_per_publisher/anomaly-after-a-crash-of-the-consumer": (1, (0, 1, 2, 3), "q", None),
    "fifo_per_publisher/anomaly-both-timed-out": (1, (0, 1, 2), "q", None),
    "fifo_per_publisher/anomaly-fetched-one-after-the-other": (1, (0, 1, 2, 3), "q", None),
    "fifo_per_publisher/anomaly-handed-in-the-wrong-order": (1, (0, 1, 3), "q", None),
    "prefetch_bound/anomaly-after-a-crash-of-the-consumer": (3, (5,), "q", 2),
    "prefetch_bound/anomaly-none-settled": (3, (4, 5, 6), "q", 3),
    "prefetch_bound/anomaly-two-at-once": (2, (3,), "q", 2),
    "dead_lettering/anomaly-dropped-and-gone": (1, (0,), "q", None),
    "dead_lettering/anomaly-dropped-from-the-wrong-end": (5, (1, 0, 4), "d", None),
    "dead_lettering/anomaly-expired-without-an-expiry": (2, (0, 2), "d", 1),
    "dead_lettering/anomaly-nacked-before-a-crash-and-gone": (1, (1, 2), "q", None),
    "dead_lettering/anomaly-refused-and-where-the-dead-had-gone-before": (2, (0, 2, 5), "d", 1),
    "dead_lettering/anomaly-rejected-and-gone": (1, (1, 2), "q", None),
    "dead_lettering/anomaly-rejected-and-says-maxlen": (2, (0, 1, 4), "d", 1),
    "dead_lettering/anomaly-rejections-turned-round": (5, (4, 3, 6), "d", None),
    "dead_lettering/anomaly-says-rejected-and-nobody-had-it": (2, (0, 2), "d", 1),
    "disjoint_consumers/anomaly-both-acked": (1, (3, 4, 5, 6), "q", None),
    "disjoint_consumers/anomaly-both-called-first": (1, (3, 4), "q", None),
    "disjoint_consumers/anomaly-fault-on-the-publisher": (1, (3, 4), "q", None),
    "confirms_resolved/anomaly-answered-twice-and-not-drained": (0, (0,), "q", None),
    "confirms_resolved/anomaly-answered-twice": (1, (0,), "q", None),
    "confirms_resolved/anomaly-never-answered-after-a-heal": (2, (0,), "q", None),
    "confirms_resolved/anomaly-never-answered-after-a-restart": (1, (0,), "q", None),
    "confirms_resolved/anomaly-never-answered": (2, (1,), "q", None),
    "routed_confirms/anomaly-confirmed-and-nowhere": (1, (0,), "orders", None),
    "routed_confirms/anomaly-confirmed-to-a-queue-and-gone": (2, (1,), "q", None),
    "routed_confirms/anomaly-gone-with-a-consumer-that-settles": (1, (0,), "q", None),
    "routed_confirms/anomaly-returned-and-handed-out": (1, (0, 1), "q", None),
    "expiry/anomaly-came-again-too-late": (2, (0, 2), "q", None),
    "expiry/anomaly-expired-too-early": (2, (0, 1), "d", None),
    "expiry/anomaly-fetched-too-late": (1, (0, 1), "q", None),
    "expiry/anomaly-gone-before-its-time": (1, (0,), "q", None),
    "expiry/anomaly-subscribed-too-late": (1, (0, 2), "q", None),
    "requeue_position/anomaly-counted-after-a-crash": (1, (2, 3, 4, 5), "q", None),
    "requeue_position/anomaly-not-at-the-back": (1, (2, 3, 5, 4), "q", None),
    "requeue_position/anomaly-not-in-its-old-place": (1, (2, 3, 4, 5), "q", None),
    "length_limit/anomaly-after-a-crash-of-the-consumer": (3, (0, 1, 2, 3, 4, 5), "q", None),
    "length_limit/anomaly-dropped-the-newer": (2, (0, 1, 2, 3), "q", None),
    "length_limit/anomaly-two-in-a-queue-of-one": (2, (0, 1, 2), "q", None),
    "priority_order/anomaly-after-a-crash-of-the-consumer": (1, (0, 1, 3), "q", None),
    "priority_order/anomaly-lower-first": (1, (0, 1, 2, 3), "q", None),
    "at_least_once_in_queue/anomaly-confirmed-and-gone": (1, (0,), "q", None),
    "at_least_once_in_queue/anomaly-handed-over-and-gone": (1, (0,), "q", None),
    "at_least_once_in_queue/anomaly-one-of-two-queues": (2, (0,), "r", None),
    "at_least_once_in_queue/anomaly-unroutable-and-not-told": (1, (0,), "x", None),
    "length_limit/anomaly-more-than-a-policy-left-room-for": (2, (0, 1, 3), "q", None),
    "accounted_for/anomaly-dead-letter-without-a-place": (1, (0,), "q", None),
    "accounted_for/anomaly-dropped-from-a-full-queue": (2, (0,), "q", None),
    "accounted_for/anomaly-failed-too-often": (1, (0,), "q", None),
    "routed_as_bound/anomaly-in-a-queue-too-many": (3, (0, 2), "r", None),
    "routed_as_bound/anomaly-missing-in-one-queue": (3, (0,), "r", None),
    "routed_as_bound/anomaly-twice-in-one-queue": (2, (0, 1), "q", None),
    "effects_in_order/anomaly-given-back-beside-another": (1, (0, 1, 5, 7), "q", None),
}
"""How much was examined, and of the one anomaly its witnesses, queue and tag."""


@pytest.mark.parametrize(("name", "proof"), PROOFS.items(), ids=PROOFS)
def test_anomaly_of_a_queue_names_the_operations_that_prove_it(name, proof):
    verdict = verdict_of(read_history(GOLDEN / f"{name}.jsonl"), name.partition("/")[0])
    (one,) = verdict.anomalies
    assert (verdict.examined, one.witnesses, one.source, one.position) == proof


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden_history_of_a_queue_has_a_proof_exactly_if_it_is_convicted(path):
    verdict = verdict_of(read_history(path), path.parent.name)
    assert verdict.count == (f"{path.parent.name}/{path.stem}" in PROOFS)
