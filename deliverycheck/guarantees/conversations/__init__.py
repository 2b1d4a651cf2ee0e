"""Requests with their replies, and streams of items."""

from deliverycheck.guarantees.conversations.anomalies import ANOMALIES
from deliverycheck.guarantees.conversations.guarantees import GUARANTEES

__all__ = ["ANOMALIES", "GUARANTEES"]
