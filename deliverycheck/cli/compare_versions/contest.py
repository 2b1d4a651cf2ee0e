"""What a comparison needs of its versions, whatever they are of."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from deliverycheck.cli.compare_versions.versions import Version
from deliverycheck.cli.console import Progress
from deliverycheck.cli.target import OpenTarget
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.history import CampaignFolder
from deliverycheck.plans import Plan
from deliverycheck.plans.campaign import Target
from deliverycheck.search import Journal, Judge, Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Versions that are ready for plans.

    Attributes:
        target: what they run against, or that of the usual one.
        names: of each version by its number, as it tells itself.
        refused: what a version says against the settings of a subject, by its number and the
            subject's key.
        execute: runs a plan with a version. Any thread may ask.
        executions: how many were run by now.
    """

    target: Target
    versions: Sequence[Version]
    names: Mapping[str, str]
    execute: Callable[[Version, Plan], Judgement]
    executions: Callable[[], int]
    refused: Mapping[tuple[str, bytes], str] = field(default_factory=dict)


class Contestants(Protocol):
    """Versions of something."""

    @property
    def system(self) -> str:
        """The system whose plans they are put through."""

    @property
    def what(self) -> str:
        """Of what they are versions."""

    def opened(
        self, plans: Sequence[Plan], folder: CampaignFolder, progress: Progress
    ) -> AbstractContextManager[Contest]:
        """What they need is up, until it is left.

        Raises:
            ProvisionError, BrokerError and the like: a version or the target cannot be had.
        """


def judge_on(target: OpenTarget, folder: CampaignFolder, progress: Progress) -> Judge:
    """A judge by all guarantees; what an earlier run judged in this folder is not run again."""
    journal = Journal(folder.events)
    if journal.remembered:
        progress.say(f"going on: {journal.remembered} executions are remembered")
    journal.begin()
    return Judge(
        execute=target.execute,
        renew=target.renew,
        guarantees=tuple(GUARANTEES),
        folder=folder.executions,
        journal=journal,
    )
