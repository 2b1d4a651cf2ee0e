"""What the command line knows of each system: its claims, its pool, its model."""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from deliverycheck.plans import Claim, Pace, Step, Subject
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.plans.model import Model

if TYPE_CHECKING:
    from properties.kafka.promises import Promise


class UsageError(Exception):
    """The user asked for what there is not; the message names it and what there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One system's content.

    Attributes:
        promised: what is documented of a subject's settings for a guarantee, or what keeps them
            from the nearest promise.
    """

    name: str
    claims: tuple[Claim, ...]
    make_pool: Callable[[int, int], Sequence[Sequence[Step]]]
    model: Model
    promised: Callable[[Subject, str], tuple["Promise | None", tuple[str, ...]]]


def content_of(system: str) -> Content:
    """The content of a system.

    Raises:
        UsageError: there is none of this name.
    """
    if system != "kafka":
        msg = f"no system {system!r}; there is: kafka"
        raise UsageError(msg)
    from properties import kafka  # noqa: PLC0415  # Hypothesis takes 0.3 s to import: only who draws pays

    return Content(
        name="kafka",
        claims=kafka.CLAIMS,
        make_pool=kafka.make_pool,
        model=KafkaModel(),
        promised=kafka.promised,
    )


def claims_named(
    claims: Sequence[Claim], names: Sequence[str], paces: Container[Pace] = frozenset(Pace)
) -> tuple[Claim, ...]:
    """The claims of these ids, or without names all of these paces.

    Raises:
        UsageError: an id is not among them; names the nearest.
    """
    known = {claim.id: claim for claim in claims}
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            msg = f"no claim {name!r}. {hint}`deliverycheck claims` lists them all"
            raise UsageError(msg)
    if names:
        return tuple(known[name] for name in names)
    return tuple(claim for claim in claims if claim.pace in paces)
