"""What broke: each case is shrunk once, told with its smallest plan, and kept with its evidence."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

import msgspec

from deliverycheck.history import CampaignFolder, ExecutionFolder
from deliverycheck.plans import Claim, Plan, Stance
from deliverycheck.plans.campaign import Tally, Violation
from deliverycheck.plans.model import Model
from deliverycheck.plans.rates import tally
from deliverycheck.search.judge import Judge
from deliverycheck.search.judgement import Judgement
from deliverycheck.search.ledger import Ledger
from deliverycheck.search.measured import Record
from deliverycheck.search.shrinker import Budget, Shrinker
from deliverycheck.search.slices import slices
from deliverycheck.search.violations import SENTENCES_MAX, shape_of, signature, violation_of

EVIDENCE_MAX = 12
"""Lines of the broker's files that a violation shows; all of them lie in its folder."""

CASES_MAX = 5
"""Of one claim: whoever broke it in five ways need not be told of a sixth before the first fix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way in which a claim broke: its first anomaly, and the shape of the smallest plan."""

    anomaly: str
    shape: tuple[str, ...]

    def explains(self, judgement: Judgement, claim: Claim) -> bool:
        """Whether the smallest plan stands in the judged one, and shows what that showed."""
        steps = iter(shape_of(judgement.plan))
        return self.anomaly in _anomalies(judgement, claim) and all(
            step in steps for step in self.shape
        )


@dataclass(slots=True, kw_only=True)
class Cases:
    """The violations of a campaign, from the first conviction to the record. For many threads.

    Attributes:
        done_with: told of each execution whose folder is not needed.
        tell_of: told of each violation, and again with a smaller plan.
        violations: by the name of the folder below `violations/` that holds the evidence.
    """

    model: Model
    judge: Judge
    ledger: Ledger
    folder: CampaignFolder
    say: Callable[[str], None]
    stop: Event
    done_with: Callable[[Judgement], None]
    tell_of: Callable[[Claim, Violation], None]
    violations: dict[str, Violation] = field(default_factory=dict)
    _of_claim: dict[str, list[Case]] = field(default_factory=lambda: defaultdict(list))
    _turns: dict[str, Lock] = field(default_factory=lambda: defaultdict(Lock))
    _lock: Lock = field(default_factory=Lock)

    def open(self, claim: Claim, judgement: Judgement, budget: Budget, *, found_after: int) -> None:
        """The conviction is a known case, or it was saved, then shrunk, and is told."""
        with self._lock:
            turn = self._turns[claim.id]
        with turn:  # Another one of the same claim may turn out to be this.
            known = self._of_claim[claim.id]
            if len(known) >= CASES_MAX or any(one.explains(judgement, claim) for one in known):
                return
            if claim.stance is Stance.HOLDS:
                self.say(f"VIOLATED {claim.id}: {judgement.execution.folder.root}")
            name = claim.id if not known else f"{claim.id}-{len(known) + 1}"
            plan = self._shrunk_and_told(claim, judgement, budget, found_after, name)
            case = Case(anomaly=_first_anomaly(judgement, claim), shape=shape_of(plan))
            if case in known:  # Both were longer than they had to be.
                self._forget(name)
            else:
                known.append(case)

    def tell(  # noqa: PLR0913  # all but the first two are facts of the measurement
        self,
        claim: Claim,
        judgement: Judgement,
        rate: Tally,
        found_after: int,
        plan_file: str,
        *,
        name: str | None = None,
    ) -> None:
        """The conviction is in the record, with its evidence in a folder of that name."""
        name = name or claim.id
        self._keep(name, judgement)
        violation = violation_of(
            claim,
            judgement,
            rate=rate,
            found_after=found_after,
            plan_file=plan_file,
            folder=f"violations/{name}",
            evidence=_disk_evidence(judgement, claim),
        )
        with self._lock:
            is_new = name not in self.violations
            self.violations[name] = violation
            if name == claim.id:
                self.ledger.entries[claim.id].violation = signature(claim, judgement)
        self.tell_of(claim, violation)
        if is_new:
            words = "found" if claim.stance is Stance.BREAKS else "VIOLATED"
            self.say(f"{words}: {violation.title}")

    def _shrunk_and_told(
        self, claim: Claim, judgement: Judgement, budget: Budget, found_after: int, name: str
    ) -> Plan:
        """The smallest plan that convicted of the same."""
        file = self._plan_file(name, judgement.plan)
        self.tell(claim, judgement, tally(1, 1), found_after, file, name=name)
        wanted = _first_anomaly(judgement, claim)
        shown: dict[str, Judgement] = {judgement.plan.digest: judgement}

        def convicts(plan: Plan) -> bool:
            tried = self.judge.execute(plan)
            same = tried.convicts(claim) and wanted in _anomalies(tried, claim)
            if same:
                shown[plan.digest] = tried
            else:
                self.done_with(tried)
            return same

        anomaly = judgement.verdicts[claim.guarantee].anomalies[0]
        hints = tuple(slices(judgement.plan.steps, anomaly, judgement.history()))
        shrinker = Shrinker(self.model, convicts, budget, stopped=self.stop.is_set, hints=hints)
        smallest = shrinker.shrink(judgement.plan).smallest
        best = smallest if smallest.plan.digest in shown else Record(plan=judgement.plan)
        rate = best.tally if best.executions else tally(1, 1)
        file = self._plan_file(name, best.plan)
        self.tell(claim, shown[best.plan.digest], rate, found_after, file, name=name)
        return best.plan

    def _plan_file(self, name: str, plan: Plan) -> str:
        """The plan, saved beside the violation."""
        path = self.folder.violations / name / f"plan-{plan.short_digest}.json"
        plan.save(path)
        return short_path(path)

    def _keep(self, name: str, judgement: Judgement) -> None:
        """The execution's folder is copied to the campaign's violations."""
        kept = ExecutionFolder(root=self.folder.violations / name)
        kept.evidence.unlink(missing_ok=True)
        shutil.rmtree(kept.logs, ignore_errors=True)  # Of the execution that was told before.
        shutil.copytree(judgement.execution.folder.root, kept.root, dirs_exist_ok=True)

    def _forget(self, name: str) -> None:
        with self._lock:
            del self.violations[name]
        ExecutionFolder(root=self.folder.violations / name).remove()


def _first_anomaly(judgement: Judgement, claim: Claim) -> str:
    return judgement.verdicts[claim.guarantee].anomalies[0].name


def _anomalies(judgement: Judgement, claim: Claim) -> set[str]:
    return {anomaly.name for anomaly in judgement.verdicts[claim.guarantee].anomalies}


def _disk_evidence(judgement: Judgement, claim: Claim) -> Sequence[str]:
    """What the broker's files say of the places of the first anomalies; of all if of none."""
    try:
        lines = msgspec.json.decode(
            judgement.execution.folder.evidence.read_bytes(), type=list[str]
        )
    except OSError:
        return []
    anomalies = judgement.verdicts[claim.guarantee].anomalies[:SENTENCES_MAX]
    places = {f"{anomaly.source}-{anomaly.partition}:" for anomaly in anomalies}
    told = [line for line in lines if line.startswith(tuple(places))] or lines
    return told[:EVIDENCE_MAX]


def short_path(path: Path) -> str:
    """The path as somebody types it who stands where the run was started."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
