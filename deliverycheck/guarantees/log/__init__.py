"""What stands in logs, and how readers see it."""

from deliverycheck.guarantees.log.anomalies import ANOMALIES
from deliverycheck.guarantees.log.guarantees import GUARANTEES

__all__ = ["ANOMALIES", "GUARANTEES"]
