"""The result of one guarantee on one execution."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

WITNESSED_ANOMALIES_MAX = 20
"""A verdict counts all anomalies and shows this many: a report is read, not mined."""


class Validity(StrEnum):
    """What a check concluded. `worst` merges several."""

    VALID = "valid"
    UNKNOWN = "unknown"
    INVALID = "invalid"


_FROM_BEST_TO_WORST = tuple(Validity)


def worst(validities: Iterable[Validity]) -> Validity:
    """INVALID beats UNKNOWN beats VALID; of nothing at all, nothing is known."""
    return max(validities, key=_FROM_BEST_TO_WORST.index, default=Validity.UNKNOWN)


class Anomaly(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named violation and the operations that prove it.

    Attributes:
        name: a name of the anomaly catalogue.
        message: the message it is about.
        witnesses: numbers of the operations that prove it.
        facts: what the sentence needs besides, by name.
    """

    name: str
    message: str | None = None
    witnesses: tuple[int, ...] = ()
    source: str | None = None
    partition: int | None = None
    position: int | None = None
    facts: dict[str, str | int | list[str] | list[int]] = {}


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one guarantee says of one execution.

    Attributes:
        examined: how many obligations were looked at; 0 is never ``valid``.
        count: all anomalies found; `anomalies` holds the first of them.
        reason: why the verdict is unknown.
    """

    guarantee: str
    validity: Validity
    examined: int
    count: int = 0
    anomalies: tuple[Anomaly, ...] = ()
    reason: str | None = None


def judge(guarantee: str, anomalies: Iterable[Anomaly], *, examined: int) -> Verdict:
    """INVALID with any anomaly, else VALID; UNKNOWN if nothing was examined."""
    found = tuple(anomalies)
    if found:
        return Verdict(
            guarantee=guarantee,
            validity=Validity.INVALID,
            examined=examined,
            count=len(found),
            anomalies=found[:WITNESSED_ANOMALIES_MAX],
        )
    if examined == 0:
        return unknown(guarantee, "nothing to examine: no operation fell under this guarantee")
    return Verdict(guarantee=guarantee, validity=Validity.VALID, examined=examined)


def unknown(guarantee: str, reason: str, *, examined: int = 0) -> Verdict:
    """The verdict of a check that could not conclude, and why."""
    return Verdict(guarantee=guarantee, validity=Validity.UNKNOWN, examined=examined, reason=reason)
