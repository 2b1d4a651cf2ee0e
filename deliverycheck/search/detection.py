"""How soon generated plans find a must-break claim: one chain a seed, counted in plan order."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Lock

import msgspec

from deliverycheck.plans import Claim, Plan
from deliverycheck.plans.rates import wilson
from deliverycheck.search.judgement import Judgement

EXECUTIONS_MAX = 60


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """One seed's chain.

    Attributes:
        executions: until the first conviction, or all that were made.
        found: whether it ended with a conviction.
        offered: plans that the pool had for the claim.
        inconclusive: executions among them that said nothing.
    """

    claim: str
    seed: int
    executions: int
    found: bool
    offered: int
    inconclusive: int = 0
    seconds: float = 0.0


class ChainLog:
    """The chains measured so far, a line each; a stopped measurement goes on from here."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = Lock()
        self.chains: dict[tuple[str, int], Chain] = {}
        if path.exists():
            whole = b"".join(path.read_bytes().rpartition(b"\n")[:2])
            os.truncate(path, len(whole))  # A torn last line is no chain, and spoils the next one.
            for line in whole.splitlines():
                self._remember(msgspec.json.decode(line, type=Chain))

    def has(self, claim: Claim, seed: int) -> bool:
        """Whether this chain was measured."""
        return (claim.id, seed) in self.chains

    def _remember(self, chain: Chain) -> None:
        self.chains[chain.claim, chain.seed] = chain

    def add(self, chain: Chain) -> None:
        """Keep the chain, on disk too."""
        with self._lock, self._path.open("ab") as file:
            file.write(msgspec.json.encode(chain) + b"\n")
            self._remember(chain)


def run_chain(  # noqa: PLR0913, PLR0917  # wiring
    claim: Claim,
    seed: int,
    plans: Sequence[Plan],
    execute: Callable[[Plan], Judgement],
    stop: Event,
    clock: Callable[[], float],
) -> Chain | None:
    """Execute the plans in their order until one convicts; ``None`` if stopped before."""
    began_s, inconclusive = clock(), 0
    for number, plan in enumerate(plans[:EXECUTIONS_MAX], start=1):
        if stop.is_set():
            return None
        judgement = execute(plan)
        inconclusive += judgement.inconclusive is not None
        if judgement.convicts(claim):
            return Chain(
                claim=claim.id,
                seed=seed,
                executions=number,
                found=True,
                offered=len(plans),
                inconclusive=inconclusive,
                seconds=round(clock() - began_s, 1),
            )
    return Chain(
        claim=claim.id,
        seed=seed,
        executions=min(len(plans), EXECUTIONS_MAX),
        found=False,
        offered=len(plans),
        inconclusive=inconclusive,
        seconds=round(clock() - began_s, 1),
    )


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The table's row for one claim."""

    claim: str
    found: int
    seeds: int
    low: float
    high: float
    median: float
    worst: int
    needed: float
    holds: bool


def summarise(claim: Claim, chains: Sequence[Chain]) -> Found:
    """Share of seeds that found it within 60 executions, and after how many."""
    found = sorted(chain.executions for chain in chains if chain.found)
    low, high = wilson(len(found), len(chains))
    needed = _needed(claim, len(chains))
    return Found(
        claim=claim.id,
        found=len(found),
        seeds=len(chains),
        low=low,
        high=high,
        median=float(found[len(found) // 2]) if found else 0.0,
        worst=found[-1] if found else 0,
        needed=needed,
        holds=bool(chains) and len(found) >= needed * len(chains) - 1e-9,
    )


def _needed(claim: Claim, seeds: int) -> float:
    """29 of 30, for order 27; on more seeds 95 %, for order 88 %; on few, 9 of 10."""
    order = claim.guarantee.endswith("_order")
    if seeds > 30:  # noqa: PLR2004  # the first 30 seeds are the measurement, more are its repetition
        return 0.88 if order else 0.95
    if seeds < 30:  # noqa: PLR2004
        return 0.9
    return 27 / 30 if order else 29 / 30
