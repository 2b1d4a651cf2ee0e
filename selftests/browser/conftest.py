"""A real Chromium, that of the system; without one the tests say so and are skipped."""

import os
import shutil
from dataclasses import dataclass, field

import pytest

from reports import render
from selftests.sample_campaign import sample

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_LIBRARY = "make browser installs what drives it (locks/browser.txt)"
_BROWSER = "no Chromium on PATH; to fix it: apt-get install chromium (Debian), or set CHROMIUM"


@dataclass(slots=True)
class Seen:
    """What a page did besides being shown.

    Attributes:
        told: messages on the console and errors of scripts.
        asked: addresses that it wanted to load beside its own.
    """

    told: list = field(default_factory=list)
    asked: list = field(default_factory=list)

    def follow(self, page, own):
        page.on("console", lambda message: self.told.append(message.text))
        page.on("pageerror", lambda error: self.told.append(str(error)))
        page.on("request", lambda request: self._ask(request.url, own))

    def _ask(self, address, own):
        if address != own:
            self.asked.append(address)


@pytest.fixture(scope="package")
def chromium():
    """Chromium, and nothing that it looks up by itself; its driver's loop is no other tests'."""
    library = pytest.importorskip("playwright.sync_api", reason=_LIBRARY)
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip(_BROWSER)
    with library.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def campaign(tmp_path_factory):
    """The folder of the sample campaign, with an alarm, as a page."""
    folder = tmp_path_factory.mktemp("campaign")
    sample(folder, alarm=True)
    render(folder)
    return folder


@pytest.fixture
def opened(chromium):
    """Opens a page in a context of its own; whatever it said or asked for is a failure."""
    contexts = []

    def open_page(path, **options):
        context = chromium.new_context(offline=True, **({"reduced_motion": "reduce"} | options))
        # A loaded machine is slow, and a test that waits longer is no worse for it.
        context.set_default_timeout(60_000)
        page, seen = context.new_page(), Seen()
        seen.follow(page, path.as_uri())
        contexts.append((context, seen))
        page.goto(path.as_uri(), timeout=120_000)
        return page

    yield open_page
    for context, _ in contexts:
        context.close()
    assert [(seen.told, seen.asked) for _, seen in contexts] == [([], [])] * len(contexts)


@pytest.fixture
def page(opened, campaign):
    """The report of the sample campaign."""
    return opened(campaign / "report.html")
