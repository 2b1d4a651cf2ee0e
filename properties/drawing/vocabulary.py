"""What steps of a system are made of, as data: kinds, their arguments, their weights."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deliverycheck.plans import Step, Subject
from deliverycheck.plans.drafting import Draft

STEPS_MAX = 14
"""Short enough that a minimal plan is near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of step, or of steps that belong together.

    Attributes:
        weight: how often it is drawn among the kinds that are applicable. Publishing
            and working must outweigh what disturbs them, or faults hit nothing.
        makes: from values of the arguments, the steps.
        arguments: the values of each argument; a value that stands twice is drawn
            twice as often.
    """

    weight: int
    makes: Callable[..., tuple[Step, ...]]
    arguments: dict[str, Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # One a system: equal is the same.
class Vocabulary:
    """All kinds of one system.

    Attributes:
        node_fault_share: one plan in so many may disturb the node: such a plan costs ten others,
            but they run in a chain of their own, and a claim needs ten of them.
        steps_min: long enough to build a situation up.
        draft: of a subject, the plan that takes what is applicable.
    """

    kinds: Mapping[str, Kind]
    node_fault: Kind
    node_fault_share: int
    steps_min: int
    draft: Callable[[Subject], Draft]

    def weighted(self, possible: frozenset[str]) -> list[str]:
        """The kinds among `possible`, each as often as its weight says."""
        kinds = self.kinds.items()
        return [name for name, kind in kinds if name in possible for _ in range(kind.weight)]


def one(make: type[Step]) -> Callable[..., tuple[Step, ...]]:
    """A kind that is a single step, of its arguments."""
    return lambda **arguments: (make(**arguments),)


def one_of(make: type[Step], **arguments: object) -> tuple[Step, ...]:
    """A kind that is a single step of several types; which, is the argument `make`."""
    return (make(**arguments),)
