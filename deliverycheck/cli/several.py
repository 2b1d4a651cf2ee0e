"""Campaigns against several systems, one after the other, told as one."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Event

import msgspec

from deliverycheck.brokers.provision import ProvisionError
from deliverycheck.cli.backends import Backend
from deliverycheck.cli.console import Progress
from deliverycheck.cli.makers import maker_of
from deliverycheck.cli.run import run, saved
from deliverycheck.cli.run_options import RunOptions
from deliverycheck.cli.systems import claims_named, content_of
from deliverycheck.history import CampaignFolder, portable
from deliverycheck.plans import Claim
from deliverycheck.plans.campaign import Campaign, ClaimResult, ClaimState, Target, Violation
from deliverycheck.search.record import ExitCode


def run_several(
    options: RunOptions, names: Sequence[str], progress: Progress, stop: Event
) -> Campaign:
    """Each system's campaign has a folder of its own in that of the whole, which holds the record.

    One whose broker cannot be had on this machine is told as not exercised, unless a backend was
    asked for.

    Raises:
        What `run` raises, but for a system that cannot be had while another can.
    """
    if len(names) == 1:
        target = replace(options.target, system=names[0])
        return run(replace(options, target=target), progress, stop)
    known = [claim for name in names for claim in content_of(name).claims]
    claims_named([*known, *options.own], options.claims)
    folder = CampaignFolder(root=options.out)
    folder.create()
    replace(options, systems=tuple(names)).save(folder)  # For who goes on with all of it.
    records: list[Campaign] = []
    missing: list[ProvisionError] = []
    for name in names:
        one = _of_system(options, name)
        if (options.claims and not one.claims) or (records and stop.is_set()):
            continue
        try:
            records.append(run(one, progress, stop))
        except ProvisionError as error:
            if one.target.backend is not Backend.AUTO:
                raise  # What was asked for is not there: that is no pass of what is.
            progress.say(f"{maker_of(name).title} cannot be had: {error.problem}; {error.fix}")
            missing.append(error)
            records.append(_not_had(one, error.problem))
    if len(missing) == len(records):
        raise missing[0]  # Nothing was run at all: that is no pass of anything.
    return saved(merged(options, records), folder)


def _of_system(options: RunOptions, name: str) -> RunOptions:
    known = {claim.id for claim in content_of(name).claims}
    own = tuple(claim for claim in options.own if claim.system == name)
    claims = tuple(one for one in options.claims if one in known or one in {c.id for c in own})
    return replace(
        options,
        target=replace(options.target, system=name),
        out=options.out / name,
        systems=(),
        own=own,
        claims=claims,
    )


def _not_had(options: RunOptions, why: str) -> Campaign:
    """The record of a campaign whose broker is not there: all of its claims not exercised.

    That is as it should be on a machine that lacks a system, but not for claims asked for by name.
    """
    system = options.target.system
    title = maker_of(system).title
    code = ExitCode.NOT_EXERCISED if options.claims else ExitCode.AS_CLAIMED
    return Campaign(
        id=options.out.name,
        profile=options.profile.name,
        seed=options.seed,
        started="",
        duration_s=0.0,
        target=Target(system=system, broker=title, backend="", client="", proxy=""),
        executions=0,
        inconclusive=0,
        results=tuple(map(_unexercised, options.chosen_claims())),
        violations=(),
        exit_code=int(code),
        notes=(portable(f"{title} cannot be had here, so its claims are not exercised: {why}"),),
    )


def _unexercised(claim: Claim) -> ClaimResult:
    return ClaimResult(claim=claim, state=ClaimState.NOT_EXERCISED, cells=(), executions=0)


def merged(options: RunOptions, records: Sequence[Campaign]) -> Campaign:
    """One record of all; its evidence lies in the folders of each."""
    first = records[0]
    return Campaign(
        id=options.out.name,
        profile=first.profile,
        seed=first.seed,
        started=next((one.started for one in records if one.started), ""),
        duration_s=round(sum(one.duration_s for one in records), 1),
        target=first.target,
        further=tuple(one.target for one in records[1:]),
        executions=sum(one.executions for one in records),
        inconclusive=sum(one.inconclusive for one in records),
        results=tuple(result for one in records for result in one.results),
        violations=tuple(
            _moved(violation, one.target.system) for one in records for violation in one.violations
        ),
        exit_code=_worst([one.exit_code for one in records]),
        interrupted=any(one.interrupted for one in records),
        notes=tuple(note for one in records for note in one.notes),
        options=first.options,
    )


def _moved(violation: Violation, system: str) -> Violation:
    return msgspec.structs.replace(violation, folder=f"{system}/{violation.folder}")


def _worst(codes: Sequence[int]) -> int:
    """A broken claim, then trouble, then what was not exercised."""
    order = (ExitCode.BROKEN, ExitCode.INFRASTRUCTURE, ExitCode.NOT_EXERCISED)
    return next((int(code) for code in order if code in codes), int(ExitCode.AS_CLAIMED))
