"""`summary.md`: the matrix and the first violations, for a pull request or a step of a CI."""

import re
from collections.abc import Iterator

from deliverycheck.plans.campaign import Campaign
from reports import words
from reports.cards import Card, Kind, cards_of
from reports.matrix import DASH, Group, Mark, Matrix, matrix_of
from reports.visible import all_visible

BYTES_MAX = 1024 * 1024
"""What a step of GitHub's CI takes; of a longer summary it shows nothing.
docs.github.com/actions/reference/workflow-commands-for-github-actions, step isolation."""

VIOLATIONS_SHOWN_MAX = 5
"""Alarms come first; the rest is counted and stands in the report."""

CHARACTERS_MAX = 500
"""Of a heading, where the whole summary is too long."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!@&$])")
_STRONG = frozenset({Mark.FOUND, Mark.VIOLATED, Mark.NOT_FIRED})


def summary_of(campaign: Campaign) -> str:
    """Markdown in which no text of the campaign acts as markup, a mention or a link."""
    campaign = all_visible(campaign)
    whole = "\n".join(_lines(campaign)) + "\n"
    if len(whole.encode()) <= BYTES_MAX:
        return whole
    return "\n".join(_short_lines(campaign)) + "\n"


def _lines(campaign: Campaign) -> Iterator[str]:
    yield f"### {escaped(words.answer_of(campaign))}"
    yield ""
    yield escaped(words.header_of(campaign))
    yield ""
    yield from _table(matrix_of(campaign))
    yield "n = valid executions, none broke the promise; FOUND = breaks, as stated; "
    yield f"{DASH} = not exercised; empty = not claimed. " + words.BOUND
    yield ""
    for sentence in words.shortfalls_of(campaign):
        yield f"- ✗ **{escaped(sentence)}**"
    cards = cards_of(campaign)
    for card in cards[:VIOLATIONS_SHOWN_MAX]:
        yield from card_lines(card)
    if rest := len(cards) - VIOLATIONS_SHOWN_MAX:
        yield from ([f"… and {rest} more in report.html.", ""] if rest > 0 else [])
    for note in words.notes_of(campaign):
        yield f"- {escaped(note)}"
    yield ""
    yield escaped(words.exit_of(campaign))


def _short_lines(campaign: Campaign) -> Iterator[str]:
    """The answer alone, where the whole would be too long for anybody to show."""
    settings = words.counted(len(campaign.results), "claim")
    yield f"### {escaped(words.answer_of(campaign))}"
    yield ""
    yield f"The matrix of {settings} is too long for a summary: it stands in report.html."
    yield ""
    for card in cards_of(campaign)[:VIOLATIONS_SHOWN_MAX]:
        yield f"- {escaped(card.heading[:CHARACTERS_MAX])}"
    yield ""
    yield escaped(words.exit_of(campaign))


def _table(matrix: Matrix) -> Iterator[str]:
    if not matrix.groups:
        return
    heads = ["setting", "stance", *matrix.columns]
    yield row_of([escaped(head) for head in heads])
    yield row_of(["---", "---", *("--:" for _ in matrix.columns)])
    for group in matrix.groups:
        yield from _group(group, len(heads))
    yield ""


def _group(group: Group, width: int) -> Iterator[str]:
    yield row_of([f"**{escaped(group.title)}**", *("" for _ in range(width - 1))])
    for row in group.rows:
        cells = (f"**{cell.text}**" if cell.mark in _STRONG else cell.text for cell in row.cells)
        yield row_of([escaped(row.setting), row.stance.value, *cells])


def row_of(cells: list[str]) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def card_lines(card: Card) -> Iterator[str]:
    """One violation, folded unless it is an alarm."""
    violation = card.violation
    mark = "✗" if card.kind is Kind.ALARM else "✓"
    opened = " open" if card.kind is Kind.ALARM else ""
    yield f"<details{opened}><summary>{mark} {_html(card.heading)}</summary>"
    yield ""
    yield escaped(f"{card.place} · {card.measured}")
    yield ""
    for step in violation.steps:
        told = f"{step.lane}: {step.text}" + (f" → {step.result}" if step.result else "")
        yield f"{step.number}. {escaped(told)}"
    yield ""
    for sentence in violation.sentences:
        yield escaped(sentence)
    yield ""
    yield f"Who promised what: {escaped(f'{violation.promise} ({violation.source})')}"
    if violation.instead:
        yield f"<br>Holds instead: {escaped(violation.instead)}"
    yield ""
    yield code(violation.replay)
    yield "</details>"
    yield ""


def escaped(text: str) -> str:
    """The text with everything that Markdown or HTML would act upon as an entity."""
    return _SPECIAL.sub(lambda found: f"&#{ord(found.group())};", text).replace("://", "&#58;//")


def _html(text: str) -> str:
    return escaped(text)


def code(text: str, *, language: str = "sh") -> str:
    """A block that no run of backticks in the text can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
