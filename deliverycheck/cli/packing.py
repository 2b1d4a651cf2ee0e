"""`deliverycheck history`: files that are too big for memory."""

from pathlib import Path
from typing import Annotated

import typer

from deliverycheck.cli.systems import UsageError

histories = typer.Typer(no_args_is_help=True, help="For histories that are too big for memory.")


@histories.callback()
def history() -> None:
    """A group of its own, however few commands it has."""


@histories.command("pack")
def pack(path: Annotated[Path, typer.Argument(help="A history in JSON Lines.")]) -> None:
    """Convert a big history to Parquet, beside it, so that each check of it begins at once."""
    from deliverycheck.big import MissingEngineError  # noqa: PLC0415
    from deliverycheck.big import pack as command  # noqa: PLC0415  # DuckDB is an extra.

    try:
        typer.echo(command(path))
    except MissingEngineError as error:
        raise UsageError(str(error)) from None
