"""Executes plans with each version, several at once; what is stopped goes on from the journal."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock

from deliverycheck.cli.compare_clients.sights import Faces, faces_of
from deliverycheck.cli.compare_clients.versions import Version, key_of
from deliverycheck.plans import Plan
from deliverycheck.search import Judge, Judgement
from deliverycheck.search.chains import run_chains

AT_ONCE = 4
"""Executions at once: they share the broker, and each version meets the same load."""

SAY_EVERY_S = 30.0


class StoppedError(Exception):
    """Ctrl-C: what was executed lies in the journal."""


Seen = Sequence[tuple[str, Faces | None]]
"""Of one plan: versions, and what an execution with them showed."""


@dataclass(slots=True, kw_only=True)
class Runs:
    """The one way from a plan to what versions show of it.

    Attributes:
        refused: what a version says against the settings of a subject, by its number and the
            subject's key.
        trouble: version and why its executions were inconclusive.
    """

    judge: Judge
    versions: Sequence[Version]
    refused: Mapping[tuple[str, bytes], str]
    say: Callable[[str], None]
    stop: Event
    trouble: Counter[tuple[str, str]] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def applicable(self, plan: Plan) -> Iterator[Version]:
        """The versions that take the plan's settings."""
        key = key_of(plan.subject)
        return (one for one in self.versions if (one.number, key) not in self.refused)

    def seen(
        self,
        what: str,
        plans: Sequence[Plan],
        times: int,
        *,
        keep: Callable[[Judgement], bool],
        at_once: int = AT_ONCE,
    ) -> tuple[Seen, ...]:
        """Each plan so many times with each version; the versions take turns.

        Args:
            what: is done, for who waits.
            plans: of the pool.
            times: executions of each plan with each version.
            keep: whether an execution's folder is kept.
            at_once: executions at once.

        Raises:
            StoppedError: not all was executed.
        """
        found: tuple[list[tuple[str, Faces | None]], ...] = tuple([] for _ in plans)
        jobs = [
            (place, version)
            for place, plan in enumerate(plans)
            for _ in range(times)
            for version in self.applicable(plan)
        ]
        meter = _Meter(what=what, total=len(jobs), say=self.say)

        def run(place: int, version: Version) -> None:
            judgement = self.once(plans[place], version)
            if not keep(judgement):
                judgement.execution.folder.remove()
            with self._lock:
                found[place].append((version.number, faces_of(judgement)))
                meter.count()

        run_chains([partial(run, *job) for job in jobs], at_once=at_once, stop=self.stop)
        if self.stop.is_set():
            raise StoppedError
        return found

    def once(self, plan: Plan, version: Version) -> Judgement:
        """One execution of the plan with this version."""
        judgement = self.judge.execute(version.running(plan))
        if judgement.inconclusive is not None:
            with self._lock:
                self.trouble[version.number, judgement.inconclusive.partition("\n")[0]] += 1
        return judgement


@dataclass(slots=True, kw_only=True)
class _Meter:
    """Says now and then how far something is, and how long it may still take."""

    what: str
    total: int
    say: Callable[[str], None]
    done: int = 0
    _began_s: float = field(default_factory=time.monotonic)
    _said_s: float = 0.0

    def count(self) -> None:
        self.done += 1
        now_s = time.monotonic()
        if self.done == self.total or now_s - max(self._said_s, self._began_s) >= SAY_EVERY_S:
            self._said_s = now_s
            left_min = (now_s - self._began_s) * (self.total - self.done) / self.done / 60
            self.say(f"{self.what}: {self.done} of {self.total}, about {left_min:.0f} min left")
