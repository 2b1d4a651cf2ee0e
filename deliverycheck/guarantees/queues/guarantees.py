"""Guarantees on queues."""

from deliverycheck.guarantees.guarantee import DRAINED, SCANNED, Guarantee
from deliverycheck.guarantees.queues.bound import routed_as_bound
from deliverycheck.guarantees.queues.confirms import confirms_resolved
from deliverycheck.guarantees.queues.dead_letters import dead_lettering
from deliverycheck.guarantees.queues.effect_order import effects_in_order
from deliverycheck.guarantees.queues.expiry import expiry
from deliverycheck.guarantees.queues.fifo import fifo_per_publisher
from deliverycheck.guarantees.queues.kept import accounted_for, at_least_once_in_queue
from deliverycheck.guarantees.queues.length import length_limit
from deliverycheck.guarantees.queues.prefetch import prefetch_bound
from deliverycheck.guarantees.queues.priority import priority_order
from deliverycheck.guarantees.queues.requeue import requeue_position
from deliverycheck.guarantees.queues.routing import routed_confirms
from deliverycheck.guarantees.queues.sharing import disjoint_consumers

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
            "What a queue gives up otherwise than by an ack stands among its dead letters of that "
            "moment, in the order in which it died and with the reason for which it died."
        ),
        needs=SCANNED | DRAINED,
        check=dead_lettering,
    ),
    Guarantee(
        name="disjoint_consumers",
        title="consumers share nothing",
        promise=(
            "No two consumers of a queue are handed the same message, unless one let go of it."
        ),
        needs=frozenset(),
        check=disjoint_consumers,
    ),
    Guarantee(
        name="confirms_resolved",
        title="every publish is answered once",
        promise=("Every publish to a queue is answered, and only once."),
        needs=DRAINED,
        check=confirms_resolved,
    ),
    Guarantee(
        name="routed_confirms",
        title="confirmed is routed",
        promise=(
            "A confirmed message is handed out by some queue, or came back as unroutable; "
            "never both."
        ),
        needs=SCANNED | DRAINED,
        check=routed_confirms,
    ),
    Guarantee(
        name="expiry",
        title="expiry in time",
        promise=(
            "A message with a time to wait is not handed out after it, and not dropped before."
        ),
        needs=frozenset(),
        check=expiry,
    ),
    Guarantee(
        name="requeue_position",
        title="place of what comes again",
        promise=(
            "A message that was given back comes again where its queue says: in its place, or last."
        ),
        needs=frozenset(),
        check=requeue_position,
    ),
    Guarantee(
        name="length_limit",
        title="length is a limit",
        promise=(
            "A queue never holds more ready messages than its limit, and drops from its head."
        ),
        needs=frozenset(),
        check=length_limit,
    ),
    Guarantee(
        name="priority_order",
        title="higher priority first",
        promise=(
            "Of the messages that stand ready in a queue those of higher priority are handed "
            "out first."
        ),
        needs=frozenset(),
        check=priority_order,
    ),
    Guarantee(
        name="at_least_once_in_queue",
        title="at least once, in the queue",
        promise=(
            "Every message that the application relied on is handed out by each queue that it was "
            "routed to."
        ),
        needs=SCANNED | DRAINED,
        check=at_least_once_in_queue,
    ),
    Guarantee(
        name="accounted_for",
        title="nothing lost untold",
        promise=(
            "Every message that the application relied on was worked off, is still there, or "
            "somebody was told."
        ),
        needs=SCANNED | DRAINED,
        check=accounted_for,
    ),
    Guarantee(
        name="routed_as_bound",
        title="routed as bound",
        promise=(
            "A message is handed out by the queues that its bindings lead to, once as new, and by "
            "no other."
        ),
        needs=frozenset(),
        check=routed_as_bound,
    ),
    Guarantee(
        name="effects_in_order",
        title="effects in order",
        promise=(
            "First effects of one publisher's messages from one queue come in the order of its "
            "calls."
        ),
        needs=frozenset(),
        check=effects_in_order,
    ),
)
