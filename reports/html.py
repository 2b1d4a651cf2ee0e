"""`report.html`: one file that holds all it shows and asks no network for anything."""

from dataclasses import dataclass
from pathlib import Path

from deliverycheck.history import ExecutionFolder, HistoryFormatError, read_history
from deliverycheck.plans.campaign import Campaign, Violation
from reports import words
from reports.cards import Card, cards_of
from reports.matrix import matrix_of
from reports.page import environment
from reports.timeline import Timeline, timeline_of
from reports.visible import all_visible, visible
from reports.witnesses import witnesses_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The timeline of a violation, or why there is none."""

    timeline: Timeline | None
    missing: str = ""


def html_of(campaign: Campaign, folder: Path) -> str:
    """The page; histories are read from the execution folders that the violations name."""
    campaign = all_visible(campaign)
    cards = cards_of(campaign)
    pictures = {card.violation.id: _picture(card.violation, folder) for card in cards}
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            answer=words.answer_of(campaign),
            header=words.header_of(campaign),
            bad=campaign.exit_code != 0,
            matrix=matrix_of(campaign),
            overview=words.overview_of(campaign),
            shortfalls=words.shortfalls_of(campaign),
            cards=cards,
            pictures=pictures,
            notes=words.notes_of(campaign),
            exit=words.exit_of(campaign),
            facts=words.facts_of(campaign),
            legend=words.LEGEND,
            bound=words.BOUND,
            crash=words.CRASH,
            rate=words.rate_of,
            anchor=anchor_of,
        )
    )


def anchor_of(card_or_id: Card | str) -> str:
    """The place of a violation on the page."""
    name = card_or_id if isinstance(card_or_id, str) else card_or_id.violation.id
    return f"violation-{''.join(c if c.isalnum() else '-' for c in name)}"


def _picture(violation: Violation, folder: Path) -> Picture:
    """Read the history that the violation names; whatever is wrong with it becomes a sentence."""
    path = ExecutionFolder(root=folder / violation.folder).history
    if not path.resolve().is_relative_to(folder.resolve()):
        return Picture(timeline=None, missing=f"{violation.folder} lies outside the campaign")
    try:
        history = read_history(path)
    except FileNotFoundError:
        return Picture(timeline=None, missing=f"{violation.folder}/history.jsonl is not there")
    except OSError as error:
        return Picture(timeline=None, missing=f"history.jsonl cannot be read: {error.strerror}")
    except HistoryFormatError as error:
        told = visible(str(error).replace(str(folder), "").lstrip("/"))
        return Picture(timeline=None, missing=told)
    witnesses = witnesses_of(violation, history)
    return Picture(timeline=timeline_of(history, witnesses))
