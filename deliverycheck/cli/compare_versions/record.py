"""What a comparison found, as `versions.json` holds it."""

import msgspec

from deliverycheck.plans import Subject
from deliverycheck.plans.campaign import StepLine, Tally, Target

FORMAT = "deliverycheck-versions"
VERSION = 1


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One version.

    Attributes:
        name: as it tells it itself.
        option: what a replay asks for it with.
        not_applicable: what it says against settings, and how many plans have them.
        inconclusive: why executions with it said nothing, and how often.
        median_s: what an execution took, of plans that all versions take.
    """

    number: str
    name: str
    option: str
    not_applicable: dict[str, int]
    inconclusive: dict[str, int]
    median_s: float


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which versions differ, with the smallest plan that shows it.

    Attributes:
        shows: an anomaly, or ``unknown`` where the verdict could conclude nothing.
        also: further guarantees of which the same plans show the same.
        more, fewer: versions that show it more often than others do, and those others.
        rates: how often each version showed it with the smallest plan.
        plans: plans of the pool that told the versions apart by it.
        sentences: what happened in one execution, or why nothing could be concluded.
        plan_file: the smallest plan, in the folder of the comparison.
        samples: by version the folder of an execution that shows it, there too.
    """

    guarantee: str
    shows: str
    also: tuple[str, ...]
    more: tuple[str, ...]
    fewer: tuple[str, ...]
    rates: dict[str, Tally]
    plans: int
    subject: Subject
    steps: tuple[StepLine, ...]
    sentences: tuple[str, ...]
    plan_file: str
    samples: dict[str, str]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What plans showed without telling the versions apart.

    Attributes:
        plans: of the pool, which at least one version showed it with.
    """

    guarantee: str
    shows: str
    plans: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All that a comparison found.

    Attributes:
        what: of which the versions are: a client library, or a broker.
        target: what all versions were run against, or that of the usual one.
        replayed: plans that broke something, or of which not all versions said the same.
        alike: convictions that the versions share.
        once: what told versions apart in the replays, but not when it was tried again.
    """

    what: str
    target: Target
    versions: tuple[Compared, ...]
    seed: int
    plans: int
    replayed: int
    executions: int
    differences: tuple[Difference, ...]
    once: tuple[Seen, ...]
    alike: tuple[Seen, ...]
    format: str = FORMAT
    version: int = VERSION
