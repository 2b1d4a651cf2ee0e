"""From delivery to effect: consumer groups, commits, settlement."""

from deliverycheck.guarantees.delivery.anomalies import ANOMALIES
from deliverycheck.guarantees.delivery.guarantees import GUARANTEES

__all__ = ["ANOMALIES", "GUARANTEES"]
