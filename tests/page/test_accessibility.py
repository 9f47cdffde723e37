"""The page on a phone, in dark mode, by keyboard alone and by axe; and customer names that contain markup."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.page.conftest import start
from tests.page.test_stories import SUMMARY, ask, billed

VIEWS = ("overview", "customers", "customers/1", "runs", "vendors/1", "journal", "faults")


def violations(tab: Page, *rules: str) -> list[str]:
    """What axe finds that is serious or critical, one line each, by all rules or some. The policy permits axe as an isolated
    script."""
    options: dict[str, Any] = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    results = Axe().run(tab, options=options).response
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:120]}"
        for each in results["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def test_axe_finds_nothing_serious_in_any_view(pages: Any, served: Any) -> None:
    world = billed(served)
    ask(served, world, SUMMARY)
    served.call("POST", f"/{world}/faults", {"api": "elevate", "kind": "latency", "delay_ms": 1, "times": 1})
    page = pages(world)
    tab: Page = page.tab
    found = {}

    def look(name: str) -> None:
        found[name, "light"] = violations(tab)
        tab.emulate_media(color_scheme="dark")
        found[name, "dark"] = violations(tab, "color-contrast")  # the other rules do not depend on colours
        tab.emulate_media(color_scheme="light")

    for view in VIEWS:
        page.go(view)
        if view == "vendors/1":
            served.do(world, "record_payment", customer=1, bill=1, amount="0.01")
            expect(tab.locator(".vendor-view mark").first).to_be_visible()
        look(view)
    tab.click("#world summary")
    look("menu")
    tab.locator("#world .menu-list button", has_text="Scenario…").click()
    expect(tab.locator("dialog")).to_be_visible()
    tab.get_by_text("Your own scenario").click()
    tab.fill("#own-scenario", "title: A gym")
    tab.click("#own-start")
    expect(tab.locator("#own-mistakes")).to_contain_text("key 'starts' is missing")
    look("scenarios")
    tab.keyboard.press("Escape")
    page.go("nonsense")
    look("not found")
    page.go("overview")
    tab.click("#start-tour")
    expect(tab.locator("#tour-press")).to_be_visible()
    look("tour")
    assert {view: lines for view, lines in found.items() if lines} == {}


def test_dark_mode_follows_the_system_and_the_button(pages: Any, served: Any, picture: Any) -> None:
    def background(tab: Page) -> int:
        colour: str = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour.removeprefix("rgb(").rstrip(")").split(","))

    page = pages(served.world(), color_scheme="dark")
    assert background(page.tab) < 150
    page.tab.click("#theme")
    expect(page.tab.locator("#theme")).to_have_attribute("aria-label", "Colours: light")
    assert background(page.tab) > 600
    page.tab.click("#theme")
    assert background(page.tab) < 150
    page.go("customers/1")
    picture(page.tab, "dark")


def test_the_page_is_usable_by_keyboard_alone(pages: Any, served: Any) -> None:
    world = billed(served)
    page = pages(world)
    tab = page.tab

    def tab_to(selector: str) -> None:
        for _ in range(80):
            tab.keyboard.press("Tab")
            if tab.evaluate("selector => document.activeElement.matches(selector)", selector):
                outline = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"{selector} has the focus without a visible outline"
                return
        pytest.fail(f"Tab never reaches {selector}")

    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab_to("#world summary")
    tab.keyboard.press("Enter")
    expect(tab.locator("#world .menu-list")).to_be_visible()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.dataset.key") == "reset"
    tab.keyboard.press("Escape")
    expect(tab.locator("#world .menu-list")).to_be_hidden()
    assert tab.evaluate("document.activeElement.tagName") == "SUMMARY"
    tab_to("#clock-day")
    tab.keyboard.press("Space")
    expect(tab.locator("#now")).to_contain_text("2 Feb")
    assert tab.evaluate("document.activeElement.id") == "clock-day"  # the focus stays on the button
    tab_to("a[href='#/customers']")
    tab.keyboard.press("Enter")
    expect(tab.locator("h1")).to_have_text("Customers")
    assert tab.evaluate("document.activeElement.id") == "main"
    tab_to("a[href^='#/customers/1?']")
    tab.keyboard.press("Enter")
    expect(tab.locator("#remaining-1")).to_have_text("€14.28")
    tab_to("#pay-full-1")
    tab.keyboard.press("Enter")
    expect(tab.locator("#remaining-1")).to_have_text("€0.00")


MARKUP = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>'\"&amp;"


def test_markup_in_a_name_is_shown_as_text(pages: Any, served: Any) -> None:
    world = billed(served)
    served.do(world, "add_customer", name=MARKUP, email=f"{MARKUP}@x.example", country="DE", tariff="basic")
    served.do(world, "record_usage", customer=2, country="DE", quantity="1")
    served.do(world, "add_charge", customer=2, amount="3.00", description=MARKUP)
    served.do(
        world,
        "create_run",
        name=MARKUP[:100],
        message=MARKUP[:100],
        invoice_date="2026-03-01",
        cutoff_date="2026-03-01",
    )
    served.do(world, "request_bills", run=2)
    served.do(world, "advance_clock", months=1)
    served.do(world, "record_payment", customer=2, bill=1, amount="1.00", method=MARKUP[:60])
    ask(served, world, "/elevate/v1/customer-billing-summaries?page=1&pageSize=5&customerId=%3Cimg%20src=x%3E")
    page = pages(world)
    for view in ("overview", "customers", "customers/2", "runs", "vendors/2", "journal", "faults"):
        page.go(view)
        assert page.tab.locator("main img, main script").count() == 0, view
        assert "owned" not in page.tab.title(), view
    page.go("customers/2")
    expect(page.tab.locator("h1")).to_have_text(MARKUP)
    page.tab.get_by_role("button", name="Why is bill 1").click()
    expect(page.tab.locator(".why")).to_contain_text("onerror")
    refused = page.tab.evaluate(
        "() => { try { document.body.innerHTML = '<i>x</i>'; return 'done'; } catch (error) { return error.name; } }"
    )
    assert refused == "TypeError"  # the policy forbids strings as markup
    page.errors.clear()


def test_markup_in_a_search_is_shown_as_text(pages: Any, served: Any) -> None:
    page = pages(served.world(), "customers")
    page.tab.fill("#search", MARKUP[:90])
    expect(page.tab.locator("#showing")).to_have_text("No customers to show.")
    assert page.tab.locator("main img").count() == 0


def test_the_page_asks_for_the_control_token(pages: Any, browser: Any) -> None:
    server, end = start(scenario_name="one-month", control_token="sesame")
    try:
        tab = browser.new_page(locale="en-GB")
        tab.goto(server.origin)
        expect(tab.locator("dialog")).to_contain_text("Control token")
        tab.fill("dialog input", "mustard")
        tab.keyboard.press("Enter")
        expect(tab.locator("dialog input")).to_have_value("")
        tab.fill("dialog input", "sesame")
        tab.keyboard.press("Enter")
        expect(tab.locator("h1")).to_have_text("Overview")
        expect(tab.locator("svg.plot")).to_have_count(3)
        tab.click("#clock-day")
        expect(tab.locator("#now")).to_contain_text("21 Jan")
        tab.close()
    finally:
        end()
