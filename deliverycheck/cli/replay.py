"""`deliverycheck replay`: one plan, again and again, and how often it breaks what."""

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import msgspec
from rich.console import Console

from deliverycheck import content
from deliverycheck.cli.backends import Backend
from deliverycheck.cli.console import Progress
from deliverycheck.cli.pytest_file import write_pytest_file
from deliverycheck.cli.subject_changes import changed
from deliverycheck.cli.systems import UsageError, claims_named, content_of
from deliverycheck.cli.target import OpenTarget, TargetOptions, without_password
from deliverycheck.clients import SettingError, client_program
from deliverycheck.guarantees import GUARANTEES, Validity, explain, text_of
from deliverycheck.plans import Claim, Plan
from deliverycheck.search import CorpusEntry, Judge, Judgement, Ruling, load_plan, tally
from deliverycheck.search.record import ExitCode

AT_ONCE = 4
"""Beside others the plan meets the same broker as in a campaign, and ten replays take seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """What to replay, how often, judged by what."""

    plan: Path
    times: int
    claim: str | None
    backend: Backend
    bootstrap: str | None
    credentials: Path | None
    broker: str | None
    client: str | None
    changes: tuple[str, ...]
    debug: str | None
    out: Path
    as_json: bool
    pytest_file: Path | None = None


def replay(options: ReplayOptions, console: Console, stop: Event) -> ExitCode:
    """Run the plan, print what came out of it, keep every execution's folder.

    Raises:
        PlanFormatError, UsageError, SettingError: nothing was run.
    """
    plan, entry = _load(options.plan)
    plan = msgspec.structs.replace(plan, subject=changed(plan.subject, options.changes))
    content = content_of(plan.system)
    named = options.claim or (entry.claim if entry else None)
    claim = claims_named(content.claims, [named])[0] if named else None
    try:
        client_program(plan.system).check_settings(plan.subject)
    except SettingError as error:
        msg = f"{options.plan}: {error}"
        raise UsageError(msg) from None
    if content.model.normalise(plan.subject, plan.steps).steps != plan.steps:
        msg = (
            f"{options.plan}: not every step is applicable in its place; "
            "a replay would leave some out"
        )
        raise UsageError(msg)
    if options.pytest_file is not None:
        return _written(options.pytest_file, plan, claim, options)
    progress = Progress(console)
    target_options = TargetOptions(
        system=plan.system,
        backend=options.backend,
        bootstrap=options.bootstrap,
        credentials=options.credentials,
        broker=options.broker,
        client=options.client,
        debug=options.debug,
    )
    with OpenTarget(
        target_options, model=content.model, folder=options.out, say=progress.say
    ) as target:
        progress.head(target.facts())
        judge = Judge(
            execute=target.execute,
            renew=target.renew,
            guarantees=tuple(GUARANTEES),
            folder=options.out / "executions",
        )
        judgements = _judgements(judge, plan, options.times, stop)
    _tell(judgements, claim, options)
    for death in judge.deaths:
        progress.say(death)
    return ExitCode.BROKEN if judge.deaths else _code(judgements, claim)


def _written(path: Path, plan: Plan, claim: Claim | None, options: ReplayOptions) -> ExitCode:
    named = {
        "--backend": options.backend if options.backend is not Backend.AUTO else None,
        "--bootstrap": without_password(options.bootstrap),
        "--credentials": options.credentials and str(options.credentials.absolute()),
        "--broker": options.broker,
        "--client": options.client,
    }
    target = [word for name, value in named.items() if value for word in (name, value)]
    write_pytest_file(path, plan, claim, times=options.times, target=tuple(target))
    Console(soft_wrap=True, highlight=False, markup=False).print(
        f"{path} is written; nothing was run. Run it: python -m pytest {path}"
    )
    return ExitCode.AS_CLAIMED


def _load(path: Path) -> tuple[Plan, CorpusEntry | None]:
    try:
        return load_plan(path if path.exists() else _in_corpus(path))
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror})"
        raise UsageError(msg) from None


def _in_corpus(path: Path) -> Path:
    """Reports name plans of the corpus by ``corpus/…``, whatever folder they are read in."""
    return content.root() / path if path.parts[:1] == ("corpus",) else path


def _judgements(judge: Judge, plan: Plan, times: int, stop: Event) -> list[Judgement]:
    def once(_: int) -> Judgement | None:
        return None if stop.is_set() else judge.execute(plan)

    with ThreadPoolExecutor(min(AT_ONCE, times), thread_name_prefix="replay") as threads:
        return [one for one in threads.map(once, range(times)) if one is not None]


def _breaks(judgement: Judgement, claim: Claim | None) -> bool:
    if claim is not None:
        return judgement.convicts(claim)
    return any(one.validity is Validity.INVALID for one in judgement.verdicts.values())


def _tell(judgements: list[Judgement], claim: Claim | None, options: ReplayOptions) -> None:
    broken = [one for one in judgements if _breaks(one, claim)]
    rate = tally(len(broken), len(judgements))
    told = _told(broken[0], claim) if broken else []
    reasons = Counter(_reason(one, claim) for one in judgements if one not in broken)
    if options.as_json:
        result = {
            "plan": str(options.plan),
            "claim": claim.id if claim else None,
            "rate": rate,
            "told": told,
            "reasons": dict(reasons),
            "folder": str(options.out),
            "verdicts": [list(one.verdicts.values()) for one in judgements],
        }
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
        return
    console = Console(soft_wrap=True, highlight=False, markup=False)
    what = claim.guarantee if claim else "any guarantee"
    console.print(
        f"{what}: broken in {rate.convictions} of {rate.executions} executions "
        f"(95 %: {rate.low:.0%} to {rate.high:.0%})"
    )
    for line in told:
        console.print(line)
    for reason, count in reasons.most_common():
        console.print(f"{count} times: {reason}")
    console.print(f"Histories and logs: {options.out / 'executions'}")


def _told(broken: Judgement, claim: Claim | None) -> list[str]:
    """What broke, in words; beside the claim's own guarantee others by their names only."""
    verdicts = {
        name: verdict
        for name, verdict in broken.verdicts.items()
        if verdict.validity is Validity.INVALID
    }
    mine = [verdicts.pop(claim.guarantee)] if claim else list(verdicts.values())
    history = broken.history()
    told = [text_of(explain(verdict, history)) for verdict in mine]
    if claim and verdicts:
        told.append(f"Broken beside it: {', '.join(verdicts)}")
    return told


def _reason(judgement: Judgement, claim: Claim | None) -> str:
    if judgement.inconclusive is not None:
        return f"inconclusive, {judgement.inconclusive}"
    if claim is not None:
        verdict = judgement.verdicts[claim.guarantee]
        seen = ", ".join(judgement.occurred(claim)) or "none of the claim's hazards occurred"
        return f"{judgement.ruling(claim)} ({verdict.reason or judgement.inert or seen})"
    return "no guarantee broken"


def _code(judgements: list[Judgement], claim: Claim | None) -> ExitCode:
    """1 if any execution breaks it, 3 if all were inconclusive, 0 if any holds, else 4."""
    if any(_breaks(one, claim) for one in judgements):
        return ExitCode.BROKEN
    if judgements and all(one.inconclusive is not None for one in judgements):
        return ExitCode.INFRASTRUCTURE
    if claim is not None:
        held = any(one.ruling(claim) is Ruling.VALID for one in judgements)
    else:
        held = any(
            verdict.validity is Validity.VALID
            for one in judgements
            for verdict in one.verdicts.values()
        )
    return ExitCode.AS_CLAIMED if held else ExitCode.NOT_EXERCISED
