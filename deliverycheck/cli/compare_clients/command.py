"""The command `compare-clients`, from the versions that were named to what tells them apart."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event

import msgspec

from deliverycheck.brokers.provision import provide_client
from deliverycheck.cli.compare_clients.evidence import alike_of, differences_of, once_of
from deliverycheck.cli.compare_clients.findings import findings_of
from deliverycheck.cli.compare_clients.page import page_of, print_comparison
from deliverycheck.cli.compare_clients.pool import STEP_LISTS, drawn
from deliverycheck.cli.compare_clients.record import Client, Comparison
from deliverycheck.cli.compare_clients.runs import Runs, StoppedError
from deliverycheck.cli.compare_clients.versions import LIBRARY, Version, key_of, versions_of
from deliverycheck.cli.console import Progress
from deliverycheck.cli.systems import Content, UsageError, content_of
from deliverycheck.cli.target import OpenTarget, TargetOptions
from deliverycheck.clients import ClientProgram, client_program
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.plans import Plan
from deliverycheck.search import Journal, Judge, load_plans, save_plans
from deliverycheck.search.record import ExitCode
from reports import report_console


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user asked to compare.

    Attributes:
        out: the comparison's folder; what an earlier run left there is gone on from.
    """

    versions: Sequence[str]
    plans: int
    seed: int
    out: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Library:
    """A version, and the program that plays it."""

    version: Version
    name: str
    program: ClientProgram


def compare_clients(asked: Asked, progress: Progress, stop: Event) -> ExitCode:
    """The comparison is printed and lies in its folder; or it was stopped, and can go on.

    Raises:
        UsageError, PlanFormatError, JournalFormatError: something was asked that there is not, or
            the folder is not as it was left; nothing was run.
        ProvisionError, BrokerError and the like: a version or the target cannot be had.
    """
    content = content_of("kafka")
    versions = versions_of(asked.versions)
    _keep_seed(asked)
    libraries = [_library(content.name, one, progress.say) for one in versions]
    plans = _plans(content, asked, progress.say)
    try:
        comparison = _compared(asked, content, libraries, plans, progress, stop)
    except StoppedError:
        progress.say(f"stopped; the same command with --out {asked.out} goes on from here")
        return ExitCode.NOT_EXERCISED
    _tell(comparison, asked.out)
    return ExitCode.BROKEN if comparison.differences else ExitCode.AS_CLAIMED


def _compared(  # noqa: PLR0913, PLR0917  # wiring
    asked: Asked,
    content: Content,
    libraries: Sequence[_Library],
    plans: Sequence[Plan],
    progress: Progress,
    stop: Event,
) -> Comparison:
    """The plans run on a live target, and what became of them."""
    model, say = content.model, progress.say
    journal = Journal(asked.out / "events.ndjson")
    if journal.remembered:
        say(f"going on: {journal.remembered} executions are remembered")
    with OpenTarget(TargetOptions(), model=model, folder=asked.out, say=say) as target:
        progress.head(target.facts())
        runs = Runs(
            judge=_judge(target, asked.out, journal),
            versions=[one.version for one in libraries],
            refused=_refused(libraries, plans),
            say=say,
            stop=stop,
        )
        findings = findings_of(runs, model, plans)
        return Comparison(
            target=target.facts(),
            clients=tuple(_client(one, runs, plans) for one in libraries),
            seed=asked.seed,
            plans=len(plans),
            replayed=findings.replayed,
            executions=runs.judge.executions,
            differences=differences_of(findings, asked.out),
            once=once_of(findings),
            alike=alike_of(findings),
        )


def _judge(target: OpenTarget, folder: Path, journal: Journal) -> Judge:
    journal.begin()
    return Judge(
        execute=target.execute,
        renew=target.renew,
        guarantees=tuple(GUARANTEES),
        folder=folder / "executions",
        journal=journal,
    )


def _keep_seed(asked: Asked) -> None:
    """The seed by which the pool is drawn lies in the folder.

    Raises:
        UsageError: another one lies there.
    """
    path = asked.out / "seed"
    if not path.exists():
        asked.out.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{asked.seed}\n")
    kept = path.read_text().strip()
    if kept != str(asked.seed):
        msg = f"{asked.out} holds a comparison with --seed {kept}; name it, or another --out"
        raise UsageError(msg)


def _library(system: str, version: Version, say: Callable[[str], None]) -> _Library:
    """The version, fetched if it is not the usual one."""
    if version.client is None:
        name = f"{LIBRARY} {version.number}, the usual one"
        return _Library(version=version, name=name, program=client_program(system))
    library = provide_client(version.client, say)
    program = client_program(system, library.folder)
    return _Library(version=version, name=library.name, program=program)


def _plans(content: Content, asked: Asked, say: Callable[[str], None]) -> tuple[Plan, ...]:
    """The pool: as an earlier run saved it, with further plans if more are asked for by now."""
    path = asked.out / "plans.ndjson"
    saved = load_plans(path) if path.exists() else ()
    missing = asked.plans - len(saved)
    if missing > 0:
        say(f"drawing {asked.plans} plans")
        lists = content.make_pool(asked.seed, STEP_LISTS)
        known = {plan.digest for plan in saved}
        plans = drawn(content.claims, lists, content.model, asked.plans)
        new = [plan for plan in plans if plan.digest not in known]
        save_plans(path, (*saved, *new[:missing]))
    return load_plans(path)[: asked.plans]


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


def _client(library: _Library, runs: Runs, plans: Sequence[Plan]) -> Client:
    number = library.version.number
    refusals = (runs.refused.get((number, key_of(plan.subject))) for plan in plans)
    trouble = {why: count for (of, why), count in runs.trouble.items() if of == number}
    return Client(
        number=number,
        name=library.name,
        not_applicable=dict(Counter(said for said in refusals if said is not None)),
        inconclusive=trouble,
        median_s=round(median(runs.seconds[number] or [0.0]), 2),
    )


def _tell(comparison: Comparison, out: Path) -> None:
    encoded = msgspec.json.format(msgspec.json.encode(comparison), indent=1)
    (out / "clients.json").write_bytes(encoded + b"\n")
    (out / "kafka-clients.md").write_text(page_of(comparison))
    print_comparison(comparison, report_console())
    report_console().print(f"\nThe same as a page: {out / 'kafka-clients.md'}", markup=False)
