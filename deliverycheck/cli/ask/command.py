"""The command `ask`: what is documented for these settings, what was tried, what would hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import msgspec
from rich.console import Console

from deliverycheck import content
from deliverycheck.cli.ask.mending import Mending, smallest_mending
from deliverycheck.cli.ask.question import claims_of, faults_of, guarantees_of, only
from deliverycheck.cli.ask.systems import Asked, asking_of
from deliverycheck.cli.console import Progress
from deliverycheck.cli.run import OpenCampaign
from deliverycheck.cli.run_options import RunOptions
from deliverycheck.cli.systems import Content, content_of
from deliverycheck.cli.target import TargetOptions
from deliverycheck.clients import client_program
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.history import CampaignFolder
from deliverycheck.plans import Claim, Setting, Step, Subject
from deliverycheck.plans.campaign import Campaign as CampaignRecord
from deliverycheck.plans.campaign import ClaimResult, ClaimState, Violation
from deliverycheck.plans.describe_queues import describe_queue
from deliverycheck.search import PROFILES, save_pool
from reports import print_campaign

POOL = 600
"""Plans of a minute or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the user asked.

    Attributes:
        asked: the settings that are asked about.
        guarantees: names, or short forms such as ``at-least-once``.
        faults: words divided by commas; ``None`` for the usual ones.
    """

    target: TargetOptions
    asked: Asked
    guarantees: Sequence[str]
    faults: str | None
    minutes: float
    seed: int
    out: Path


def ask(question: Question, console: Console, progress: Progress, stop: Event) -> CampaignRecord:
    """Answer on `console`; the campaign lies in the question's folder.

    Raises:
        UsageError, SettingError: something was asked that there is not; nothing was run.
        BrokerError, ProvisionError and the like: the target did not come up.
    """
    known = content_of(question.target.system)
    asking = asking_of(known.name)
    subject, notes = asking.subject(question.asked)
    client_program(known.name).check_settings(subject)
    guarantees = guarantees_of(question.guarantees, subject, asking.families)
    faults = faults_of(question.faults)
    _tell_settings(subject, (*notes, asking.with_), console)
    _tell_promises(known, subject, guarantees, console)
    whole = known.make_pool(question.seed, POOL)
    pool = [only(steps, faults, known.model.nodes) for steps in whole]
    claims = claims_of(known, subject, guarantees, faults, pool, asking.hazards)
    options = _options(question, claims)
    _save(pool, options.out)
    with OpenCampaign(options, progress, stop) as opened, progress.following(opened.campaign):
        opened.campaign.run()
        mendings = _mendings(opened, claims, asking.changes, progress.say, stop)
    print_campaign(_with_the_clearest(opened.record), console)
    _answer(opened.record, mendings, console)
    return opened.record


def _options(question: Question, claims: tuple[Claim, ...]) -> RunOptions:
    profile = replace(
        PROFILES["ci"], name="ask", seconds=question.minutes * 60, pool=POOL, shrink_s=60
    )
    return RunOptions(
        profile=profile,
        target=question.target,
        claims=tuple(claim.id for claim in claims),
        own=claims,
        seed=question.seed,
        out=question.out,
        corpus=content.folder("corpus"),
    )


def _save(pool: Sequence[Sequence[Step]], out: Path) -> None:
    folder = CampaignFolder(root=out)
    folder.create()
    save_pool(folder.pool, pool)


def _mendings(
    opened: OpenCampaign,
    claims: Sequence[Claim],
    changes: Sequence[str],
    say: Callable[[str], None],
    stop: Event,
) -> dict[str, Mending | None]:
    """For each claim that was broken the smallest change of settings that mends it."""
    found: dict[str, Mending | None] = {}
    model = opened.campaign.model
    for claim in claims:
        broken = [one for one in opened.campaign.violations.values() if one.claim == claim.id]
        if broken:
            found[claim.id] = smallest_mending(
                claim,
                [model.normalise(claim.subject, one.plan_steps) for one in broken],
                changes=changes,
                model=model,
                execute=opened.campaign.judge.execute,
                check=client_program(claim.system).check_settings,
                go_on=lambda: not stop.is_set(),
                say=say,
            )
    return found


# What is told.


def _with_the_clearest(record: CampaignRecord) -> CampaignRecord:
    """Of each claim's violations the one that reproduces best, and of these the smallest."""
    best: dict[str, Violation] = {}
    for one in sorted(record.violations, key=lambda each: (-each.rate.low, len(each.steps))):
        best.setdefault(one.claim, one)
    return msgspec.structs.replace(record, violations=tuple(best.values()))


def _tell_settings(subject: Subject, notes: Sequence[str], console: Console) -> None:
    console.print("Asked of a producer with", _listed(subject.producer), style="bold", markup=False)
    if subject.consumer is not None:
        console.print(
            f"and a group that commits {subject.consumer.commit.value}, with",
            _listed(subject.consumer.settings),
            style="bold",
        )
    for queue in subject.topology.queues if subject.topology else ():
        console.print("and queue", describe_queue(queue), style="bold", markup=False)
    for note in notes:
        console.print(f"  {note}", style="dim", markup=False)


def _listed(settings: Mapping[str, Setting]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items()) or "its defaults"


def _tell_promises(
    known: Content, subject: Subject, guarantees: Sequence[str], console: Console
) -> None:
    console.print("\nDocumented for these settings:", style="bold")
    for guarantee in guarantees:
        promise, missing = known.promised(subject, guarantee)
        title = GUARANTEES[guarantee].title
        if promise is not None:
            console.print(f"  {title}: promised. {promise.text} [{promise.source}]", markup=False)
        elif missing:
            console.print(f"  {title}: not promised, for {'; '.join(missing)}", markup=False)
        else:
            console.print(f"  {title}: no document promises it for any settings", markup=False)
    console.print()


def _answer(
    record: CampaignRecord,
    mendings: dict[str, Mending | None],
    console: Console,
) -> None:
    console.print("\nAnswer", style="bold")
    for result in record.results:
        title = GUARANTEES[result.claim.guarantee].title
        if result.invalid:
            others = sum(one.claim == result.claim.id for one in record.violations) - 1
            more = f" ({others} more ways in the report)" if others > 0 else ""
            console.print(f"  {title}: broken, as shown above{more}.", markup=False)
            console.print(f"    {_told(mendings.get(result.claim.id))}", markup=False)
        else:
            console.print(f"  {title}: {_unbroken(result)}", markup=False)


def _unbroken(result: ClaimResult) -> str:
    """How often it held, and under what; where that is too little, so."""
    if not result.valid:
        return "nothing could be concluded"
    reached = ", ".join(f"{cell.hazard} {cell.valid}" for cell in result.cells if cell.valid)
    told = f"held in {result.valid} executions; reached: {reached or 'no hazard'}"
    if result.state is ClaimState.HELD:
        return told
    return f"{told}. Too few to say that it holds, for {result.needed} of each are wanted"


def _told(mending: Mending | None) -> str:
    if mending is None:
        return "No single change that was tried, and no two of them, mended it."
    return (
        f"Holds with {' and '.join(mending.changes)}: of {mending.executions} executions of what "
        f"broke it none does, and {mending.valid} of them are conclusive."
    )
