"""Whatever a campaign's folder holds, its page opens, runs nothing of it, and fits the screen."""

import msgspec
import pytest

from deliverycheck.history import ExecutionFolder
from reports import load_campaign, render
from selftests.browser.waiting import until
from selftests.sample_campaign import sample, save
from selftests.test_reports_page import LONG, hostile


def with_foreign_text(folder):
    save(hostile(load_campaign(folder), folder), folder)


def with_nothing_executed(folder):
    campaign = load_campaign(folder)
    save(msgspec.structs.replace(campaign, results=(), violations=(), executions=0), folder)


def with_torn_histories(folder):
    for violation in load_campaign(folder).violations:
        path = ExecutionFolder(root=folder / violation.folder).history
        path.write_bytes(path.read_bytes()[:-150])


def without_histories(folder):
    for violation in load_campaign(folder).violations:
        ExecutionFolder(root=folder / violation.folder).history.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (with_foreign_text, LONG),
        (with_nothing_executed, "nothing was executed"),
        (with_torn_histories, "The history ends before its end"),
        (without_histories, "history.jsonl is not there"),
    ],
    ids=["foreign-text", "nothing-executed", "torn-histories", "no-histories"],
)
def test_page_opens_and_says_what_is_missing(opened, tmp_path, harm, told):
    sample(tmp_path, alarm=True)
    harm(tmp_path)
    page = opened(render(tmp_path).html, viewport={"width": 380, "height": 800})
    for details in page.locator("details").all():
        details.evaluate("(one) => { one.open = true; }")
    drawn = "[...document.querySelectorAll('.timeline')].every((one) => timelines.get(one)?.pen)"
    until(page, drawn)
    assert told in page.locator("body").inner_text()
    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
