"""What the models of all systems share: drafts, coverage, the directions of faults."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from deliverycheck.plans.plan import Plan
from deliverycheck.plans.steps import Direction, FaultKind, Inject, Step

RECENT = 3
"""So many steps before one still say something of the state in which it happens."""

DIRECTED = {FaultKind.BLACK_HOLE, FaultKind.STALL, FaultKind.DELAY}
"""Faults whose direction is a choice; the others have one by their meaning."""


class Draft(Protocol):
    """A plan while it grows."""

    def offer(self, step: Step) -> bool:
        """Append the step if it is applicable here; whether it was."""

    def kinds(self) -> frozenset[str]:
        """Kinds of step of which some are applicable here, by the names of the vocabulary."""

    def plan(self) -> Plan:
        """The steps so far, without a tail that the driver's quiet tail repeats."""


class State(Protocol):
    """What is known of a plan before a step."""

    faults: dict[str, FaultKind]

    def label(self) -> str:
        """The state as coverage sees it."""


def planned(draft: Draft, steps: Sequence[Step]) -> Plan:
    """The plan of those steps that the draft takes in their place."""
    for step in steps:
        draft.offer(step)
    return draft.plan()


def covered(
    walked: Iterable[tuple[State, Step]], event_of: Callable[[Step], str]
) -> frozenset[str]:
    """Each step in the state in which it happens, and after which others under which faults."""
    found: set[str] = set()
    recent: list[str] = []
    for state, step in walked:
        event = event_of(step)
        found.add(f"{event} | {state.label()}")
        found.update(f"{before} > {event} | {sorted(state.faults.values())}" for before in recent)
        recent = [*recent, event][-RECENT:]
    return frozenset(found)


def directed(step: Inject) -> Inject:
    """The fault with a direction if it takes one, and with none if it does not."""
    takes_one = step.fault in DIRECTED
    if not takes_one and step.direction is not None:
        return Inject(lane=step.lane, fault=step.fault)
    if takes_one and step.direction is None:
        return Inject(lane=step.lane, fault=step.fault, direction=Direction.UPSTREAM)
    return step
