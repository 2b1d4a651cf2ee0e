"""What we say of a system under settings, as data."""

from enum import StrEnum

import msgspec

from deliverycheck.plans.subject import Subject


class Stance(StrEnum):
    """What a claim expects of the real system."""

    HOLDS = "holds"
    BREAKS = "breaks"


class Pace(StrEnum):
    """How long it takes until a claim is settled."""

    BRIEF = "brief"
    MEDIUM = "medium"
    LONG = "long"


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """System, settings, guarantee, stance, hazards, source.

    Attributes:
        id: names the claim on the command line and its folder in the corpus.
        setting: the settings in a few words, as the matrix shows them.
        hazards: the situations it is about; a holding claim is exercised under each
            of them, a breaking one convicts with any of them.
        unless: situations that it does not speak of: an execution in which one of them
            occurred says nothing of the claim.
        pace: a minute's campaign has the brief claims, one of some minutes those of medium pace
            too; long ones are left to nights. What is asked for by its id is run in any.
        promise: what the system's documentation says of these settings.
        source: where it says so.
        pair: id of the sibling with the other stance, which shows what to set instead; ``None``
            where no setting is known that breaks the guarantee.
    """

    id: str
    system: str
    setting: str
    subject: Subject
    guarantee: str
    stance: Stance
    hazards: tuple[str, ...]
    promise: str
    source: str
    pair: str | None = None
    unless: tuple[str, ...] = ()
    pace: Pace = Pace.BRIEF
