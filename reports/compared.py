"""A comparison shown: on a terminal, as `compare.html`, `compare.md` and `compare.json`."""

from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from deliverycheck.plans.campaign import Campaign
from reports.comparison import Comparison, comparison_of
from reports.comparison_words import (
    Section,
    answer_of,
    basis_of,
    changed_in,
    news_of,
    notes_of,
    sections_of,
)
from reports.load import load_campaign
from reports.page import rendered
from reports.summary import escaped, row_of
from reports.visible import all_visible
from reports.writing import made, write, write_json

_STYLES = {"bad": "bold red", "doubt": "yellow", "good": "green", "": "bold"}


def compare_folders(
    first: Path, second: Path, load: Callable[[Path], Campaign] = load_campaign
) -> Comparison:
    """What differs between the campaigns in two folders, each read by `load`.

    Raises:
        ReportError: one holds no campaign that can be shown, or nothing is in both.
    """
    return all_visible(comparison_of(load(first), load(second)))


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Show it, the worst first."""

    def show(text: str, style: str = "") -> None:
        console.print(Text(text, style=style), highlight=False, markup=False)

    show(answer_of(comparison), "bold red" if comparison.is_worse else "bold")
    for line in changed_in(comparison):
        show(f"  {line}", "dim")
    for section in sections_of(comparison):
        show(f"\n{section.title}", _STYLES[section.news])
        for row in section.rows:
            show(f"  {row.setting}")
            told = f"{row.place}: {row.first} → {row.second}; {row.note}"
            console.print(Padding(Text(told, style="dim"), (0, 0, 0, 4), expand=False))
        if section.left_out:
            show(f"  … and {section.left_out} more")
    show("")
    for note in notes_of(comparison):
        show(note)
    show(basis_of(comparison), "dim")


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Write page, Markdown and JSON into a folder, made if need be; the page's path.

    Raises:
        ReportError: they cannot be written.
    """
    made(folder)
    page = folder / "compare.html"
    write(page, html_of_comparison(comparison).encode())
    write(folder / "compare.md", markdown_of_comparison(comparison).encode())
    write_json(folder / "compare.json", comparison)
    return page


def html_of_comparison(comparison: Comparison) -> str:
    """The page: one file that asks no network for anything."""
    return rendered(
        "compare.html.j2",
        answer=answer_of(comparison),
        news=news_of(comparison),
        changed=changed_in(comparison),
        sections=sections_of(comparison),
        notes=notes_of(comparison),
        basis=basis_of(comparison),
    )


def markdown_of_comparison(comparison: Comparison) -> str:
    """Markdown in which no text of the campaigns acts as markup, a mention or a link."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"### {escaped(answer_of(comparison))}"
    yield ""
    for line in changed_in(comparison):
        yield f"- {escaped(line)}"
    for section in sections_of(comparison):
        yield ""
        yield f"**{escaped(section.title)}**"
        yield ""
        yield from _table(section)
    yield ""
    for note in notes_of(comparison):
        yield f"- {escaped(note)}"
    yield ""
    yield escaped(basis_of(comparison))


def _table(section: Section) -> Iterator[str]:
    yield row_of(["setting", "where", "first", "second", ""])
    yield row_of(["---"] * 5)
    for row in section.rows:
        cells = (row.setting, row.place, row.first, row.second, row.note)
        yield row_of([escaped(cell) for cell in cells])
    if section.left_out:
        yield f"… and {section.left_out} more"
