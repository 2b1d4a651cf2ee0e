"""The plans that a pool has for a hazard of a claim, made when somebody asks for the first one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Self

import msgspec

from deliverycheck.plans import Claim, Plan, Step, Subject
from deliverycheck.plans.model import Model
from deliverycheck.search.judgement import Judgement
from deliverycheck.search.queue import Queue
from deliverycheck.search.recent import Recent
from deliverycheck.search.select import disturbs_nodes, reaching, varied

QUIET = 3
"""Executions without a fault, to cut into where the pool has no plan that speaks of a hazard."""

LONG_S = 2.5
"""Plans that take longer come last: a hazard is reached as surely by a short one."""

SUBJECTS_MAX = 4
"""A night's pool is 3 MB of plans and half a second's work for each subject; the hazards of one
follow each other, so its plans are wanted for some minutes and then no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A subject's plans in the order of the pool, and for each digest its place there."""

    plans: tuple[Plan, ...]
    places: dict[str, int]

    @classmethod
    def of(cls, subject: Subject, pool: Sequence[Sequence[Step]], model: Model) -> Self:
        plans: dict[str, Plan] = {}
        places: dict[str, int] = {}
        for place, steps in enumerate(pool):
            plan = model.normalise(subject, steps)
            if plan.steps and plan.digest not in plans:
                plans[plan.digest], places[plan.digest] = plan, place
        return cls(plans=tuple(plans.values()), places=places)


class Supply:
    """Queues of plans from one pool. Called from many threads.

    A queue keeps the places of its plans in the pool and makes each again when it is its turn: a
    night has more than a hundred queues, and most of their plans are never run.
    """

    def __init__(self, pool: Sequence[Sequence[Step]], model: Model) -> None:
        self._pool = pool
        self._model = model
        self._lock = Lock()
        self._made: Recent[bytes, _Made] = Recent(SUBJECTS_MAX)

    def queue(self, claim: Claim, hazard: str, size: int) -> Queue:
        """Plans of the pool that speak of it, chosen by variety; then cuts into what went well."""
        model, about_nodes = self._model, disturbs_nodes(hazard)
        unless = frozenset(claim.unless)

        def fits(plan: Plan) -> bool:
            reach = model.hazards_in_reach(plan)
            wide = model.broker_wide(plan)
            return hazard in reach and unless.isdisjoint(reach) and wide == about_nodes

        made = self._made_for(claim.subject)
        chosen = varied([*filter(fits, made.plans)], [hazard], model)
        in_order = sorted(islice(chosen, size), key=self._waits_for_its_turn)
        quiet = islice(reaching(made.plans, ["none"], model), QUIET)
        places = [made.places[plan.digest] for plan in (*in_order, *quiet)]
        again = (model.normalise(claim.subject, self._pool[place]) for place in places)
        return Queue(again, model, fits=fits)

    def _made_for(self, subject: Subject) -> _Made:
        """The pool's plans for the subject; who asks meanwhile waits, or both would make them."""
        key = msgspec.json.encode(subject)
        with self._lock:
            made = self._made.get(key)
            if made is None:
                made = _Made.of(subject, self._pool, self._model)
                self._made.put(key, made)
            return made

    def _waits_for_its_turn(self, plan: Plan) -> float:
        """Long plans come last, and of those that disturb a node the shortest first."""
        seconds = self._model.seconds(plan)
        return seconds if self._model.broker_wide(plan) else float(seconds > LONG_S)


@dataclass(slots=True, kw_only=True)
class Wanted:
    """One hazard that claims of the same subject are to be exercised under.

    Who calls its methods holds the lock.

    Attributes:
        draw: makes the queue; called when the first plan is wanted.
        tries_max: so many plans of it may be tried.
        under_way: of them, executing now.
    """

    claims: Sequence[Claim]
    hazard: str
    draw: Callable[[], Queue]
    tries_max: int
    under_way: int = 0
    lock: Lock = field(default_factory=Lock)
    _queue: Queue | None = None
    _plans: Iterator[Plan] | None = None

    @property
    def about_nodes(self) -> bool:
        """Whether each try has a broker to itself."""
        return disturbs_nodes(self.hazard)

    def next_plan(self) -> Plan | None:
        """The next plan to try, which is under way from here; ``None`` if there is none left."""
        if self._plans is None:
            self._queue = self.draw()
            self._plans = islice(self._queue, self.tries_max)
        plan = next(self._plans, None)
        self.under_way += plan is not None
        return plan

    def learn(self, judgement: Judgement) -> None:
        """Cuts into the execution are among the plans to come."""
        if self._queue is not None:
            self._queue.learn(judgement)

    def release(self) -> None:
        """No plan is wanted any more: what was kept for further ones is forgotten."""
        self._queue, self._plans = None, iter(())
