"""A campaign against a live target, from what was asked for to the record on disk."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from threading import Event
from types import TracebackType
from typing import Self

import msgspec

from deliverycheck.brokers import InfrastructureError
from deliverycheck.cli.console import Progress
from deliverycheck.cli.crews import without_clients
from deliverycheck.cli.events import FORMAT as EVENTS_FORMAT
from deliverycheck.cli.events import VERSION as EVENTS_VERSION
from deliverycheck.cli.events import Began, now
from deliverycheck.cli.run_options import RunOptions
from deliverycheck.cli.systems import UsageError, content_of
from deliverycheck.cli.target import OpenTarget
from deliverycheck.clients import WorkerError, client_program
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.history import CampaignFolder, portable
from deliverycheck.plans import Claim, Step
from deliverycheck.plans.campaign import Campaign as CampaignRecord
from deliverycheck.plans.campaign import ClaimResult, ClaimState, Violation
from deliverycheck.search import (
    Campaign,
    Corpus,
    Journal,
    Judge,
    Ledger,
    exit_code,
    load_pool,
    save_pool,
    shard_of,
    with_what_holds_instead,
)
from deliverycheck.search.record import ExitCode

NAMES_MAX = 60
"""Claims that the record names; a free campaign has a thousand."""

_TROUBLE = (InfrastructureError, WorkerError, OSError)


def run(options: RunOptions, progress: Progress, stop: Event) -> CampaignRecord:
    """Run the claims and leave `campaign.json` in the campaign's folder.

    Raises:
        What entering an `OpenCampaign` raises.
    """
    with OpenCampaign(options, progress, stop) as opened, progress.following(opened.campaign):
        opened.campaign.run()
    return opened.record


class OpenCampaign:
    """A campaign on a live target. Left, it is `record`, which lies in the campaign's folder.

    Trouble with the infrastructure ends it and stands in the record; it is not raised.
    """

    campaign: Campaign
    record: CampaignRecord

    def __init__(self, options: RunOptions, progress: Progress, stop: Event) -> None:
        self._options = options
        self._progress = progress
        self._stop = stop
        self._content = content_of(options.target.system)
        self.folder = CampaignFolder(root=options.out)

    def __enter__(self) -> Self:
        """Broker, proxy and workers are up; the campaign's time begins.

        Raises:
            UsageError, SettingError, PlanFormatError: a claim, a setting or an entry of the
                corpus is not as it must be; nothing was run.
            BrokerError, ProvisionError and the like: the target did not come up.
        """
        options, say = self._options, self._progress.say
        self._claims = self._checked_claims()
        self.folder.create()
        self._journal = Journal(self.folder.events)
        target = OpenTarget(
            options.target, model=self._content.model, folder=self.folder.root, say=say
        )
        if self._journal.remembered:
            say(f"going on: {self._journal.remembered} executions are remembered")
        self._pool = self._filled_pool()
        replace(options, started=options.started or _this_moment()).save(self.folder)
        with ExitStack() as stack:
            self._target = stack.enter_context(target)
            self._progress.head(self._target.facts())
            self.campaign = self._wired()
            self._stack = stack.pop_all()
        self._started = datetime.now(UTC)
        self._journal.begin()
        self._progress.events.emit(self._began())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """What was found is on disk, also after a defect of ours; nothing of it runs any more."""
        trouble = _words(error, self.folder) if isinstance(error, _TROUBLE) else None
        with self._stack:
            self.record = saved(self._told(trouble), self.folder)
        self._progress.events.ended(self.record)
        return trouble is not None

    def _began(self) -> Began:
        options = self._options
        return Began(
            at=now(),
            format=EVENTS_FORMAT,
            version=EVENTS_VERSION,
            campaign=options.out.name,
            profile=options.profile.name,
            seed=options.seed,
            claims=len(self._claims),
            target=self._target.facts(),
        )

    def _checked_claims(self) -> tuple[Claim, ...]:
        claims = self._to_be_had(self._options.chosen_claims())
        program = client_program(self._content.name)
        for claim in claims:
            program.check_settings(claim.subject)
            Corpus(self._options.corpus).best(claim.id)
        return claims

    def _to_be_had(self, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
        """Those whose clients can be had; who asks for another by name is told why not."""
        name, running = self._content.name, self._options.target.bootstrap
        left_out = without_clients(name, claims, running)
        if left_out and self._options.claims:
            raise UsageError("; ".join(left_out))
        for why, names in left_out.items():
            self._progress.say(f"not exercised, since {why}: {', '.join(names)}")
        gone = set(chain.from_iterable(left_out.values()))
        return tuple(claim for claim in claims if claim.id not in gone)

    def _filled_pool(self) -> Sequence[Sequence[Step]]:
        """The shard of the pool: as an earlier run saved it, or drawn now and saved."""
        if self.folder.pool.exists():
            return load_pool(self.folder.pool)
        whole = self._content.make_pool(self._options.seed, self._options.profile.pool)
        pool = shard_of(whole, *self._options.shard)
        save_pool(self.folder.pool, pool)
        return pool

    def _wired(self) -> Campaign:
        profile, target = self._options.profile, self._target
        events, journal = self._progress.events, self._journal
        judge = Judge(
            execute=target.execute,
            renew=target.renew,
            guarantees=tuple(GUARANTEES),
            folder=self.folder.executions,
            journal=journal,
            tell=lambda judgement: events.judged(judgement, journal.passed_s()),
        )
        return Campaign(
            claims=self._claims,
            profile=profile,
            model=self._content.model,
            pool=self._pool,
            judge=judge,
            ledger=Ledger(self._claims, needed=profile.needed, reachable=target.reachable()),
            corpus=Corpus(self._options.corpus),
            folder=self.folder,
            say=self._progress.say,
            stop=self._stop,
            clock=journal.passed_s,
            tell_of=events.violated,
        )

    def _told(self, trouble: str | None) -> CampaignRecord:
        options, judge = self._options, self.campaign.judge
        results = self.campaign.ledger.results()
        if self._stop.is_set():
            results = tuple(_cut_short(one, options.profile.generated_max) for one in results)
        code = exit_code(
            results,
            executions=judge.executions,
            inconclusive=judge.inconclusive,
            broker_died=bool(judge.deaths),
        )
        if trouble is not None and code is not ExitCode.BROKEN:
            code = ExitCode.INFRASTRUCTURE
        stopped = () if trouble is None else (portable(f"stopped before its end: {trouble}"),)
        violations, own = self.campaign.violations, {claim.id for claim in options.own}
        return CampaignRecord(
            id=options.out.name,
            profile=options.profile.name,
            seed=options.seed,
            started=self._started.isoformat(timespec="seconds"),
            duration_s=round(self._journal.passed_s(), 1),
            target=self._target.facts(),
            executions=judge.executions,
            inconclusive=judge.inconclusive,
            results=results,
            violations=tuple(
                _replayed_by_all(one) if one.claim in own else one
                for one in with_what_holds_instead(violations, results, self._claims)
            ),
            exit_code=int(code),
            interrupted=self._stop.is_set(),
            notes=(*stopped, *judge.deaths),
            options={"claims": _listed(options.claims) or "all"},
        )


def _this_moment() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMES_MAX
    return ", ".join([*names[:NAMES_MAX], *([f"and {more} more"] if more > 0 else [])])


def _replayed_by_all(violation: Violation) -> Violation:
    """With a replay that judges every guarantee: it knows no claims of the user's."""
    replay = violation.replay.replace(f" --claim {violation.claim}", "")
    return msgspec.structs.replace(violation, replay=replay)


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


def saved(record: CampaignRecord, folder: CampaignFolder) -> CampaignRecord:
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
