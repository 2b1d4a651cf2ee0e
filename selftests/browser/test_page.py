"""The whole page in a browser: filtered, followed by its links, read by anybody, printed."""

import importlib.resources

import pytest

from selftests.browser.waiting import until, until_painted

IMPACTS = {"serious", "critical"}


def found_by_axe(page):
    """What axe-core finds wrong, of the impacts that keep somebody out."""
    script = importlib.resources.files("axe_playwright_python") / "axe.min.js"
    page.evaluate(script.read_text(encoding="utf-8"))  # The page's policy lets no script in.
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [
        (one["id"], [node["html"][:120] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in IMPACTS
    ]


def rows_shown(page):
    return page.locator("#settings tbody tr:not(.group):visible").count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_out(opened, campaign, scheme):
    page = opened(campaign / "report.html", color_scheme=scheme)
    for details in page.locator("details").all():
        details.evaluate("(one) => { one.open = true; }")
    assert found_by_axe(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_and_canvas_have_the_colours_that_the_reader_prefers(opened, campaign, scheme):
    page = opened(campaign / "report.html", color_scheme=scheme)
    figure = page.locator("#violation-alarm-timeline")
    figure.scroll_into_view_if_needed()
    until_painted(page, "violation-alarm-timeline")
    light = figure.locator("canvas").evaluate(
        "(one) => one.getContext('2d').getImageData(20, 5, 1, 1).data[0]"
    )
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
    assert (light > 128, int(ground) > 128) == (scheme == "light", scheme == "light")


def test_page_fits_a_phone(opened, campaign):
    page = opened(campaign / "report.html", viewport={"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_reader_who_wants_no_motion_gets_none(opened, campaign):
    page = opened(campaign / "report.html")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_text_narrows_the_matrix_down_and_all_brings_it_back(page):
    everything = rows_shown(page)
    page.locator(".filters [name=text]").fill("commit before")
    assert rows_shown(page) == 2
    assert page.locator(".filters output").inner_text() == "2 settings"
    page.locator(".filters").get_by_role("button", name="All").click()
    until(page, "document.querySelector('.filters output').textContent != '2 settings'")
    assert rows_shown(page) == everything


def test_outcome_and_guarantee_narrow_it_down_together(page):
    page.locator(".filters [value=violated]").check()
    assert rows_shown(page) == 1
    page.locator(".filters [name=guarantee]").select_option("at_least_once_in_log")
    assert rows_shown(page) == 0


def test_fault_leaves_its_column_alone(page):
    page.locator(".filters [name=column]").select_option("lost reply")
    heads = page.locator("#settings thead th:visible").all_inner_texts()
    assert [" ".join(one.split()) for one in heads] == ["Setting", "Stance", "lost reply"]


def test_violated_cell_leads_to_its_card(page):
    page.locator("#settings td.violated a").first.click()
    assert page.url.endswith("#violation-alarm")
    assert page.locator("#violation-alarm").is_visible()


def test_held_cell_leads_to_its_situation_and_opens_the_claim(page):
    page.locator("#settings td.held a").first.click()
    target = page.locator(page.url[page.url.index("#") :])
    assert target.is_visible()
    assert "20" in target.inner_text()


def test_copied_is_the_command_and_the_pytest_file(opened, campaign):
    page = opened(campaign / "report.html")
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard',"
        "{ value: { writeText: async (text) => { globalThis.copied = text; } } })"
    )
    card = page.locator("#violation-alarm")
    card.get_by_role("button", name="Copy", exact=True).click()
    assert page.evaluate("copied").startswith("deliverycheck replay corpus/")
    card.get_by_role("button", name="Copy the pytest file").click()
    text = page.evaluate("copied")
    compile(text, "test_copied.py", "exec")
    assert "def test_idempotent_once(tmp_path):" in text


def test_paper_has_every_card_open_and_nothing_is_cut_off(opened, campaign):
    page = opened(campaign / "report.html", viewport={"width": 720, "height": 1000})
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.more:not([open])").count() == 0
    assert not page.locator(".filters").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 720


def test_without_scripts_the_table_is_there(opened, campaign):
    page = opened(campaign / "report.html", java_script_enabled=False)
    page.locator("#violation-alarm .timeline summary").first.click()
    assert page.locator("#violation-alarm .history tbody tr").first.is_visible()
    assert not page.locator(".filters").is_visible()
