"""Chooses plans for claims from a pool of step lists."""

from collections.abc import Iterable, Iterator, Sequence

from deliverycheck.guarantees import HAZARDS, Needed
from deliverycheck.plans import Claim, Plan, Step, Subject
from deliverycheck.plans.model import Model


def plans_for(subject: Subject, pool: Iterable[Sequence[Step]], model: Model) -> tuple[Plan, ...]:
    """The pool's plans for a subject: normalised, each once, in the order of the pool."""
    plans = (model.normalise(subject, steps) for steps in pool)
    return tuple({plan.digest: plan for plan in plans if plan.steps}.values())


def reaching(plans: Iterable[Plan], hazards: Iterable[str], model: Model) -> Iterator[Plan]:
    """Plans that may bring one of the hazards about; the others say nothing of the claim."""
    wanted = frozenset(hazards)
    return (plan for plan in plans if wanted & model.hazards_in_reach(plan))


def candidates(claim: Claim, pool: Iterable[Sequence[Step]], model: Model) -> tuple[Plan, ...]:
    """Plans for a must-break claim, in pool order.

    One that disturbs a node is kept only where the claim is about that: it costs ten others.
    """
    plans = reaching(plans_for(claim.subject, pool, model), claim.hazards, model)
    about_nodes = any(map(disturbs_nodes, claim.hazards))
    return tuple(plan for plan in plans if about_nodes or not model.broker_wide(plan))


def disturbs_nodes(hazard: str) -> bool:
    """Whether the hazard takes a fault of a node, which every client of the broker meets."""
    return HAZARDS[hazard].needs is Needed.NODE
