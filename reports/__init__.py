"""Reports: what a campaign found, rendered from its folder alone."""

from reports.brief import brief_of, came_out
from reports.errors import ReportError
from reports.judged import JudgedHistory
from reports.load import load_campaign
from reports.render import RenderedReport, render, render_judged
from reports.terminal import print_campaign, report_console

__all__ = [
    "JudgedHistory",
    "RenderedReport",
    "ReportError",
    "brief_of",
    "came_out",
    "load_campaign",
    "print_campaign",
    "render",
    "render_judged",
    "report_console",
]
