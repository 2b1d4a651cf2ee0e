"""What is asked: guarantees and faults by the words that a user has for them, as claims."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from deliverycheck.cli.promised_claims import OF_CONSUMERS, promised_claim
from deliverycheck.cli.systems import Content, UsageError
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.plans import (
    Claim,
    FaultKind,
    Inject,
    Kill,
    MissHeartbeats,
    Pause,
    Silence,
    Starve,
    Step,
    Subject,
)

_LINKS = {kind.value: kind.value for kind in FaultKind} | {"torn_request": "lost_request"}
_LINKS |= {"lose_reply": "lost_reply", "lose_request": "lost_request"}

FAULTS: dict[str, tuple[str, ...]] = {
    "kill:worker": ("producer_killed", "producer_killed_unflushed", "consumer_killed_in_hand"),
    "pause:worker": ("member_paused",),
    "kill:broker": ("broker_killed",),
    "pause:broker": ("broker_paused",),
    "starve:broker": ("broker_starved",),
    **{fault: (hazard,) for fault, hazard in _LINKS.items()},
}
"""What can be broken, each with the hazards that it is to bring about."""

USUAL = ("kill:worker", "kill:broker", "lose_reply", "lose_request", "refuse")
"""What happens to every system some day; the others are asked for by name."""


def guarantees_of(
    words: Sequence[str], subject: Subject, families: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """The guarantees that the words stand for, as far as the subject has what they speak of.

    Raises:
        UsageError: a word stands for none; names the nearest.
    """
    found: list[str] = []
    for word in words:
        named = families.get(word, (word,) if word in GUARANTEES else ())
        if not named:
            known = [*families, *GUARANTEES]
            near = get_close_matches(word, known, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            msg = f"--guarantee {word!r}: {hint}there are {', '.join(known)}"
            raise UsageError(msg)
        fitting = [name for name in named if subject.consumer or name not in OF_CONSUMERS]
        if not fitting:
            msg = f"--guarantee {word}: it is about consumers; add --consumer with their settings"
            raise UsageError(msg)
        found += fitting
    return tuple(dict.fromkeys(found))


def faults_of(words: str | None) -> tuple[str, ...]:
    """The faults that the words, divided by commas, stand for.

    Raises:
        UsageError: a word stands for none.
    """
    faults = USUAL if words is None else tuple(word.strip() for word in words.split(","))
    for fault in faults:
        if fault not in FAULTS:
            near = get_close_matches(fault, FAULTS, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            msg = f"--fault {fault!r}: {hint}there are {', '.join(FAULTS)}"
            raise UsageError(msg)
    return faults


def only(steps: Sequence[Step], faults: Sequence[str], nodes: Sequence[str]) -> tuple[Step, ...]:
    """The steps without faults that were not asked for."""
    return tuple(step for step in steps if (word := _word(step, nodes)) is None or word in faults)


def _word(step: Step, nodes: Sequence[str]) -> str | None:
    if isinstance(step, Inject):
        return step.fault.value
    if isinstance(step, MissHeartbeats):
        return "pause:worker" if step.by is Silence.STOPPED else FaultKind.STALL.value
    if isinstance(step, Starve):
        return "starve:broker"
    if isinstance(step, (Kill, Pause)):
        verb = "kill" if isinstance(step, Kill) else "pause"
        return f"{verb}:{'broker' if step.lane in nodes else 'worker'}"
    return None


def claims_of(  # noqa: PLR0913, PLR0917  # each is a part of the question
    known: Content,
    subject: Subject,
    guarantees: Sequence[str],
    faults: Sequence[str],
    pool: Sequence[Sequence[Step]],
    further: Mapping[str, tuple[str, ...]],
) -> tuple[Claim, ...]:
    """A claim for each guarantee, about the hazards that plans of this pool may bring about.

    `further`: by fault, hazards of the system beside those of all systems.
    """
    reached = frozenset[str]().union(
        *(known.model.hazards_in_reach(known.model.normalise(subject, steps)) for steps in pool)
    )
    wanted = (
        "none",
        *(hazard for fault in faults for hazard in (*FAULTS[fault], *further.get(fault, ()))),
    )
    hazards = tuple(dict.fromkeys(hazard for hazard in wanted if hazard in reached))
    return tuple(
        promised_claim(
            known,
            subject,
            guarantee,
            name=f"ask-{guarantee}",
            setting="these settings",
            hazards=hazards,
        )
        for guarantee in guarantees
    )
