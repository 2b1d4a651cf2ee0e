"""What is found in liveness."""

from deliverycheck.guarantees.kinds import AnomalyKind

ANOMALIES: tuple[AnomalyKind, ...] = ()
