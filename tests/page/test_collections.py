"""The collections of own documents on the page: tables with search and pages, and a form to create, change and delete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.page.conftest import PHONE, Served, start
from tests.page.test_accessibility import MARKUP, violations

from counterfoil.lookup import own_api

EXAMPLES = Path(__file__).parents[2] / "examples" / "own-api"
CAFE = Path(__file__).parents[1] / "own_documents" / "documents" / "cafe.yaml"
CUSTOMERS = "collections/shop/%2Fcustomers"


@pytest.fixture(scope="module")
def shop() -> Iterator[Served]:
    apis = [own_api(EXAMPLES / "shop.yaml", rows=25, seed=0), own_api(CAFE, rows=25, seed=0)]
    server, end = start(own=apis, scenario_name="quiet")
    yield server
    end()


def resources(shop: Served, world: str, collection: str, **query: Any) -> Any:
    found = shop.client.get(
        f"/_sandbox/v1/worlds/{world}/resources", params={"api": "shop", "collection": collection, **query}
    )
    return found.json()


def test_a_member_is_found_created_changed_and_deleted(pages: Any, shop: Served, picture: Any) -> None:
    world = shop.world("quiet")
    page = pages(world, "collections", server=shop)
    tab: Page = page.tab
    expect(tab.locator(".tabs")).not_to_contain_text("Customers")  # there is no ledger to look at
    tab.get_by_role("link", name="/customers", exact=True).click()
    expect(tab.locator("#showing")).to_have_text("1–20 of 25")
    tab.get_by_role("button", name="Next ›").click()
    expect(tab.locator("#showing")).to_have_text("21–25 of 25")
    tab.click("#new-resource")
    tab.fill("#field-name", MARKUP)
    tab.fill("#field-email", "not an address")
    tab.click("#save-resource")
    expect(tab.locator("#error")).to_contain_text('email: the value is not a "email"')
    assert tab.input_value("#field-name") == MARKUP
    tab.fill("#field-email", "acme@example.com")
    tab.click("#save-resource")
    expect(tab.locator("#delete-resource")).to_be_visible()
    expect(tab.locator("#error")).to_be_empty()
    (made,) = resources(shop, world, "/customers", search="acme@example.com")["resources"]
    expect(tab.locator("h1")).to_have_text(made["id"])
    expect(tab.locator("#field-id")).to_be_disabled()
    tab.fill("#field-name", "Acme Robotics")
    tab.click("#save-resource")
    expect(tab.locator("#status")).to_contain_text("Saved")
    assert resources(shop, world, "/customers", search="acme robotics")["total"] == 1
    tab.get_by_role("link", name="/customers").click()
    tab.fill("#search", "robotics")
    expect(tab.locator("#showing")).to_have_text("1–1 of 1")
    expect(tab.locator("main tbody tr")).to_contain_text("written")
    tab.locator("main tbody a").first.click()
    tab.click("#delete-resource")
    expect(tab.locator("#status")).to_contain_text("Deleted")
    expect(tab.locator("#showing")).to_have_text("1–20 of 25")
    page.go("overview")
    timeline = tab.get_by_label("Timeline")
    expect(timeline).to_contain_text(f"/customers {made['id']} is deleted")
    expect(timeline.locator("li")).to_have_count(3)  # created, changed, deleted; nothing of the billing scenario
    page.go("collections/shop/%2Finvoices")
    picture(tab, "collections")


def test_what_others_write_appears_and_references_lead_on(pages: Any, shop: Served) -> None:
    world = shop.world("quiet")
    customer = resources(shop, world, "/customers")["resources"][0]
    page = pages(world, CUSTOMERS, server=shop)
    tab: Page = page.tab
    expect(tab.locator("main tbody")).to_contain_text(customer["value"]["name"])
    shop.client.put(
        f"/_sandbox/v1/worlds/{world}/resource",
        params={"api": "shop", "collection": "/customers", "id": customer["id"]},
        json={"value": {**customer["value"], "name": MARKUP}},
    ).raise_for_status()
    expect(tab.locator("main tbody")).to_contain_text("onerror")
    assert tab.locator("main img").count() == 0
    page.go("collections/shop/%2Finvoices")
    invoice = resources(shop, world, "/invoices")["resources"][0]
    tab.locator("main tbody tr").first.get_by_role("link", name=invoice["value"]["customer"]).click()
    expect(tab.locator("h1")).to_have_text(invoice["value"]["customer"])
    page.go(f"collections/shop/%2Finvoices/{invoice['id']}")
    tab.fill("#field-lines", "[not JSON")
    tab.click("#save-resource")
    expect(tab.locator("#error")).to_contain_text("lines: this is not valid JSON")
    page.go("collections/shop/%2Fcustomers/nobody")
    expect(tab.locator("main")).to_contain_text("There is no 'nobody' in /customers")


def test_what_is_below_a_member_is_shown_by_its_id(pages: Any, shop: Served) -> None:
    page = pages(shop.world("quiet"), "collections", server=shop)
    tab: Page = page.tab
    page.go("collections/cafe/%2Fguests")
    expect(tab.locator("h1")).to_have_text("/guests")
    guest = tab.locator("main tbody code").first.inner_text()
    page.go("collections")
    tab.get_by_label("guestId of").fill(guest)
    tab.get_by_role("button", name="Show /guests/{guestId}/visits").click()
    expect(tab.locator("h1")).to_have_text("/guests/{guestId}/visits")
    expect(tab.locator("#showing")).to_have_text("1–20 of 25")
    expect(tab.locator(".crumb")).to_contain_text(f"below {guest}")
    page.go("collections/cafe/%2Fsettings")
    tab.locator("main tbody a").first.click()
    expect(tab.locator("h1")).to_have_text("/settings")
    expect(tab.locator("#delete-resource")).to_have_count(0)


def test_a_server_of_own_documents_opens_on_collections_and_shows_no_billing(pages: Any, shop: Served) -> None:
    page = pages(shop.world("one-month"), "collections", server=shop)
    tab: Page = page.tab
    tab.goto(f"{shop.origin}/")
    expect(tab.locator("h1")).to_have_text("Collections")
    expect(tab.locator(".tabs a")).to_have_text(["Collections", "Overview", "Journal", "Faults"])
    page.go("overview")
    expect(tab.get_by_label("Timeline")).to_contain_text("Nothing was written, and the clock was not moved.")
    expect(tab.locator("a[href^='#/customers'], a[href^='#/runs'], #clock-next, .plot, .tiles")).to_have_count(0)
    tab.click("#clock-month")
    expect(tab.get_by_label("Timeline").locator("li")).to_have_count(1)
    expect(tab.get_by_label("Timeline")).to_contain_text("the clock moves to")


def test_what_sets_the_direction_of_text_is_shown_and_not_obeyed(pages: Any, tmp_path: Path) -> None:
    """A right-to-left override, U+202E, in a path would show the rest of it turned round."""
    document = tmp_path / "turned.yaml"
    item = "{type: object, required: [id], properties: {id: {type: string}, name: {type: string}}}"
    answer = "responses: {'200': {description: ok, content: {application/json: {schema: SCHEMA}}}}"
    both = [
        ('"/re\\u202Eports"', f"{{type: array, items: {item}}}", ""),
        (
            '"/re\\u202Eports/{id}"',
            item,
            "parameters: [{name: id, in: path, required: true, schema: {type: string}}], ",
        ),
    ]
    paths = [f"  {path}: {{get: {{{more}{answer.replace('SCHEMA', schema)}}}}}" for path, schema, more in both]
    document.write_text("\n".join(["openapi: 3.0.3", "info: {title: Turned, version: '1'}", "paths:", *paths]))
    server, end = start(own=[own_api(document, rows=3, seed=0)], scenario_name="quiet")
    try:
        tab: Page = pages("", "collections", server=server).tab
        expect(tab.locator("main tbody th")).to_have_text(["/re\\u202eports"])
        tab.locator("main tbody a").click()
        expect(tab.locator("h1")).to_have_text("/re\\u202eports")
        expect(tab.locator("main tbody tr")).to_have_count(3)
    finally:
        end()


def test_collections_are_accessible_and_fit_a_phone(pages: Any, shop: Served) -> None:
    world = shop.world("quiet")
    id = resources(shop, world, "/invoices")["resources"][0]["id"]
    found = {}
    page = pages(world, "collections", server=shop, viewport=PHONE)
    for view in ("collections", CUSTOMERS, f"collections/shop/%2Finvoices/{id}"):
        page.go(view)
        assert page.tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, view
        found[view, "light"] = violations(page.tab)
        page.tab.emulate_media(color_scheme="dark")
        found[view, "dark"] = violations(page.tab, "color-contrast")
        page.tab.emulate_media(color_scheme="light")
    assert {view: lines for view, lines in found.items() if lines} == {}
