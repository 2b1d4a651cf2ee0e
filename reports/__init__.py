"""Reports: what a campaign found, rendered from its folder alone."""

from reports.brief import brief_of, came_out
from reports.errors import ReportError
from reports.judged import JudgedHistory
from reports.load import load_campaign
from reports.matrix_page import Beside, KeptPlan
from reports.pytest_file import pytest_text
from reports.render import RenderedReport, render, render_judged, render_matrix_page
from reports.terminal import print_campaign, report_console

__all__ = [
    "Beside",
    "JudgedHistory",
    "KeptPlan",
    "RenderedReport",
    "ReportError",
    "brief_of",
    "came_out",
    "load_campaign",
    "print_campaign",
    "pytest_text",
    "render",
    "render_judged",
    "render_matrix_page",
    "report_console",
]
