"""In the scenario ``every-state`` every enum value that a response can have occurs."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from counterfoil.resources import specs_dir
from counterfoil.world.commands import AdvanceClock


@pytest.fixture
def museum(stand_in: Any) -> Any:
    return stand_in("every-state")


def enum(api: str, schema: str, member: str) -> set[str]:
    document = yaml.safe_load((specs_dir() / api / "openapi.yaml").read_text())
    schemas = document["components"]["schemas"]
    found = schemas[schema]["properties"][member]
    while "$ref" in found:
        found = schemas[found["$ref"].rpartition("/")[2]]
    return set(found["enum"])


def test_elevate_has_every_billing_and_rating_status(museum: Any) -> None:
    rows = museum.get("elevate", "/customer-billing-summaries", params={"page": 1, "pageSize": 1000}).json()
    for member in ("billingStatus", "ratingStatus"):
        assert {row[member] for row in rows} == enum("elevate", "CustomerBillingSummary", member)


def test_oracle_has_every_bill_state(museum: Any) -> None:
    bills = museum.get("oracle-brm", "/customerBill").json()
    assert {bill["state"] for bill in bills} == enum("oracle-brm", "CustomerBill", "state")


def test_billingplatform_has_every_run_status(museum: Any) -> None:
    runs = museum.get("billingplatform", "/billingRuns/").json()
    assert {run["status"] for run in runs} == {"Pending", "Requested", "Running", "Complete"}
    museum.do(AdvanceClock(hours=1))
    runs = museum.get("billingplatform", "/billingRuns/").json()
    assert [run["status"] for run in runs] == ["Complete"] * 4 + ["Pending"] + ["Complete"] * 2


def test_emnify_has_previews_invoiced_paid_and_empty(museum: Any) -> None:
    def bill(key: str, period: int) -> Any:
        return museum.get("emnify", f"/organisation/{museum.world.customer_with_key(key)}/billing/{period}")

    assert bill("active", 202602).json()["invoice"] is None
    assert bill("active", 202601).json()["invoice"] is not None
    assert bill("active", 202601).json()["payment_option"] is None
    assert bill("paid", 202601).json()["payment_option"] is not None
    assert bill("nothing", 202601).status_code == 404
    assert bill("several", 202601).json()["traffic"]["data"]["tariff"][0]["tariff_profile"]


def test_flexprice_has_paid_unpaid_overdue_and_empty(museum: Any) -> None:
    def summary(key: str) -> Any:
        number = museum.world.customer_with_key(key)
        answer = museum.get("flexprice", f"/customers/cust_{number:08d}/invoices/summary").json()
        return answer["summaries"][0] if answer["summaries"] else None

    assert summary("paid")["unpaid_invoice_count"] == 0
    assert summary("part-paid")["total_unpaid_amount"] == "6.9"
    assert summary("overdue")["overdue_invoice_count"] == 1
    assert summary("overpaid")["unpaid_invoice_count"] == 1, (
        "overpaid counts as unpaid (docs/vendors/flexprice.md#paid)"
    )
    assert summary("cancelled-bill")["total_invoice_count"] == 0, (
        "voided is left out (docs/vendors/flexprice.md#invoices)"
    )
    assert summary("nothing") is None
    assert summary("paused") is None, "only active subscriptions count (docs/vendors/flexprice.md#active-only)"
