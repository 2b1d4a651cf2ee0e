"""A comparison, from the versions that were named to what tells them apart."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event

import msgspec

from deliverycheck.cli.compare_versions.contest import Contest, Contestants
from deliverycheck.cli.compare_versions.evidence import alike_of, differences_of, once_of
from deliverycheck.cli.compare_versions.findings import findings_of
from deliverycheck.cli.compare_versions.page import page_of, print_comparison
from deliverycheck.cli.compare_versions.pool import STEP_LISTS, drawn
from deliverycheck.cli.compare_versions.record import Compared, Comparison
from deliverycheck.cli.compare_versions.runs import Runs, StoppedError
from deliverycheck.cli.compare_versions.versions import Version, key_of
from deliverycheck.cli.console import Progress
from deliverycheck.cli.systems import Content, UsageError, content_of
from deliverycheck.history import CampaignFolder
from deliverycheck.plans import Plan
from deliverycheck.search import load_plans, save_plans
from deliverycheck.search.record import ExitCode
from reports import report_console


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user asked to compare.

    Attributes:
        out: the comparison's folder; what an earlier run left there is gone on from.
    """

    contestants: Contestants
    plans: int
    seed: int
    out: Path


def compare_versions(asked: Asked, progress: Progress, stop: Event) -> ExitCode:
    """The comparison is printed and lies in its folder; or it was stopped, and can go on.

    Raises:
        UsageError, PlanFormatError, JournalFormatError: something was asked that there is not, or
            the folder is not as it was left; nothing was run.
        ProvisionError, BrokerError and the like: a version or the target cannot be had.
    """
    content = content_of(asked.contestants.system)
    _keep_seed(asked)
    plans = _plans(content, asked, progress.say)
    folder = CampaignFolder(root=asked.out)
    try:
        with asked.contestants.opened(plans, folder, progress) as contest:
            comparison = _compared(asked, content, contest, plans, progress.say, stop)
    except StoppedError:
        progress.say(f"stopped; the same command with --out {asked.out} goes on from here")
        return ExitCode.NOT_EXERCISED
    _tell(comparison, asked.out)
    return ExitCode.BROKEN if comparison.differences else ExitCode.AS_CLAIMED


def _compared(  # noqa: PLR0913, PLR0917  # wiring
    asked: Asked,
    content: Content,
    contest: Contest,
    plans: Sequence[Plan],
    say: Callable[[str], None],
    stop: Event,
) -> Comparison:
    """The plans run with each version, and what became of them."""
    runs = Runs(
        execute=contest.execute,
        versions=contest.versions,
        refused=contest.refused,
        say=say,
        stop=stop,
    )
    findings = findings_of(runs, content.model, plans)
    return Comparison(
        what=asked.contestants.what,
        target=contest.target,
        versions=tuple(
            _told(one, contest.names[one.number], runs, plans) for one in contest.versions
        ),
        seed=asked.seed,
        plans=len(plans),
        replayed=findings.replayed,
        executions=contest.executions(),
        differences=differences_of(findings, asked.out),
        once=once_of(findings),
        alike=alike_of(findings),
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


def _told(version: Version, name: str, runs: Runs, plans: Sequence[Plan]) -> Compared:
    number = version.number
    refusals = (runs.refused.get((number, key_of(plan.subject))) for plan in plans)
    trouble = {why: count for (of, why), count in runs.trouble.items() if of == number}
    return Compared(
        number=number,
        name=name,
        option=version.option,
        not_applicable=dict(Counter(said for said in refusals if said is not None)),
        inconclusive=trouble,
        median_s=round(median(runs.seconds[number] or [0.0]), 2),
    )


def _tell(comparison: Comparison, out: Path) -> None:
    encoded = msgspec.json.format(msgspec.json.encode(comparison), indent=1)
    (out / "versions.json").write_bytes(encoded + b"\n")
    (out / "versions.md").write_text(page_of(comparison))
    print_comparison(comparison, report_console())
    report_console().print(f"\nThe same as a page: {out / 'versions.md'}", markup=False)
