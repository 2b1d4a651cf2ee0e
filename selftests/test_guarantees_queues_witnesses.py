"""Which operations prove what golden histories show of queues, and where it happened."""

from pathlib import Path

import pytest

from deliverycheck.history import read_history
from selftests.queue_story import verdict_of

GOLDEN = Path(__file__).parent / "golden"
PROOFS = {
    "fifo_per_publisher/anomaly-after-a-crash-of-the-consumer": [[(0, 1, 2, 3), "q"]],
    "fifo_per_publisher/anomaly-both-timed-out": [[(0, 1, 2), "q"]],
    "fifo_per_publisher/anomaly-fetched-one-after-the-other": [[(0, 1, 2, 3), "q"]],
    "fifo_per_publisher/anomaly-handed-in-the-wrong-order": [[(0, 1, 3), "q"]],
    "prefetch_bound/anomaly-after-a-crash-of-the-consumer": [[(5,), "q"]],
    "prefetch_bound/anomaly-none-settled": [[(4, 5, 6), "q"]],
    "prefetch_bound/anomaly-two-at-once": [[(3,), "q"]],
    "dead_lettering/anomaly-dropped-and-gone": [[(0,), "q"]],
    "dead_lettering/anomaly-dropped-from-the-wrong-end": [[(1, 0, 4), "d"]],
    "dead_lettering/anomaly-expired-without-an-expiry": [[(0, 2), "d"]],
    "dead_lettering/anomaly-nacked-before-a-crash-and-gone": [[(1, 2), "q"]],
    "dead_lettering/anomaly-rejected-and-gone": [[(1, 2), "q"]],
    "dead_lettering/anomaly-rejected-and-says-maxlen": [[(0, 1, 4), "d"]],
    "dead_lettering/anomaly-rejections-turned-round": [[(4, 3, 6), "d"]],
    "dead_lettering/anomaly-says-rejected-and-nobody-had-it": [[(0, 2), "d"]],
    "disjoint_consumers/anomaly-both-acked": [[(3, 4, 5, 6), "q"]],
    "disjoint_consumers/anomaly-both-called-first": [[(3, 4), "q"]],
    "disjoint_consumers/anomaly-fault-on-the-publisher": [[(3, 4), "q"]],
    "confirms_resolved/anomaly-answered-twice-and-not-drained": [[(0,), "q"]],
    "confirms_resolved/anomaly-answered-twice": [[(0,), "q"]],
    "confirms_resolved/anomaly-never-answered-after-a-heal": [[(0,), "q"]],
    "confirms_resolved/anomaly-never-answered-after-a-restart": [[(0,), "q"]],
    "confirms_resolved/anomaly-never-answered": [[(1,), "q"]],
    "routed_confirms/anomaly-confirmed-and-nowhere": [[(0,), "orders"]],
    "routed_confirms/anomaly-confirmed-to-a-queue-and-gone": [[(1,), "q"]],
    "routed_confirms/anomaly-gone-with-a-consumer-that-settles": [[(0,), "q"]],
    "routed_confirms/anomaly-returned-and-handed-out": [[(0, 1), "q"]],
    "expiry/anomaly-came-again-too-late": [[(0, 2), "q"]],
    "expiry/anomaly-expired-too-early": [[(0, 1), "d"]],
    "expiry/anomaly-fetched-too-late": [[(0, 1), "q"]],
    "expiry/anomaly-gone-before-its-time": [[(0,), "q"]],
    "expiry/anomaly-subscribed-too-late": [[(0, 2), "q"]],
    "requeue_position/anomaly-counted-after-a-crash": [[(2, 3, 4, 5), "q"]],
    "requeue_position/anomaly-not-at-the-back": [[(2, 3, 5, 4), "q"]],
    "requeue_position/anomaly-not-in-its-old-place": [[(2, 3, 4, 5), "q"]],
    "length_limit/anomaly-after-a-crash-of-the-consumer": [[(0, 1, 2, 3, 4, 5), "q"]],
    "length_limit/anomaly-dropped-the-newer": [[(0, 1, 2, 3), "q"]],
    "length_limit/anomaly-two-in-a-queue-of-one": [[(0, 1, 2), "q"]],
    "priority_order/anomaly-after-a-crash-of-the-consumer": [[(0, 1, 3), "q"]],
    "priority_order/anomaly-lower-first": [[(0, 1, 2, 3), "q"]],
}


@pytest.mark.parametrize(("name", "proofs"), PROOFS.items(), ids=PROOFS)
def test_anomaly_of_a_queue_names_the_operations_that_prove_it(name, proofs):
    verdict = verdict_of(read_history(GOLDEN / f"{name}.jsonl"), name.partition("/")[0])
    assert [[one.witnesses, one.source] for one in verdict.anomalies] == proofs
