"""`deliverycheck keep`: fill the corpus with each must-break claim's best-reproducing plan."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from rich.console import Console

from deliverycheck.cli.console import Progress
from deliverycheck.cli.systems import Content, breaking_claims, content_of
from deliverycheck.cli.target import OpenTarget, TargetOptions
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.plans import Claim, Plan
from deliverycheck.search import (
    Budget,
    Corpus,
    Judge,
    Record,
    Shrinker,
    candidates,
    entry_of,
)
from deliverycheck.search.record import ExitCode

SEED = 0
POOL = 1200
FINDS_MAX = 6
"""Reduced plans that are measured for one claim: one may reproduce where another does not."""

PROBE_TRIES = 6
VERIFY_TRIES = 20
CONVICTIONS_WANTED = 0.8
BUDGET = Budget(executions=160, seconds=240)

ANY = (2, 8)
SURELY = (5, 1)
"""Convictions that a candidate needs, misses that it may have: the second keeps the rate high."""


def keep(
    systems: Sequence[str], names: Sequence[str], corpus: Path, console: Console, stop: Event
) -> ExitCode:
    """Each claim's folder of the corpus holds the plan that convicted most often of 20."""
    progress = Progress(console)
    kept = [
        one
        for name, claims in breaking_claims(systems, names).items()
        for one in _kept(content_of(name), claims, Corpus(corpus), progress, stop)
    ]
    return ExitCode.AS_CLAIMED if all(kept) else ExitCode.BROKEN


def _kept(
    content: Content, claims: Sequence[Claim], corpus: Corpus, progress: Progress, stop: Event
) -> list[bool]:
    """Whether there is a plan now, of each claim."""
    out = Path("reports") / "out" / "keep"
    with OpenTarget(
        TargetOptions(system=content.name), model=content.model, folder=out, say=progress.say
    ) as target:
        judge = Judge(
            execute=target.execute,
            renew=target.renew,
            guarantees=tuple(GUARANTEES),
            folder=out / "executions",
        )
        versions = f"{target.facts().broker}, {target.facts().client}, {target.facts().proxy}"
        keeper = _Keeper(content, judge, corpus, versions, progress, stop)
        with ThreadPoolExecutor(4, thread_name_prefix="keep") as threads:
            return list(threads.map(keeper.keep, claims))


class _Keeper:
    def __init__(  # noqa: PLR0913, PLR0917  # wiring
        self,
        content: Content,
        judge: Judge,
        corpus: Corpus,
        versions: str,
        progress: Progress,
        stop: Event,
    ) -> None:
        self._content = content
        self._judge = judge
        self._corpus = corpus
        self._versions = versions
        self._progress = progress
        self._stop = stop
        self._pool = content.make_pool(SEED, POOL)

    def keep(self, claim: Claim) -> bool:
        """Whether a plan was found that reproduces often enough."""
        plans = candidates(claim, self._pool, self._content.model)
        measured: list[Record] = []
        found_after = 0
        for number, plan in enumerate(plans, start=1):
            if self._stop.is_set() or len(measured) >= FINDS_MAX or any(map(_is_sure, measured)):
                break
            if self._convicts(claim, plan):
                found_after = found_after or number
                measured += self._reduced(claim, plan)
        if not measured or self._stop.is_set():
            return False
        sure = [record for record in measured if _is_sure(record)]
        best = min(sure, key=_steps) if sure else max(measured, key=_convictions)
        smallest = min((one for one in measured if one.convictions), key=_steps, default=best)
        for record in {record.plan.digest: record for record in (best, smallest)}.values():
            self._keep(claim, record, found_after)
        return bool(sure)

    def _reduced(self, claim: Claim, plan: Plan) -> list[Record]:
        """The smallest plan, and if that does not convict surely, also bigger ones that do."""
        grown = self._growth(claim, plan)
        smallest = self._measured(claim, self._shrunk(claim, plan, ANY, grown).plan)
        if _is_sure(smallest):
            return [smallest]
        if grown(plan) != plan:
            return [smallest, self._measured(claim, grown(smallest.plan))]
        return [smallest, self._measured(claim, self._shrunk(claim, plan, SURELY, grown).plan)]

    def _growth(self, claim: Claim, plan: Plan) -> Callable[[Plan], Plan]:
        """Amplification if it pays: a rare conviction is sought in many copies at once."""
        ways = [one for one in self._content.model.amplifiers if one(plan) != plan]
        if not ways:
            return _as_it_is
        as_it_is = self._convictions(claim, plan)
        for grown in ways:
            if self._convictions(claim, grown(plan)) >= as_it_is + 2:
                return grown
        return _as_it_is

    def _convictions(self, claim: Claim, plan: Plan) -> int:
        return sum(self._convicts(claim, plan) for _ in range(PROBE_TRIES))

    def _keep(self, claim: Claim, record: Record, found_after: int) -> None:
        entry = entry_of(
            record.plan,
            claim=claim.id,
            convictions=record.convictions,
            executions=record.executions,
            versions=self._versions,
            found_after=found_after,
        )
        self._progress.say(f"kept {self._corpus.keep(record.plan, entry)}")

    def _convicts(self, claim: Claim, plan: Plan) -> bool:
        if self._stop.is_set():
            return False
        judgement = self._judge.execute(plan)
        judgement.execution.folder.remove()
        return judgement.convicts(claim)

    def _shrunk(
        self,
        claim: Claim,
        plan: Plan,
        acceptance: tuple[int, int],
        grown: Callable[[Plan], Plan],
    ) -> Record:
        convictions_needed, misses_max = acceptance
        shrinker = Shrinker(
            self._content.model,
            lambda candidate: self._convicts(claim, grown(candidate)),
            BUDGET,
            convictions_needed=convictions_needed,
            misses_max=misses_max,
            stopped=self._stop.is_set,
        )
        return shrinker.shrink(plan).smallest

    def _measured(self, claim: Claim, plan: Plan) -> Record:
        convictions = sum(self._convicts(claim, plan) for _ in range(VERIFY_TRIES))
        if not self._stop.is_set():  # What was not run to its end measures nothing.
            self._progress.say(f"{claim.id}: {plan!r} convicted {convictions} of {VERIFY_TRIES}")
        return Record(plan=plan, convictions=convictions, executions=VERIFY_TRIES)


def _as_it_is(plan: Plan) -> Plan:
    return plan


def _is_sure(record: Record) -> bool:
    return record.convictions >= CONVICTIONS_WANTED * record.executions


def _steps(record: Record) -> tuple[int, int]:
    return len(record.plan.steps), -record.convictions


def _convictions(record: Record) -> tuple[int, int]:
    return record.convictions, -len(record.plan.steps)
