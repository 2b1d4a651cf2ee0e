"""Liveness, apart from safety: everything is resolved, and usable, in time."""

from deliverycheck.guarantees.liveness.anomalies import ANOMALIES
from deliverycheck.guarantees.liveness.guarantees import GUARANTEES

__all__ = ["ANOMALIES", "GUARANTEES"]
