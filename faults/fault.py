"""What a fault is: data that says how it is put on, and what it means for delivery."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from deliverycheck.plans import Direction


class Target(StrEnum):
    """What a fault acts on."""

    LINK = "link"
    WORKER = "worker"
    NODE = "node"


class DirectionRule(StrEnum):
    """Whether a plan says in which direction the fault acts."""

    FIXED = "fixed"
    REQUIRED = "required"
    NONE = "none"


Streams = tuple[Direction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Toxic:
    """One toxic of a proxy. Its toxicity is always 1 and it has no jitter: neither can be seeded.

    Attributes:
        kind: Toxiproxy's word for the type.
        stream: upstream or downstream.
        attributes: by Toxiproxy's names; it ignores those that it does not know.
    """

    kind: str
    stream: Direction
    attributes: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Unique on its proxy, since no fault puts two of a kind on one stream."""
        return f"{self.kind}_{self.stream}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One disturbance.

    Attributes:
        name: as plans and histories spell it.
        title: as reports spell it.
        consequence: what it means for delivery, one clause.
        acts_on: what it can hit.
        rule: whether a plan says a direction.
        streams: for a fixed direction, that one; for a required one, those it has.
        kind: the toxic's type; ``None`` where no toxic is involved.
        attributes: the toxic's.
        disables: the proxy itself is switched off.
    """

    name: str
    title: str
    consequence: str
    acts_on: frozenset[Target]
    rule: DirectionRule
    streams: Streams = ()
    kind: str | None = None
    attributes: Mapping[str, int] = field(default_factory=dict)
    disables: bool = False
