"""The door to `deliverycheck compare-clients`: its options."""

from typing import Annotated

import typer

from deliverycheck.cli.interrupts import stopping
from deliverycheck.cli.messages import stderr
from deliverycheck.cli.options import Out, Seed, new_folder


def compare_clients(
    versions: Annotated[
        list[str],
        typer.Argument(
            help="Versions of confluent-kafka, such as 2.3.0; the installed one is always compared."
        ),
    ],
    plans: Annotated[
        int, typer.Option(help="Plans that each version is put through.", min=1)
    ] = 300,
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

    It takes hours: --plans 30 has one for each subject. After Ctrl-C or a kill the same command \
with the same --out goes on, with more plans and further versions too. The folder gets \
clients.json, kafka-clients.md and plans/.

    For two campaigns that lie on disk, whatever differs between them, use compare.

    Exit code: 0 no difference, 1 a difference, 2 usage, 3 infrastructure, 4 stopped.
    """
    from deliverycheck.cli.compare_clients.command import Asked  # noqa: PLC0415  # Only who asks pays for Hypothesis.
    from deliverycheck.cli.compare_clients.command import (  # noqa: PLC0415
        compare_clients as command,
    )
    from deliverycheck.cli.console import Progress  # noqa: PLC0415

    asked = Asked(
        versions=tuple(versions), plans=plans, seed=seed, out=out or new_folder("clients")
    )
    with stopping() as stop:
        raise typer.Exit(int(command(asked, Progress(stderr()), stop)))
