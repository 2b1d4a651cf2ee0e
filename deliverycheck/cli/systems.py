"""What the command line knows of each system: its claims, its pool, its model."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from deliverycheck.plans import Claim, Pace, Stance, Step, Subject
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.plans.model import Model
from deliverycheck.plans.rabbitmq import RabbitModel

if TYPE_CHECKING:
    from properties.promises import Promise


class UsageError(Exception):
    """The user asked for what there is not; the message names it and what there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One system's content.

    Attributes:
        draw_subjects: of a seed and a count, subjects at large that are wanted.
        make_pool_of: of subjects, a seed and a count, so many step lists for each, in turns.
        unless: situations that are known to break what a subject is promised.
        promised: what is documented of a subject's settings for a guarantee, or what keeps them
            from the nearest promise.
    """

    name: str
    claims: tuple[Claim, ...]
    make_pool: Callable[[int, int], Sequence[Sequence[Step]]]
    make_pool_of: Callable[[Sequence[Subject], int, int], Sequence[Sequence[Step]]]
    draw_subjects: Callable[[int, int, Callable[[Subject], bool]], Sequence[Subject]]
    unless: Callable[[Subject, str], tuple[str, ...]]
    model: Model
    promised: Callable[[Subject, str], tuple["Promise | None", tuple[str, ...]]]


def content_of(system: str) -> Content:
    """The content of a system.

    Raises:
        UsageError: there is none of this name.
    """
    if system not in _CONTENTS:
        msg = f"no system {system!r}; there are: {', '.join(_CONTENTS)}"
        raise UsageError(msg)
    return _CONTENTS[system]()


def systems() -> tuple[str, ...]:
    """The names of all systems, the first one that is meant if none is named."""
    return tuple(_CONTENTS)


def systems_named(text: str | None, claims: Sequence[str] = ()) -> tuple[str, ...]:
    """The systems in ``kafka,rabbitmq``; of nothing those of the claims, or all.

    Raises:
        UsageError: there is no such system.
    """
    if text is None:
        of_claims = [name for name in systems() if any(one.startswith(name) for one in claims)]
        return tuple(of_claims) or systems()
    named = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in named:
        content_of(name)
    if not named:
        msg = f"--systems {text!r} names none; there are: {', '.join(systems())}"
        raise UsageError(msg)
    return named


def _kafka() -> Content:
    from properties import kafka  # noqa: PLC0415  # Hypothesis takes 0.3 s to import: only who draws pays

    return Content(
        name="kafka",
        claims=kafka.CLAIMS,
        make_pool=kafka.make_pool,
        make_pool_of=kafka.make_pool_of,
        draw_subjects=kafka.draw_subjects,
        unless=kafka.unless_of,
        model=KafkaModel(),
        promised=kafka.promised,
    )


def _rabbitmq() -> Content:
    from properties import rabbitmq  # noqa: PLC0415  # As above.

    return Content(
        name="rabbitmq",
        claims=rabbitmq.CLAIMS,
        make_pool=rabbitmq.make_pool,
        make_pool_of=rabbitmq.make_pool_of,
        draw_subjects=rabbitmq.draw_subjects,
        unless=rabbitmq.unless_of,
        model=RabbitModel(),
        promised=rabbitmq.promised,
    )


_CONTENTS = {"kafka": _kafka, "rabbitmq": _rabbitmq}


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


def breaking_claims(
    names: Sequence[str], ids: Sequence[str], paces: Container[Pace] = frozenset(Pace)
) -> Mapping[str, tuple[Claim, ...]]:
    """Of each of these systems the claims of these ids, or all, that are stated to break.

    Raises:
        UsageError: none is, or an id is no claim of any of them.
    """
    known = {name: content_of(name).claims for name in names}
    named = claims_named([claim for claims in known.values() for claim in claims], ids, paces)
    breaking = [claim for claim in named if claim.stance is Stance.BREAKS]
    if not breaking:
        raise UsageError("none of these claims is stated to break; this is about those that are")
    of_systems = {name: tuple(one for one in breaking if one.system == name) for name in names}
    return {name: claims for name, claims in of_systems.items() if claims}
