"""Guarantees on queues."""

from deliverycheck.guarantees.guarantee import Guarantee
from deliverycheck.guarantees.queues.fifo import fifo_per_publisher
from deliverycheck.guarantees.queues.prefetch import prefetch_bound

GUARANTEES = (
    Guarantee(
        name="fifo_per_publisher",
        title="first in, first out per publisher",
        promise=(
            "First deliveries of one publisher's messages from one queue come in the order of "
            "its calls."
        ),
        needs=frozenset(),
        check=fifo_per_publisher,
    ),
    Guarantee(
        name="prefetch_bound",
        title="prefetch is a bound",
        promise=(
            "What a consumer was handed from a queue and has not settled never exceeds its "
            "prefetch."
        ),
        needs=frozenset(),
        check=prefetch_bound,
    ),
)
