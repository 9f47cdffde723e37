"""The page's layout, measured in a browser from phone to wide screen: one grid, cards, charts, windows next to each other."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect
from tests.page.conftest import PHONE
from tests.page.test_stories import billed

WIDTHS = (390, 768, 1024, 1440, 1920)
VIEWS = ("overview", "customers", "customers/1", "runs", "vendors/1", "journal", "faults")

LEFT_EDGES = """() => {
  const content = selector => {
    const each = document.querySelector(selector), style = getComputedStyle(each);
    return each.getBoundingClientRect().left + parseFloat(style.paddingLeft);
  };
  return [content('.bar'), content('.tabs'), content('.frame'), document.querySelector('h1').getBoundingClientRect().left];
}"""


def test_header_and_content_share_one_grid_at_every_width(pages: Any, served: Any) -> None:
    page = pages(billed(served))
    tab: Page = page.tab
    for view in VIEWS:
        page.go(view)
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 900})
            left = tab.evaluate(LEFT_EDGES)
            assert max(left) - min(left) < 1, (view, width, left)
            over = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert over <= 0, f"{view} is {over} px too wide at {width}"


def test_a_phone_has_a_low_header_the_current_tab_and_cards(pages: Any, served: Any, picture: Any) -> None:
    page = pages(billed(served), viewport=PHONE, has_touch=True)
    picture(page.tab, "phone")
    tab: Page = page.tab
    for view in VIEWS:
        page.go(view)
        assert tab.evaluate("document.querySelector('header').getBoundingClientRect().height") <= 120
        box = tab.locator(".tabs a[aria-current]").bounding_box()
        assert box is not None
        assert box["x"] >= 0, view
        assert box["x"] + box["width"] <= PHONE["width"], view
    page.go("runs")
    labels = "cell => getComputedStyle(cell, '::before').content"
    assert tab.locator("main tbody td").nth(1).evaluate(labels) == '"Name"'
    assert tab.locator("main thead").evaluate("each => each.getBoundingClientRect().height") <= 1
    for cell in tab.locator("main tbody td > div").all():
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= PHONE["width"]
    lines = "each => each.getClientRects().length"  # a date that is wrapped has several boxes
    assert {each.evaluate(lines) for each in tab.locator("main .when").all()} == {1}
    assert tab.get_by_role("row").count() > 1  # cards are a table to screen readers
    page.go("overview")
    charts_are_readable(tab)
    tab.click("#start-tour")
    expect(tab.locator("#tour-press")).to_be_visible()
    assert tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def charts_are_readable(tab: Page) -> None:
    heights = [each.bounding_box() for each in tab.locator("svg.plot text").all()]
    assert heights
    assert all(box and box["height"] >= 12 for box in heights)
    for plot in tab.locator("svg.plot").all():
        box = plot.bounding_box()
        assert box is not None
        for text in plot.locator("text").all():
            inner = text.bounding_box()
            assert inner is not None
            assert inner["x"] + inner["width"] <= PHONE["width"], text.text_content()


def test_five_windows_stand_side_by_side_each_at_its_first_change(pages: Any, served: Any) -> None:
    world = billed(served)
    tab: Page = pages(world, "vendors/1", viewport={"width": 1440, "height": 900}).tab
    expect(tab.locator(".vendor-view")).to_have_count(5)
    for width in (1920, 1440):
        tab.set_viewport_size({"width": width, "height": 900})
        tops = {round((each.bounding_box() or {"y": -1})["y"]) for each in tab.locator(".vendor-view").all()}
        assert len(tops) == 1
        lines = (
            "each => Math.round(each.getBoundingClientRect().height / parseFloat(getComputedStyle(each).lineHeight))"
        )
        assert max(each.evaluate(lines) for each in tab.locator(".vendor-view h2").all()) <= 2
        for text in tab.locator(".vendor-view h2, .vendor-view .request").all():
            assert text.evaluate("each => each.scrollWidth <= each.clientWidth"), f"cut: {text.inner_text()}"
    served.do(world, "record_payment", customer=1, bill=1)
    expect(tab.locator(".changes-table")).to_contain_text("new → settled")
    expect(tab.locator(".changed")).to_contain_text("Unchanged:")
    in_sight = """view => {
        const box = view.querySelector('pre').getBoundingClientRect();
        const mark = view.querySelector('mark.at').getBoundingClientRect();
        return mark.top >= box.top && mark.bottom <= box.bottom;
    }"""
    changed = tab.locator(".vendor-view:has(mark)")
    assert changed.count() >= 3
    assert all(each.evaluate(in_sight) for each in changed.all())
    oracle = tab.locator("#vendor-oracle-brm")
    button = oracle.locator(".next-change")
    expect(button).to_contain_text("Change 1 of")
    for _ in range(3):
        button.click()
    expect(button).to_contain_text("Change 4 of")
    assert oracle.evaluate(in_sight)


def test_amounts_and_dates_are_written_as_in_the_browsers_locale(pages: Any, served: Any) -> None:
    """14.28 EUR, due on 15 February 2026, in a German browser."""
    page = pages(billed(served), "customers/1", locale="de-DE")
    tab: Page = page.tab
    expect(tab.locator("#remaining-1")).to_have_text("14,28 €")
    expect(tab.locator(".bill summary")).to_contain_text("15. Feb. 2026")
    tab.get_by_role("button", name="Why is bill 1").click()
    expect(tab.locator(".why")).to_contain_text("40 MB × 0,05 €")
    page.go("overview")
    expect(tab.locator(".tiles")).to_contain_text("14,28 €")
    expect(tab.locator("svg.plot").nth(2)).to_contain_text("Februar 2026")
    expect(tab.locator("main")).not_to_contain_text("14.28")


def test_nothing_moves_where_less_motion_is_asked_for(pages: Any, served: Any) -> None:
    world = billed(served)
    tab: Page = pages(world, "vendors/1").tab  # the fixture asks for less motion
    marks = tab.locator("#vendor-oracle-brm mark")
    served.do(world, "record_payment", customer=1, bill=1, amount="4.28")
    expect(marks.first).to_be_visible()
    assert tab.evaluate("document.getAnimations().length") == 0
    tab.emulate_media(reduced_motion="no-preference")
    assert tab.evaluate("document.getAnimations().length") > 0


def test_the_next_event_is_readable_in_the_header(pages: Any, served: Any) -> None:
    """50 customers use services and pay; five words and a date do not fit one line of the header at 1440 pixels."""
    tab: Page = pages(served.world("demo"), viewport={"width": 1440, "height": 900}).tab
    following = tab.locator("#next")
    expect(following).to_have_text(re.compile(r"^Next: .*, scheduled: usage and payments of \d+ customers?$"))
    for width in (1440, 1920):
        tab.set_viewport_size({"width": width, "height": 900})
        wide, room, high, shown = following.evaluate(
            "each => [each.scrollWidth, each.clientWidth, each.scrollHeight, each.clientHeight]"
        )
        assert (wide <= room, high < shown + 8) == (True, True), f"{wide} × {high} in {room} × {shown} at {width}"
