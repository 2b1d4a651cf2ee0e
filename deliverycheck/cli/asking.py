"""The door to `deliverycheck ask`: its options, and the report behind its answer."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deliverycheck.cli.backends import Backend
from deliverycheck.cli.interrupts import stopping
from deliverycheck.cli.messages import fail, stderr, told
from deliverycheck.cli.options import (
    Bootstrap,
    Broker,
    Client,
    CredentialsFile,
    On,
    Out,
    Seed,
    new_folder,
)
from deliverycheck.plans import CommitPolicy
from deliverycheck.search.record import ExitCode


class Commit(StrEnum):
    """Orders of the consumer's calls that can be asked about."""

    AFTER_EFFECT = "after_effect"
    BEFORE_EFFECT = "before_effect"
    AUTO = "auto"
    STORE_AFTER_EFFECT = "store_after_effect"


def ask(  # noqa: PLR0913, PLR0917  # each is an option
    system: Annotated[str, typer.Argument(help="The system that is asked about.")] = "kafka",
    guarantee: Annotated[
        list[str] | None,
        typer.Option(
            help="What is to be kept: at-least-once, at-most-once, exactly-once, order, "
            "transactions, or a guarantee by its name; may be given several times. "
            "Without it at-least-once."
        ),
    ] = None,
    producer: Annotated[
        Path | None, typer.Option(help="Settings of your producer, as a properties file.")
    ] = None,
    consumer: Annotated[
        Path | None, typer.Option(help="Settings of your consumers, as a properties file.")
    ] = None,
    queue: Annotated[
        str | None,
        typer.Option(
            help="Of RabbitMQ, your queue: kind=quorum,length_max=1000,dead_letter_exchange=, "
            "dead_letter_key=dead and so on; else a durable classic one."
        ),
    ] = None,
    commit: Annotated[
        Commit | None,
        typer.Option(
            help="When your consumer commits; else as its settings say, and after the effect if "
            "they leave it to the application."
        ),
    ] = None,
    fault: Annotated[
        str | None,
        typer.Option(
            help="What you fear, divided by commas: kill:worker, kill:broker, pause:worker, "
            "pause:broker, starve:broker, lose_reply, lose_request, torn_request, black_hole, "
            "stall, delay, refuse. Without it killed workers and brokers, and networks that lose "
            "or refuse."
        ),
    ] = None,
    minutes: Annotated[
        float,
        typer.Option(
            help="How long plans are tried, at most; what breaks is then shrunk and mended.",
            min=0.05,
        ),
    ] = 2.0,
    backend: On = Backend.AUTO,
    bootstrap: Bootstrap = None,
    credentials: CredentialsFile = None,
    broker: Broker = None,
    client: Client = None,
    seed: Seed = 0,
    out: Out = None,
) -> None:
    """Do these settings keep the promise? What is documented, what was tried, what would hold.

    Settings are read from ordinary properties files: names of the Java client are translated, \
what has no counterpart is named. Plans are drawn for just these settings and these faults; what \
breaks is shrunk, and the smallest change of settings that mends it is found by trying.

    deliverycheck ask kafka --producer producer.properties --guarantee at-least-once

    deliverycheck ask rabbitmq --producer publisher.properties --queue kind=quorum

    Exit code: 0 held, 1 broken, 2 usage, 3 infrastructure, 4 not exercised.
    """
    from deliverycheck.cli.ask.command import Question  # noqa: PLC0415  # Only who asks pays for Hypothesis.
    from deliverycheck.cli.ask.command import ask as command  # noqa: PLC0415
    from deliverycheck.cli.ask.systems import Asked  # noqa: PLC0415
    from deliverycheck.cli.console import Progress  # noqa: PLC0415
    from deliverycheck.cli.target import TargetOptions  # noqa: PLC0415
    from reports import ReportError, render, report_console  # noqa: PLC0415

    question = Question(
        target=TargetOptions(
            system=system,
            backend=backend,
            bootstrap=bootstrap,
            credentials=credentials,
            broker=broker,
            client=client,
        ),
        asked=Asked(
            producer=producer,
            consumer=consumer,
            commit=None if commit is None else CommitPolicy(commit.value),
            queue=queue,
        ),
        guarantees=tuple(guarantee or ("at-least-once",)),
        faults=fault,
        minutes=minutes,
        seed=seed,
        out=out or new_folder("ask"),
    )
    with stopping() as stop:
        record = command(question, report_console(), Progress(stderr()), stop)
    try:
        rendered = render(question.out)
    except (ReportError, OSError) as error:
        code = fail(f"no report in {question.out}: {told(error)}", ExitCode.INFRASTRUCTURE)
        raise typer.Exit(record.exit_code or int(code)) from None
    typer.echo(f"\nReport: {rendered.html}")
    raise typer.Exit(record.exit_code)
