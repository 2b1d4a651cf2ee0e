"""`python -m selftests.browser.sample FOLDER`: the campaign in `reports/samples/`, in pictures too.

Of a campaign's folder it keeps what its report is made of, so that `deliverycheck report
reports/samples/campaign` makes the page again.
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from deliverycheck.history import CampaignFolder, ExecutionFolder
from reports import load_campaign, render
from selftests.browser.waiting import until_painted

SAMPLES = Path(__file__).resolve().parents[2] / "reports" / "samples"
SIZE = {"width": 1180, "height": 1240}


def main(folder: Path) -> None:
    """The samples are those of this campaign."""
    target = SAMPLES / "campaign"
    shutil.rmtree(target, ignore_errors=True)
    keep(folder, target)
    photograph(render(target).html)


def keep(folder: Path, target: Path) -> None:
    """The record, the journal, and of each violation its plans and its history.

    Commands of the record that name the folder name the samples instead.
    """
    target.mkdir(parents=True)
    record = CampaignFolder(root=folder).campaign.read_text(encoding="utf-8")
    place = str(target.relative_to(SAMPLES.parents[1]))
    for own in (str(folder.resolve()), str(folder)):
        record = record.replace(own, place)
    CampaignFolder(root=target).campaign.write_text(record, encoding="utf-8")
    for events in (*folder.glob("events.ndjson"), *folder.glob("*/events.ndjson")):
        copy(events, target / events.relative_to(folder))
    for violation in load_campaign(folder).violations:
        kept = ExecutionFolder(root=folder / violation.folder)
        for path in (kept.history, *kept.root.glob("plan*.json")):
            copy(path, target / path.relative_to(folder))


def copy(path: Path, target: Path) -> None:
    """The file, and the folders that it needs."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, target)


def photograph(html: Path) -> None:
    """What README shows: the first thing that somebody sees, and a violation."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, reduced_motion="reduce")
        page.goto(html.as_uri())
        page.screenshot(path=SAMPLES / "report.png")
        open_card(page)
        page.locator("article", has=page.locator(".sequence")).first.screenshot(
            path=SAMPLES / "violation.png"
        )
        browser.close()


def open_card(page: Page) -> None:
    """The first card with a diagram is open, its timeline drawn."""
    card = page.locator("article", has=page.locator(".sequence")).first
    card.locator("details.more").evaluate("(one) => { one.open = true; }")
    card.scroll_into_view_if_needed()
    until_painted(page, card.locator(".timeline").get_attribute("id"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
