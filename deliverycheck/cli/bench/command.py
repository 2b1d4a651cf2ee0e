"""Measures everything, tells each figure as it comes, and keeps what is known if it is stopped."""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event

import msgspec
from rich.console import Console
from rich.table import Column, Table

from deliverycheck.brokers.provision import toolchain
from deliverycheck.cli.bench.big import measure_big
from deliverycheck.cli.bench.bulk import measure_bulk
from deliverycheck.cli.bench.bulk_queue import measure_bulk_on_queues
from deliverycheck.cli.bench.checking import measure_checking
from deliverycheck.cli.bench.figures import GOALS, LOAD_MAX, Figure, Sample, figure_of
from deliverycheck.cli.bench.rates import QUEUE_RATES, RATES, Rate, measure
from deliverycheck.cli.bench.starts import measure_starts
from deliverycheck.cli.console import Progress
from deliverycheck.cli.systems import content_of
from deliverycheck.cli.target import OpenTarget, TargetOptions
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.search import Judge
from deliverycheck.search.record import ExitCode


def bench(out: Path, console: Console, stop: Event) -> ExitCode:
    """Print the figures and leave them in `out`. Exit code: 1 a goal is missed, 4 stopped."""
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=out.parent))
    bench_ = _Bench(out, Progress(console), stop)
    try:
        bench_.measure_all(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _print(bench_.figures)
    if any(figure.holds is False for figure in bench_.figures.values()):
        return ExitCode.BROKEN
    return ExitCode.NOT_EXERCISED if GOALS.keys() - bench_.figures.keys() else ExitCode.AS_CLAIMED


class _Bench:
    def __init__(self, out: Path, progress: Progress, stop: Event) -> None:
        self._out = out
        self._progress = progress
        self._stop = stop
        self.figures: dict[str, Figure] = {}

    def measure_all(self, work: Path) -> None:
        """What keeps the machine least busy first: the load lingers for a minute."""
        say = self._progress.say
        say(f"about 5 min; 1-minute load {os.getloadavg()[0]:.2f}, judged up to {LOAD_MAX:g}")
        self._add_all(measure_checking())
        self._add_all(measure_big(work / "big", self._stop))
        tools = toolchain(say)
        self._add_all(measure_starts(tools.kafka, work, self._stop))
        model = content_of("kafka").model
        with OpenTarget(TargetOptions(), model=model, folder=work / "run", say=say) as target:
            self._progress.head(target.facts())
            self._add_all(measure_bulk(target.live.log_broker, work / "bulk", self._stop))
            self._measure_rates(target, RATES, work / "executions")
        self._measure_queues(work)

    def _measure_queues(self, work: Path) -> None:
        options, model = TargetOptions(system="rabbitmq"), content_of("rabbitmq").model
        folder, say = work / "queues", self._progress.say
        with OpenTarget(options, model=model, folder=folder, say=say) as target:
            self._progress.head(target.facts())
            broker = target.live.queue_broker
            self._add_all(measure_bulk_on_queues(broker, work / "bulk-queues", self._stop))
            self._measure_rates(target, QUEUE_RATES, work / "queue-executions")

    def _measure_rates(self, target: OpenTarget, rates: Sequence[Rate], folder: Path) -> None:
        judge = Judge(
            execute=target.execute,
            renew=target.renew,
            guarantees=tuple(GUARANTEES),
            folder=folder,
        )
        for rate in rates:
            self._add(rate.figure, measure(rate, judge, self._stop))

    def _add_all(self, samples: Mapping[str, list[Sample]]) -> None:
        for name, some in samples.items():
            self._add(name, some)

    def _add(self, name: str, samples: list[Sample]) -> None:
        """Tell it and keep it, on disk too."""
        if not samples:
            return
        figure = self.figures[name] = figure_of(GOALS[name], samples)
        goal = f" (goal {figure.goal})" if figure.goal else ""
        trouble = f"; {figure.trouble}" if figure.trouble else ""
        self._progress.say(
            f"{name}: {figure.value:g} {figure.unit}{goal}, load {figure.load:.2f}{trouble}"
        )
        encoded = msgspec.json.format(msgspec.json.encode(self.figures), indent=1)
        self._out.write_bytes(encoded + b"\n")


def _print(figures: Mapping[str, Figure]) -> None:
    table = Table(
        Column("figure", no_wrap=True),
        "best",
        Column("goal", no_wrap=True),
        "holds",
        "load",
        box=None,
    )
    for name in GOALS:
        if name in figures:
            one = figures[name]
            table.add_row(
                name,
                f"{one.value:g}",
                one.goal or "",
                _words(one),
                f"{one.load:.2f}",
            )
    Console(soft_wrap=True).print(table)


def _words(figure: Figure) -> str:
    if isinstance(figure.holds, str):
        return figure.holds
    return {True: "yes", False: "NO", None: ""}[figure.holds]
