"""The catalogue of anomalies: every name that a checker of this package gives to one."""

from deliverycheck.guarantees import conversations, delivery, liveness, log, queues, transactions
from deliverycheck.guarantees.kinds import AnomalyKind
from deliverycheck.guarantees.shared_anomalies import SHARED_ANOMALIES

ANOMALIES: dict[str, AnomalyKind] = {
    kind.name: kind
    for kind in (
        *SHARED_ANOMALIES,
        *log.ANOMALIES,
        *transactions.ANOMALIES,
        *delivery.ANOMALIES,
        *queues.ANOMALIES,
        *conversations.ANOMALIES,
        *liveness.ANOMALIES,
    )
}
"""By name."""
