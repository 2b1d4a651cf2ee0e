"""Versions of the client library, all against one broker."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from deliverycheck.brokers.provision import provide_client
from deliverycheck.cli.compare_versions.contest import Contest, judge_on
from deliverycheck.cli.compare_versions.versions import LIBRARY, Version, key_of
from deliverycheck.cli.console import Progress
from deliverycheck.cli.systems import content_of
from deliverycheck.cli.target import OpenTarget, TargetOptions
from deliverycheck.clients import ClientProgram, client_program
from deliverycheck.history import CampaignFolder
from deliverycheck.plans import Plan

SYSTEM = "kafka"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """Versions of confluent-kafka."""

    versions: Sequence[Version]
    system: str = SYSTEM
    what: str = LIBRARY

    @contextmanager
    def opened(
        self, plans: Sequence[Plan], folder: CampaignFolder, progress: Progress
    ) -> Iterator[Contest]:
        """Every version is here, and one target for all of them is up."""
        libraries = [_library(one, progress.say) for one in self.versions]
        model = content_of(SYSTEM).model
        with OpenTarget(
            TargetOptions(), model=model, folder=folder.root, say=progress.say
        ) as target:
            progress.head(target.facts())
            judge = judge_on(target, folder, progress)
            yield Contest(
                target=target.facts(),
                versions=self.versions,
                names={one.version.number: one.name for one in libraries},
                execute=lambda version, plan: judge.execute(version.running(plan)),
                executions=lambda: judge.executions,
                refused=_refused(libraries, plans),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Library:
    """A version, and the program that plays it."""

    version: Version
    name: str
    program: ClientProgram


def _library(version: Version, say: Callable[[str], None]) -> _Library:
    """The version, fetched if it is not the usual one."""
    if version.client is None:
        name = f"{LIBRARY} {version.number}, the usual one"
        return _Library(version=version, name=name, program=client_program(SYSTEM))
    library = provide_client(version.client, say)
    program = client_program(SYSTEM, library.folder)
    return _Library(version=version, name=library.name, program=program)


def _refused(
    libraries: Sequence[_Library], plans: Sequence[Plan]
) -> Mapping[tuple[str, bytes], str]:
    """What versions say against subjects, each subject asked about once."""
    subjects = {key_of(plan.subject): plan.subject for plan in plans}
    return {
        (one.version.number, key): said
        for one in libraries
        for key, said in zip(subjects, one.program.refused([*subjects.values()]), strict=True)
        if said is not None
    }
