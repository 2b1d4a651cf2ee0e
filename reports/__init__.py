"""Reports: what a campaign found, rendered from its folder alone."""

from reports.brief import brief_of, came_out
from reports.compared import compare_folders, print_comparison, write_comparison
from reports.comparison import Comparison
from reports.errors import ReportError
from reports.issues import write_issues
from reports.judged import JudgedHistory
from reports.load import load_campaign
from reports.matrix_page import Beside, KeptPlan
from reports.pytest_file import pytest_text
from reports.render import RenderedReport, render, render_judged, render_matrix_page
from reports.terminal import print_campaign, report_console
from reports.trend import Trend, trend_in
from reports.trended import print_trend, write_trend

__all__ = [
    "Beside",
    "Comparison",
    "JudgedHistory",
    "KeptPlan",
    "RenderedReport",
    "ReportError",
    "Trend",
    "brief_of",
    "came_out",
    "compare_folders",
    "load_campaign",
    "print_campaign",
    "print_comparison",
    "print_trend",
    "pytest_text",
    "render",
    "render_judged",
    "render_matrix_page",
    "report_console",
    "trend_in",
    "write_comparison",
    "write_issues",
    "write_trend",
]
