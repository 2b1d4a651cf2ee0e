"""A campaign without its record, as far as its folder tells: killed, or `campaign.json` is torn."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from deliverycheck.cli.makers import maker_of
from deliverycheck.cli.run_options import RunOptions, load_options
from deliverycheck.cli.several import merged
from deliverycheck.cli.systems import UsageError
from deliverycheck.executions import Execution
from deliverycheck.guarantees import GUARANTEES, HAZARDS
from deliverycheck.history import (
    CampaignFolder,
    ExecutionFolder,
    HistoryFormatError,
    portable,
    read_history,
)
from deliverycheck.plans import Claim, PlanFormatError, plan_of
from deliverycheck.plans.campaign import Campaign, Target, Violation
from deliverycheck.search import (
    JournalFormatError,
    Judgement,
    Ledger,
    exit_code,
    judge_history,
    judgements_in,
    tally,
    violation_of,
    with_what_holds_instead,
)
from reports import ReportError, load_campaign

_UNFINISHED = "This is not the end"
_UNREADABLE = (OSError, HistoryFormatError, PlanFormatError)


def campaign_in(folder: Path) -> Campaign:
    """What the folder's record says; without one, what was judged until the campaign ended.

    Nothing in the folder is changed: the campaign may be running still.

    Raises:
        ReportError: there is neither a record nor anything else of a campaign.
    """
    try:
        return load_campaign(folder)
    except ReportError as error:
        paths = CampaignFolder(root=folder)
        if not paths.options.exists() and not paths.events.exists():
            raise  # Nothing else lies there that it could be told from.
        why = str(error)
        try:
            return _rebuilt(folder, why)
        except (UsageError, JournalFormatError, *_UNREADABLE) as other:
            msg = f"{why}\n  Nor can it be told from what else lies there: {other}"
            raise ReportError(msg) from None


def _rebuilt(folder: Path, why: str) -> Campaign:
    options = load_options(folder)
    told = why.replace(f"{folder}/", "").replace(str(folder), "FOLDER")
    note = f"{_UNFINISHED}: {told}"
    if not options.systems:
        return _noted(_of_system(folder, options), note)
    parts = [
        campaign_in(folder / name)
        for name in options.systems
        if CampaignFolder(root=folder / name).events.exists()
    ]
    if not parts:
        raise ReportError(why)
    return _noted(merged(options, parts), note)


def _noted(campaign: Campaign, note: str) -> Campaign:
    notes = (note, *(one for one in campaign.notes if not one.startswith(_UNFINISHED)))
    return msgspec.structs.replace(campaign, notes=notes, interrupted=True)


def _of_system(folder: Path, options: RunOptions) -> Campaign:
    paths, claims = CampaignFolder(root=folder), options.chosen_claims()
    judgements = list(judgements_in(paths.events))
    ledger = _ledger(claims, judgements, needed=options.profile.needed)
    violations = dict(_convicted(folder, claims, ledger, judgements))
    results = ledger.results()
    inconclusive = sum(one.inconclusive is not None for one in judgements)
    died = [one.execution.broker_died for one in judgements if one.execution.broker_died]
    code = exit_code(
        results, executions=len(judgements), inconclusive=inconclusive, broker_died=bool(died)
    )
    return Campaign(
        id=folder.name,
        profile=options.profile.name,
        seed=options.seed,
        started=options.started,
        duration_s=_passed_s(paths.events),
        target=_target(folder, options.target.system),
        executions=len(judgements),
        inconclusive=inconclusive,
        results=results,
        violations=with_what_holds_instead(violations, results, claims),
        exit_code=int(code),
        interrupted=True,
        notes=tuple(dict.fromkeys(portable(death) for death in died)),
        options={"claims": ", ".join(options.claims) or "all"},
    )


def _convicted(
    folder: Path, claims: Sequence[Claim], ledger: Ledger, judgements: list[Judgement]
) -> Iterator[tuple[str, Violation]]:
    """Each violation whose evidence was saved, by its folder; in the books too, if it was not."""
    named: set[str] = set()
    for claim, judgement in _evidence(folder, claims):
        if not ledger.is_convicted(claim):  # Its line of the journal is lost; the proof is not.
            ledger.add(claim, judgement)
            judgements.append(judgement)
        violation = _violation(claim, judgement)
        if claim.id not in named:
            named.add(claim.id)
            ledger.entries[claim.id].violation = violation.id
        yield violation.folder, violation


class _Moment(msgspec.Struct):
    after_s: float = 0.0


def _passed_s(events: Path) -> float:
    """The campaign's time when its last execution was judged."""
    whole, _, _ = events.read_bytes().rpartition(b"\n")
    last = whole.rpartition(b"\n")[2]
    return msgspec.json.decode(last, type=_Moment).after_s if last else 0.0


def _ledger(claims: Sequence[Claim], judgements: Sequence[Judgement], *, needed: int) -> Ledger:
    """Every execution counted for the claims of its settings; what is missing ran out of time."""
    ledger = Ledger(tuple(claims), needed=needed, reachable=frozenset(HAZARDS))
    for claim in claims:
        ledger.ran_out_of_time(claim, *claim.hazards)
        for judgement in judgements:
            if judgement.plan.subject == claim.subject:
                ledger.add(claim, judgement)
    return ledger


def _evidence(folder: Path, claims: Sequence[Claim]) -> Iterator[tuple[Claim, Judgement]]:
    """Each violation whose evidence was saved, judged again from it."""
    by_length = sorted(claims, key=lambda claim: -len(claim.id))
    for place in sorted(CampaignFolder(root=folder).violations.glob("*/")):
        claim = next((one for one in by_length if place.name.startswith(one.id)), None)
        if claim is None:
            continue
        try:
            judgement = _judged_again(ExecutionFolder(root=place))
        except _UNREADABLE:
            continue  # It was being copied.
        if judgement.convicts(claim):
            yield claim, judgement


def _violation(claim: Claim, judgement: Judgement) -> Violation:
    place = judgement.execution.folder.root
    folder = f"{place.parent.name}/{place.name}"
    return violation_of(
        claim,
        judgement,
        rate=tally(0, 0),
        found_after=0,
        plan_file=f"{folder}/plan.json",
        folder=folder,
    )


def _judged_again(folder: ExecutionFolder) -> Judgement:
    plan, history = plan_of(folder.plan.read_bytes()), read_history(folder.history)
    verdicts, hazards, inert = judge_history(history, tuple(GUARANTEES))
    execution = Execution(plan=plan, folder=folder, seconds=0.0)
    return Judgement(execution=execution, verdicts=verdicts, hazards=hazards, inert=inert)


def _target(folder: Path, system: str) -> Target:
    """What an execution's header says was there."""
    paths = CampaignFolder(root=folder)
    for place in (*sorted(paths.violations.glob("*/")), *sorted(paths.executions.glob("*/"))):
        try:
            header = ExecutionFolder(root=place).header.read_bytes()
            return msgspec.json.decode(header, type=Target)
        except (OSError, msgspec.DecodeError):
            continue
    return Target(system=system, broker=maker_of(system).title, backend="", client="", proxy="")
