"""The campaign on a terminal: answer, matrix, violations in words; plain text in a file."""

import os
from collections.abc import Iterator
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deliverycheck.plans.campaign import Campaign
from deliverycheck.plans.claim import Stance
from reports import words
from reports.cards import Card, Kind, cards_of
from reports.matrix import DASH, Mark, Matrix, Row, matrix_of
from reports.visible import all_visible

PLAIN_COLUMNS = 120
"""Width of text that goes to a file or a pipe."""

_SETTING_COLUMNS_MIN = 30
_CELL_COLUMNS = 9
_STANCE_COLUMNS = 7
_LANE_COLUMNS_MIN = 7
_STYLES = {
    Mark.HELD: "green",
    Mark.QUIET: "dim",
    Mark.FOUND: "bold cyan",
    Mark.TOO_FEW: "yellow",
    Mark.NOT_EXERCISED: "dim",
    Mark.INCONCLUSIVE: "yellow",
    Mark.NOT_FIRED: "bold red",
    Mark.VIOLATED: "bold red",
}


def report_console(file: TextIO | None = None) -> Console:
    """A console that keeps lines whole where nobody's window cuts them."""
    console = Console(file=file, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PLAIN_COLUMNS
    return console


def print_campaign(campaign: Campaign, console: Console | None = None) -> None:
    """Show what the campaign found, in as many columns as `console` has."""
    console = console or report_console()
    for part in _parts(all_visible(campaign), console.width):
        console.print(part, highlight=False, markup=False)


def _parts(campaign: Campaign, columns: int) -> Iterator[RenderableType]:
    yield Text()
    yield Text(words.answer_of(campaign), style="bold")
    yield Text(words.header_of(campaign), style="dim")
    yield Text()
    yield from _matrices(matrix_of(campaign), columns)
    yield _legend()
    for sentence in words.shortfalls_of(campaign):
        yield Text(f"\n✗ {sentence}", style="bold red")
    for card in cards_of(campaign):
        yield Text()
        yield _card(card)
    yield Text()
    for note in words.short_notes_of(campaign):
        yield _hanging("Note:", Text(note))
    yield Text(words.exit_of(campaign), style="" if campaign.exit_code == 0 else "bold red")


def _matrices(matrix: Matrix, columns: int) -> Iterator[RenderableType]:
    """One table where it fits, else one for each guarantee with only its own columns."""
    needed = _SETTING_COLUMNS_MIN + _STANCE_COLUMNS + _CELL_COLUMNS * len(matrix.columns)
    if needed <= columns:
        yield _table(matrix)
        yield Text()
        return
    for group in matrix.groups:
        yield _table(matrix.within(group))
        yield Text()


def _table(matrix: Matrix) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    single = matrix.groups[0].title if len(matrix.groups) == 1 else ""
    table.add_column(Text(f"\n{single}", style="bold not dim"), overflow="fold")
    table.add_column("", no_wrap=True)
    for column in matrix.columns:
        lines = column.split(" ", 1)
        head = Text("\n".join(["", *lines][-2:]))
        table.add_column(head, justify="right", min_width=5)
    for group in matrix.groups:
        if not single:
            table.add_row()
            table.add_row(Text(group.title, style="bold"))
        for row in group.rows:
            table.add_row(*_cells(row))
    return table


def _cells(row: Row) -> Iterator[RenderableType]:
    yield _indented(Text(row.setting))
    yield Text(row.stance.value, style="dim" if row.stance is Stance.BREAKS else "")
    for cell in row.cells:
        yield Text(cell.text, style=_STYLES.get(cell.mark, ""), justify="right")


def _legend() -> Text:
    return Text(
        "n = valid executions, none broke the promise (0 of n leaves at most 3/n, 95 %) · "
        f"FOUND = breaks, as stated · {DASH} = not exercised · ? = inconclusive · "
        "blank = not claimed",
        style="dim",
    )


def _card(card: Card) -> Group:
    violation = card.violation
    alarm = card.kind is Kind.ALARM
    heading = Text()
    heading.append("✗ " if alarm else "✓ ", style="bold red" if alarm else "bold cyan")
    heading.append(card.heading, style="bold red" if alarm else "bold")
    lines: list[RenderableType] = [
        heading,
        _indented(Text(f"{card.place} · {card.measured}", style="dim")),
        _indented(_steps(card)),
        *(_indented(Text(sentence)) for sentence in violation.sentences),
        *(_hanging("    ", Text(operation, style="dim")) for operation in violation.operations),
        *(_hanging("  Evidence:", Text(fact)) for fact in violation.evidence),
        _hanging("  Who promised what:", Text(f"{violation.promise} [{violation.source}]")),
    ]
    if violation.instead:
        lines.append(_hanging("  Holds instead:", Text(violation.instead)))
    lines.append(_hanging("  Again:", Text(violation.replay, style="bold")))
    return Group(*lines)


def _indented(told: RenderableType) -> Padding:
    return Padding(told, (0, 0, 0, 2), expand=False)


def _steps(card: Card) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    table.add_column(justify="right", style="dim")
    table.add_column(no_wrap=True, min_width=_LANE_COLUMNS_MIN)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", style="dim")
    for step in card.violation.steps:
        table.add_row(str(step.number), Text(step.lane), Text(step.text), Text(step.result))
    return table


def _hanging(name: str, value: Text) -> Table:
    """A name, and a value whose further lines stay under its first."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(name), value)
    return table
