"""Guarantees on queues."""

from deliverycheck.guarantees.guarantee import DRAINED, SCANNED, Guarantee
from deliverycheck.guarantees.queues.dead_letters import dead_lettering
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
    Guarantee(
        name="dead_lettering",
        title="dead letters arrive",
        promise=(
            "What a queue gives up otherwise than by an ack stands among its dead letters, in the "
            "order in which it died and with the reason for which it died."
        ),
        needs=SCANNED | DRAINED,
        check=dead_lettering,
    ),
)
