"""The commands of `deliverycheck`, each a thin door to a module of its own."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from deliverycheck import content
from deliverycheck.brokers import InfrastructureError
from deliverycheck.brokers.provision import ProvisionError
from deliverycheck.cli.help_of_check import HELP_OF_CHECK
from deliverycheck.cli.interrupts import stopping
from deliverycheck.cli.packing import histories
from deliverycheck.cli.systems import UsageError
from deliverycheck.clients import SettingError, WorkerError
from deliverycheck.guarantees import UnknownGuaranteeError
from deliverycheck.history import CampaignFolder, HistoryFormatError
from deliverycheck.plans import PlanFormatError
from deliverycheck.search.record import ExitCode

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Does your broker, with your settings, keep what it promises? Plans are run against a "
    "real broker while its network and processes are broken; the recorded histories are judged.",
)

_USAGE = (UsageError, SettingError, PlanFormatError, HistoryFormatError, UnknownGuaranteeError)
_INFRASTRUCTURE = (InfrastructureError, ProvisionError, WorkerError, OSError)

worker = typer.Typer(no_args_is_help=True, help="For authors of workers in any language.")
app.add_typer(worker, name="worker")
app.add_typer(histories, name="history")

Claims = Annotated[
    list[str] | None,
    typer.Option("--claim", help="Only this claim, by its id; may be given several times."),
]
Bootstrap = Annotated[
    str | None,
    typer.Option(help="HOST:PORT of a running cluster; else a broker of our own is started."),
]
Broker = Annotated[
    str | None,
    typer.Option(help="Another version of our own broker, such as kafka:3.9.2."),
]
Client = Annotated[
    str | None,
    typer.Option(help="Another version of the client, such as confluent-kafka==2.3.0."),
]
Seed = Annotated[int, typer.Option(help="Which plans are drawn: the same seed, the same plans.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder for all that was recorded; else a new one in reports/out."),
]


def main() -> None:
    """Run the command line; ends the process with the command's exit code."""
    content.make_importable()
    try:
        code = app(standalone_mode=False)
    except typer.Exit as ended:
        code = ended.exit_code
    except typer.Abort:
        code = ExitCode.INFRASTRUCTURE
    except _USAGE as error:
        code = _fail(error, ExitCode.USAGE)
    except _INFRASTRUCTURE as error:
        code = _fail(_told(error), ExitCode.INFRASTRUCTURE)
    except Exception as error:
        if not hasattr(
            error, "format_message"
        ):  # Click's own errors say it; they share no public base here.
            raise
        code = _fail(error.format_message(), ExitCode.USAGE)
    sys.exit(int(code or 0))


def _fail(error: object, code: ExitCode) -> ExitCode:
    """One clear message on stderr."""
    _stderr().print(f"deliverycheck: {error}", style="red", highlight=False, markup=False)
    return code


def _told(error: Exception) -> str:
    """The error in words; of the operating system's, the file and what is wrong with it."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return "\n".join((str(error), *getattr(error, "__notes__", ())))


def _stderr() -> Console:
    return Console(stderr=True, soft_wrap=True)


@app.command()
def run(  # noqa: PLR0913, PLR0917  # each is an option
    profile: Annotated[
        str, typer.Option(help="How much: demo or smoke (a minute), ci (20 min), nightly (8 h).")
    ] = "demo",
    claim: Claims = None,
    system: Annotated[str, typer.Option(help="The system under test.")] = "kafka",
    bootstrap: Bootstrap = None,
    broker: Broker = None,
    client: Client = None,
    seed: Seed = 0,
    minutes: Annotated[
        float | None,
        typer.Option(
            help="No execution starts after so many minutes; else as the profile says.", min=0.05
        ),
    ] = None,
    at_once: Annotated[
        int | None,
        typer.Option(help="Executions at once; else as the profile says.", min=1, max=12),
    ] = None,
    out: Out = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Run claims against a real broker, print what held and what broke, write the report.

    Exit code: 0 all as claimed, 1 not, 2 usage, 3 infrastructure, 4 not exercised.
    """
    from deliverycheck.cli import run as command  # noqa: PLC0415  # Only who runs pays for Hypothesis.
    from deliverycheck.cli.console import Progress  # noqa: PLC0415
    from deliverycheck.cli.target import TargetOptions  # noqa: PLC0415
    from reports import ReportError, print_campaign, render, report_console  # noqa: PLC0415

    chosen = command.profile_of(profile, minutes=minutes, at_once=at_once)
    folder = out or new_folder(profile)
    options = command.RunOptions(
        profile=chosen,
        target=TargetOptions(system=system, bootstrap=bootstrap, broker=broker, client=client),
        claims=tuple(claim or ()),
        seed=seed,
        out=folder,
        corpus=content.folder("corpus"),
    )
    with stopping() as stop:
        record = command.run(options, Progress(_stderr()), stop)
    if as_json:
        sys.stdout.write(msgspec.json.encode(record).decode() + "\n")
    else:
        print_campaign(record, report_console())
    if not CampaignFolder(root=folder).campaign.exists():
        raise typer.Exit(record.exit_code)  # It could not be written, as the record's notes say.
    try:
        rendered = render(folder)
    except (ReportError, OSError) as error:
        code = _fail(f"no report in {folder}: {_told(error)}", ExitCode.INFRASTRUCTURE)
        raise typer.Exit(record.exit_code or int(code)) from None
    if out is None:
        _point_latest_at(folder)
    if not as_json:
        typer.echo(f"\nReport: {rendered.html}")
    raise typer.Exit(record.exit_code)


def new_folder(name: str) -> Path:
    """A name below reports/out that nobody has; nothing is made yet."""
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return Path("reports") / "out" / f"{stamp}-{name}"


def _point_latest_at(folder: Path) -> None:
    """`latest` beside the folder is the last campaign that was told, whatever ended early since."""
    latest = folder.with_name("latest")
    latest.unlink(missing_ok=True)
    latest.symlink_to(folder.name)


@app.command()
def replay(  # noqa: PLR0913, PLR0917  # each is an option
    plan: Annotated[Path, typer.Argument(help="A plan, or an entry of the corpus, as a file.")],
    times: Annotated[int, typer.Option(help="How often to run it.", min=1, max=10_000)] = 1,
    claim: Annotated[
        str | None,
        typer.Option(
            help="Judge this claim; else the one that the corpus names, else every guarantee."
        ),
    ] = None,
    bootstrap: Bootstrap = None,
    broker: Broker = None,
    client: Client = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Change a setting of the plan's subject, such as producer.acks=all, "
            "consumer.commit=after_effect or partitions=1; may be given several times. "
            "Without a value (producer.acks=) it gets its default back.",
        ),
    ] = None,
    debug: Annotated[
        str | None,
        typer.Option(help="Keep the client library's own log of these contexts, such as eos,msg."),
    ] = None,
    pytest_file: Annotated[
        Path | None,
        typer.Option("--pytest", help="Write the replay as a pytest file instead of running it."),
    ] = None,
    out: Out = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Run a plan again and say how often it breaks what. Exit code: 1 broken, 0 held, 4 unknown."""
    from deliverycheck.cli.replay import ReplayOptions  # noqa: PLC0415
    from deliverycheck.cli.replay import replay as command  # noqa: PLC0415

    options = ReplayOptions(
        plan=plan,
        times=times,
        claim=claim,
        bootstrap=bootstrap,
        broker=broker,
        client=client,
        changes=tuple(change or ()),
        debug=debug,
        out=out or new_folder("replay"),
        as_json=as_json,
        pytest_file=pytest_file,
    )
    with stopping() as stop:
        raise typer.Exit(int(command(options, _stderr(), stop)))


@app.command(
    help=HELP_OF_CHECK,
    epilog="What a history looks like, with a script to copy: docs/history-format.md",
)
def check(
    history: Annotated[
        list[Path],
        typer.Argument(help="Histories in JSON Lines, or - for standard input."),
    ],
    guarantee: Annotated[
        list[str] | None,
        typer.Option(help="Only this guarantee, by its name; may be given several times."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Folder for a report.html with verdicts and timelines.")
    ] = None,
    edn: Annotated[
        Path | None,
        typer.Option(help="File for the history in EDN, as Jepsen reads it (docs/edn.md)."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Judge recorded histories; what it prints and returns stands in its help."""
    from deliverycheck.cli.check import CheckOptions  # noqa: PLC0415
    from deliverycheck.cli.check import check as command  # noqa: PLC0415

    options = CheckOptions(
        paths=tuple(history),
        names=tuple(guarantee or ()),
        report=report,
        edn=edn,
        as_json=as_json,
    )
    raise typer.Exit(int(command(options, lambda error: _fail(_told(error), ExitCode.USAGE))))


@app.command()
def report(
    folder: Annotated[
        Path, typer.Argument(help="A campaign's folder, such as reports/out/latest.")
    ],
) -> None:
    """Render a campaign again from what is on disk."""
    from reports import (  # noqa: PLC0415
        ReportError,
        load_campaign,
        print_campaign,
        render,
        report_console,
    )

    try:
        rendered = render(folder)
        print_campaign(load_campaign(folder), report_console())
    except ReportError as error:
        raise typer.Exit(int(_fail(error, ExitCode.USAGE))) from None
    typer.echo(f"\nReport: {rendered.html}")


@app.command()
def doctor() -> None:
    """Say, a line each, what was found, what is missing, and what to do. Changes nothing."""
    from deliverycheck.brokers.provision import Status, diagnose  # noqa: PLC0415

    findings = diagnose()
    for finding in findings:
        typer.echo(str(finding))
    missing = any(finding.status is Status.MISSING for finding in findings)
    raise typer.Exit(int(ExitCode.INFRASTRUCTURE if missing else ExitCode.AS_CLAIMED))


@app.command()
def claims(
    system: Annotated[str, typer.Option(help="The system under test.")] = "kafka",
    *,
    as_json: AsJson = False,
) -> None:
    """List what is claimed: settings, guarantee, stance, hazards and source."""
    from deliverycheck.cli.claims import claims as command  # noqa: PLC0415

    command(system, as_json=as_json)


@worker.command("check", context_settings={"ignore_unknown_options": True})
def worker_check(
    command: Annotated[
        list[str], typer.Argument(help="-- and the command that starts the worker.")
    ],
) -> None:
    """Say, a line each, what a worker program does right and wrong; no broker is needed."""
    from deliverycheck.clients.conformance import Grade, check_worker  # noqa: PLC0415

    findings = check_worker(command)
    for finding in findings:
        typer.echo(f"{finding.grade:<5}  {finding.point}: {finding.seen}")
    wrong = any(finding.grade is Grade.WRONG for finding in findings)
    raise typer.Exit(int(ExitCode.BROKEN if wrong else ExitCode.AS_CLAIMED))


@app.command()
def detect(
    claim: Claims = None,
    seeds: Annotated[
        str, typer.Option(help="How many seeds, from 0; or a range such as 30-129.")
    ] = "30",
    out: Annotated[
        Path, typer.Option(help="Where the measurement is kept, and resumed from.")
    ] = Path("reports/out/detect"),
) -> None:
    """Measure how soon generated plans, without the corpus, find what must break."""
    from deliverycheck.cli.detect import detect as command  # noqa: PLC0415

    with stopping() as stop:
        raise typer.Exit(int(command(tuple(claim or ()), seeds, out, _stderr(), stop)))


@app.command()
def keep(claim: Claims = None) -> None:
    """Fill the corpus: find, shrink and keep each must-break claim's best-reproducing plan."""
    from deliverycheck.cli.keep import keep as command  # noqa: PLC0415

    with stopping() as stop:
        raise typer.Exit(
            int(command(tuple(claim or ()), content.folder("corpus"), _stderr(), stop))
        )


@app.command()
def bench(
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = Path(
        "reports/out/bench.json"
    ),
) -> None:
    """Measure executions a minute, worker throughput, broker start and check time."""
    from deliverycheck.cli.bench import bench as command  # noqa: PLC0415

    with stopping() as stop:
        raise typer.Exit(int(command(out, _stderr(), stop)))


@app.command()
def soak(
    kills: Annotated[int, typer.Option(help="How often a run is killed first.", min=0)] = 30,
    minutes: Annotated[
        float, typer.Option(help="How long the campaign after it lasts.", min=0.0)
    ] = 120.0,
    seed: Seed = 0,
    out: Out = None,
) -> None:
    """Kill a running harness at random moments and look for leftovers, then run for hours.

    Exit code: 1 something was left behind, else that of the campaign.
    """
    from deliverycheck.cli.console import Progress  # noqa: PLC0415
    from deliverycheck.cli.soak import kill_again_and_again  # noqa: PLC0415

    folder = out or new_folder("soak")
    with stopping() as stop:
        found = kill_again_and_again(kills, seed, folder, Progress(_stderr()), stop)
        stopped = stop.is_set()
    left = sum(bool(one.left) for one in found)
    typer.echo(f"{len(found)} of {kills} kills: something was left after {left}")
    if left or stopped or not minutes:
        raise typer.Exit(int(ExitCode.BROKEN if left else ExitCode.NOT_EXERCISED if stopped else 0))
    run(profile="nightly", minutes=minutes, seed=seed, out=folder / "campaign")
