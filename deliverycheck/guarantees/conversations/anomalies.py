"""What is found in conversations."""

from deliverycheck.guarantees.kinds import AnomalyKind

ANOMALIES: tuple[AnomalyKind, ...] = ()
