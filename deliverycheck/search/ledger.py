"""What is known of each claim so far: counts per hazard, convictions, the gate."""

from dataclasses import dataclass, field
from threading import Lock

from deliverycheck.guarantees import BROKER_WIDE, HAZARDS
from deliverycheck.plans import Claim, Stance
from deliverycheck.plans.campaign import Cell, ClaimResult, ClaimState, Tally
from deliverycheck.search.judge import REMEMBERED_MAX
from deliverycheck.search.judgement import Judgement, Ruling
from deliverycheck.search.recent import Recent

COUNTED_MAX = 2 * REMEMBERED_MAX
"""Executions that a judge may still give again, and some more."""


@dataclass(slots=True)
class _Counts:
    valid: int = 0
    unknown: int = 0
    invalid: int = 0

    def add(self, ruling: Ruling) -> None:
        self.valid += ruling is Ruling.VALID
        self.unknown += ruling is Ruling.UNKNOWN
        self.invalid += ruling is Ruling.INVALID


@dataclass(slots=True)
class Entry:
    """One claim's account.

    Attributes:
        conviction: the first judgement that convicts.
        by_chance: no plan is chosen for its hazards, so those that do not occur are not missed.
        generated: executions of generated plans, up to the first conviction of a must-break claim.
    """

    claim: Claim
    needed: int
    by_chance: bool = False
    executions: int = 0
    inconclusive: int = 0
    generated: int | None = None
    corpus: Tally | None = None
    conviction: Judgement | None = None
    violation: str | None = None
    all: _Counts = field(default_factory=_Counts)
    cells: dict[str, _Counts] = field(default_factory=dict)
    out_of_time: set[str] = field(default_factory=set)

    def needed_for(self, hazard: str) -> int:
        """Valid executions that the hazard needs: at most 10 where each disturbs a whole broker."""
        node = HAZARDS[hazard].needs in BROKER_WIDE
        return min(self.needed, 10) if node else self.needed


class Ledger:
    """The accounts of all claims of a campaign. Called from many threads.

    `reachable` are the hazards that the backend can bring about at all.
    """

    def __init__(
        self, claims: tuple[Claim, ...], *, needed: int, reachable: frozenset[str]
    ) -> None:
        self._lock = Lock()
        self._reachable = reachable
        self._counted: Recent[str, set[str]] = Recent(COUNTED_MAX)
        self.entries = {claim.id: Entry(claim=claim, needed=needed) for claim in claims}
        for entry in self.entries.values():
            entry.cells = {hazard: _Counts() for hazard in entry.claim.hazards}

    def add(self, claim: Claim, judgement: Judgement) -> bool:
        """Count the execution for the claim; whether it is the claim's first conviction.

        A remembered judgement may come again: an execution counts once for a claim.
        """
        ruling = judgement.ruling(claim)
        with self._lock:
            entry = self.entries[claim.id]
            if not self._is_new(claim, judgement):
                return False
            entry.executions += 1
            if ruling is Ruling.INCONCLUSIVE:
                entry.inconclusive += 1
                return False
            entry.all.add(ruling)
            for hazard in judgement.occurred(claim):
                entry.cells[hazard].add(ruling)
            if entry.conviction is None and judgement.convicts(claim):
                entry.conviction = judgement
                return True
        return False

    def _is_new(self, claim: Claim, judgement: Judgement) -> bool:
        """Whether the execution was not counted for the claim before; it is from here on."""
        folder = str(judgement.execution.folder.root)
        claims = self._counted.get(folder)
        if claims is None:
            claims = set()
            self._counted.put(folder, claims)
        is_new = claim.id not in claims
        claims.add(claim.id)
        return is_new

    def missing(self, claim: Claim, hazard: str) -> int:
        """Valid executions of the claim under the hazard that are still to come."""
        entry = self.entries[claim.id]
        return max(0, entry.needed_for(hazard) - entry.cells[hazard].valid)

    def ran_out_of_time(self, claim: Claim, *hazards: str) -> None:
        """The campaign ended before all plans for these hazards of the claim were tried."""
        with self._lock:
            self.entries[claim.id].out_of_time.update(hazards)

    def leave_to_chance(self, claim: Claim) -> None:
        """The claim holds under the hazards that occur; of the others nothing is said."""
        self.entries[claim.id].by_chance = True
        self.ran_out_of_time(claim, *claim.hazards)

    def is_convicted(self, claim: Claim) -> bool:
        """Whether any execution convicted the claim."""
        return self.entries[claim.id].conviction is not None

    def is_reachable(self, hazard: str) -> bool:
        """Whether the backend can bring the hazard about."""
        return hazard in self._reachable

    def results(self) -> tuple[ClaimResult, ...]:
        """How each claim stands, in the order of the claims."""
        return tuple(self._result(entry) for entry in self.entries.values())

    def _result(self, entry: Entry) -> ClaimResult:
        cells = tuple(self._cell(entry, hazard) for hazard in entry.claim.hazards)
        return ClaimResult(
            claim=entry.claim,
            state=_claim_state(entry, cells),
            cells=cells,
            executions=entry.executions,
            valid=entry.all.valid,
            invalid=entry.all.invalid,
            unknown=entry.all.unknown,
            inconclusive=entry.inconclusive,
            needed=entry.needed,
            generated=entry.generated,
            corpus=entry.corpus,
            violation=entry.violation,
            note=_note_on_corpus(entry.corpus),
        )

    def _cell(self, entry: Entry, hazard: str) -> Cell:
        counts, holds = entry.cells[hazard], entry.claim.stance is Stance.HOLDS
        if counts.invalid:
            state = ClaimState.VIOLATED if holds else ClaimState.FOUND
        elif holds and counts.valid >= entry.needed_for(hazard):
            state = ClaimState.HELD
        elif holds or entry.out_of_time or not (counts.valid or counts.unknown):
            state = ClaimState.NOT_EXERCISED
        else:
            state = ClaimState.NOT_FOUND
        return Cell(
            hazard=hazard,
            state=state,
            valid=counts.valid,
            needed=entry.needed_for(hazard) if holds else 0,
            invalid=counts.invalid,
            unknown=counts.unknown,
            reachable=hazard in self._reachable,
            out_of_time=hazard in entry.out_of_time,
        )


def _note_on_corpus(gate: Tally | None) -> str | None:
    if gate is None or gate.convictions or not gate.executions:
        return None
    return (
        f"the corpus's plan did not break it in {gate.executions} replays, which leaves a rate of "
        f"at most {gate.high:.0%} (95 %)"
    )


def _claim_state(entry: Entry, cells: tuple[Cell, ...]) -> ClaimState:
    if entry.claim.stance is Stance.HOLDS:
        if entry.conviction is not None:
            return ClaimState.VIOLATED
        asked = [cell for cell in cells if (cell.valid if entry.by_chance else cell.reachable)]
        held = bool(asked) and all(cell.state is ClaimState.HELD for cell in asked)
        return ClaimState.HELD if held else ClaimState.NOT_EXERCISED
    if entry.conviction is not None:
        return ClaimState.FOUND
    reachable = [cell for cell in cells if cell.reachable]
    conclusive = entry.executions - entry.inconclusive
    tried = reachable and conclusive and not entry.out_of_time
    return ClaimState.NOT_FOUND if tried else ClaimState.NOT_EXERCISED
