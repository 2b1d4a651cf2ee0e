"""`issues/`: for each alarm a title and a body, as a tracker takes them."""

from dataclasses import dataclass
from pathlib import Path

from deliverycheck.plans.campaign import Campaign
from reports import words
from reports.cards import Card, Kind, cards_of
from reports.summary import card_lines, escaped
from reports.visible import all_visible
from reports.writing import made, write

TITLE_CHARACTERS_MAX = 200
BODY_CHARACTERS_MAX = 60_000
"""GitHub takes 256 and 65,536."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One alarm. The title ends with the signature, by which an open issue is found again."""

    signature: str
    title: str
    body: str


def issues_of(campaign: Campaign) -> tuple[Issue, ...]:
    """One for each signature of what must hold and was broken; none for what is stated to break."""
    campaign = all_visible(campaign)
    alarms = [card for card in cards_of(campaign) if card.kind is Kind.ALARM]
    return tuple({card.violation.id: _issue(card, campaign) for card in alarms}.values())


def write_issues(campaign: Campaign, folder: Path) -> tuple[Issue, ...]:
    """Write ``<signature>.md`` and ``<signature>.title`` for each into a folder, made if need be.

    Raises:
        ReportError: they cannot be written.
    """
    made(folder)
    issues = issues_of(campaign)
    for issue in issues:
        write(folder / f"{issue.signature}.md", issue.body.encode())
        write(folder / f"{issue.signature}.title", f"{issue.title}\n".encode())
    return issues


def _issue(card: Card, campaign: Campaign) -> Issue:
    title = card.violation.title[:TITLE_CHARACTERS_MAX]
    lines = [escaped(words.header_of(campaign)), "", *card_lines(card)]
    body = "\n".join(lines) + "\n"
    if len(body) > BODY_CHARACTERS_MAX:
        body = f"{escaped(card.heading[:TITLE_CHARACTERS_MAX])}\n\nThe rest is in report.html.\n"
    signature = _file_name(card.violation.id)
    return Issue(signature=signature, title=f"{title} [{signature}]", body=body)


def _file_name(signature: str) -> str:
    """A digest, or what of another text can stand in a name."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in signature)[:80]
