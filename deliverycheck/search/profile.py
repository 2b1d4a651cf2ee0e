"""How much a campaign does."""

from dataclasses import dataclass
from enum import StrEnum

from deliverycheck.plans import Pace

BRIEF = frozenset({Pace.BRIEF})
UP_TO_MEDIUM = BRIEF | {Pace.MEDIUM}


class Afterwards(StrEnum):
    """What becomes of the time that is left when every claim is settled."""

    END = "end"
    FURTHER_PLANS = "further_plans"


class Order(StrEnum):
    """Which plans are run, and in which order."""

    BY_HAZARD = "by_hazard"
    BY_SUBJECT = "by_subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The size of a campaign.

    Attributes:
        needed: valid executions that each hazard of a holding claim needs.
        generated_max: generated plans for a must-break claim whose corpus plan did not convict.
        seconds: after so long no execution starts any more.
        at_once: executions at once on the broker.
        shrink_executions, shrink_s: what shrinking one new violation may cost.
        paces: the claims that are run when none is named.
        order: by hazard each claim has plans chosen until every hazard of it occurred often enough;
            by subject the pool is run once, its step lists dealt out to the subjects in turn.
        afterwards: a night that is settled early goes on with further plans for what holds.
    """

    name: str
    needed: int
    generated_max: int
    seconds: float
    at_once: int
    shrink_executions: int
    shrink_s: float
    pool: int
    paces: frozenset[Pace] = frozenset(Pace)
    order: Order = Order.BY_HAZARD
    afterwards: Afterwards = Afterwards.END


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="smoke",
            needed=3,
            generated_max=20,
            seconds=60,
            at_once=12,
            shrink_executions=30,
            shrink_s=20,
            pool=600,
            paces=BRIEF,
        ),
        Profile(
            name="demo",
            needed=3,
            generated_max=60,
            seconds=60,
            at_once=12,
            shrink_executions=40,
            shrink_s=20,
            pool=600,
            paces=BRIEF,
        ),
        Profile(
            name="ci",
            needed=30,
            generated_max=60,
            seconds=20 * 60,
            at_once=12,
            shrink_executions=100,
            shrink_s=120,
            pool=1500,
            paces=UP_TO_MEDIUM,
        ),
        Profile(
            name="nightly",
            needed=100,
            generated_max=120,
            seconds=8 * 3600,
            at_once=12,
            shrink_executions=300,
            shrink_s=600,
            pool=6000,
            afterwards=Afterwards.FURTHER_PLANS,
        ),
    )
}

FREE = Profile(
    name="free",
    needed=1,
    generated_max=0,
    seconds=3600,
    at_once=12,
    shrink_executions=100,
    shrink_s=120,
    pool=24,
    order=Order.BY_SUBJECT,
)
"""Many subjects, few plans each: `pool` is so many for each of them."""
