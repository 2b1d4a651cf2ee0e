"""Reports: what a campaign found, rendered from its folder alone."""

from reports.errors import ReportError
from reports.load import load_campaign
from reports.render import RenderedReport, render
from reports.terminal import print_campaign, report_console

__all__ = [
    "RenderedReport",
    "ReportError",
    "load_campaign",
    "print_campaign",
    "render",
    "report_console",
]
