"""Versions of a broker, each with a target of its own."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from deliverycheck.cli.compare_versions.contest import Contest, judge_on
from deliverycheck.cli.compare_versions.versions import Version
from deliverycheck.cli.console import Progress
from deliverycheck.cli.makers import maker_of
from deliverycheck.cli.systems import content_of
from deliverycheck.cli.target import OpenTarget, TargetOptions
from deliverycheck.history import CampaignFolder
from deliverycheck.plans import Plan
from deliverycheck.search import Judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Brokers:
    """Versions of one system's broker."""

    system: str
    versions: Sequence[Version]

    @property
    def what(self) -> str:
        """The system's name for people."""
        return maker_of(self.system).title

    @contextmanager
    def opened(
        self,
        plans: Sequence[Plan],  # noqa: ARG002  # a broker tells what it lacks when it is asked for it
        folder: CampaignFolder,
        progress: Progress,
    ) -> Iterator[Contest]:
        """A broker of each version is up, with proxy and clients of its own."""
        with ExitStack() as stack:
            targets: dict[str, OpenTarget] = {}
            judges: dict[str, Judge] = {}
            for version in self.versions:
                own = CampaignFolder(root=folder.root / version.number)
                target = stack.enter_context(self._target(version, own, progress))
                progress.head(target.facts())
                targets[version.number] = target
                judges[version.number] = judge_on(target, own, progress)
            facts = {number: target.facts() for number, target in targets.items()}
            usual = next(one.number for one in self.versions if one.broker is None)
            yield Contest(
                target=facts[usual],
                versions=self.versions,
                names={number: one.broker for number, one in facts.items()},
                execute=lambda version, plan: judges[version.number].execute(plan),
                executions=lambda: sum(judge.executions for judge in judges.values()),
            )

    def _target(self, version: Version, folder: CampaignFolder, progress: Progress) -> OpenTarget:
        folder.create()
        return OpenTarget(
            TargetOptions(system=self.system, broker=version.broker),
            model=content_of(self.system).model,
            folder=folder.root,
            say=progress.say,
        )
