"""The comparison itself: every plan once, what is worth it again, differences made sure of."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock

from deliverycheck.cli.compare_versions.runs import Runs, Seen, StoppedError
from deliverycheck.cli.compare_versions.sights import UNKNOWN, Sight, counted, worth_replays
from deliverycheck.cli.compare_versions.smallest import TIMES, Measured, smallest
from deliverycheck.cli.compare_versions.splits import Candidate, Group, candidates_of, grouped
from deliverycheck.cli.compare_versions.versions import Version
from deliverycheck.guarantees import Validity
from deliverycheck.plans import Plan
from deliverycheck.plans.model import Model
from deliverycheck.search import Judgement
from deliverycheck.search.chains import run_chains

AT_ONCE = 4
"""Plans at once: they share the broker, and each version meets the same load."""

SAY_EVERY_S = 30.0


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
    replays = _replays(runs, plans)
    candidates = [one for each in replays for one in _candidates(each, plans)]
    groups = grouped(candidates)
    runs.say(
        f"{len(replays)} plans broke something, or not all versions said the same; versions may "
        f"differ in {len(groups)} ways, and each is tried again and shrunk"
    )
    return Findings(
        replayed=len(replays),
        found=_made_sure_of(runs, model, plans, groups),
        alike=_alike(replays, candidates),
    )


def _replays(runs: Runs, plans: Sequence[Plan]) -> list[Replayed]:
    """Every plan once with each version, and those that are worth it again, in their order."""
    found: dict[int, Replayed | None] = {}
    meter = _Meter(total=len(plans), say=runs.say)

    def compare(place: int) -> None:
        first = runs.seen(plans[place], 1, keep=_convicts)
        guarantees = worth_replays(faces for _, faces in first)
        found[place] = None
        if guarantees:
            seen = runs.seen(plans[place], TIMES, keep=lambda *_: False)
            found[place] = Replayed(place=place, guarantees=guarantees, seen=seen)
        meter.count()

    chains = [partial(compare, place) for place in range(len(plans))]
    run_chains(chains, at_once=AT_ONCE, stop=runs.stop)
    if runs.stop.is_set():
        raise StoppedError
    in_order = (found[place] for place in range(len(plans)))
    return [one for one in in_order if one is not None]


@dataclass(slots=True, kw_only=True)
class _Meter:
    """Says now and then how far the plans are, and how long they may still take."""

    total: int
    say: Callable[[str], None]
    _done: int = 0
    _began_s: float = field(default_factory=time.monotonic)
    _said_s: float = field(default_factory=time.monotonic)
    _lock: Lock = field(default_factory=Lock)

    def count(self) -> None:
        with self._lock:
            self._done += 1
            now_s = time.monotonic()
            if self._done == self.total or now_s - self._said_s >= SAY_EVERY_S:
                self._said_s = now_s
                left_min = (now_s - self._began_s) * (self.total / self._done - 1) / 60
                self.say(f"{self._done} of {self.total} plans, about {left_min:.0f} min left")


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


def _convicts(_: Version, judgement: Judgement) -> bool:
    return any(one.validity is Validity.INVALID for one in judgement.verdicts.values())
