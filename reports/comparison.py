"""Two campaigns side by side: what got better, worse, or was exercised for the first time.

A rate differs only if the two 95 % Wilson intervals are apart; with fewer executions than that
takes, nothing is said of better or worse.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from deliverycheck.plans.campaign import Campaign, Tally
from deliverycheck.plans.claim import Stance
from reports import words
from reports.comparable import Pair, pairs_of
from reports.errors import ReportError

FORMAT = "deliverycheck-comparison"
VERSION = 1

LONG_CHARACTERS = 200
"""A fact that is longer, such as the broker's settings, is told by what differs in it."""

_OWN_TO_EACH = frozenset({"Campaign", "Started", "Executions"})
"""Facts in which any two campaigns differ."""


class Change(StrEnum):
    """What became of one claim under one hazard, from the worst news to the best."""

    WORSE = "worse"
    NEWLY_BROKEN = "newly_broken"
    NOT_EXERCISED_ANY_MORE = "not_exercised_any_more"
    NEWLY_EXERCISED = "newly_exercised"
    NOT_BROKEN_AGAIN = "not_broken_again"
    BETTER = "better"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One claim under one hazard, where the two campaigns differ.

    Attributes:
        hazard: empty for a must-break control: replays of its kept plan, or generated plans, or
            where there were none of either what plans of other claims showed of it.
        first: broken executions of those that were judged, in the first campaign.
    """

    change: Change
    claim: str
    system: str
    setting: str
    guarantee: str
    stance: Stance
    hazard: str
    first: Tally
    second: Tally


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two campaigns; `interrupted`: it was stopped before its end."""

    id: str
    started: str
    brokers: str
    clients: str
    executions: int
    interrupted: bool = False


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A fact of the campaigns that is not the same, such as the broker's version."""

    name: str
    first: str
    second: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All that differs.

    Attributes:
        compared: pairs of claim and hazard that both campaigns judged at least once.
        same: of these, the pairs whose intervals overlap and that broke in both or in neither.
        other_settings: claims of one name that speak of different settings in the two.
    """

    first: Side
    second: Side
    changed: tuple[Changed, ...]
    compared: int
    same: int
    differences: tuple[Difference, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    other_settings: tuple[str, ...]
    format: str = FORMAT
    version: int = VERSION

    def of(self, change: Change) -> tuple[Difference, ...]:
        """The differences of one kind."""
        return tuple(one for one in self.differences if one.change is change)

    @property
    def is_worse(self) -> bool:
        """Something breaks more often, beyond what chance explains."""
        return bool(self.of(Change.WORSE))


def comparison_of(first: Campaign, second: Campaign) -> Comparison:
    """What differs from the first to the second.

    Raises:
        ReportError: the two have no claim in common.
    """
    ours = {result.claim.id: result for result in first.results}
    theirs = {result.claim.id: result for result in second.results}
    shared = [name for name in ours if name in theirs]
    if not shared:
        raise ReportError(_nothing_shared(first, second))
    pairs = [pair for name in shared for pair in pairs_of(ours[name], theirs[name])]
    changes = [(pair, _change(pair)) for pair in pairs]
    both = [change for pair, change in changes if pair.in_both]
    order = list(Change)
    found = sorted(
        (_difference(pair, change) for pair, change in changes if change),
        key=lambda one: order.index(one.change),
    )
    return Comparison(
        first=_side(first),
        second=_side(second),
        changed=tuple(_changed(first, second)),
        compared=len(both),
        same=both.count(None),
        differences=tuple(found),
        only_first=tuple(name for name in ours if name not in theirs),
        only_second=tuple(name for name in theirs if name not in ours),
        other_settings=tuple(
            name for name in shared if ours[name].claim.subject != theirs[name].claim.subject
        ),
    )


def _nothing_shared(first: Campaign, second: Campaign) -> str:
    def told(one: Campaign) -> str:
        return f"{one.id} has {words.counted(len(one.results), 'claim')} about {one.brokers}"

    return (
        f"{told(first)}, {told(second)}, and none is in both: claims are compared by their names. "
        "Compare two campaigns of the same system and claims"
    )


def _change(pair: Pair) -> Change | None:
    if pair.in_both:
        return _of_rates(pair.first, pair.second) if pair.alike else None
    if pair.second.executions:
        return Change.NEWLY_EXERCISED
    return Change.NOT_EXERCISED_ANY_MORE if pair.first.executions else None


def _of_rates(first: Tally, second: Tally) -> Change | None:
    if second.low > first.high:
        return Change.WORSE
    if second.high < first.low:
        return Change.BETTER
    if bool(first.convictions) is bool(second.convictions):
        return None
    return Change.NEWLY_BROKEN if second.convictions else Change.NOT_BROKEN_AGAIN


def _difference(pair: Pair, change: Change) -> Difference:
    claim = pair.result.claim
    return Difference(
        change=change,
        claim=claim.id,
        system=claim.system,
        setting=claim.setting,
        guarantee=claim.guarantee,
        stance=claim.stance,
        hazard=pair.hazard,
        first=pair.first,
        second=pair.second,
    )


def _side(campaign: Campaign) -> Side:
    return Side(
        id=campaign.id,
        started=campaign.started,
        brokers=campaign.brokers,
        clients=" and ".join(one.client for one in campaign.targets if one.client),
        executions=campaign.executions,
        interrupted=campaign.interrupted,
    )


def _changed(first: Campaign, second: Campaign) -> Iterator[Changed]:
    ours, theirs = dict(words.facts_of(first)), dict(words.facts_of(second))
    for name in dict.fromkeys((*ours, *theirs)):
        before, after = ours.get(name, ""), theirs.get(name, "")
        if name not in _OWN_TO_EACH and before != after:
            if max(len(before), len(after)) > LONG_CHARACTERS:
                before, after = _without(before, after), _without(after, before)
            yield Changed(name=name, first=before, second=after)


def _without(listed: str, other: str) -> str:
    """Of a long list only the items that the other has not."""
    rest = set(_items(other))
    return ", ".join(item for item in _items(listed) if item not in rest)


def _items(listed: str) -> list[str]:
    return listed.replace("; ", ", ").split(", ")
