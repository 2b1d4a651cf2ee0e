"""A timeline is zoomed, moved, and leads to its table and back, by mouse and by keyboard."""

import pytest

from selftests.browser.waiting import until, until_painted

FIGURE = "#violation-alarm-timeline"


@pytest.fixture
def figure(page):
    found = page.locator(FIGURE)
    found.scroll_into_view_if_needed()
    until_painted(page, FIGURE[1:])
    return found


def view_of(page):
    """Zoom and offset of the timeline."""
    return page.evaluate(
        f"(() => {{ const {{ view }} = timelineOf(document.querySelector('{FIGURE}'));"
        "return [view.zoom, view.offset]; })()"
    )


def place_of(page, op):
    """The middle of a call on the canvas."""
    return page.evaluate(
        f"(op) => {{ const one = timelineOf(document.querySelector('{FIGURE}'));"
        "const box = boxOf(one.scene, one.operations.op.indexOf(op));"
        "return { x: box.x + box.w / 2, y: box.y + 11 }; }",
        op,
    )


def test_click_on_a_call_leads_to_its_row(page, figure):
    figure.locator("canvas").click(position=place_of(page, 2))
    assert figure.locator("tr.here button").inner_text() == "2"
    assert figure.locator("tr.here").is_visible()
    assert figure.locator(".readout").inner_text().startswith("op 2 p1#1 publish p1#1-2")


def test_click_on_a_row_leads_to_its_call(page, figure):
    figure.locator("details").first.evaluate("(one) => { one.open = true; }")
    figure.locator(".history button", has_text="3").click()
    chosen = page.evaluate(f"timelineOf(document.querySelector('{FIGURE}')).chosen")
    assert chosen == 3
    assert figure.locator(".readout").inner_text().startswith("op 3 scan#1 receive")


def test_buttons_zoom_and_show_all_again(page, figure):
    before = view_of(page)
    figure.get_by_role("button", name="Zoom in").click()
    nearer = view_of(page)
    assert nearer[0] > before[0]
    figure.get_by_role("button", name="All").click()
    assert view_of(page)[0] <= before[0]


def test_wheel_with_ctrl_zooms_where_the_pointer_is(page, figure):
    before = view_of(page)
    figure.locator("canvas").hover(position=place_of(page, 2))
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    until(page, f"timelineOf(document.querySelector('{FIGURE}')).view.zoom > {before[0]}")


def test_dragging_moves_the_time(page, figure):
    figure.get_by_role("button", name="Zoom in").click()
    figure.get_by_role("button", name="Zoom in").click()
    before = view_of(page)
    box = figure.locator("canvas").bounding_box()
    x, y = box["x"] + box["width"] * 0.6, box["y"] + 12
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 120, y, steps=4)
    page.mouse.up()
    assert view_of(page)[1] > before[1]


@pytest.mark.parametrize(
    ("keys", "op"),
    [
        (["End"], 3),
        (["Home", "ArrowRight", "ArrowRight"], 2),
        (["End", "ArrowLeft"], 2),
        (["n"], 2),
        (["n", "n"], 3),
        (["Home", "ArrowDown"], 3),
    ],
    ids=["last", "forward", "back", "proof", "next-proof", "other-lane"],
)
def test_keys_lead_from_call_to_call(figure, keys, op):
    stage = figure.locator(".stage")
    stage.focus()
    for key in keys:
        stage.press(key)
    assert figure.locator(".readout").inner_text().startswith(f"op {op} ")


def test_keys_zoom_and_enter_leads_to_the_row(page, figure):
    stage = figure.locator(".stage")
    stage.focus()
    stage.press("n")
    before = view_of(page)
    stage.press("+")
    assert view_of(page)[0] > before[0]
    stage.press("0")
    assert view_of(page)[1] == 0
    stage.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "2"


def test_to_scale_a_wait_is_as_long_as_it_was(page, figure):
    toggle = figure.get_by_role("button", name="To scale")
    toggle.click()
    assert toggle.get_attribute("aria-pressed") == "true"
    ends = page.evaluate(
        f"(() => {{ const one = timelineOf(document.querySelector('{FIGURE}'));"
        "return [one.view.left[2] / WIDTH, one.operations.begun[2] / one.drawing.end]; })()"
    )
    assert ends[0] == pytest.approx(ends[1], abs=0.001)
