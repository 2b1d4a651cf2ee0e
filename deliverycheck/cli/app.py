"""The commands of `deliverycheck`, each a thin door to a module of its own."""

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from deliverycheck import content
from deliverycheck.brokers import AddressError, InfrastructureError
from deliverycheck.brokers.provision import ProvisionError
from deliverycheck.cli.asking import ask
from deliverycheck.cli.backends import Backend
from deliverycheck.cli.campaigns import campaign, run
from deliverycheck.cli.comparing import compare_brokers, compare_clients
from deliverycheck.cli.help_of_check import HELP_OF_CHECK
from deliverycheck.cli.interrupts import stopping
from deliverycheck.cli.looking import compare, trend
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
from deliverycheck.cli.packing import histories
from deliverycheck.cli.project_options import default_map, project_options
from deliverycheck.cli.systems import UsageError, systems_named
from deliverycheck.clients import SettingError, WorkerError
from deliverycheck.guarantees import UnknownGuaranteeError
from deliverycheck.history import HistoryFormatError
from deliverycheck.plans import PlanFormatError
from deliverycheck.search import JournalFormatError
from deliverycheck.search.record import ExitCode

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Does your broker, with your settings, keep what it promises? Plans are run against a "
    "real broker while its network and processes are broken; the recorded histories are judged.",
)

_USAGE = (
    AddressError,
    UsageError,
    SettingError,
    PlanFormatError,
    HistoryFormatError,
    JournalFormatError,
    UnknownGuaranteeError,
)
_TRACEBACK = "DELIVERYCHECK_TRACEBACK"
_INFRASTRUCTURE = (InfrastructureError, ProvisionError, WorkerError, OSError)

worker = typer.Typer(no_args_is_help=True, help="For authors of workers in any language.")
app.add_typer(worker, name="worker")
app.add_typer(histories, name="history")
app.command()(run)
app.command()(campaign)
app.command()(ask)
app.command()(compare_clients)
app.command()(compare_brokers)
app.command()(compare)
app.command()(trend)


def main() -> None:
    """Run the command line; ends the process with the command's exit code."""
    content.make_importable()
    try:
        fixed = default_map(project_options(Path()))
        code = app(standalone_mode=False, default_map=fixed)
    except typer.Exit as ended:
        code = ended.exit_code
    except typer.Abort:
        code = ExitCode.INFRASTRUCTURE
    except _USAGE as error:
        code = fail(error, ExitCode.USAGE)
    except _INFRASTRUCTURE as error:
        code = fail(told(error), ExitCode.INFRASTRUCTURE)
    except Exception as error:  # noqa: BLE001  # its end is told
        # Click's own errors say it; they share no public base here.
        if hasattr(error, "format_message"):
            code = fail(error.format_message(), ExitCode.USAGE)
        else:
            code = _unexpected(error)
    sys.exit(int(code or 0))


def _unexpected(error: Exception) -> ExitCode:
    """A defect of ours says nothing of a guarantee: never the code of a broken one."""
    if os.environ.get(_TRACEBACK):
        traceback.print_exception(error)
    what = " ".join(f"{type(error).__name__}: {error}".rstrip(": ").split())
    hint = f"please tell the project, with what {_TRACEBACK}=1 shows besides"
    return fail(f"an error of deliverycheck itself, {what}; {hint}", ExitCode.INFRASTRUCTURE)


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
    backend: On = Backend.AUTO,
    bootstrap: Bootstrap = None,
    credentials: CredentialsFile = None,
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
        backend=backend,
        bootstrap=bootstrap,
        credentials=credentials,
        broker=broker,
        client=client,
        changes=tuple(change or ()),
        debug=debug,
        out=out or new_folder("replay"),
        as_json=as_json,
        pytest_file=pytest_file,
    )
    with stopping() as stop:
        raise typer.Exit(int(command(options, stderr(), stop)))


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
        Path | None,
        typer.Option(
            help="Folder for report.html (verdicts, timelines), summary.md, junit.xml and "
            "trace.json.gz (for ui.perfetto.dev)."
        ),
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
    raise typer.Exit(int(command(options, lambda error: fail(told(error), ExitCode.USAGE))))


@app.command()
def report(
    folder: Annotated[
        Path, typer.Argument(help="A campaign's folder, such as reports/out/latest.")
    ],
    page: Annotated[
        Path | None,
        typer.Option(
            help="Write only the matrix, with the plan of each line, as a page in Markdown: "
            "docs/kafka.md and docs/rabbitmq.md are made so."
        ),
    ] = None,
    machine: Annotated[
        str | None,
        typer.Option(help="With --page: where the campaign ran, in words of yours."),
    ] = None,
    issues: Annotated[
        Path | None,
        typer.Option(
            help="Write only, for each alarm, SIGNATURE.title and SIGNATURE.md into this folder, "
            "for a tracker: ci-templates/ opens an issue for each."
        ),
    ] = None,
) -> None:
    """Render a campaign again from what is on disk, also one that was stopped half-way."""
    from deliverycheck.cli.pages import write_page  # noqa: PLC0415
    from deliverycheck.cli.unfinished import campaign_in  # noqa: PLC0415
    from reports import (  # noqa: PLC0415
        ReportError,
        print_campaign,
        render,
        report_console,
        write_issues,
    )

    try:
        if page is not None:
            write_page(folder, page, content.folder("corpus"), machine=machine)
            typer.echo(f"Page: {page}")
            return
        if issues is not None:
            written = write_issues(campaign_in(folder), issues)
            typer.echo(f"Issues: {len(written)} in {issues}")
            return
        rendered = render(folder, campaign_in(folder))
        print_campaign(rendered.campaign, report_console())
    except ReportError as error:
        raise typer.Exit(int(fail(error, ExitCode.USAGE))) from None
    typer.echo(f"\nReport: {rendered.html}")


@app.command()
def schema(
    name: Annotated[
        str,
        typer.Argument(
            help="campaign (campaign.json, run --json), events (a line of --events), compare "
            "(compare.json) or trend (trend.json)."
        ),
    ] = "campaign",
) -> None:
    """Print the JSON schema of a file that other programs read (docs/files.md)."""
    from deliverycheck.cli.schemas import print_schema  # noqa: PLC0415

    print_schema(name)


@app.command()
def doctor() -> None:
    """Say, a line each, what was found, what is missing, and what to do. Changes nothing."""
    from deliverycheck.brokers.provision import Status, diagnose  # noqa: PLC0415
    from deliverycheck.cli.backends import backend_findings  # noqa: PLC0415
    from deliverycheck.cli.systems import systems  # noqa: PLC0415

    findings = (*diagnose(), *backend_findings(systems()))
    for finding in findings:
        typer.echo(str(finding))
    missing = any(finding.status is Status.MISSING for finding in findings)
    raise typer.Exit(int(ExitCode.INFRASTRUCTURE if missing else ExitCode.AS_CLAIMED))


@app.command()
def pull(systems: Systems = None) -> None:
    """Fetch the images that `--backend container` needs. A run never does so by itself."""
    from deliverycheck.cli.container_tools import pull_images  # noqa: PLC0415

    pull_images(systems_named(systems), typer.echo)


@app.command()
def claims(
    systems: Systems = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List what is claimed: settings, guarantee, stance, hazards and source."""
    from deliverycheck.cli.claims import claims as command  # noqa: PLC0415

    command(systems_named(systems), as_json=as_json)


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
    systems: Systems = None,
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
        names = tuple(claim or ())
        chosen = systems_named(systems, names)
        raise typer.Exit(int(command(chosen, names, seeds, out, stderr(), stop)))


@app.command()
def keep(claim: Claims = None, systems: Systems = None) -> None:
    """Fill the corpus: find, shrink and keep each must-break claim's best-reproducing plan."""
    from deliverycheck.cli.keep import keep as command  # noqa: PLC0415

    with stopping() as stop:
        names = tuple(claim or ())
        chosen = systems_named(systems, names)
        corpus = content.folder("corpus")
        raise typer.Exit(int(command(chosen, names, corpus, stderr(), stop)))


@app.command()
def bench(
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = Path(
        "reports/out/bench.json"
    ),
) -> None:
    """Measure executions a minute, worker throughput, broker start and check time."""
    from deliverycheck.cli.bench import bench as command  # noqa: PLC0415

    with stopping() as stop:
        raise typer.Exit(int(command(out, stderr(), stop)))


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
        found = kill_again_and_again(kills, seed, folder, Progress(stderr()), stop)
        stopped = stop.is_set()
    left = sum(bool(one.left) for one in found)
    typer.echo(f"{len(found)} of {kills} kills: something was left after {left}")
    if left or stopped or not minutes:
        raise typer.Exit(int(ExitCode.BROKEN if left else ExitCode.NOT_EXERCISED if stopped else 0))
    run(profile="nightly", minutes=minutes, seed=seed, out=folder / "campaign")
