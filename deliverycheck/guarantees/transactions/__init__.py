"""Transactions: all or nothing, seen only when committed."""

from deliverycheck.guarantees.transactions.anomalies import ANOMALIES
from deliverycheck.guarantees.transactions.guarantees import GUARANTEES

__all__ = ["ANOMALIES", "GUARANTEES"]
