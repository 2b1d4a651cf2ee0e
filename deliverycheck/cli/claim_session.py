"""What the items of one pytest session share: one campaign, opened by the first that needs it."""

from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event
from types import TracebackType
from typing import Self

from deliverycheck.cli.console import Progress
from deliverycheck.cli.messages import stderr
from deliverycheck.cli.run import OpenCampaign
from deliverycheck.cli.run_options import RunOptions
from deliverycheck.guarantees import HAZARDS
from deliverycheck.plans import Claim, Plan
from deliverycheck.plans.campaign import Campaign as CampaignRecord
from deliverycheck.plans.campaign import ClaimState
from deliverycheck.plans.rates import wilson
from deliverycheck.search import CorpusEntry
from deliverycheck.search.select import disturbs_nodes
from reports import brief_of, came_out, render

SMOKE = "smoke"

SHARES_MAX = 4
"""One claim may take as many even shares of the time: most are settled in less than one."""

OF_NODES = frozenset(filter(disturbs_nodes, HAZARDS))
"""Each try takes seconds: left out where a minute has to do for a whole system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a claim.

    Attributes:
        may_be_left_out: the profile has no time for everything: what was not exercised is listed.
        reason: in a sentence how it stands.
        told: of each violation what a terminal shows of it.
    """

    state: ClaimState
    as_stated: bool
    may_be_left_out: bool
    reason: str
    told: tuple[str, ...] = ()

    @property
    def not_exercised(self) -> bool:
        """Nothing is known of it that would be worth saying."""
        return self.state is ClaimState.NOT_EXERCISED


class ClaimSession:
    """Settles claims one after the other; all that is executed counts for every claim.

    Attributes:
        record: of the whole session, once it is left; ``None`` if nothing was opened.
    """

    def __init__(self, options: RunOptions, claims: int) -> None:
        """`claims`: how many the session is about."""
        self._options = options
        self._share_s = options.profile.seconds / max(1, claims)
        self._left_s = options.profile.seconds
        self._may_leave_out = options.profile.name == SMOKE
        self._stop = Event()
        self._stack = ExitStack()
        self._opened: OpenCampaign | None = None
        self.record: CampaignRecord | None = None

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing of it runs any more; the record lies in the campaign's folder."""
        self._stack.close()
        self.record = self._opened.record if self._opened else None

    @property
    def opened(self) -> OpenCampaign:
        """The campaign, opened now if it was not.

        Raises:
            What entering an `OpenCampaign` raises.
        """
        if self._opened is None:
            opened = OpenCampaign(self._options, Progress(stderr()), self._stop)
            self._opened = self._stack.enter_context(opened)
        return self._opened

    def settle(self, claim: Claim) -> Outcome:
        """The claim is settled, or its share of the time is over."""
        campaign = self.opened.campaign
        began_s = campaign.clock()
        campaign.settle(
            [claim],
            seconds=max(0.0, min(self._left_s, SHARES_MAX * self._share_s)),
            without=OF_NODES if self._may_leave_out else frozenset(),
        )
        self._left_s -= campaign.clock() - began_s
        result = next(one for one in campaign.ledger.results() if one.claim.id == claim.id)
        violations = [one for one in campaign.violations.values() if one.claim == claim.id]
        return Outcome(
            state=result.state,
            as_stated=result.as_stance_says,
            may_be_left_out=self._may_leave_out,
            reason=came_out(result),
            told=tuple(brief_of(one, claim.stance) for one in violations),
        )

    def replay(self, claim: Claim, plan: Plan, entry: CorpusEntry) -> Outcome:
        """The plan was replayed until it convicted, as often as its rate asks for, or time was."""
        campaign = self.opened.campaign
        began_s = campaign.clock()
        tries = 0
        found = False
        while not found and tries < entry.tries and campaign.clock() - began_s < self._left_s:
            found = campaign.judge.execute(plan).convicts(claim)
            tries += 1
        self._left_s -= campaign.clock() - began_s
        bound = wilson(0, tries)[1]
        told = (
            f"{claim.id}: 0 of {tries} replays of {plan.short_digest} broke it, which leaves at "
            f"most {bound:.0%} (95 %); it did {entry.convictions} of {entry.executions} times with "
            f"{entry.versions}"
        )
        enough = tries == entry.tries
        silent = enough and not entry.is_rare
        state = ClaimState.NOT_FOUND if silent else ClaimState.NOT_EXERCISED
        return Outcome(
            state=ClaimState.FOUND if found else state,
            as_stated=found,
            may_be_left_out=self._may_leave_out or entry.is_rare,
            reason=told if enough else f"not exercised: {tries} of {entry.tries} replays in time",
        )

    def render(self) -> None:
        """The reports lie beside the record, if there is one."""
        if self.record is not None and self._opened is not None:
            render(self._opened.folder.root)
