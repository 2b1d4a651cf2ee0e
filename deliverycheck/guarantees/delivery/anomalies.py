"""What is found between delivery and effect."""

from deliverycheck.guarantees.kinds import AnomalyKind

ANOMALIES: tuple[AnomalyKind, ...] = ()
