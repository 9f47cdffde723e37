"""Tests of a client of the shop's API, against the stand-in that counterfoil makes from the API's own document."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from counterfoil.testing import Sandbox

pytestmark = pytest.mark.counterfoil(spec="shop.yaml", model="shop.model.yaml", handlers="shop_handlers.py")


@pytest.fixture
def shop(counterfoil: Sandbox) -> Iterator[httpx.Client]:
    with counterfoil.client("shop") as client:
        yield client


def test_an_invoice_is_summed_paid_and_counted(counterfoil: Sandbox, shop: httpx.Client) -> None:
    customer = shop.get("/customers").json()["data"][0]["id"]
    lines = [{"description": "tea", "amount": 350}, {"description": "cake", "amount": 420}]
    invoice = shop.post("/invoices", json={"customer": customer, "lines": lines}).json()
    assert (invoice["total"], invoice["status"]) == (770, "open")  # 350 + 420

    counterfoil.clock.advance(days=2)
    paid = shop.post(f"/invoices/{invoice['id']}/pay").json()
    assert (paid["status"], paid["paid_at"]) == ("paid", counterfoil.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert shop.get("/revenue").json() == {"paid": 770, "invoices": 1}

    refused = shop.post(f"/invoices/{invoice['id']}/pay")
    assert refused.status_code == 409
    assert refused.json() == {"code": 409, "message": "the invoice is paid; only an open one can be paid"}
    assert shop.post(f"/invoices/{invoice['id']}/void").status_code == 409  # the model allows it for open ones only


def test_each_test_has_a_world_of_its_own(counterfoil: Sandbox, shop: httpx.Client) -> None:
    assert shop.get("/revenue").json() == {"paid": 0, "invoices": 0}
    assert shop.get("/customers").json()["total"] == 30  # as shop.model.yaml says
    counterfoil.store("/invoices").create(customer="cus_1", status="paid", lines=[], total=1200)
    assert shop.get("/revenue").json() == {"paid": 1200, "invoices": 1}


def test_an_invoice_for_nobody_is_refused(shop: httpx.Client) -> None:
    refused = shop.post("/invoices", json={"customer": "nobody", "lines": [{"description": "tea", "amount": 350}]})
    assert (refused.status_code, refused.json()["message"]) == (422, "there is no customer nobody")


def test_the_client_sees_an_outage(counterfoil: Sandbox, shop: httpx.Client) -> None:
    counterfoil.fail("shop", "GET /revenue", kind="reset", times=1)
    with pytest.raises(httpx.ReadError):
        shop.get("/revenue")
    assert shop.get("/revenue").status_code == 200
    assert [each.status for each in counterfoil.requests("shop", "GET /revenue")] == [0, 200]
