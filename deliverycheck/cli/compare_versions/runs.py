"""Executes plans with each version. Any thread may ask; what was stopped is in the journal."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock

from deliverycheck.cli.compare_versions.sights import Faces, faces_of
from deliverycheck.cli.compare_versions.versions import Version, key_of
from deliverycheck.plans import Plan
from deliverycheck.search import Judgement


class StoppedError(Exception):
    """Ctrl-C: what was executed lies in the journal."""


Seen = Sequence[tuple[str, Faces | None]]
"""Of one plan: versions, and what an execution with them showed."""


@dataclass(slots=True, kw_only=True)
class Runs:
    """The one way from a plan to what versions show of it.

    Attributes:
        execute: runs the plan with the version.
        refused: what a version says against the settings of a subject, by its number and the
            subject's key.
        trouble: version and why its executions were inconclusive.
        seconds: what executions took by version, of plans that all versions take.
    """

    execute: Callable[[Version, Plan], Judgement]
    versions: Sequence[Version]
    refused: Mapping[tuple[str, bytes], str]
    say: Callable[[str], None]
    stop: Event
    trouble: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _lock: Lock = field(default_factory=Lock)

    def applicable(self, plan: Plan) -> list[Version]:
        """The versions that take the plan's settings."""
        key = key_of(plan.subject)
        return [one for one in self.versions if (one.number, key) not in self.refused]

    def seen(self, plan: Plan, times: int, *, keep: Callable[[Version, Judgement], bool]) -> Seen:
        """What so many executions of the plan with each version showed; the versions take turns.

        Args:
            plan: of the pool, or what is left of one.
            times: executions with each version.
            keep: whether an execution's folder is kept.

        Raises:
            StoppedError: not all was executed.
        """
        versions, found = self.applicable(plan), []
        for version in versions * times:
            judgement = self.once(plan, version)
            if not keep(version, judgement):
                judgement.execution.folder.remove()
            found.append((version.number, faces_of(judgement)))
            if versions == [*self.versions]:
                with self._lock:
                    self.seconds[version.number].append(judgement.execution.seconds)
        return found

    def once(self, plan: Plan, version: Version) -> Judgement:
        """One execution of the plan with this version.

        Raises:
            StoppedError: none may start any more.
        """
        if self.stop.is_set():
            raise StoppedError
        judgement = self.execute(version, plan)
        if judgement.inconclusive is not None:
            with self._lock:
                self.trouble[version.number, judgement.inconclusive.partition("\n")[0]] += 1
        return judgement
