"""The commands `compare` and `trend`: campaigns on disk beside each other; nothing is run."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from deliverycheck.cli.messages import fail
from deliverycheck.cli.options import AsJson
from deliverycheck.search.record import ExitCode


def compare(
    first: Annotated[
        Path, typer.Argument(help="The folder of a campaign: the older version, say.")
    ],
    second: Annotated[
        Path, typer.Argument(help="The folder of another one, with the same claims.")
    ],
    report: Annotated[
        Path | None,
        typer.Option(help="Folder for compare.html, compare.md and compare.json."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """What got better, worse, or newly exercised from one campaign to another.

    The two may differ in the version of the broker or the client, in the settings of their \
claims, or only in the night. Claims are matched by their names, rates by situation; a rate \
differs only if the two 95 % intervals (Wilson) are apart. Both lie on disk already: nothing is \
run. One that was killed is compared as far as it came.

    deliverycheck run --broker kafka:3.9.2 --out old

    deliverycheck run --out new

    deliverycheck compare old new --report old-new

    To put several versions of a client through the same plans, and have each difference replayed \
and shrunk, use compare-clients: it runs for hours.

    Exit code: 0 nothing is worse, 1 something breaks more often, 2 they cannot be compared, \
4 nothing was judged in both.
    """
    from deliverycheck.cli.unfinished import campaign_in  # noqa: PLC0415  # Only who looks pays.
    from reports import (  # noqa: PLC0415  # As above.
        ReportError,
        compare_folders,
        print_comparison,
        report_console,
        write_comparison,
    )

    try:
        comparison = compare_folders(first, second, campaign_in)
        page = None if report is None else write_comparison(comparison, report)
    except ReportError as error:
        raise typer.Exit(int(fail(error, ExitCode.USAGE))) from None
    if as_json:
        sys.stdout.write(msgspec.json.encode(comparison).decode() + "\n")
    else:
        print_comparison(comparison, report_console())
        if page is not None:
            typer.echo(f"\nPage: {page}")
    if comparison.is_worse:
        raise typer.Exit(int(ExitCode.BROKEN))
    raise typer.Exit(int(0 if comparison.compared else ExitCode.NOT_EXERCISED))


def trend(
    folder: Annotated[
        Path,
        typer.Argument(help="Holds the folders of campaigns, such as reports/out or nights."),
    ],
    report: Annotated[
        Path | None, typer.Option(help="Folder for trend.html and trend.json.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Over many nights: when each violation was first and last seen, and how often.

    Every campaign below the folder counts, in the order of its start. Violations are told apart \
by their signature: claim, anomaly, hazards and the shape of the smallest plan. A campaign in \
which a claim was not tried says nothing of its violations. One that was killed counts as far as \
it came. What cannot be read is left out and named.

    deliverycheck campaign --out nights/monday

    deliverycheck trend nights --report nights

    Exit code: 0 told, 2 no campaign could be read.
    """
    from deliverycheck.cli.unfinished import campaign_in  # noqa: PLC0415  # As above.
    from reports import (  # noqa: PLC0415  # As above.
        ReportError,
        print_trend,
        report_console,
        trend_in,
        write_trend,
    )

    try:
        found = trend_in(folder, campaign_in)
        page = None if report is None else write_trend(found, report)
    except ReportError as error:
        raise typer.Exit(int(fail(error, ExitCode.USAGE))) from None
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        print_trend(found, report_console())
        if page is not None:
            typer.echo(f"\nPage: {page}")
