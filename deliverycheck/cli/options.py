"""Options that several commands share, and the folder that a command makes for itself."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from deliverycheck.cli.backends import Backend

Claims = Annotated[
    list[str] | None,
    typer.Option("--claim", help="Only this claim, by its id; may be given several times."),
]
Systems = Annotated[
    str | None,
    typer.Option("--systems", "--system", help="kafka, rabbitmq, or both with a comma; else all."),
]
Bootstrap = Annotated[
    str | None,
    typer.Option(
        "--bootstrap",
        "--amqp",
        help="HOST:PORT of a running Kafka cluster, or amqp://USER@HOST:PORT of a running RabbitMQ "
        "(its password in DELIVERYCHECK_AMQP_PASSWORD); else a broker of our own is started.",
    ),
]
CredentialsFile = Annotated[
    Path | None,
    typer.Option(
        "--credentials",
        help="Client settings that the running broker wants for TLS or an account, as a "
        "properties file; else the one that DELIVERYCHECK_CREDENTIALS names.",
    ),
]
On = Annotated[
    Backend,
    typer.Option(
        "--backend",
        help="Where the broker comes from: processes of this machine, containers, or one that "
        "runs (--bootstrap). auto takes the first that can be had, and says which and why.",
    ),
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


def new_folder(name: str) -> Path:
    """A name below reports/out that nobody has; nothing is made yet."""
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return Path("reports") / "out" / f"{stamp}-{name}"
