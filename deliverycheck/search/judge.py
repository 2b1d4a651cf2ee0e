"""Executes plans and judges their histories, each once; what was judged before is remembered."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

import msgspec

from deliverycheck.executions import Execution
from deliverycheck.guarantees import Evidence, Verdict, check, fault_evidence, hazards_of
from deliverycheck.history import ExecutionFolder, History, portable, read_history
from deliverycheck.plans import Plan
from deliverycheck.search.journal import Journal
from deliverycheck.search.judgement import Judgement
from deliverycheck.search.recent import Recent


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


REMEMBERED_MAX = 512
"""Judgements, some kB each: chains that ask for the same plan do so within minutes."""


_KEY_DIGITS = 24  # 96 bits: among 10^6 plans no two share them but with a chance of 10^-17.


class _Turn:
    """Held by all who ask for one plan, and gone with the last of them."""

    def __init__(self) -> None:
        self.lock = Lock()


class Judge:
    """The one way from a plan to a judgement; remembers what it has judged lately.

    `execute` runs a plan into a folder; `renew` puts a fresh broker in the place of
    one that may be at fault. With a `journal` every judgement is written there, and what it
    holds from an earlier run is given instead of running the plan. `tell` is told of each that
    was run. Called from many threads.
    """

    def __init__(  # noqa: PLR0913  # keyword-only, and each part is somebody else's to make
        self,
        *,
        execute: Callable[[Plan, ExecutionFolder], Execution],
        renew: Callable[[Execution], None],
        guarantees: tuple[str, ...],
        folder: Path,
        journal: Journal | None = None,
        tell: Callable[[Judgement], None] = lambda _: None,
    ) -> None:
        self._execute = execute
        self._renew = renew
        self._guarantees = guarantees
        self._folder = folder
        self._journal = journal
        self._tell = tell
        self._lock = Lock()
        self._memo: Recent[str, Judgement] = Recent(REMEMBERED_MAX)
        self._judged_plans: set[bytes] = set()
        self._turns: WeakValueDictionary[str, _Turn] = WeakValueDictionary()
        self._count = 0
        self.executions = 0
        self.inconclusive = 0
        self.deaths: list[str] = []

    def has_judged(self, plan: Plan) -> bool:
        """Whether the plan was ever executed here, also by an earlier run of the campaign."""
        return _key_of(plan) in self._judged_plans

    def judge(self, plan: Plan) -> Judgement:
        """The plan's judgement; executed unless it was lately and the infrastructure held."""
        with self._lock:
            turn = self._turns.setdefault(plan.digest, _Turn())
        with turn.lock:  # Who asks while it runs waits for that execution.
            judgement = self._memo.get(plan.digest)
            if judgement is None:
                judgement = self.execute(plan)
                if judgement.inconclusive is None:
                    with self._lock:
                        self._memo.put(plan.digest, judgement)
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
        judgement = self._journal.answer(plan) if self._journal else None
        if judgement is None:
            judgement = self._run(plan, f"{number:05d}-{plan.short_digest}")
        with self._lock:
            self._judged_plans.add(_key_of(plan))
            self.executions += 1
            self.inconclusive += judgement.inconclusive is not None
            death = portable(judgement.execution.broker_died or "")
            if death and death not in self.deaths:
                self.deaths.append(death)
        return judgement

    def _run(self, plan: Plan, name: str) -> Judgement:
        folder = ExecutionFolder(root=self._folder / name)
        folder.remove()  # What a run that was killed left of it is no execution.
        judgement = self._judged(self._execute(plan, folder))
        if self._journal is not None:
            self._journal.keep(judgement)
        self._tell(judgement)
        return judgement

    def _judged(self, execution: Execution) -> Judgement:
        if execution.inconclusive is not None:
            return Judgement(execution=execution, verdicts={}, hazards={})
        history = read_history(execution.folder.history)
        verdicts, hazards, inert = judge_history(history, self._guarantees)
        judgement = Judgement(execution=execution, verdicts=verdicts, hazards=hazards, inert=inert)
        save_verdicts(judgement)
        return judgement


def _key_of(plan: Plan) -> bytes:
    """Few bytes: a night remembers 10^5."""
    return bytes.fromhex(plan.digest[:_KEY_DIGITS])


def save_verdicts(judgement: Judgement) -> None:
    """Write verdicts and hazards beside the history that they judge."""
    content = {
        "verdicts": list(judgement.verdicts.values()),
        "hazards": {name: list(evidence) for name, evidence in judgement.hazards.items()},
        "inert": judgement.inert,
    }
    encoded = msgspec.json.format(msgspec.json.encode(content), indent=1)
    judgement.execution.folder.verdict.write_bytes(encoded + b"\n")
