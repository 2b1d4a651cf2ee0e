"""The commands `run` and `campaign`: a minute, or a night that can be gone on with."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from deliverycheck import content
from deliverycheck.cli.backends import Backend
from deliverycheck.cli.interrupts import stopping
from deliverycheck.cli.messages import fail, stderr, told
from deliverycheck.cli.options import (
    AsJson,
    Bootstrap,
    Broker,
    Claims,
    Client,
    CredentialsFile,
    On,
    Out,
    Seed,
    Systems,
    new_folder,
)
from deliverycheck.cli.systems import UsageError
from deliverycheck.history import CampaignFolder
from deliverycheck.search.record import ExitCode

if TYPE_CHECKING:
    from deliverycheck.cli.run_options import RunOptions
    from deliverycheck.cli.target import TargetOptions
    from deliverycheck.plans import Claim

Minutes = Annotated[
    float | None,
    typer.Option(
        help="No execution starts after so many minutes, of each system; else as the profile says.",
        min=0.05,
    ),
]
AtOnce = Annotated[
    int | None,
    typer.Option(help="Executions at once; else as the profile says.", min=1, max=12),
]
Events = Annotated[
    str | None,
    typer.Option(
        help="File, or - for standard output, to which each event is written as a line of JSON "
        "while it happens: docs/files.md."
    ),
]
Own = Annotated[
    Path | None,
    typer.Option(
        help="Claims of your own: [\\[claim]] tables in TOML (docs/own-claims.md). Without --claim "
        "only they are run."
    ),
]


def run(  # noqa: PLR0913, PLR0917  # each is an option
    profile: Annotated[
        str, typer.Option(help="How much: demo or smoke (a minute), ci (20 min), nightly (8 h).")
    ] = "demo",
    claim: Claims = None,
    own: Own = None,
    systems: Systems = None,
    backend: On = Backend.AUTO,
    bootstrap: Bootstrap = None,
    credentials: CredentialsFile = None,
    broker: Broker = None,
    client: Client = None,
    seed: Seed = 0,
    minutes: Minutes = None,
    at_once: AtOnce = None,
    out: Out = None,
    events: Events = None,
    *,
    dry: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Only say what would be made in a broker that somebody else runs."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run claims against a real broker, print what held and what broke, write the report.

    Exit code: 0 all as claimed, 1 not, 2 usage, 3 infrastructure, 4 not exercised.
    """
    from deliverycheck.cli.run_options import RunOptions, profile_of  # noqa: PLC0415  # Only who runs pays for Hypothesis.
    from deliverycheck.cli.target import TargetOptions  # noqa: PLC0415

    named = _systems(systems, claim, bootstrap, broker, client)
    added = _own_claims(own, named)
    options = RunOptions(
        profile=profile_of(profile, minutes=minutes, at_once=at_once),
        target=TargetOptions(
            system=named[0],
            backend=backend,
            bootstrap=bootstrap,
            credentials=credentials,
            broker=broker,
            client=client,
        ),
        claims=tuple(claim or (one.id for one in added)),
        own=added,
        seed=seed,
        out=_unused(out or new_folder(profile)),
        corpus=content.folder("corpus"),
    )
    if dry:
        from deliverycheck.cli.dry_run import dry_run  # noqa: PLC0415

        dry_run(options, typer.echo)
        raise typer.Exit(int(ExitCode.AS_CLAIMED))
    _run_and_tell(options, named, events, as_json=as_json)


def campaign(  # noqa: PLR0913, PLR0917  # each is an option
    context: typer.Context,
    minutes: Minutes = None,
    profile: Annotated[str, typer.Option(help="How much: ci or nightly.")] = "nightly",
    free: Annotated[
        int | None,
        typer.Option(
            help="No claims: so many subjects are drawn, settings of every kind, and judged by "
            "all that is documented of their settings (docs/free-campaign.md).",
            min=1,
            max=1000,
        ),
    ] = None,
    claim: Claims = None,
    own: Own = None,
    systems: Systems = None,
    backend: On = Backend.AUTO,
    bootstrap: Bootstrap = None,
    credentials: CredentialsFile = None,
    broker: Broker = None,
    client: Client = None,
    seed: Seed = 0,
    at_once: AtOnce = None,
    shard: Annotated[
        str,
        typer.Option(help="2/4: of four machines that split one pool, this is the second."),
    ] = "1/1",
    out: Out = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            help="Go on with the campaign in this folder, killed or stopped: by its own options, "
            "in the time that it has left. A password of --amqp is not kept: see there."
        ),
    ] = None,
    events: Events = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Run for hours: corpus first, then plans from one pool, shrinking what breaks.

    Everything is on disk as it happens: a campaign that was killed goes on where it was with \
--resume, and loses at most the executions that were under way. Its pool is saved with it. A \
nightly that has settled every claim goes on with further plans for those that hold, until the \
time is over or the pool is.

    With --free there are no claims to begin with: settings are drawn too, and each execution is \
judged by every guarantee that is documented for what was drawn.

    Exit code: 0 all as claimed, 1 not, 2 usage, 3 infrastructure, 4 not exercised.
    """
    from deliverycheck.cli.run_options import RunOptions, load_options, profile_of  # noqa: PLC0415  # As above.
    from deliverycheck.cli.target import TargetOptions  # noqa: PLC0415

    if resume is not None:
        going_on = load_options(resume)
        systems_of = going_on.systems or (going_on.target.system,)
        _run_and_tell(going_on, systems_of, events, as_json=as_json)
    named = _systems(systems, claim, bootstrap, broker, client)
    target = TargetOptions(
        system=named[0],
        backend=backend,
        bootstrap=bootstrap,
        credentials=credentials,
        broker=broker,
        client=client,
    )
    if free is not None:
        _check_free_alone(context, ("claim", "own", "profile", "shard"))
        if systems is not None and len(named) > 1:
            msg = f"--free and --systems {systems}: subjects are drawn of one system; name one"
            raise UsageError(msg)
        folder = _unused(out or new_folder("free"))
        drawn = _drawn(free, target, seed, folder, minutes=minutes, at_once=at_once)
        _run_and_tell(drawn, named[:1], events, as_json=as_json)
    added = _own_claims(own, named)
    options = RunOptions(
        profile=profile_of(profile, minutes=minutes, at_once=at_once),
        target=target,
        claims=tuple(claim or (one.id for one in added)),
        own=added,
        seed=seed,
        out=_unused(out or new_folder("campaign")),
        corpus=content.folder("corpus"),
        shard=_shard(shard),
    )
    _run_and_tell(options, named, events, as_json=as_json)


def _check_free_alone(context: typer.Context, others: Sequence[str]) -> None:
    """What a project always sets is no contradiction; what is typed beside `--free` is."""
    for name in others:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            msg = f"--free and --{name}: a free campaign draws all that it runs; give only one"
            raise UsageError(msg)


def _drawn(  # noqa: PLR0913  # Each is an option of the command.
    count: int,
    target: "TargetOptions",
    seed: int,
    out: Path,
    *,
    minutes: float | None,
    at_once: int | None,
) -> "RunOptions":
    from deliverycheck.cli.console import Progress  # noqa: PLC0415  # As above.
    from deliverycheck.cli.free import free_options  # noqa: PLC0415
    from deliverycheck.cli.run_options import limited  # noqa: PLC0415
    from deliverycheck.search import FREE  # noqa: PLC0415

    profile = limited(FREE, minutes=minutes, at_once=at_once)
    say = Progress(stderr()).say
    return free_options(count, target, profile=profile, seed=seed, out=out, say=say)


def _systems(
    text: str | None,
    claims: list[str] | None,
    bootstrap: str | None,
    broker: str | None,
    client: str | None,
) -> tuple[str, ...]:
    """Those that were named; a broker or a client of one system is for that system alone.

    Raises:
        UsageError: there is no such system, or one address for several.
    """
    from deliverycheck.cli.makers import system_of_address, system_of_client  # noqa: PLC0415
    from deliverycheck.cli.systems import systems_named  # noqa: PLC0415  # As above.

    if text is None and bootstrap:
        return (system_of_address(bootstrap),)
    if text is None and client:
        text = system_of_client(client) or "kafka"
    if text is None and broker:
        text = broker.partition(":")[0]
    named = systems_named(text, claims or ())
    if bootstrap and len(named) > 1:
        msg = f"--systems {text} and --bootstrap: a running broker is of one system; name that one"
        raise UsageError(msg)
    return named


def _own_claims(path: Path | None, systems: Sequence[str]) -> "tuple[Claim, ...]":
    from deliverycheck.cli.own_claims import load_claims  # noqa: PLC0415  # As above.
    from deliverycheck.cli.systems import content_of  # noqa: PLC0415

    if path is None:
        return ()
    return load_claims(path, {claim.id for name in systems for claim in content_of(name).claims})


def _unused(folder: Path) -> Path:
    if CampaignFolder(root=folder).events.exists():
        msg = (
            f"{folder} holds a campaign already: go on with it by `deliverycheck campaign --resume "
            f"{folder}`, or name another folder"
        )
        raise UsageError(msg)
    return folder


def _shard(text: str) -> tuple[int, int]:
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        msg = f"--shard {text!r}: expected I/N with 1 <= I <= N, such as 2/4"
        raise UsageError(msg)
    return int(number), int(count)


def _run_and_tell(
    options: "RunOptions", systems: Sequence[str], events: str | None, *, as_json: bool
) -> None:
    """Ends the command with the campaign's exit code."""
    if as_json and events == "-":
        raise UsageError("--json and --events -: only one of them can have standard output")
    from deliverycheck.cli.console import Progress  # noqa: PLC0415
    from deliverycheck.cli.events import event_stream  # noqa: PLC0415
    from deliverycheck.cli.several import run_several  # noqa: PLC0415
    from reports import ReportError, print_campaign, render, report_console  # noqa: PLC0415

    folder = options.out
    with stopping() as stop, event_stream(events) as stream:
        record = run_several(options, systems, Progress(stderr(), stream), stop)
    people = sys.stderr if events == "-" else sys.stdout
    if as_json:
        sys.stdout.write(msgspec.json.encode(record).decode() + "\n")
    else:
        print_campaign(record, report_console(people))
    if not CampaignFolder(root=folder).campaign.exists():
        raise typer.Exit(record.exit_code)  # It could not be written, as the record's notes say.
    try:
        rendered = render(folder)
    except (ReportError, OSError) as error:
        code = fail(f"no report in {folder}: {told(error)}", ExitCode.INFRASTRUCTURE)
        raise typer.Exit(record.exit_code or int(code)) from None
    if folder.parent == new_folder("").parent:
        _point_latest_at(folder)
    if not as_json:
        typer.echo(f"\nReport: {rendered.html}", file=people)
    raise typer.Exit(record.exit_code)


def _point_latest_at(folder: Path) -> None:
    """`latest` beside the folder is the last campaign that was told, whatever ended early since."""
    latest = folder.with_name("latest")
    latest.unlink(missing_ok=True)
    latest.symlink_to(folder.name)
