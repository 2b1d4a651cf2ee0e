"""The doors to `deliverycheck compare-clients` and `compare-brokers`: their options."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deliverycheck.cli.interrupts import stopping
from deliverycheck.cli.messages import stderr
from deliverycheck.cli.options import Out, Seed, new_folder

if TYPE_CHECKING:
    from deliverycheck.cli.compare_versions.contest import Contestants

_Plans = Annotated[int, typer.Option(help="Plans that each version is put through.", min=1)]


def compare_clients(
    versions: Annotated[
        list[str],
        typer.Argument(
            help="Versions of confluent-kafka, such as 2.3.0; the installed one is always compared."
        ),
    ],
    plans: _Plans = 300,
    seed: Seed = 0,
    out: Out = None,
) -> None:
    """In what do versions of the client differ? What tells them apart on the same plans.

    Plans are drawn for the settings of our own claims and saved in the folder. Each is executed \
once with each version and judged by all guarantees. What a version broke, and what not all \
versions say the same of, is replayed 10 times with each; it is a difference only if two rates' \
95 % intervals are apart, and are so again in 10 more replays with each. Each difference is shrunk \
to a small plan. A plan with settings that a version does not know is not applicable to it.

    deliverycheck compare-clients 2.1.0 2.3.0 --plans 300 --out clients

    It takes hours. The settings take turns, so that a few plans are spread over many. After \
Ctrl-C or a kill the same command with the same --out goes on, with more plans and further \
versions too. The folder gets versions.json, versions.md and plans/.

    For two campaigns that lie on disk, whatever differs between them, use compare; for versions \
of a broker, compare-brokers.

    Exit code: 0 no difference, 1 a difference, 2 usage, 3 infrastructure, 4 stopped.
    """
    from deliverycheck.cli.compare_versions.clients import Clients  # noqa: PLC0415  # Only who asks pays for Hypothesis.
    from deliverycheck.cli.compare_versions.versions import client_versions  # noqa: PLC0415

    _compare(Clients(versions=client_versions(versions)), plans, seed, out or new_folder("clients"))


def compare_brokers(
    versions: Annotated[
        list[str],
        typer.Argument(
            help="Versions of one system's broker, such as rabbitmq:4.0 or kafka:3.9.2; the usual "
            "one is always compared."
        ),
    ],
    plans: _Plans = 300,
    seed: Seed = 0,
    out: Out = None,
) -> None:
    """In what do versions of a broker differ? What tells them apart on the same plans.

    As compare-clients, which says how, with a broker of each version beside the others. What a \
version does not have shows as executions that could not be concluded, and is told by its reason.

    deliverycheck compare-brokers rabbitmq:3.10 rabbitmq:4.0 --plans 300 --out versions

    It takes an hour or more. The settings take turns, so that a few plans are spread over many. \
After Ctrl-C or a kill the same command with the same --out goes on, with more plans and further \
versions too. The folder gets versions.json, versions.md, plans/ and a folder for each version.

    Exit code: 0 no difference, 1 a difference, 2 usage, 3 infrastructure, 4 stopped.
    """
    from deliverycheck.cli.compare_versions.brokers import Brokers  # noqa: PLC0415  # As above.
    from deliverycheck.cli.compare_versions.versions import broker_versions  # noqa: PLC0415

    system, named = broker_versions(versions)
    _compare(Brokers(system=system, versions=named), plans, seed, out or new_folder("brokers"))


def _compare(contestants: "Contestants", plans: int, seed: int, out: Path) -> None:
    from deliverycheck.cli.compare_versions.command import Asked, compare_versions  # noqa: PLC0415
    from deliverycheck.cli.console import Progress  # noqa: PLC0415

    asked = Asked(contestants=contestants, plans=plans, seed=seed, out=out)
    with stopping() as stop:
        raise typer.Exit(int(compare_versions(asked, Progress(stderr()), stop)))
