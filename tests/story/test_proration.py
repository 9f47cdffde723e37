"""A tariff decides whether a fee is prorated for part of a month; all five APIs show the resulting amount."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from counterfoil.world.commands import AdvanceClock, CancelSubscription, CreateRun, RequestBills

STORY = """\
title: Part of a month
text: Two customers join on 22 January 2026; ten of its 31 days are left. One tariff prorates and the other does not.
starts: 2026-01-22T00:00:00Z
seller: {name: Seller, tax_rate: 0}
zones: [{key: home, name: Home, countries: [DE]}]
tariffs:
  - key: whole
    name: Whole
    monthly_fee: 31.00
    sim_fee: 0.62
    packages: [{name: Home 100, zone: home, volume: 100, fee: 3.10}]
    rates: [{service: data, zone: home, per_unit: 0.05}]
  - key: daily
    name: Daily
    proration: daily
    monthly_fee: 31.00
    sim_fee: 0.62
    packages: [{name: Home 100, zone: home, volume: 100, fee: 3.10}]
    rates: [{service: data, zone: home, per_unit: 0.05}]
customers:
  - {key: one, tariff: whole, sims: 5}
  - {key: two, tariff: daily, sims: 5}
"""
WHOLE = Decimal("37.20")  # 31.00 + 5 × 0.62 + 3.10
PART = Decimal("12.00")  # 31.00 × 10/31 + 5 × 0.62 × 10/31 + 3.10 × 10/31 = 10.00 + 5 × 0.20 + 1.00
FEBRUARY = datetime(2026, 2, 1, 6, tzinfo=UTC)


@pytest.fixture
def story(stand_in: Any, tmp_path: Path) -> Any:
    (tmp_path / "part.yaml").write_text(STORY)
    return stand_in(str(tmp_path / "part.yaml"))


def run(story: Any, day: date) -> None:
    made = story.do(CreateRun(invoice_date=day, cutoff_date=day))
    story.do(RequestBills(run=made.number))
    story.do(AdvanceClock(hours=1))


def open_value(story: Any, customer: int) -> Any:
    query = {"page": 1, "pageSize": 1, "customerId": customer}
    return story.get("elevate", "/customer-billing-summaries", params=query).json()[0]["openBillRunValue"]


def test_the_open_bill_shows_the_part(story: Any) -> None:
    assert [open_value(story, customer) for customer in (1, 2)] == [37.2, 12]
    bills = story.get("oracle-brm", "/customerBill", params={"state": "inProgress"}).json()
    assert sorted(bill["amountDue"]["value"] for bill in bills) == [12, 37.2]
    preview = story.get("emnify", "/organisation/2/billing/202601").json()
    assert preview["sub_total"]["cost"] == 12
    assert [each["rate"] for each in preview["mrc"]["data_packages"]["data"]] == [10, 1]
    assert preview["mrc"]["data_packages"]["total"]["volume"] == 100, "the volume is the whole month's"
    assert preview["sim_items"]["total"]["sim_hosting_fees"] == 1


def test_the_bill_shows_the_part_everywhere(story: Any) -> None:
    story.do(AdvanceClock(to=FEBRUARY))
    run(story, date(2026, 2, 1))
    assert story.get("billingplatform", "/billingRuns/1").json()["invoiceAmount"] == str(WHOLE + PART)
    query = {"page": 1, "pageSize": 1, "customerId": 2}
    assert story.get("elevate", "/customer-billing-summaries", params=query).json()[0]["previousBillRunValue"] == 12
    bills = story.get("oracle-brm", "/customerBill", params={"state": "new"}).json()
    assert sorted(bill["amountDue"]["value"] for bill in bills) == [12, 37.2]
    summary = story.get("flexprice", "/customers/cust_00000002/invoices/summary").json()["summaries"][0]
    assert summary["total_revenue_amount"] == "12"
    assert summary["total_invoice_count"] == 1
    assert story.get("emnify", "/organisation/2/billing/202601").json()["total"]["cost"] == 12


def test_the_months_after_cost_the_whole_fee_until_a_last_part(story: Any) -> None:
    story.do(AdvanceClock(to=FEBRUARY))
    run(story, date(2026, 2, 1))
    assert open_value(story, 2) == 37.2, "all of February"
    story.do(CancelSubscription(customer=2, ends=date(2026, 2, 15)))
    # 14 of 28 days: 15.50 + 5 × 0.31 + 1.55
    assert open_value(story, 2) == 18.6
    story.do(CancelSubscription(customer=1, ends=date(2026, 2, 15)))
    assert open_value(story, 1) == 37.2


def test_a_part_is_rounded_to_the_currency_s_minor_unit(stand_in: Any, tmp_path: Path) -> None:
    """17.33 × 10/31 = 5.590…: 5.59."""
    (tmp_path / "part.yaml").write_text(STORY.replace("31.00", "17.33").replace("0.62", "0").replace("3.10", "0"))
    story = stand_in(str(tmp_path / "part.yaml"))
    assert open_value(story, 2) == 5.59
    assert story.get("emnify", "/organisation/2/billing/202601").json()["sub_total"]["cost"] == 5.59


def test_another_word_for_proration_is_refused_with_file_and_line(tmp_path: Path) -> None:
    from counterfoil.lookup import scenario
    from counterfoil.world.scenario import ScenarioError

    (tmp_path / "part.yaml").write_text(STORY.replace("proration: daily", "proration: weekly"))
    with pytest.raises(ScenarioError, match=r"part.yaml:\d+: .*proration"):
        scenario(str(tmp_path / "part.yaml"))
