"""Whether claims come out the same on two backends, claim by claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deliverycheck.plans.campaign import Campaign, ClaimState
from reports import load_campaign

NOT_REACHED_MAX = 0.1
"""Of the claims; more, and the machine was too slow to say that they come out the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How the claims of two campaigns came out.

    Attributes:
        same: how many claims have the same state in both.
        exercised: how many of these were exercised at all.
        different: claim to both states.
        not_reached: claims that one of them had no time for.
    """

    same: int
    exercised: int
    different: Mapping[str, tuple[ClaimState, ClaimState]]
    not_reached: tuple[str, ...]

    @property
    def is_agreement(self) -> bool:
        """Something was exercised, next to all of it, and nothing differs."""
        known = self.same + len(self.different) + len(self.not_reached)
        return (
            bool(self.exercised)
            and not self.different
            and len(self.not_reached) <= NOT_REACHED_MAX * known
        )

    def lines(self) -> tuple[str, ...]:
        """For people."""
        return (
            f"{self.same} claims come out the same, {self.exercised} of them exercised",
            *(
                f"DIFFERENT: {name}: {one}, {other}"
                for name, (one, other) in self.different.items()
            ),
            *(f"not reached in time: {name}" for name in self.not_reached),
        )


def compared(one: Campaign, other: Campaign) -> Comparison:
    """Claims that both know; what one had no time to exercise is no difference."""
    states = [{each.claim.id: each.state for each in record.results} for record in (one, other)]
    pairs = {name: (states[0][name], states[1][name]) for name in states[0].keys() & states[1]}
    equal = [one for one, other in pairs.values() if one is other]
    unequal = {name: pair for name, pair in pairs.items() if pair[0] is not pair[1]}
    not_reached = {name for name, pair in unequal.items() if ClaimState.NOT_EXERCISED in pair}
    return Comparison(
        same=len(equal),
        exercised=sum(state is not ClaimState.NOT_EXERCISED for state in equal),
        different={name: unequal[name] for name in sorted(unequal.keys() - not_reached)},
        not_reached=tuple(sorted(not_reached)),
    )


def of_folders(one: Path, other: Path) -> Comparison:
    """Of two campaigns on disk."""
    return compared(load_campaign(one), load_campaign(other))
