"""What the catalogue of guarantees says of each: name, title, promise, what a check of it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from deliverycheck.guarantees.verdict import Verdict
from deliverycheck.history import History

Checker = Callable[[History], Verdict]


class Need(StrEnum):
    """What an execution must have reached before a check of it can be valid."""

    SCANNED = "scanned"
    DRAINED = "drained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """One promise that can be checked.

    Attributes:
        title: what a table of a report calls it.
        promise: what is promised, in one sentence.
        needs: without these no check of it is valid; a violation may be proven without them.
    """

    name: str
    title: str
    promise: str
    needs: frozenset[Need]
    check: Checker


SCANNED = frozenset({Need.SCANNED})
DRAINED = frozenset({Need.DRAINED})
