"""What is left of a pool when every claim is settled: further plans for those that hold."""

from collections.abc import Callable, Iterable, Iterator, Sequence
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
    by_subject: dict[bytes, list[Claim]] = {}
    for claim in claims:
        by_subject.setdefault(msgspec.json.encode(claim.subject), []).append(claim)

    def plans() -> Iterator[Plan]:
        for steps in pool:
            for alike in by_subject.values():
                plan = model.normalise(alike[0].subject, steps)
                if plan.steps and any(_speaks_of(plan, claim, model) for claim in alike):
                    yield plan

    def those(*, wide: bool) -> Shared:
        return Shared(one for one in plans() if model.broker_wide(one) == wide and is_new(one))

    return those(wide=True), those(wide=False)


def _speaks_of(plan: Plan, claim: Claim, model: Model) -> bool:
    reach = model.hazards_in_reach(plan)
    return not reach.isdisjoint(claim.hazards) and reach.isdisjoint(claim.unless)
