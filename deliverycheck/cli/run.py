"""`deliverycheck run`: claims against a live target, with progress, a record and a report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import msgspec

from deliverycheck.brokers import InfrastructureError
from deliverycheck.cli.console import Progress
from deliverycheck.cli.systems import Content, UsageError, claims_named, content_of
from deliverycheck.cli.target import OpenTarget, TargetOptions
from deliverycheck.clients import WorkerError, client_program
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.history import CampaignFolder
from deliverycheck.plans import Claim, Step
from deliverycheck.plans.campaign import Campaign as CampaignRecord
from deliverycheck.plans.campaign import ClaimResult, ClaimState
from deliverycheck.search import (
    PROFILES,
    Campaign,
    Corpus,
    Journal,
    Judge,
    Ledger,
    Profile,
    exit_code,
    load_pool,
    save_pool,
    shard_of,
    with_what_holds_instead,
)
from deliverycheck.search.record import ExitCode

_TROUBLE = (InfrastructureError, WorkerError, OSError)


def profile_of(name: str, *, minutes: float | None = None, at_once: int | None = None) -> Profile:
    """The profile of that name, with the user's own limits.

    Raises:
        UsageError: there is no such profile.
    """
    if name not in PROFILES:
        msg = f"no profile {name!r}; there are: {', '.join(PROFILES)}"
        raise UsageError(msg)
    chosen = PROFILES[name]
    seconds = chosen.seconds if minutes is None else minutes * 60
    return replace(chosen, seconds=seconds, at_once=at_once or chosen.at_once)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What the user asked to run.

    Attributes:
        corpus: folder of the plans worth keeping.
        out: the campaign's folder; what a run that was killed left there is gone on from.
        shard: of the pool, this part of so many, counted from 1.
    """

    profile: Profile
    target: TargetOptions
    claims: tuple[str, ...]
    seed: int
    out: Path
    corpus: Path
    shard: tuple[int, int] = (1, 1)


def run(options: RunOptions, progress: Progress, stop: Event) -> CampaignRecord:
    """Run the claims and leave `campaign.json` in the campaign's folder.

    Raises:
        UsageError, SettingError, PlanFormatError: a claim, a setting or an entry of the corpus is
            not as it must be; nothing was run.
        BrokerError, ProvisionError and the like: the target did not come up.
    """
    content = content_of(options.target.system)
    claims = claims_named(content.claims, options.claims, options.profile.paces)
    program = client_program(content.name)
    for claim in claims:
        program.check_settings(claim.subject)
        Corpus(options.corpus).best(claim.id)
    folder = CampaignFolder(root=options.out).create()
    journal = Journal(folder.events)
    if journal.remembered:
        progress.say(f"going on: {journal.remembered} executions are remembered")
    pool = _pool(options, content, folder)
    save_options(folder, options)
    with OpenTarget(
        options.target, model=content.model, folder=folder.root, say=progress.say
    ) as target:
        progress.head(target.facts())
        campaign = _campaign(
            options, content, claims, pool, target, folder, journal, progress, stop
        )
        started = datetime.now(UTC)
        trouble = None
        try:
            journal.begin()
            with progress.following(campaign):
                campaign.run()
        except _TROUBLE as error:
            trouble = _words(error, folder)
        finally:  # Also for a defect of ours: what was found is on disk before it is told.
            seconds = journal.passed_s()
            record = _saved(
                _record(options, campaign, target, claims, started, seconds, trouble), folder
            )
    return record


def _pool(
    options: RunOptions, content: Content, folder: CampaignFolder
) -> Sequence[Sequence[Step]]:
    """The shard of the pool: as an earlier run saved it, or drawn now and saved."""
    if folder.pool.exists():
        return load_pool(folder.pool)
    whole = content.make_pool(options.seed, options.profile.pool)
    pool = shard_of(whole, *options.shard)
    save_pool(folder.pool, pool)
    return pool


def save_options(folder: CampaignFolder, options: RunOptions) -> None:
    """What was asked for lies in the folder, so that `load_options` can go on with it."""
    encoded = msgspec.json.encode(options, enc_hook=str)
    folder.options.write_bytes(msgspec.json.format(encoded, indent=1) + b"\n")


def load_options(root: Path) -> RunOptions:
    """What the campaign in this folder was asked for.

    Raises:
        UsageError: there is no campaign that could go on; names what is missing.
    """
    path = CampaignFolder(root=root).options
    try:
        options = msgspec.json.decode(path.read_bytes(), type=RunOptions, dec_hook=_path)
    except OSError as error:
        msg = f"{root}: no campaign that could go on: {path.name}: {error.strerror}"
        raise UsageError(msg) from None
    except msgspec.DecodeError as error:
        msg = f"{path}: {error}; begin a new campaign"
        raise UsageError(msg) from None
    return replace(options, out=root)


def _path(kind: type, text: str) -> Path:
    if kind is not Path:
        raise NotImplementedError
    return Path(text)


def _cut_short(result: ClaimResult, generated_max: int) -> ClaimResult:
    """A search that was stopped before its end says nothing of what it did not find."""
    if result.state is not ClaimState.NOT_FOUND or (result.generated or 0) >= generated_max:
        return result
    cells = tuple(
        msgspec.structs.replace(cell, state=ClaimState.NOT_EXERCISED)
        if cell.state is ClaimState.NOT_FOUND
        else cell
        for cell in result.cells
    )
    return msgspec.structs.replace(result, state=ClaimState.NOT_EXERCISED, cells=cells)


def _words(error: Exception, folder: CampaignFolder) -> str:
    """What stopped the campaign, with the name of what is full or gone."""
    if isinstance(error, OSError):
        return f"{error.filename or folder.root}: {error.strerror or error}"
    return f"{type(error).__name__.removesuffix('Error')}: {error}"


def _saved(record: CampaignRecord, folder: CampaignFolder) -> CampaignRecord:
    """The record as it lies in `campaign.json`, or with a note why it does not."""
    encoded = msgspec.json.format(msgspec.json.encode(record), indent=1)
    try:
        folder.campaign.write_bytes(encoded + b"\n")
    except OSError as error:
        folder.campaign.unlink(missing_ok=True)  # A part of it is no record.
        note = f"{folder.campaign} could not be written: {error.strerror}; no report is made"
        code = record.exit_code if record.exit_code == ExitCode.BROKEN else ExitCode.INFRASTRUCTURE
        return msgspec.structs.replace(record, notes=(*record.notes, note), exit_code=int(code))
    return record


def _campaign(  # noqa: PLR0913, PLR0917  # wiring
    options: RunOptions,
    content: Content,
    claims: tuple[Claim, ...],
    pool: Sequence[Sequence[Step]],
    target: OpenTarget,
    folder: CampaignFolder,
    journal: Journal,
    progress: Progress,
    stop: Event,
) -> Campaign:
    judge = Judge(
        execute=target.execute,
        renew=target.renew,
        guarantees=tuple(GUARANTEES),
        folder=folder.executions,
        journal=journal,
    )
    return Campaign(
        claims=claims,
        profile=options.profile,
        model=content.model,
        pool=pool,
        judge=judge,
        ledger=Ledger(claims, needed=options.profile.needed, reachable=target.reachable()),
        corpus=Corpus(options.corpus),
        folder=folder,
        say=progress.say,
        stop=stop,
        clock=journal.passed_s,
    )


def _record(  # noqa: PLR0913, PLR0917  # wiring
    options: RunOptions,
    campaign: Campaign,
    target: OpenTarget,
    claims: tuple[Claim, ...],
    started: datetime,
    duration_s: float,
    trouble: str | None,
) -> CampaignRecord:
    results = campaign.ledger.results()
    if campaign.stop.is_set():
        results = tuple(_cut_short(one, options.profile.generated_max) for one in results)
    judge = campaign.judge
    code = exit_code(
        results,
        executions=judge.executions,
        inconclusive=judge.inconclusive,
        broker_died=bool(judge.deaths),
    )
    if trouble is not None and code is not ExitCode.BROKEN:
        code = ExitCode.INFRASTRUCTURE
    stopped = () if trouble is None else (f"stopped before its end: {trouble}",)
    return CampaignRecord(
        id=options.out.name,
        profile=options.profile.name,
        seed=options.seed,
        started=started.isoformat(timespec="seconds"),
        duration_s=round(duration_s, 1),
        target=target.facts(),
        executions=judge.executions,
        inconclusive=judge.inconclusive,
        results=results,
        violations=with_what_holds_instead(campaign.violations, results, claims),
        exit_code=int(code),
        interrupted=campaign.stop.is_set(),
        notes=(*stopped, *judge.deaths),
        options={"claims": ", ".join(options.claims) or "all"},
    )
