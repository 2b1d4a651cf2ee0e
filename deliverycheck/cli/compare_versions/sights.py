"""What executions showed, and what of it is worth a replay. Nothing here touches a broker."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from deliverycheck.plans.campaign import Tally
from deliverycheck.search import Judgement, Ruling, tally

UNKNOWN = "unknown"
"""What a verdict shows that could conclude nothing."""

Faces = Mapping[str, frozenset[str]]
"""By guarantee what one execution showed of it: its anomalies, `UNKNOWN`, or nothing if it held."""


class Sight(NamedTuple):
    """One thing that an execution may show.

    Attributes:
        what: the name of an anomaly, or `UNKNOWN`.
    """

    guarantee: str
    what: str


def faces_of(judgement: Judgement) -> Faces | None:
    """What the execution showed; ``None`` if it was inconclusive."""
    if judgement.inconclusive is not None:
        return None
    return {name: _face(judgement, name) for name in judgement.verdicts}


def _face(judgement: Judgement, guarantee: str) -> frozenset[str]:
    match judgement.ruling_of(guarantee):
        case Ruling.VALID:
            return frozenset()
        case Ruling.INVALID:
            return frozenset(one.name for one in judgement.verdicts[guarantee].anomalies)
        case _:
            return frozenset({UNKNOWN})


def shows(faces: Faces | None, sight: Sight) -> bool:
    """Whether the execution showed it."""
    return faces is not None and sight.what in faces.get(sight.guarantee, ())


def worth_replays(seen: Iterable[Faces | None]) -> frozenset[str]:
    """Guarantees that a version broke, or of which not all versions say the same.

    Args:
        seen: what each version showed of one plan.
    """
    said = [faces for faces in seen if faces is not None]
    names = {name for faces in said for name in faces}
    return frozenset(name for name in names if _is_worth({faces[name] for faces in said}))


def _is_worth(faces: set[frozenset[str]]) -> bool:
    return len(faces) > 1 or not faces <= {frozenset(), frozenset({UNKNOWN})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Executions of one plan, by version: how many there were, and how many showed what."""

    executions: Mapping[str, int]
    shown: Mapping[tuple[str, Sight], int]

    @property
    def sights(self) -> frozenset[Sight]:
        """All that any version showed."""
        return frozenset(sight for _, sight in self.shown)

    def rates(self, sight: Sight) -> dict[str, Tally]:
        """How often each version showed it."""
        return {
            version: tally(self.shown.get((version, sight), 0), count)
            for version, count in self.executions.items()
        }


def counted(seen: Iterable[tuple[str, Faces | None]]) -> Counts:
    """Of versions and what an execution with them showed, the inconclusive ones left out."""
    executions: Counter[str] = Counter()
    shown: Counter[tuple[str, Sight]] = Counter()
    for version, faces in seen:
        if faces is None:
            continue
        executions[version] += 1
        for guarantee, whats in faces.items():
            shown.update((version, Sight(guarantee, what)) for what in whats)
    return Counts(executions=executions, shown=shown)
