"""A pool in its own order: further plans when all is settled, or a turn for each subject."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle
from threading import Lock

import msgspec

from deliverycheck.plans import Claim, Plan, Step
from deliverycheck.plans.model import Model


class Shared(Iterator[Plan]):
    """Plans that many threads take from, each plan once."""

    def __init__(self, plans: Iterator[Plan]) -> None:
        self._plans = plans
        self._lock = Lock()

    def __next__(self) -> Plan:
        """The next plan.

        Raises:
            StopIteration: there is none left.
        """
        with self._lock:
            return next(self._plans)


def further_plans(
    pool: Sequence[Sequence[Step]],
    claims: Iterable[Claim],
    model: Model,
    *,
    is_new: Callable[[Plan], bool],
) -> tuple[Shared, Shared]:
    """Plans that may bring about what one of these claims speaks of, in the order of the pool.

    Those that disturb a node, each of which has the broker to itself, and all others. Whether a
    plan is new is asked when it is its turn.
    """
    of_subjects = _by_subject(claims)

    def plans() -> Iterator[Plan]:
        for steps in pool:
            for alike in of_subjects:
                plan = model.normalise(alike[0].subject, steps)
                if plan.steps and any(_speaks_of(plan, claim, model) for claim in alike):
                    yield plan

    def those(*, wide: bool) -> Shared:
        return Shared(one for one in plans() if model.broker_wide(one) == wide and is_new(one))

    return those(wide=True), those(wide=False)


def each_in_turn(
    pool: Sequence[Sequence[Step]], claims: Iterable[Claim], model: Model
) -> tuple[Iterator[Plan], Shared]:
    """A plan for each step list, the subjects of the claims taking turns in their order.

    First for the one lane that may disturb a node: what does waits for it, and has been passed by
    the others, so that it never runs ahead of its share. Then for all other lanes.
    """
    waiting: deque[Plan] = deque()

    def plans() -> Iterator[Plan]:
        for steps, alike in zip(pool, cycle(_by_subject(claims)), strict=False):
            plan = model.normalise(alike[0].subject, steps)
            if not plan.steps or not any(_speaks_of(plan, claim, model) for claim in alike):
                continue
            if model.broker_wide(plan):
                waiting.append(plan)
            else:
                yield plan

    others = Shared(plans())

    def with_those_that_wait() -> Iterator[Plan]:
        while (plan := waiting.popleft() if waiting else next(others, None)) or waiting:
            if plan is not None:
                yield plan

    return with_those_that_wait(), others


def _by_subject(claims: Iterable[Claim]) -> list[list[Claim]]:
    found: dict[bytes, list[Claim]] = {}
    for claim in claims:
        found.setdefault(msgspec.json.encode(claim.subject), []).append(claim)
    return list(found.values())


def _speaks_of(plan: Plan, claim: Claim, model: Model) -> bool:
    reach = model.hazards_in_reach(plan)
    return not reach.isdisjoint(claim.hazards) and reach.isdisjoint(claim.unless)
