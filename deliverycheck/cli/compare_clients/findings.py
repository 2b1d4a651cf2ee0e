"""The comparison itself: every plan once, what is worth it again, differences made sure of."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from deliverycheck.cli.compare_clients.runs import AT_ONCE, Runs, Seen, StoppedError
from deliverycheck.cli.compare_clients.sights import UNKNOWN, Sight, counted, worth_replays
from deliverycheck.cli.compare_clients.smallest import TIMES, Measured, smallest
from deliverycheck.cli.compare_clients.splits import Candidate, Group, candidates_of, grouped
from deliverycheck.guarantees import Validity
from deliverycheck.plans import Plan
from deliverycheck.plans.model import Model
from deliverycheck.search import Judgement
from deliverycheck.search.chains import run_chains


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One plan that was worth it.

    Attributes:
        place: of the plan in the pool.
        guarantees: those that it was replayed for.
        seen: what its replays showed.
    """

    place: int
    guarantees: frozenset[str]
    seen: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What came out.

    Attributes:
        found: what tells versions apart, with the smallest plan; ``None`` if it did not again.
        alike: what was broken without telling versions apart, and by how many plans.
    """

    replayed: int
    found: Sequence[tuple[Group, Measured | None]]
    alike: Counter[Sight]


def findings_of(runs: Runs, model: Model, plans: Sequence[Plan]) -> Findings:
    """All plans with all versions, compared.

    Raises:
        StoppedError: not all was executed.
    """
    first = runs.seen("every plan once", plans, 1, keep=_convicts)
    chosen = _chosen(first)
    runs.say(f"{len(chosen)} of {len(plans)} plans broke something, or not all versions agree")
    again = runs.seen("replays", [plans[place] for place in chosen], TIMES, keep=_none)
    replays = [
        Replayed(place=place, guarantees=guarantees, seen=seen)
        for (place, guarantees), seen in zip(chosen.items(), again, strict=True)
    ]
    candidates = [one for each in replays for one in _candidates(each, plans)]
    groups = grouped(candidates)
    runs.say(f"{len(groups)} ways in which versions may differ; each is tried again and shrunk")
    return Findings(
        replayed=len(replays),
        found=_made_sure_of(runs, model, plans, groups),
        alike=_alike(replays, candidates),
    )


def _chosen(first: Sequence[Seen]) -> dict[int, frozenset[str]]:
    """Places of the plans that are worth replays, and for which guarantees."""
    worth = {place: worth_replays(faces for _, faces in seen) for place, seen in enumerate(first)}
    return {place: guarantees for place, guarantees in worth.items() if guarantees}


def _candidates(replayed: Replayed, plans: Sequence[Plan]) -> list[Candidate]:
    steps = len(plans[replayed.place].steps)
    return candidates_of(replayed.place, steps, counted(replayed.seen), replayed.guarantees)


def _alike(replays: Sequence[Replayed], candidates: Sequence[Candidate]) -> Counter[Sight]:
    apart = {(one.place, one.sight) for one in candidates}

    def shared() -> Iterator[Sight]:
        for one in replays:
            for sight in counted(one.seen).sights:
                if sight.what != UNKNOWN and (one.place, sight) not in apart:
                    yield sight

    return Counter(shared())


def _made_sure_of(
    runs: Runs, model: Model, plans: Sequence[Plan], groups: Sequence[Group]
) -> list[tuple[Group, Measured | None]]:
    """Several groups side by side, each with one execution at a time."""
    found: dict[int, Measured | None] = {}

    def make_sure(number: int) -> None:
        found[number] = smallest(runs, model, plans, groups[number])

    run_chains(
        [partial(make_sure, number) for number in range(len(groups))],
        at_once=AT_ONCE,
        stop=runs.stop,
    )
    if runs.stop.is_set():
        raise StoppedError
    return [(group, found[number]) for number, group in enumerate(groups)]


def _convicts(judgement: Judgement) -> bool:
    return any(one.validity is Validity.INVALID for one in judgement.verdicts.values())


def _none(_: Judgement) -> bool:
    return False
