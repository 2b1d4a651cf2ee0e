"""Queues: order, settlement, dead letters, limits."""

from deliverycheck.guarantees.queues.anomalies import ANOMALIES
from deliverycheck.guarantees.queues.guarantees import GUARANTEES

__all__ = ["ANOMALIES", "GUARANTEES"]
