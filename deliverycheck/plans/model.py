"""What the pure model of a system answers; nothing here touches a broker."""

from collections.abc import Callable, Sequence
from typing import Protocol

from deliverycheck.plans.plan import Plan
from deliverycheck.plans.steps import Step
from deliverycheck.plans.subject import Subject


class Model(Protocol):
    """The rules of one system's plans.

    Attributes:
        nodes: the lanes of the broker's nodes.
    """

    nodes: tuple[str, ...]

    @property
    def amplifiers(self) -> tuple[Callable[[Plan], Plan], ...]:
        """Ways to give a plan's workload copies on disjoint targets, each a chance of its own.

        A plan comes back as it is where a way does not fit.
        """

    def normalise(self, subject: Subject, steps: Sequence[Step]) -> Plan:
        """The plan of those steps that are applicable in their place; the others are dropped.

        Idempotent, and every sub-list of a plan's steps normalises to a plan.
        """

    def features(self, plan: Plan) -> frozenset[str]:
        """What the plan covers: steps in the states in which they happen."""

    def hazards_in_reach(self, plan: Plan) -> frozenset[str]:
        """Hazards that the plan may bring about; whether it did, the history tells."""

    def broker_wide(self, plan: Plan) -> bool:
        """Whether the plan disturbs a node, hence every other execution on the broker."""

    def seconds(self, plan: Plan) -> float:
        """About how long its execution takes; for choosing, never for judging."""
