"""Many campaigns in a row: when each violation was first and last seen, and how often.

Violations are told apart by their signature: claim, anomalies, hazards and shape of the plan.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from deliverycheck.history import CampaignFolder
from deliverycheck.plans.campaign import Campaign, ClaimResult, Tally, Violation
from deliverycheck.plans.claim import Stance
from deliverycheck.plans.rates import tally
from reports.errors import ReportError
from reports.load import load_campaign
from reports.visible import all_visible

FORMAT = "deliverycheck-trend"
VERSION = 1

DEPTH_MAX = 3
"""A folder of nights, each with its shards, each of these with its systems."""


class Sight(StrEnum):
    """What one campaign says of a signature."""

    SEEN = "seen"
    NOT_SEEN = "not_seen"
    NOT_EXERCISED = "not_exercised"


class TrendCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """One campaign.

    Attributes:
        folder: its path below the one that was asked about.
        started: empty of one that does not say it; such a one stands before all others.
        interrupted: it was stopped before its end.
    """

    folder: str
    started: str
    brokers: str
    executions: int
    interrupted: bool = False


class SignatureTrend(msgspec.Struct, frozen=True, kw_only=True):
    """One violation over all campaigns.

    Attributes:
        sights: for each campaign, in their order.
        seen: campaigns that show it, of those in which its claim was tried.
        broken: executions of its claim that were broken, in any way, of those that were judged.
    """

    signature: str
    claim: str
    title: str
    anomaly: str
    stance: Stance
    first_seen: TrendCampaign
    last_seen: TrendCampaign
    sights: tuple[Sight, ...]
    seen: Tally
    broken: Tally

    @property
    def is_alarm(self) -> bool:
        """What must hold was broken."""
        return self.stance is Stance.HOLDS

    @property
    def in_last(self) -> bool:
        """The newest campaign shows it."""
        return self.sights[-1] is Sight.SEEN

    @property
    def is_new(self) -> bool:
        """Only the newest campaign shows it."""
        return self.in_last and self.sights.count(Sight.SEEN) == 1 and len(self.sights) > 1


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """All signatures, alarms first, then those that were seen last.

    Attributes:
        campaigns: oldest first.
        left_out: folders whose campaign cannot be read, each with why.
    """

    campaigns: tuple[TrendCampaign, ...]
    signatures: tuple[SignatureTrend, ...]
    left_out: tuple[str, ...]
    format: str = FORMAT
    version: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    told: TrendCampaign
    campaign: Campaign

    def result(self, claim: str) -> ClaimResult | None:
        return next((one for one in self.campaign.results if one.claim.id == claim), None)

    def sight(self, violation: Violation) -> Sight:
        if any(one.id == violation.id for one in self.campaign.violations):
            return Sight.SEEN
        result = self.result(violation.claim)
        tried = result is not None and result.valid + result.invalid > 0
        return Sight.NOT_SEEN if tried else Sight.NOT_EXERCISED


def trend_in(root: Path, load: Callable[[Path], Campaign] = load_campaign) -> Trend:
    """The campaigns below a folder, and what they show one after the other.

    `load` reads a campaign from its folder, or raises `ReportError`.

    Raises:
        ReportError: no campaign below it can be read.
    """
    read: list[_Read] = []
    left_out: list[str] = []
    for folder in _campaigns_below(root):
        name = str(folder.relative_to(root)) if folder != root else folder.resolve().name
        try:
            read.append(_read(load(folder), name))
        except ReportError as error:
            left_out.append(str(error).replace(f"{root}/", ""))
    if not read:
        raise ReportError("; ".join(left_out) or _absence(root))
    ordered = sorted(read, key=lambda one: (one.told.started, one.told.folder))
    trend = Trend(
        campaigns=tuple(one.told for one in ordered),
        signatures=tuple(sorted(_signatures(ordered), key=_rank)),
        left_out=tuple(left_out),
    )
    return all_visible(trend)


def _absence(root: Path) -> str:
    if not root.is_dir():
        return f"{root}: no such folder; expected one that holds the folders of campaigns"
    return f"{root}: no folder below it holds a campaign.json"


def _campaigns_below(folder: Path, depth: int = 0) -> Iterator[Path]:
    """Folders of campaigns, also of those that were stopped before they wrote their result.

    Of one against several systems the whole is told, not its parts.
    """
    paths = CampaignFolder(root=folder)
    if any(path.exists() for path in (paths.campaign, paths.options, paths.events)):
        yield folder
    elif folder.is_dir() and depth < DEPTH_MAX:
        for inner in sorted(folder.iterdir()):
            if inner.is_dir() and not inner.is_symlink():
                yield from _campaigns_below(inner, depth + 1)


def _read(campaign: Campaign, name: str) -> _Read:
    told = TrendCampaign(
        folder=name,
        started=campaign.started,
        brokers=campaign.brokers,
        executions=campaign.executions,
        interrupted=campaign.interrupted,
    )
    return _Read(told=told, campaign=campaign)


def _signatures(ordered: Sequence[_Read]) -> Iterator[SignatureTrend]:
    newest: Mapping[str, Violation] = {
        violation.id: violation for one in ordered for violation in one.campaign.violations
    }
    for violation in newest.values():
        yield _signature(violation, ordered)


def _signature(violation: Violation, ordered: Sequence[_Read]) -> SignatureTrend:
    sights = tuple(one.sight(violation) for one in ordered)
    shown = [one for one, sight in zip(ordered, sights, strict=True) if sight is Sight.SEEN]
    results = [found for one in ordered if (found := one.result(violation.claim))]
    tried = sum(sight is not Sight.NOT_EXERCISED for sight in sights)
    return SignatureTrend(
        signature=violation.id,
        claim=violation.claim,
        title=violation.title,
        anomaly=violation.anomaly,
        stance=results[-1].claim.stance if results else Stance.HOLDS,
        first_seen=shown[0].told,
        last_seen=shown[-1].told,
        sights=sights,
        seen=tally(len(shown), tried),
        broken=tally(
            sum(one.invalid for one in results), sum(one.valid + one.invalid for one in results)
        ),
    )


def _rank(one: SignatureTrend) -> tuple[bool, int, str]:
    last = max(place for place, sight in enumerate(one.sights) if sight is Sight.SEEN)
    return (not one.is_alarm, -last, one.signature)
