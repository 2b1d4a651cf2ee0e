"""All files of a report, written beside the campaign that they show."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deliverycheck.history import CampaignFolder
from deliverycheck.plans.campaign import Campaign
from reports.ctrf import ctrf_of
from reports.html import html_of
from reports.judged import JudgedHistory, answer_of_judged, html_of_judged, parts_of
from reports.judged_files import junit_of_judged, summary_of_judged
from reports.junit import junit_of
from reports.load import histories_in, load_campaign
from reports.matrix_page import Beside, matrix_page_of
from reports.summary import summary_of
from reports.traced import trace_of_campaign, trace_of_judged
from reports.writing import made, write


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedReport:
    """The campaign that was shown, and the files that show it."""

    campaign: Campaign
    html: Path
    summary: Path
    junit: Path


def render(folder: Path, campaign: Campaign | None = None) -> RenderedReport:
    """Write the page, and what other programs read, into a campaign's folder.

    What was there before stays whole until its successor is. `campaign` is shown instead of what
    `campaign.json` says, of a folder that has none.

    Raises:
        ReportError: the folder holds no campaign that can be shown, or the files
            cannot be written.
    """
    campaign = campaign or load_campaign(folder)
    paths, histories = CampaignFolder(root=folder), histories_in(folder, campaign)
    write(paths.report, html_of(campaign, folder, histories).encode())
    write(paths.summary, summary_of(campaign).encode())
    write(paths.junit, junit_of(campaign))
    write(paths.ctrf, ctrf_of(campaign))
    write(paths.trace, trace_of_campaign(campaign, histories))
    return RenderedReport(
        campaign=campaign, html=paths.report, summary=paths.summary, junit=paths.junit
    )


def render_matrix_page(campaign: Campaign, page: Path, beside: Beside) -> None:
    """Write the campaign's matrix with its plans as a page of the documentation.

    Raises:
        ReportError: the page cannot be written.
    """
    write(page, matrix_page_of(campaign, beside).encode())


def render_judged(histories: Sequence[JudgedHistory], folder: Path) -> Path:
    """Write the same files for judged histories into a folder, made if need be; the page's path.

    Raises:
        ReportError: they cannot be written.
    """
    paths, parts = CampaignFolder(root=made(folder)), parts_of(histories)
    answer = answer_of_judged(histories)
    write(paths.report, html_of_judged(answer, parts).encode())
    write(paths.summary, summary_of_judged(answer, parts).encode())
    write(paths.junit, junit_of_judged(parts))
    write(paths.trace, trace_of_judged(histories, answer))
    return paths.report
