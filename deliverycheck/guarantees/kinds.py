"""What the catalogue of anomalies says of each: what it means, what it breaks, how it is told."""

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """How bad an anomaly is for whoever owns the data."""

    LOSS = "loss"
    CORRUPTION = "corruption"
    REPETITION = "repetition"
    DISORDER = "disorder"
    STANDSTILL = "standstill"


class AnomalyKind(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the catalogue.

    Attributes:
        breaks: the guarantees that it breaks.
        sentences: templates by the fact ``kind``; a fact's name stands in braces.
        details: a sentence to add where the named fact is known.
        source: where the name comes from.
        example: a worked example, one line of story.
    """

    name: str
    meaning: str
    breaks: tuple[str, ...]
    severity: Severity
    sentences: dict[str, str]
    source: str
    example: str
    details: dict[str, str] = {}
