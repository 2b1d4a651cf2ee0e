"""A campaign: claims in, what became of each out. Chains of executions run side by side."""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from pathlib import Path
from threading import Event, Lock

import msgspec

from deliverycheck.history import CampaignFolder
from deliverycheck.plans import Claim, Plan, Stance, Step
from deliverycheck.plans.campaign import Tally, Violation
from deliverycheck.plans.model import Model
from deliverycheck.plans.rates import tally
from deliverycheck.search.cases import Cases
from deliverycheck.search.chains import run_chains
from deliverycheck.search.corpus import Corpus, CorpusEntry
from deliverycheck.search.judge import Judge
from deliverycheck.search.judgement import Judgement
from deliverycheck.search.ledger import Ledger
from deliverycheck.search.profile import Afterwards, Order, Profile
from deliverycheck.search.rest import each_in_turn, further_plans
from deliverycheck.search.select import candidates
from deliverycheck.search.shrinker import Budget
from deliverycheck.search.supply import Supply, Wanted

LANES = 3
"""Executions at once for one hazard: a minute's profile needs three of each."""

SMALLEST_SHARE = 4
"""The smallest plan is tried for its story, not for the verdict, and may convict 1 in 10: so
often as a generated plan in four."""

SAMPLES_MAX = 20
"""Valid executions that keep their folder: a night has 100,000."""

TRIES_A_HAZARD = 20
"""Plans tried for each valid execution that a hazard needs: if a third of those in reach show it,
fewer than 1 campaign in 10^6 fails to see 3 in 60."""


@dataclass(slots=True)
class Campaign:
    """Runs claims against one live target until each is settled or the time is over.

    Attributes:
        say: told of everything that a person may want to see while it happens.
        stop: set from outside (Ctrl-C): no execution starts any more.
        tell_of: told of each violation, and again with a smaller plan.
    """

    claims: Sequence[Claim]
    profile: Profile
    model: Model
    pool: Sequence[Sequence[Step]]
    judge: Judge
    ledger: Ledger
    corpus: Corpus
    folder: CampaignFolder
    say: Callable[[str], None]
    stop: Event
    clock: Callable[[], float] = time.monotonic
    tell_of: Callable[[Claim, Violation], None] = lambda _claim, _violation: None
    _lock: Lock = field(default_factory=Lock)
    _end: float = 0.0
    _samples: int = 0
    _cases: Cases = field(init=False)
    _supply: Supply = field(init=False)

    def __post_init__(self) -> None:
        self._supply = Supply(self.pool, self.model)
        self._cases = Cases(
            model=self.model,
            judge=self.judge,
            ledger=self.ledger,
            folder=self.folder,
            say=self.say,
            stop=self.stop,
            done_with=self._done_with,
            tell_of=self.tell_of,
        )

    @property
    def violations(self) -> Mapping[str, Violation]:
        """What was told so far, by the place where its evidence lies."""
        return self._cases.violations

    def run(self) -> None:
        """Every claim is settled, and what comes afterwards is done; or the time is over."""
        if self.profile.order is Order.BY_SUBJECT:
            self._run_through()
            return
        self.settle(self.claims, seconds=self.profile.seconds)
        if self.profile.afterwards is Afterwards.FURTHER_PLANS and not self.is_over:
            self._go_on()

    def settle(
        self, claims: Sequence[Claim], *, seconds: float, without: frozenset[str] = frozenset()
    ) -> None:
        """Every chain of these claims has ended; hazards in `without` are left for more time."""
        self._end = self.clock() + seconds
        for claim in claims:
            self.ledger.ran_out_of_time(claim, *without & set(claim.hazards))
        wanted = self._wanted(claims, without)
        # Plans that disturb a node run one by one: a chain of their own, and the first to start.
        nodes = [self._hold(one) for one in wanted if one.about_nodes]
        others = [self._hold(one) for _ in range(LANES) for one in wanted if not one.about_nodes]
        chains: list[Callable[[], None]] = [
            partial(_in_turn, nodes),
            *self._breaking_chains(claims),
            *(partial(_in_turn, [lane]) for lane in others),
        ]
        run_chains(chains, at_once=self.profile.at_once, stop=self.stop)

    def _run_through(self) -> None:
        """The pool was run once, or the time is over."""
        for claim in self.claims:
            self.ledger.leave_to_chance(claim)
        self._end = self.clock() + self.profile.seconds
        first, others = each_in_turn(self.pool, self.claims, self.model)
        lanes = [first, *[others] * (self.profile.at_once - 1)]
        chains = [partial(self._run_all, plans) for plans in lanes]
        run_chains(chains, at_once=self.profile.at_once, stop=self.stop)

    def _go_on(self) -> None:
        """The time is over, or each plan of the pool was executed for all that holds."""
        self.say("All that settles a claim was tried; what time is left goes to further plans.")
        holding = [claim for claim in self.claims if claim.stance is Stance.HOLDS]

        def is_new(plan: Plan) -> bool:
            return not self.judge.has_judged(plan)

        nodes, others = further_plans(self.pool, holding, self.model, is_new=is_new)
        lanes = [nodes, *[others] * max(1, self.profile.at_once - 1)]
        chains = [partial(self._run_all, plans) for plans in lanes]
        run_chains(chains, at_once=self.profile.at_once, stop=self.stop)

    def _run_all(self, plans: Iterator[Plan]) -> None:
        while not self.is_over and (plan := next(plans, None)) is not None:
            judgement = self.judge.judge(plan)
            self._count(judgement)
            self._done_with(judgement)

    @property
    def is_over(self) -> bool:
        """No execution may start any more."""
        return self.stop.is_set() or self.clock() >= self._end

    # Must-break claims: the corpus's plan first, then generated ones.

    def _breaking_chains(self, claims: Sequence[Claim]) -> Iterator[Callable[[], None]]:
        for claim in claims:
            if claim.stance is Stance.BREAKS and self._any_reachable(claim):
                yield partial(self._find, claim)

    def _claims_on(self, plan: Plan) -> list[Claim]:
        return [claim for claim in self.claims if claim.subject == plan.subject]

    def _any_reachable(self, claim: Claim) -> bool:
        return any(map(self.ledger.is_reachable, claim.hazards))

    def _find(self, claim: Claim) -> None:
        if not self._gate(claim) and not self._search(claim) and self.is_over:
            self.ledger.ran_out_of_time(claim, *claim.hazards)

    def _gate(self, claim: Claim) -> bool:
        """Replay the corpus's best plan until its first conviction; whether it convicted."""
        best = self.corpus.best(claim.id)
        if best is None:
            return False
        tries = self._replay(claim, *best, tries_max=best[2].tries)
        self._set(claim, corpus=tries)
        if not tries.convictions:
            return False
        self._put_siblings_through(claim, best[1])
        smallest = self.corpus.smallest(claim.id)
        if smallest is not None and smallest[1].digest != best[1].digest:
            # Told instead, if it convicts: it shows more with less.
            self._replay(claim, *smallest, tries_max=self.profile.generated_max // SMALLEST_SHARE)
        return True

    def _replay(
        self, claim: Claim, path: Path, plan: Plan, entry: CorpusEntry, *, tries_max: int
    ) -> Tally:
        """Replay a plan until its first conviction, which is told; convictions and tries."""
        done = tally(0, 0)
        if plan.subject != claim.subject:
            self.say(f"{path} has other settings than {claim.id} by now; it is not replayed")
            return done
        while done.executions < tries_max and not done.convictions and not self.is_over:
            judgement = self.judge.execute(plan)
            self.ledger.add(claim, judgement)
            convicts = judgement.convicts(claim)
            done = tally(int(convicts), done.executions + 1)
            if convicts:
                rate = tally(entry.convictions, entry.executions)
                file = self.corpus.name_of(path)
                self._cases.tell(claim, judgement, rate, entry.found_after, file)
            self._done_with(judgement)
        return done

    def _search(self, claim: Claim) -> bool:
        """Run generated plans in their order until the first conviction; whether there was one."""
        for tries, plan in enumerate(candidates(claim, self.pool, self.model), start=1):
            if self.is_over or tries > self.profile.generated_max:
                return False
            judgement = self.judge.judge(plan)
            first = self.ledger.add(claim, judgement)
            self._set(claim, generated=tries)
            if judgement.convicts(claim):
                self._put_siblings_through(claim, plan)
                if first:
                    self._cases.open(claim, judgement, self._shrink_budget(), found_after=tries)
                return True
            self._done_with(judgement)
        return False

    def _put_siblings_through(self, claim: Claim, plan: Plan) -> None:
        """The plan that broke a sibling is also run under the holding settings."""
        holding = (one for one in self.claims if one.stance is Stance.HOLDS)
        sibling = next((one for one in holding if one.id == claim.pair), None)
        if sibling is None or self.is_over:
            return
        under_it = self.model.normalise(sibling.subject, plan.steps)
        if under_it.steps:
            judgement = self.judge.judge(under_it)
            self._count(judgement)
            self._done_with(judgement)

    # Holding claims: each of their hazards until it occurred often enough.

    def _wanted(self, claims: Sequence[Claim], without: frozenset[str]) -> list[Wanted]:
        """Each hazard once for all claims of the same subject, if the backend can reach it."""
        wanted = {
            (msgspec.json.encode(claim.subject), hazard): (claim, hazard)
            for claim in claims
            if claim.stance is Stance.HOLDS
            for hazard in claim.hazards
            if self.ledger.is_reachable(hazard) and hazard not in without
        }
        return [self._wanted_of(*one) for one in wanted.values()]

    def _wanted_of(self, claim: Claim, hazard: str) -> Wanted:
        tries_max = TRIES_A_HAZARD * self.ledger.entries[claim.id].needed_for(hazard)
        return Wanted(
            claims=[one for one in self._of_subject(claim) if hazard in one.hazards],
            hazard=hazard,
            draw=partial(self._supply.queue, claim, hazard, tries_max),
            tries_max=tries_max,
        )

    def _hold(self, wanted: Wanted) -> Iterator[None]:
        """One plan that reaches the hazard for each step, until it occurred often enough."""
        while (plan := self._next(wanted)) is not None:
            try:
                judgement = self.judge.judge(plan)
                self._count(judgement)
            finally:
                with wanted.lock:
                    wanted.under_way -= 1
            with wanted.lock:
                wanted.learn(judgement)
            self._done_with(judgement)
            yield
        with wanted.lock:
            if not wanted.under_way:  # Else another lane goes on with it, or ends it.
                wanted.release()

    def _next(self, wanted: Wanted) -> Plan | None:
        """A plan, if those under way would not be enough should each of them count."""
        with wanted.lock:
            if self._missing(wanted) <= wanted.under_way:
                return None
            if self.is_over:
                for claim in wanted.claims:
                    self.ledger.ran_out_of_time(claim, wanted.hazard)
                return None
            return wanted.next_plan()

    def _missing(self, wanted: Wanted) -> int:
        """Executions that are still to come for the claim that needs the most."""
        return max(self.ledger.missing(claim, wanted.hazard) for claim in wanted.claims)

    def _of_subject(self, claim: Claim) -> list[Claim]:
        return [
            other
            for other in self.claims
            if other.stance is Stance.HOLDS and other.subject == claim.subject
        ]

    def _count(self, judgement: Judgement) -> None:
        """Count an execution for every holding claim of its subject; tell what it broke."""
        for claim in self.claims:
            if claim.stance is Stance.HOLDS and claim.subject == judgement.plan.subject:
                self.ledger.add(claim, judgement)
                if judgement.convicts(claim):
                    self._cases.open(claim, judgement, self._shrink_budget(), found_after=0)

    def _shrink_budget(self) -> Budget:
        return Budget(
            executions=self.profile.shrink_executions,
            seconds=min(self.profile.shrink_s, max(1.0, self._end - self.clock())),
        )

    # Bookkeeping.

    def _set(self, claim: Claim, **values: object) -> None:
        with self._lock:
            for name, value in values.items():
                setattr(self.ledger.entries[claim.id], name, value)

    def _done_with(self, judgement: Judgement) -> None:
        """Of valid executions only a sample keeps its folder; inconclusive ones keep everything."""
        if judgement.inconclusive is not None:
            self.say(f"inconclusive: {judgement.inconclusive}")
            return
        if any(judgement.convicts(claim) for claim in self._claims_on(judgement.plan)):
            return  # Another chain may tell it.
        with self._lock:
            self._samples += 1
            keep = self._samples <= SAMPLES_MAX
        if not keep:
            shutil.rmtree(judgement.execution.folder.root, ignore_errors=True)


def _in_turn(chains: Iterable[Iterator[None]]) -> None:
    """Each chain goes a step, then each its next one, until all have ended."""
    for _ in zip_longest(*chains):
        pass
