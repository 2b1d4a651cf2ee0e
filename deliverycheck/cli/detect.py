"""`deliverycheck detect`: how soon generated plans find each must-break claim on a real broker."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Event, Lock

import msgspec
from rich.console import Console
from rich.table import Column, Table

from deliverycheck.cli.console import Progress
from deliverycheck.cli.systems import Content, UsageError, breaking_claims, content_of
from deliverycheck.cli.target import OpenTarget, TargetOptions
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.plans import Claim, Plan, Step
from deliverycheck.search import Judge, Judgement, candidates
from deliverycheck.search.chains import run_chains
from deliverycheck.search.detection import (
    Chain,
    ChainLog,
    Found,
    run_chain,
    summarise,
)
from deliverycheck.search.profile import UP_TO_MEDIUM
from deliverycheck.search.record import ExitCode
from reports import report_console

AT_ONCE = 8
POOL = 1200
"""Step lists a seed: the rarest hazard is in reach of one in fifteen, and 60 plans are wanted."""

SECONDS_A_CHAIN = 12.0
"""Measured: some 8 executions of 1.5 s a chain; for the estimate that is printed first."""


def detect(  # noqa: PLR0913, PLR0917  # wiring
    systems: Sequence[str],
    names: Sequence[str],
    seeds: str,
    out: Path,
    console: Console,
    stop: Event,
) -> ExitCode:
    """Measure what is not measured yet, print the table, write `detect.json`."""
    wanted = seeds_of(seeds)
    chosen = breaking_claims(systems, names, UP_TO_MEDIUM)
    claims = [claim for of_system in chosen.values() for claim in of_system]
    log = ChainLog(out / "chains.ndjson")
    missing = {
        name: [(claim, seed) for seed in wanted for claim in of_system if not log.has(claim, seed)]
        for name, of_system in chosen.items()
    }
    progress = Progress(console)
    count = sum(map(len, missing.values()))
    progress.say(
        f"{count} chains to run, {len(wanted) * len(claims) - count} known from "
        f"{out}; about {count * SECONDS_A_CHAIN / AT_ONCE / 60:.0f} min"
    )
    for name, of_system in missing.items():
        if of_system and not stop.is_set():
            _measure(content_of(name), of_system, log, out, progress, stop)
    rows = [summarise(claim, _chains(log, claim, wanted)) for claim in claims]
    _print(rows, report_console())
    (out / "detect.json").write_bytes(
        msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n"
    )
    return ExitCode.AS_CLAIMED if all(row.holds for row in rows) else ExitCode.BROKEN


def seeds_of(text: str) -> range:
    """``30`` is the seeds 0 to 29, ``30-129`` those from 30 to 129.

    Raises:
        UsageError: it is neither, or no seed at all.
    """
    first, dash, last = text.partition("-")
    try:
        seeds = range(int(first), int(last) + 1) if dash else range(int(first))
    except ValueError:
        seeds = range(0)
    if not seeds:
        msg = f"--seeds {text!r}: expected a number, or a range such as 30-129"
        raise UsageError(msg)
    return seeds


def _chains(log: ChainLog, claim: Claim, wanted: range) -> list[Chain]:
    return [log.chains[claim.id, seed] for seed in wanted if log.has(claim, seed)]


def _measure(  # noqa: PLR0913, PLR0917  # wiring
    content: Content,
    missing: Sequence[tuple[Claim, int]],
    log: ChainLog,
    out: Path,
    progress: Progress,
    stop: Event,
) -> None:
    pools = _Pools(content)
    with OpenTarget(
        TargetOptions(system=content.name),
        model=content.model,
        folder=out / "run",
        say=progress.say,
    ) as target:
        progress.head(target.facts())
        judge = Judge(
            execute=target.execute,
            renew=target.renew,
            guarantees=tuple(GUARANTEES),
            folder=out / "run" / "executions",
        )
        execute = partial(_execute, judge)
        run_chains(
            [
                partial(_chain, content, pools, claim, seed, execute, log, progress, stop)
                for claim, seed in missing
            ],
            at_once=AT_ONCE,
            stop=stop,
        )


def _execute(judge: Judge, plan: Plan) -> Judgement:
    judgement = judge.execute(plan)
    judgement.execution.folder.remove()
    return judgement


def _chain(  # noqa: PLR0913, PLR0917  # wiring
    content: Content,
    pools: "_Pools",
    claim: Claim,
    seed: int,
    execute: Callable[[Plan], Judgement],
    log: ChainLog,
    progress: Progress,
    stop: Event,
) -> None:
    if stop.is_set():
        return
    plans = tuple(candidates(claim, pools.of(seed), content.model))
    chain = run_chain(claim, seed, plans, execute, stop, time.monotonic)
    if chain is not None:
        log.add(chain)
        how = f"after {chain.executions}" if chain.found else f"NOT within {chain.executions}"
        progress.say(f"{len(log.chains)} chains  {claim.id} seed {seed}: found {how}")


class _Pools:
    """The pool of each seed, drawn once and one at a time, as Hypothesis wants it."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._lock = Lock()
        self._pools: dict[int, Sequence[Sequence[Step]]] = {}

    def of(self, seed: int) -> Sequence[Sequence[Step]]:
        with self._lock:
            if seed not in self._pools:
                self._pools[seed] = self._content.make_pool(seed, POOL)
            return self._pools[seed]


def _print(rows: Sequence[Found], console: Console) -> None:
    claim = Column("claim", no_wrap=True)
    table = Table(claim, "found within 60", "95 %", "median", "worst", "needed", "", box=None)
    for row in rows:
        table.add_row(
            row.claim,
            f"{row.found} of {row.seeds}",
            f"{row.low:.0%}-{row.high:.0%}",
            f"{row.median:.0f}",
            str(row.worst),
            f"{row.needed:.0%}",
            "holds" if row.holds else "OPEN",
        )
    console.print(table)
