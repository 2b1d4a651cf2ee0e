"""The catalogue of guarantees, by family."""

from deliverycheck.guarantees import conversations, delivery, liveness, log, queues, transactions
from deliverycheck.guarantees.guarantee import Guarantee

GUARANTEES: dict[str, Guarantee] = {
    guarantee.name: guarantee
    for guarantee in (
        *log.GUARANTEES,
        *delivery.GUARANTEES,
        *transactions.GUARANTEES,
        *queues.GUARANTEES,
        *conversations.GUARANTEES,
        *liveness.GUARANTEES,
    )
}
"""Every guarantee that can be asked for, by name."""
