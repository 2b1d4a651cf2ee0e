"""Executes a plan, judges its history, and says what that means for a claim."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock

import msgspec

from deliverycheck.executions import Execution
from deliverycheck.guarantees import (
    Evidence,
    Validity,
    Verdict,
    check,
    fault_evidence,
    hazards_of,
)
from deliverycheck.history import ExecutionFolder, History, read_history
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
        """What this execution says of the claim; a fault without evidence makes it unknown."""
        if self.inconclusive is not None:
            return Ruling.INCONCLUSIVE
        validity = self.verdicts[claim.guarantee].validity
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


def judge_history(
    history: History, guarantees: tuple[str, ...]
) -> tuple[dict[str, Verdict], dict[str, tuple[Evidence, ...]], str | None]:
    """Verdicts by guarantee, hazards that occurred, and why no fault acted (if none did)."""
    verdicts = {verdict.guarantee: verdict for verdict in check(history, guarantees)}
    evidence = fault_evidence(history)
    inert = None
    if evidence and not any(one.acted for one in evidence):
        inert = evidence[0].why
    return verdicts, hazards_of(history), inert


class Judge:
    """The one way from a plan to a judgement; remembers what it has judged.

    `execute` runs a plan into a folder; `renew` puts a fresh broker in the place of
    one that may be at fault. Called from many threads.
    """

    def __init__(
        self,
        *,
        execute: Callable[[Plan, ExecutionFolder], Execution],
        renew: Callable[[Execution], None],
        guarantees: tuple[str, ...],
        folder: Path,
    ) -> None:
        self._execute = execute
        self._renew = renew
        self._guarantees = guarantees
        self._folder = folder
        self._lock = Lock()
        self._memo: dict[str, Judgement] = {}
        self._turns: dict[str, Lock] = {}
        self._count = 0
        self.executions = 0
        self.inconclusive = 0
        self.deaths: list[str] = []

    def judge(self, plan: Plan) -> Judgement:
        """The plan's judgement; executed at most once, unless the infrastructure failed."""
        with self._lock:
            turn = self._turns.setdefault(plan.digest, Lock())
        with turn:  # Who asks while it runs waits for that execution.
            judgement = self._memo.get(plan.digest)
            if judgement is None:
                judgement = self.execute(plan)
                if judgement.inconclusive is None:
                    self._memo[plan.digest] = judgement
            return judgement

    def execute(self, plan: Plan) -> Judgement:
        """Run the plan now, whatever is known of it. Inconclusive: once more on a fresh broker."""
        judgement = self._once(plan)
        if judgement.inconclusive is not None:
            self._renew(judgement.execution)
            judgement = self._once(plan)
        return judgement

    def _once(self, plan: Plan) -> Judgement:
        with self._lock:
            self._count += 1
            number = self._count
        folder = ExecutionFolder(root=self._folder / f"{number:05d}-{plan.short_digest}")
        execution = self._execute(plan, folder)
        judgement = self._judged(execution)
        with self._lock:
            self.executions += 1
            self.inconclusive += judgement.inconclusive is not None
            death = (execution.broker_died or "").partition("\n")[0].rstrip(":")
            if death and death not in self.deaths:
                self.deaths.append(death)
        return judgement

    def _judged(self, execution: Execution) -> Judgement:
        if execution.inconclusive is not None:
            return Judgement(execution=execution, verdicts={}, hazards={})
        history = read_history(execution.folder.history)
        verdicts, hazards, inert = judge_history(history, self._guarantees)
        judgement = Judgement(execution=execution, verdicts=verdicts, hazards=hazards, inert=inert)
        save_verdicts(judgement)
        return judgement


def save_verdicts(judgement: Judgement) -> None:
    """Write verdicts and hazards beside the history that they judge."""
    content = {
        "verdicts": list(judgement.verdicts.values()),
        "hazards": {name: list(evidence) for name, evidence in judgement.hazards.items()},
        "inert": judgement.inert,
    }
    encoded = msgspec.json.format(msgspec.json.encode(content), indent=1)
    judgement.execution.folder.verdict.write_bytes(encoded + b"\n")
