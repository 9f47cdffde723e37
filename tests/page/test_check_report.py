"""The HTML report of a check in a browser: it fits a phone, whatever the findings."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from counterfoil.contract.reports import write_report
from counterfoil.contract.verdict import Finding, Record, Verdict

WIDTH = 390
LONG = '[{"customerId":"1","billingStatus":"ACTIVE","ratingStatus":"COMPLETE","openBillRunValue":29}]' * 3


def test_the_report_is_no_wider_than_a_phone(browser: Browser, tmp_path: Path) -> None:
    """Texts without a blank are wrapped, and a wide table scrolls within itself."""
    operation = "GET /organisation/{org_id}/billing/{billing_period}/" + "a" * 60
    finding = Finding("elevate", "law", "elevate.x", operation, LONG, LONG, LONG, LONG, (LONG,), (), LONG)
    records = [
        Record("elevate", "law", "elevate.x", operation, "broken", 1, findings=(finding,)),
        Record("elevate", "law", "elevate.y", operation, "not tried", reason=LONG),
    ]
    files = write_report(Verdict(records=records, targets={"elevate": f"http://localhost/{'b' * 90}"}), tmp_path)
    page = browser.new_page(viewport={"width": WIDTH, "height": 844})
    page.goto(next(file for file in files if file.suffix == ".html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    assert page.locator("table").first.is_visible()
    page.close()
