"""Guarantees: pure checkers of histories, the names of what they find, and how it is told."""

from deliverycheck.guarantees.anomalies import ANOMALIES
from deliverycheck.guarantees.catalogue import GUARANTEES
from deliverycheck.guarantees.check import UnknownGuaranteeError, check, guarantee_named
from deliverycheck.guarantees.describe import describe_operation, witness_lines
from deliverycheck.guarantees.explain import (
    Explanation,
    ToldAnomaly,
    explain,
    sentence_of,
    summary_of,
    text_of,
)
from deliverycheck.guarantees.fault_evidence import FaultEvidence, fault_evidence
from deliverycheck.guarantees.guarantee import Guarantee, Need
from deliverycheck.guarantees.hazard import BROKER_WIDE, Evidence, FaultColumn, Hazard, Needed
from deliverycheck.guarantees.hazards import HAZARDS, hazards_of
from deliverycheck.guarantees.kinds import AnomalyKind, Severity
from deliverycheck.guarantees.verdict import (
    Anomaly,
    Validity,
    Verdict,
    judge,
    unknown,
    worst,
)

__all__ = [
    "ANOMALIES",
    "BROKER_WIDE",
    "GUARANTEES",
    "HAZARDS",
    "Anomaly",
    "AnomalyKind",
    "Evidence",
    "Explanation",
    "FaultColumn",
    "FaultEvidence",
    "Guarantee",
    "Hazard",
    "Need",
    "Needed",
    "Severity",
    "ToldAnomaly",
    "UnknownGuaranteeError",
    "Validity",
    "Verdict",
    "check",
    "describe_operation",
    "explain",
    "fault_evidence",
    "guarantee_named",
    "hazards_of",
    "judge",
    "sentence_of",
    "summary_of",
    "text_of",
    "unknown",
    "witness_lines",
    "worst",
]
