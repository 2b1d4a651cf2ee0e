"""What a campaign found, as `campaign.json` holds it; reports render it and the histories."""

from enum import StrEnum

import msgspec

from deliverycheck.plans.claim import Claim, Stance
from deliverycheck.plans.steps import Step

FORMAT = "deliverycheck-campaign"
VERSION = 1
INCONCLUSIVE_SHARE_MAX = 0.05
"""Of executions; where more were, what was not reached is no fault of the plans."""


class ClaimState(StrEnum):
    """How a claim came out."""

    HELD = "held"
    VIOLATED = "violated"
    FOUND = "found"
    NOT_FOUND = "not_found"
    NOT_EXERCISED = "not_exercised"


class Cell(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One claim under one hazard.

    Attributes:
        valid: executions judged valid in which the hazard occurred.
        needed: so many of a holding claim are wanted; 0 where the claim's own number is.
        reachable: whether this backend can bring the hazard about at all.
        out_of_time: the campaign ended before all plans for it were tried.
    """

    hazard: str
    state: ClaimState
    valid: int = 0
    needed: int = 0
    invalid: int = 0
    unknown: int = 0
    reachable: bool = True
    out_of_time: bool = False


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """`convictions` of `executions`, with the 95 % Wilson interval of the rate."""

    convictions: int
    executions: int
    low: float
    high: float


class ClaimResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One claim in one campaign.

    Attributes:
        needed: valid executions that each hazard needs for `held`.
        generated: executions of generated plans until the first conviction, or all of
            them if there was none.
        corpus: the gate: convictions and tries of the corpus plan.
        violation: id of its first violation.
    """

    claim: Claim
    state: ClaimState
    cells: tuple[Cell, ...]
    executions: int
    valid: int = 0
    invalid: int = 0
    unknown: int = 0
    inconclusive: int = 0
    needed: int = 3
    generated: int | None = None
    corpus: Tally | None = None
    violation: str | None = None
    note: str | None = None

    @property
    def as_stance_says(self) -> bool:
        """The claim came out as it was stated."""
        wanted = ClaimState.HELD if self.claim.stance is Stance.HOLDS else ClaimState.FOUND
        return self.state is wanted


class StepLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of a minimal plan in words, and what became of it."""

    number: int
    lane: str
    text: str
    result: str = ""


class Violation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One distinct violation with the smallest plan that shows it.

    Attributes:
        id: the signature's digest; equal for "the same" violation.
        title: the sentence at the top, such as "acks=0 loses messages".
        sentences: what happened, from the history of the smallest plan's execution.
        operations: the operations that prove it, one line each.
        folder: the execution folder, relative to the campaign's.
        plan_file: the plan, relative to the project, for the replay line.
        instead: the claim that holds, and how often it did under the same hazards.
        evidence: further facts, such as what the broker's files say.
    """

    id: str
    claim: str
    guarantee: str
    anomaly: str
    hazards: tuple[str, ...]
    title: str
    sentences: tuple[str, ...]
    steps: tuple[StepLine, ...]
    plan_steps: tuple[Step, ...]
    operations: tuple[str, ...]
    folder: str
    plan_file: str
    rate: Tally
    found_after: int
    promise: str
    source: str
    replay: str
    instead: str | None = None
    evidence: tuple[str, ...] = ()


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was really there."""

    system: str
    broker: str
    backend: str
    client: str
    proxy: str
    runtime: str = ""
    machine: str = ""
    deviations: tuple[str, ...] = ()


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """All that a campaign found; times in seconds.

    Attributes:
        further: the targets beside the first, of a campaign against several systems.
    """

    id: str
    profile: str
    seed: int
    started: str
    duration_s: float
    target: Target
    executions: int
    inconclusive: int
    results: tuple[ClaimResult, ...]
    violations: tuple[Violation, ...]
    exit_code: int
    interrupted: bool = False
    notes: tuple[str, ...] = ()
    options: dict[str, str] = {}
    further: tuple[Target, ...] = ()
    format: str = FORMAT
    version: int = VERSION

    @property
    def targets(self) -> tuple[Target, ...]:
        """All that was run against."""
        return (self.target, *self.further)

    @property
    def brokers(self) -> str:
        """Their names and versions: ``Kafka 4.3.1 and RabbitMQ 4.3.6``."""
        return " and ".join(target.broker for target in self.targets)
