"""Chooses plans for claims from a pool of step lists."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from deliverycheck.guarantees import BROKER_WIDE, HAZARDS
from deliverycheck.plans import Claim, Plan, Step, Subject
from deliverycheck.plans.model import Model

FAMILIAR = 0.5
"""Worth of a feature each further time: a situation is seen from several sides, not for ever."""


def plans_for(subject: Subject, pool: Iterable[Sequence[Step]], model: Model) -> Iterator[Plan]:
    """The pool's plans for a subject: normalised, each once, in the order of the pool."""
    given: set[str] = set()
    for steps in pool:
        plan = model.normalise(subject, steps)
        if plan.steps and plan.digest not in given:
            given.add(plan.digest)
            yield plan


def reaching(plans: Iterable[Plan], hazards: Iterable[str], model: Model) -> Iterator[Plan]:
    """Plans that may bring one of the hazards about; the others say nothing of the claim."""
    wanted = frozenset(hazards)
    return (plan for plan in plans if wanted & model.hazards_in_reach(plan))


def varied(plans: Sequence[Plan], hazards: Sequence[str], model: Model) -> Iterator[Plan]:
    """The plans in an order in which each adds much that those before it did not cover.

    It is the turn of the hazard that the fewest plans so far speak of: what most plans bring about
    beside others needs none of its own. Of a hazard's plans that goes first whose features are
    worth most for the time that it takes. Worths only fall: a plan is weighed again only when it
    would be next.
    """
    features = [model.features(plan) for plan in plans]
    costs = [model.seconds(plan) for plan in plans]
    reached = [model.hazards_in_reach(plan) & set(hazards) or {_NONE} for plan in plans]
    worth: dict[str, float] = defaultdict(lambda: 1.0)

    def gain(number: int) -> float:
        return sum((worth[feature] for feature in features[number]), 0.0) / costs[number]

    queues = _by_hazard(reached, (*hazards, _NONE), gain)
    spoken_of = dict.fromkeys(queues, 0)
    left = set(range(len(plans)))
    while left:
        hazard = min(queues, key=spoken_of.__getitem__)
        number = _next(queues[hazard], left, gain)
        if number is None:
            del queues[hazard]
            continue
        left.discard(number)
        for feature in features[number]:
            worth[feature] *= FAMILIAR
        for each in reached[number]:
            spoken_of[each] += 1
        yield plans[number]


_NONE = ""
"""Stands for a hazard where a plan speaks of none."""

_Queue = list[tuple[float, int]]


def _by_hazard(
    reached: Sequence[Iterable[str]], hazards: Iterable[str], gain: Callable[[int], float]
) -> dict[str, _Queue]:
    """For each hazard the plans in whose reach it is."""
    queues: dict[str, _Queue] = {hazard: [] for hazard in hazards}
    for number, some in enumerate(reached):
        first = (-gain(number), number)
        for hazard in some:
            queues[hazard].append(first)
    for queue in queues.values():
        heapq.heapify(queue)
    return queues


def _next(queue: _Queue, left: set[int], gain: Callable[[int], float]) -> int | None:
    """Taken from the queue: the plan that gains most; ``None`` if the queue has none left."""
    while queue:
        _, number = heapq.heappop(queue)
        if number not in left:
            continue
        now = (-gain(number), number)
        if not queue or now <= queue[0]:
            return number
        heapq.heappush(queue, now)
    return None


def candidates(claim: Claim, pool: Iterable[Sequence[Step]], model: Model) -> Iterator[Plan]:
    """Plans for a must-break claim, in pool order.

    What is plentiful is found as soon as by variety, and with shorter plans. One that disturbs a
    node is kept only where the claim is about that: it costs ten others.
    """
    plans = reaching(plans_for(claim.subject, pool, model), claim.hazards, model)
    about_nodes = any(map(disturbs_nodes, claim.hazards))
    return (plan for plan in plans if about_nodes or not model.broker_wide(plan))


def disturbs_nodes(hazard: str) -> bool:
    """Whether the hazard takes a fault of a node, which every client of the broker meets."""
    return HAZARDS[hazard].needs in BROKER_WIDE
