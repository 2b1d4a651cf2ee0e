"""The plans that every version is put through: of each subject some, chosen for what they cover."""

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

from deliverycheck.cli.compare_versions.versions import key_of, of_any_version
from deliverycheck.plans import Claim, Plan, Step, Subject
from deliverycheck.plans.model import Model
from deliverycheck.search import plans_for, varied

STEP_LISTS = 600
"""Drawn for the pool: of 50 to 70 subjects each takes a few tens."""

WIDE_EACH = 50
"""One plan in so many disturbs the broker's node: it has the broker alone, and takes as long as
the broker needs to come back: up to a minute on a busy machine, 44 times."""


def drawn(
    claims: Sequence[Claim], lists: Sequence[Sequence[Step]], model: Model, count: int
) -> tuple[Plan, ...]:
    """So many plans, or all there are: the subjects of the claims take turns."""
    hazards: dict[bytes, dict[str, None]] = {}
    subjects: dict[bytes, Subject] = {}
    for claim in claims:
        key = key_of(claim.subject)
        subjects[key] = of_any_version(claim.subject)
        hazards.setdefault(key, {}).update(dict.fromkeys(claim.hazards))
    queues = [
        _Queue(subject, tuple(hazards[key]), lists, model) for key, subject in subjects.items()
    ]
    return tuple(islice(_in_turn(queues), count))


def _in_turn(queues: Sequence["_Queue"]) -> Iterator[Plan]:
    left, number = set(range(len(queues))), 0
    for place in cycle(range(len(queues))):
        if not left:
            return
        number += place in left
        plan = queues[place].next(wide=number % WIDE_EACH == 0) if place in left else None
        if plan is None:
            left.discard(place)
        else:
            yield plan


class _Queue:
    """One subject's plans; those that disturb a node apart."""

    def __init__(
        self,
        subject: Subject,
        hazards: Sequence[str],
        lists: Sequence[Sequence[Step]],
        model: Model,
    ) -> None:
        plans = tuple(plans_for(subject, lists, model))
        wide = [plan for plan in plans if model.broker_wide(plan)]
        others = [plan for plan in plans if not model.broker_wide(plan)]
        self._wide = varied(wide, hazards, model)
        self._others = varied(others, hazards, model)

    def next(self, *, wide: bool) -> Plan | None:
        """The plan that adds most to those before it."""
        plan = next(self._wide, None) if wide else None
        return plan or next(self._others, None)
