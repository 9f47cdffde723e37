"""What a user does on the page, in a browser: the tour, reset, payments, runs, faults, the journal."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect


def test_the_tour_shows_one_month_in_six_steps(pages: Any, served: Any, picture: Any) -> None:
    page = pages(served.world("quiet"))
    tab = page.tab
    tab.click("#start-tour")
    expect(tab.locator("#tour h2")).to_have_text("One month in six presses")
    reports = {}
    for number, title in enumerate(("Usage", "Run", "Bills", "Part payment", "Overdue", "Paid"), 1):
        expect(tab.locator("#tour")).to_contain_text(f"Press {number} of 6.")
        tab.click("#tour-press")
        expect(tab.locator("#tour .done")).to_contain_text(f"{title}:", timeout=30_000)
        reports[title] = tab.inner_text("#tour .report")
        if title == "Part payment":
            picture(tab, "tour")
    assert "openBillRunValue 12 → 13" in reports["Usage"]
    assert "Pending" in reports["Run"]
    assert "previousBillRunValue 0 → 13" in reports["Bills"]
    assert "inProgress → new" in reports["Bills"]
    assert "new → partiallyPaid" in reports["Part payment"]
    assert "total_overdue_amount 0 → 10" in reports["Overdue"]
    assert "partiallyPaid → settled" in reports["Paid"]
    expect(tab.locator("#tour h2")).to_have_text("The month is complete")
    world = tab.evaluate("sessionStorage.getItem('counterfoil.world')")
    done = [
        each["command"]["command"] for each in served.call("GET", f"/{world}/timeline?limit=100")["past"]["entries"]
    ]
    assert done.count("create_run") == done.count("request_bills") == 1
    assert done.count("record_payment") == 2
    bill = served.call("GET", f"/{world}/customers/1")["bills"][-1]
    assert (bill["total"], bill["paid"], bill["settlement"]) == ("15.47", "15.47", "paid")


def test_reset_returns_to_the_end_of_the_scenario(pages: Any, served: Any) -> None:
    world = served.world()
    page = pages(world)
    assert page.now() == "Tue, 20 Jan 2026, 12:00"
    page.tab.click("#clock-month")
    expect(page.tab.locator("#now")).to_have_text("Fri, 20 Feb 2026, 12:00")
    page.menu("Reset…")
    expect(page.tab.locator("dialog")).to_contain_text("1 command will be undone")
    page.tab.click("#confirm-reset")
    expect(page.tab.locator("#now")).to_have_text("Tue, 20 Jan 2026, 12:00")
    assert served.call("GET", f"/{world}")["commands"] == 0


def test_a_fork_is_independent(pages: Any, served: Any) -> None:
    world = served.world()
    page = pages(world)
    page.menu("Fork")
    expect(page.tab.locator("#status")).to_contain_text("The original world is unchanged")
    page.tab.click("#clock-day")
    expect(page.tab.locator("#now")).to_have_text("Wed, 21 Jan 2026, 12:00")
    assert served.call("GET", f"/{world}")["now"] == "2026-01-20T12:00:00Z"


def test_a_scenario_is_chosen_by_its_description(pages: Any, served: Any) -> None:
    page = pages(served.world())
    tab = page.tab
    page.menu("Scenario…")
    expect(tab.locator("dialog")).to_contain_text("Tardy has paid nothing for two months")
    tab.click("[data-scenario=late-payer]")
    expect(tab.locator("#world")).to_contain_text("One who pays late")
    expect(tab.locator("dialog")).to_be_hidden()


def test_a_scenario_of_ones_own_is_pasted_and_its_mistakes_are_told(pages: Any, served: Any) -> None:
    text = """title: A gym
text: Ada pays 30.00 a month.
starts: 2026-01-01T00:00:00Z
seller: {name: Example Gym Ltd, country: GB, currency: GBP, tax_rate: 20}
tariffs: [{key: monthly, name: Monthly pass, currency: GBP, monthly_fee: 30.00}]
customers: [{key: ada, name: Ada Example, country: GB, tarif: monthly}]"""
    page = pages(served.world())
    tab = page.tab
    page.menu("Scenario…")
    tab.get_by_text("Your own scenario").click()
    tab.fill("#own-scenario", text)
    tab.click("#own-start")
    expect(tab.locator("#own-mistakes")).to_have_text("Line 6: unknown key 'tarif'")
    tab.locator("#own-file").set_input_files(
        {"name": "gym.yaml", "mimeType": "application/yaml", "buffer": text.replace("tarif:", "tariff:").encode()}
    )
    expect(tab.locator("#own-scenario")).to_have_value(text.replace("tarif:", "tariff:"))
    tab.click("#own-start")
    expect(tab.locator("#world")).to_contain_text("A gym")
    expect(tab.locator("main")).to_contain_text("£30.00")


def billed(served: Any) -> str:
    world: str = served.world()
    served.do(
        world,
        "create_run",
        name="January 2026",
        invoice_date="2026-02-01",
        cutoff_date="2026-02-01",
        due_date="2026-02-15",
    )
    served.do(world, "advance_clock", to="2026-02-01T06:00:00Z")
    served.do(world, "request_bills", run=1)
    served.do(world, "advance_clock", minutes=10)
    return world


def test_a_bill_is_paid_in_part_and_then_in_full(pages: Any, served: Any, picture: Any) -> None:
    world = billed(served)
    page = pages(world, "customers/1")
    tab = page.tab
    expect(tab.locator("#remaining-1")).to_have_text("€14.28")
    tab.fill("#pay-amount-1", "4.28")
    tab.click("#pay-1")
    expect(tab.locator("#remaining-1")).to_have_text("€10.00")
    tab.get_by_role("button", name="Why is bill 1").click()
    expect(tab.locator(".why")).to_contain_text("40 MB × €0.05")
    expect(tab.locator(".why")).to_contain_text("remaining €10.00 = €14.28 − €4.28")
    tab.locator(".why .records summary").click()
    expect(tab.locator(".why .records")).to_contain_text("No. 1: 25 MB in DE")
    tab.locator(".bill").evaluate("each => each.scrollIntoView()")
    picture(tab, "customer")
    tab.click("#pay-full-1")
    expect(tab.locator(".bill summary .tag")).to_have_text("paid")
    assert served.call("GET", f"/{world}/customers/1")["bills"][0]["settlement"] == "paid"
    expect(tab.locator(".why .records")).to_contain_text(
        "No. 1: 25 MB in DE"
    )  # the explanation stays, and is up to date
    expect(tab.locator(".why")).to_contain_text("€14.28 − €14.28")


def test_a_bill_is_credited_its_payment_refunded_and_a_credit_used(pages: Any, served: Any) -> None:
    """Prompt paid 14.28 twice; 4.28 of the second bill are credited and left, then the first payment is refunded."""
    world = served.world("late-payer")
    tab = pages(world, "customers/1").tab
    tab.fill("#credit-amount-2", "4.28")
    tab.fill("#credit-reason-2", "Slow network")
    tab.click("#credit-2")
    expect(tab.locator("section[aria-label='Credit notes']")).to_contain_text("Slow network")
    expect(tab.locator("section[aria-label='Credit notes']")).to_contain_text("€4.28 left as a credit")
    tab.click("#refund-1")
    expect(tab.locator("section[aria-label=Payments]")).to_contain_text("€14.28 refunded")
    served.do(world, "create_run", invoice_date="2026-03-16")
    served.do(world, "request_bills", run=4)
    served.do(world, "advance_clock", minutes=5)
    tab.click("#apply-3")  # March's fee: 11.90
    expect(tab.locator("#remaining-3")).to_have_text("€7.62")
    assert served.call("GET", f"/{world}/customers/1")["accounts"][0]["credit"] == "0.00"


def test_a_refused_payment_is_shown_and_changes_nothing(pages: Any, served: Any) -> None:
    world = billed(served)
    page = pages(world, "customers/1")
    page.tab.fill("#pay-amount-1", "99")
    page.tab.click("#pay-1")
    expect(page.tab.locator("#error")).to_contain_text("Not done.")
    assert served.call("GET", f"/{world}/customers/1")["bills"][0]["paid"] == "0.00"


def test_a_run_is_watched_from_pending_to_complete(pages: Any, served: Any, picture: Any) -> None:
    world = served.world()
    tab = pages(world, "runs").tab
    tab.click("#create-run")
    stage = tab.locator("[id='run-1'] [data-status]")
    expect(stage).to_have_text("pending")
    tab.click("#request-1")
    expect(stage).to_have_text("requested")
    tab.click("#watch-1")
    expect(stage).to_have_text("running")
    picture(tab, "runs")
    expect(stage).to_have_text("complete")


def test_commands_of_other_clients_appear_by_themselves(pages: Any, served: Any) -> None:
    world = served.world()
    tab = pages(world, "runs").tab
    served.do(world, "create_run", name="By another", invoice_date="2026-02-01", cutoff_date="2026-02-01")
    expect(tab.locator("main")).to_contain_text("By another")
    served.do(world, "request_bills", run=1)
    expect(tab.locator("[id='run-1'] [data-status]")).to_have_text("requested")
    served.do(world, "advance_clock", minutes=1)
    expect(tab.locator("[id='run-1'] [data-status]")).to_have_text("running")
    expect(tab.locator("#now")).to_contain_text("12:01")


def ask(served: Any, world: str, path: str, key: str = "counterfoil-key") -> int:
    url = f"/w/{world}{path}"
    return int(served.client.get(url, headers={"Authorization": f"Bearer {key}", "x-api-key": key}).status_code)


SUMMARY = "/flexprice/v1/customers/cust_00000001/invoices/summary"


def test_the_journal_is_live_and_filtered(pages: Any, served: Any, picture: Any) -> None:
    world = served.world()
    tab = pages(world, "journal").tab
    expect(tab.locator("main")).to_contain_text("No requests of clients yet")
    assert ask(served, world, SUMMARY) == 200
    expect(tab.locator(".journal li")).to_have_count(1)
    assert ask(served, world, "/elevate/v1/customer-billing-summaries?page=1&pageSize=5") == 200
    assert ask(served, world, SUMMARY, key="wrong") == 401
    expect(tab.locator(".journal li")).to_have_count(3)
    tab.locator(".journal summary").first.click()
    expect(tab.locator(".journal details[open]")).to_contain_text("Response")
    assert "wrong" not in tab.inner_text(".journal details[open]")
    picture(tab, "journal")
    tab.select_option("#journal-status", "4xx")
    expect(tab.locator(".journal li")).to_have_count(1)
    tab.select_option("#journal-status", "")
    expect(tab.locator(".journal li")).to_have_count(3)
    tab.select_option("#journal-api", "elevate")
    expect(tab.locator(".journal li")).to_have_count(1)
    expect(tab.locator(".journal li")).to_contain_text("/elevate/v1/")
    shown = pages(world, "vendors/1").tab  # the page asks the five APIs itself
    expect(shown.locator(".vendor-view .tag.good")).to_have_count(5)
    expect(tab.locator(".journal li")).to_have_count(1)
    tab.check("#journal-by")
    expect(tab.locator(".journal li")).to_have_count(2)
    assert (
        served.call("GET", f"/{world}/journal")["total"]
        == served.call("GET", f"/{world}/journal?by=clients")["total"] + 5
    )


def test_a_fault_is_added_applied_and_removed(pages: Any, served: Any, picture: Any) -> None:
    world = served.world()
    tab = pages(world, "faults").tab
    tab.select_option("#fault-api", "flexprice")
    tab.select_option("#fault-operation", "GET /customers/{id}/invoices/summary")
    tab.fill("#fault-status", "500")
    tab.click("#add-fault")
    expect(tab.locator("main table")).to_contain_text("answer with a status, 500")
    tab.fill("#fault-status", "500")
    tab.click("#add-fault")
    expect(tab.locator("#error")).to_contain_text("Fault 1 does this already")
    assert "api=flexprice" in tab.evaluate("location.hash")  # the choice is in the address
    assert ask(served, world, SUMMARY) == 500
    expect(tab.locator("main tbody td").nth(5)).to_have_text("1")
    tab.get_by_role("button", name="Dismiss").click()
    picture(tab, "faults")
    tab.get_by_role("button", name="Remove fault 1").click()
    expect(tab.locator("main")).to_contain_text("No faults")
    assert ask(served, world, SUMMARY) == 200


def test_a_fault_says_when_it_applies(pages: Any, served: Any) -> None:
    world = served.world()
    served.call("POST", f"/{world}/faults", {"api": "elevate", "kind": "status", "status": 500, "nth": 5, "times": 2})
    served.call("POST", f"/{world}/faults", {"api": "emnify", "kind": "status", "status": 500, "probability": 0.25})
    tab = pages(world, "faults").tab
    expect(tab.locator("tbody tr").nth(0)).to_contain_text("2 times, from call 5 on")
    expect(tab.locator("tbody tr").nth(1)).to_contain_text("every time, with a probability of 25%")


def test_vendor_views_show_what_the_last_action_changed(pages: Any, served: Any, picture: Any) -> None:
    world = billed(served)
    tab = pages(world, "vendors/1", viewport={"width": 1440, "height": 720}).tab
    expect(tab.locator(".vendor-view")).to_have_count(5)
    assert tab.locator(".vendor-view mark").count() == 0
    served.do(world, "record_payment", customer=1, bill=1, amount="4.28")
    oracle = tab.locator("#vendor-oracle-brm")
    expect(oracle.locator("mark", has_text="partiallyPaid")).to_be_visible()
    expect(oracle).to_contain_text('was "new"')
    expect(tab.locator("#vendor-billingplatform .changes")).to_have_text("unchanged")
    picture(tab, "vendor-views")


def test_a_copied_curl_line_works(pages: Any, served: Any) -> None:
    page = pages(served.world(), "vendors/1", permissions=["clipboard-read", "clipboard-write"])
    page.tab.get_by_role("button", name="Copy as curl: Flexprice").click()
    expect(page.tab.locator("#status")).to_contain_text("Copied")
    line = page.tab.evaluate("navigator.clipboard.readText()")
    header, url = re.fullmatch(r"curl -s -H '([^']+)' '([^']+)'", line).groups()  # type: ignore[union-attr]
    name, value = header.split(": ")
    assert served.client.get(url, headers={name: value}).status_code == 200


def test_customers_are_searched_sorted_and_paged(pages: Any, served: Any, picture: Any) -> None:
    tab = pages(served.world("demo"), "customers").tab
    expect(tab.locator("#showing")).to_have_text("1–20 of 50")
    picture(tab, "customers")
    tab.get_by_role("button", name="Next ›").click()
    expect(tab.locator("#showing")).to_have_text("21–40 of 50")
    tab.fill("#search", "tardy")
    expect(tab.locator("#showing")).to_have_text("1–1 of 1")
    expect(tab.locator("main tbody")).to_contain_text("Tardy Traders AG")
    assert tab.evaluate("document.activeElement.id") == "search"
    tab.fill("#search", "")
    expect(tab.locator("#showing")).to_have_text("1–20 of 50")
    tab.locator("[data-key='sort-overdue']").click()
    expect(tab.locator("th[aria-sort=descending]")).to_contain_text("Overdue")
    first = tab.inner_text("main tbody tr:first-child")
    assert "late" in first
    tab.locator("main tbody tr:first-child .ids summary").click()
    expect(tab.locator("main tbody tr:first-child .ids")).to_contain_text("cust_")


def test_the_overview_draws_its_plots(pages: Any, served: Any, picture: Any) -> None:
    tab: Page = pages(served.world("demo")).tab
    expect(tab.locator("svg.plot")).to_have_count(3)
    assert "Billed by month" in (tab.locator("svg.plot").nth(2).get_attribute("aria-label") or "")
    expect(tab.locator("main")).to_contain_text("Coming")
    picture(tab, "overview")


def test_the_page_shows_the_default_world_after_its_world_was_deleted(pages: Any, served: Any) -> None:
    world = served.world("late-payer")
    page = pages(world)
    expect(page.tab.locator("#world")).to_contain_text("One who pays late")
    served.call("DELETE", f"/{world}")
    expect(page.tab.locator("#world")).to_contain_text("One month of one customer")
    expect(page.tab.locator("#error")).to_contain_text(f"There is no world '{world}' on this server")
    page.tab.evaluate("world => { location.hash = `#/runs?world=${world}`; }", world)
    expect(page.tab.locator("h1")).to_have_text("Billing runs")
    expect(page.tab.locator("#error")).to_contain_text("this is the default world")


def test_a_month_that_takes_long_is_waited_for(pages: Any, served: Any, monkeypatch: Any) -> None:
    """The control API answers 202 while another change holds the world; the page asks until it is done."""
    page = pages(served.world())
    monkeypatch.setattr("counterfoil.control.long_requests.LONG", -1.0)
    monkeypatch.setattr("counterfoil.control.control_api.SOON", 0.0)
    world = served.application.worlds.named(page.world)
    with world.writing(), page.tab.expect_response(lambda response: response.status == 202):
        page.tab.click("#clock-month")
    expect(page.tab.locator("#now")).to_have_text("Fri, 20 Feb 2026, 12:00")
