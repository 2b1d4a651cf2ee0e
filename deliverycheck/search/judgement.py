"""What one execution says: verdicts, hazards, and what that means for a claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from deliverycheck.executions import Execution
from deliverycheck.guarantees import Evidence, Validity, Verdict
from deliverycheck.history import History, read_history
from deliverycheck.plans import Claim, Plan, Stance


class Ruling(StrEnum):
    """What one execution says of one claim."""

    VALID = "valid"
    UNKNOWN = "unknown"
    INVALID = "invalid"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One execution, judged.

    Attributes:
        hazards: those that occurred, with their evidence.
        inert: why no fault of it acted; ``None`` if one did, or none was asked for.
    """

    execution: Execution
    verdicts: Mapping[str, Verdict]
    hazards: Mapping[str, tuple[Evidence, ...]]
    inert: str | None = None

    @property
    def plan(self) -> Plan:
        """The plan that was run."""
        return self.execution.plan

    @property
    def inconclusive(self) -> str | None:
        """The trouble of the infrastructure, if there was any."""
        return self.execution.inconclusive

    def ruling(self, claim: Claim) -> Ruling:
        """What this execution says of the claim.

        Unknown is what a fault without evidence makes of it, or a situation that the claim does
        not speak of.
        """
        speaks = self.hazards.keys().isdisjoint(claim.unless)
        return self.ruling_of(claim.guarantee) if speaks else Ruling.UNKNOWN

    def ruling_of(self, guarantee: str) -> Ruling:
        """What this execution says of the guarantee, whoever claims it."""
        if self.inconclusive is not None:
            return Ruling.INCONCLUSIVE
        validity = self.verdicts[guarantee].validity
        if validity is Validity.VALID and self.inert is not None:
            return Ruling.UNKNOWN
        return Ruling(validity.value)

    def occurred(self, claim: Claim) -> tuple[str, ...]:
        """The claim's hazards that occurred."""
        return tuple(hazard for hazard in claim.hazards if hazard in self.hazards)

    def convicts(self, claim: Claim) -> bool:
        """The claim's guarantee is broken; a must-break claim also needs its hazard."""
        if self.ruling(claim) is not Ruling.INVALID:
            return False
        return claim.stance is Stance.HOLDS or bool(self.occurred(claim))

    def history(self) -> History:
        """The history as it lies on disk.

        Raises:
            OSError, HistoryFormatError: the folder was not kept.
        """
        return read_history(self.execution.folder.history)
