"""What is found in queues."""

from deliverycheck.guarantees.kinds import AnomalyKind

ANOMALIES: tuple[AnomalyKind, ...] = ()
