"""What is found in transactions."""

from deliverycheck.guarantees.kinds import AnomalyKind

ANOMALIES: tuple[AnomalyKind, ...] = ()
