"""What `--help` says of commands and options is shown as it is written."""

import sys
from collections.abc import Iterator

import click
import pytest
import typer
from rich.text import Text

from deliverycheck.cli.app import app, main


def texts(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
    """Each text of a command and of all below it, with where it stands."""
    yield path, command.help or ""
    for parameter in command.params:
        told = getattr(parameter, "help", None)
        yield f"{path} {parameter.opts[0]}", told or ""
    for name, below in getattr(command, "commands", {}).items():
        yield from texts(below, f"{path} {name}".strip())


HELP = {path: told for path, told in texts(typer.main.get_command(app), "") if "[" in told}


def test_some_help_has_brackets():
    assert HELP


@pytest.mark.parametrize("path", HELP)
def test_help_loses_none_of_its_brackets(path):
    """Typer hands help to rich, to which a word in brackets is a style unless it is escaped."""
    told = HELP[path]
    assert Text.from_markup(told).plain == told.replace("\\[", "[")


def test_help_that_is_not_escaped_would_be_seen():
    assert Text.from_markup("[[claim]] tables").plain != "[[claim]] tables"


def test_tables_of_own_claims_are_named_as_they_are_written(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["deliverycheck", "run", "--help"])
    with pytest.raises(SystemExit):
        main()
    assert "[[claim]]" in capsys.readouterr().out
