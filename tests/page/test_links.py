"""Links to any state of the page, the not-found view, errors that close with their view, and sharing a world."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect
from tests.page.test_stories import billed


def test_a_link_shows_what_its_sender_saw(pages: Any, served: Any, browser: Any) -> None:
    page = pages(served.world("demo"), "customers")
    tab: Page = page.tab
    tab.fill("#search", "har")  # and at once, before the list is searched
    tab.select_option("#only", "owing")
    tab.locator("[data-key='sort-open']").click()
    expect(tab.locator("th[aria-sort=descending]")).to_contain_text("Open")
    link = tab.evaluate("location.href")
    assert f"world={page.world}" in link
    shown = tab.inner_text("main tbody")
    other = pages("")  # another tab, without a world of its own
    other.tab.goto(link)
    expect(other.tab.locator("th[aria-sort=descending]")).to_contain_text("Open")
    assert other.tab.input_value("#search") == "har"
    assert other.tab.inner_text("main tbody") == shown
    other.tab.go_back()
    expect(other.tab.locator("h1")).to_have_text("Overview")


NOT_FOUND = {
    "customers/999": "There is no customer 999",
    "customers/acme": "There is no customer 'acme'",
    "vendors/999": "There is no customer 999",
    "runs/77": "There is no billing run 77",
    "nonsense": "There is no view 'nonsense'",
    "constructor": "There is no view 'constructor'",
    "collections/shop/%2Fcustomers": "Shop has no collection '/customers'",
}


def test_what_is_not_there_is_said_and_an_error_leaves_with_its_view(pages: Any, served: Any) -> None:
    tab: Page = pages(billed(served), "customers/1").tab
    tab.fill("#pay-amount-1", "99")
    tab.click("#pay-1")
    expect(tab.locator("#error")).to_contain_text("Not done.")
    for address, sentence in NOT_FOUND.items():
        tab.evaluate("address => { location.hash = '#/' + address; }", address)
        expect(tab.locator("main")).to_contain_text(sentence)
        expect(tab.locator("h1")).to_have_text("Not found")
        expect(tab.locator("main")).not_to_contain_text("Acme")
        expect(tab.locator("#error")).to_be_empty()
    tab.get_by_role("link", name="Go to").click()
    expect(tab.locator("h1")).to_have_text("Collections")


def test_a_run_is_proposed_for_the_next_month_and_no_month_twice(pages: Any, served: Any) -> None:
    world = served.world()
    tab: Page = pages(world, "runs").tab
    assert tab.input_value("#run-name") == "January 2026"
    assert tab.input_value("#run-cutoff") == "2026-02-01"
    tab.click("#create-run")
    expect(tab.locator("#run-name")).to_have_value("February 2026")
    expect(tab.locator("#run-cutoff")).to_have_value("2026-03-01")
    expect(tab.locator("#run-due")).to_have_value("2026-03-15")
    tab.fill("#run-cutoff", "2026-02-01")
    tab.click("#create-run")
    expect(tab.locator("#error")).to_contain_text(
        "Run 1 (January 2026) already bills what was charged before 1 Feb 2026"
    )
    tab.fill("#run-cutoff", "2026-03-01")
    tab.fill("#run-name", "January 2026")
    tab.click("#create-run")
    expect(tab.locator("#error")).to_contain_text("Run 1 is called “January 2026” already")
    assert served.call("GET", f"/{world}/runs")["total"] == 1


def test_a_world_is_shared_as_a_file_and_as_a_link(pages: Any, served: Any, tmp_path: Path) -> None:
    world = billed(served)
    served.do(world, "record_payment", customer=1, bill=1, amount="4.28")
    page = pages(world)
    tab: Page = page.tab
    page.menu("Share this world…")
    with tab.expect_download() as downloading:
        tab.click("#share-file")
    downloading.value.save_as(tmp_path / "shared.json")
    assert json.loads((tmp_path / "shared.json").read_text()) == served.call("GET", f"/{world}/capsule")
    link = tab.get_attribute("#share-link", "data-link") or ""
    other = pages("")
    worlds = served.call("GET", "")["total"]
    other.tab.goto(link)
    expect(other.tab.locator("main")).to_contain_text("the scenario “one-month”, seed 1, with 5 commands")
    assert served.call("GET", "")["total"] == worlds  # nothing is made before the press
    other.tab.click("#open-capsule")
    expect(other.tab.locator("h1")).to_have_text("Overview")
    made = other.tab.evaluate("sessionStorage.getItem('counterfoil.world')")
    assert made not in ("default", world)
    assert served.call("GET", f"/{made}/customers/1")["bills"] == served.call("GET", f"/{world}/customers/1")["bills"]
    for damaged in (link[:-40], link.partition("=")[0] + "=%%%", link.partition("?")[0]):
        other.tab.goto(damaged)
        expect(other.tab.locator("main")).to_contain_text("This link is damaged or incomplete")
