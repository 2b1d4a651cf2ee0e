"""Which versions differ: their intervals are apart. Nothing here touches a broker."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from deliverycheck.cli.compare_versions.sights import Counts, Sight
from deliverycheck.plans.campaign import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Versions that show something more often than others: each of `more` than one of `fewer`.

    A version whose interval lies between is in neither.
    """

    more: frozenset[str]
    fewer: frozenset[str]

    def agrees(self, other: "Split") -> bool:
        """Whether both can be the same difference."""
        return self.more.isdisjoint(other.fewer) and self.fewer.isdisjoint(other.more)

    def joined(self, other: "Split") -> "Split":
        """All versions of both."""
        return Split(more=self.more | other.more, fewer=self.fewer | other.fewer)


def split_of(rates: Mapping[str, Tally]) -> Split | None:
    """Who differs by these rates; ``None`` if no two intervals are apart."""
    if not rates:
        return None
    least_high = min(rate.high for rate in rates.values())
    most_low = max(rate.low for rate in rates.values())
    above = {version for version, rate in rates.items() if rate.low > least_high}
    below = {version for version, rate in rates.items() if rate.high < most_low}
    if not above:
        return None
    return Split(more=frozenset(above - below), fewer=frozenset(below - above))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One plan that one sight tells versions apart by.

    Attributes:
        place: of the plan in the pool.
        steps: of the plan.
    """

    place: int
    steps: int
    sight: Sight
    rates: Mapping[str, Tally]
    split: Split

    @property
    def gap(self) -> float:
        """How far apart the intervals are that are farthest apart."""
        low = max(self.rates[one].low for one in self.split.more)
        return low - min(self.rates[one].high for one in self.split.fewer)

    @property
    def clearest(self) -> tuple[str, str]:
        """The version that shows it most often, and the one that does so least often."""
        by_rate = sorted(self.rates, key=lambda one: _share(self.rates[one]))
        return by_rate[-1], by_rate[0]


def _share(rate: Tally) -> float:
    return rate.convictions / rate.executions if rate.executions else 0.0


def candidates_of(
    place: int, steps: int, counts: Counts, guarantees: Container[str]
) -> list[Candidate]:
    """All that tells versions apart by the replays of one plan."""
    found = []
    for sight in sorted(counts.sights):
        rates = counts.rates(sight)
        split = split_of(rates)
        if split is not None and sight.guarantee in guarantees:
            found.append(Candidate(place=place, steps=steps, sight=sight, rates=rates, split=split))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Candidates that may all show the same difference, the clearest first.

    Attributes:
        also: further guarantees of which the same plans show the same.
    """

    sight: Sight
    split: Split
    candidates: tuple[Candidate, ...]
    also: tuple[str, ...] = ()

    @property
    def places(self) -> frozenset[int]:
        """Of its plans in the pool."""
        return frozenset(one.place for one in self.candidates)

    def covers(self, other: "Group") -> bool:
        """Whether each plan of the other shows the same of a guarantee of this."""
        same = self.sight.what == other.sight.what and self.split.agrees(other.split)
        return same and other.places <= self.places


def grouped(candidates: Iterable[Candidate]) -> Sequence[Group]:
    """Candidates of the same sight whose splits agree are one group, and what goes with them."""
    groups: list[Group] = []
    for one in sorted(candidates, key=lambda each: (each.sight, -each.gap, each.steps)):
        for number, group in enumerate(groups):
            if group.sight == one.sight and group.split.agrees(one.split):
                split = group.split.joined(one.split)
                groups[number] = replace(group, split=split, candidates=(*group.candidates, one))
                break
        else:
            groups.append(Group(sight=one.sight, split=one.split, candidates=(one,)))
    return _folded(groups)


def _folded(groups: Sequence[Group]) -> Sequence[Group]:
    """Who loses a message breaks every guarantee that needs it: that is told once."""
    kept: list[Group] = []
    for group in sorted(groups, key=lambda one: (-len(one.places), one.sight)):
        for number, other in enumerate(kept):
            if other.covers(group):
                kept[number] = replace(other, also=(*other.also, group.sight.guarantee))
                break
        else:
            kept.append(group)
    return sorted(kept, key=lambda one: one.sight)
