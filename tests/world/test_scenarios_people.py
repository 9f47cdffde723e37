"""Generated people fit their country: telephone, postcode, e-mail and VAT number, as emnify shows them over HTTP."""

from __future__ import annotations

import re
from typing import Any

import pytest

from counterfoil.world.commands import AddCustomer

PREFIXES = {
    "DE": "49", "AT": "43", "CH": "41", "GB": "44", "FR": "33", "US": "1", "CA": "1", "AU": "61", "BR": "55", "JP": "81",
    "IN": "91", "PL": "48",
    "BE": "32", "SE": "46", "CN": "86", "ZA": "27", "KW": "965", "NZ": "64", "AE": "971", "GR": "30", "VN": "84",
}  # fmt: skip


def address(stand_in: Any, customer: int) -> dict[str, Any]:
    answer = stand_in.get("emnify", f"/organisation/{customer}/billing/202601")
    assert answer.status_code == 200, answer.text
    return answer.json()["customer_org"]["invoice_address"]


def add(stand_in: Any, **facts: Any) -> int:
    return int(stand_in.do(AddCustomer(tariff="basic", **facts)))


@pytest.mark.parametrize(("country", "prefix"), PREFIXES.items())
def test_a_telephone_number_has_the_prefix_of_its_country(stand_in: Any, country: str, prefix: str) -> None:
    world = stand_in("one-month", apis=["emnify"])
    for _ in range(5):
        phone = address(world, add(world, country=country))["phone"]
        assert re.fullmatch(rf"\+{prefix} [0-9 -]{{6,14}}", phone), phone


@pytest.mark.parametrize(
    ("name", "country", "host"),
    [
        ("Hübel GbR", "DE", "huebel-gbr-2"),
        ("Groß & Söhne", "AT", "gross-soehne-2"),
        ("Hu\u0308bel GbR", "DE", "huebel-gbr-2"),
        ("François et Fils", "FR", "francois-et-fils-2"),
        ("Łódź Sp. z o.o.", "PL", "lodz-sp-z-o-o-2"),
        ("Søren Sørensen ApS", "DK", "soren-sorensen-aps-2"),
        ("Åström AB", "SE", "astrom-ab-2"),
        ("山本銀行", "JP", "customer-2"),
    ],
)
def test_an_e_mail_keeps_the_letters_of_the_name(stand_in: Any, name: str, country: str, host: str) -> None:
    world = stand_in("one-month", apis=["emnify"])
    assert address(world, add(world, name=name, country=country))["email"] == f"billing@{host}.example"


def test_no_two_customers_share_an_e_mail(stand_in: Any) -> None:
    world = stand_in("demo", apis=["emnify"], customers=2000).world
    assert len({world.contact_of(number).email for number in range(1, 2001)}) == 2000


def test_a_postcode_fits_its_town(stand_in: Any) -> None:
    """Berlin's postcodes begin with 10, Hamburg's with 20; a house number has three digits at most."""
    world = stand_in("one-month", apis=["emnify"], customers=300)
    seen = set()
    for number in range(2, 300):
        shown = address(world, number)
        begins = {"Berlin": "10", "Hamburg": "20", "Leipzig": "04", "Düsseldorf": "40"}.get(shown["city"])
        if begins:
            seen.add(shown["city"])
            assert re.fullmatch(rf"{begins}\d\d\d", shown["zipcode"]), shown
        assert re.fullmatch(r".*\D \d{1,3}", shown["street"]), shown["street"]
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("country", "vatin", "phone"),
    [
        ("DE", "DE999999999", "+49 "),
        ("GR", "EL999999999", "+30 "),
        ("AT", "ATU99999999", "+43 "),
        ("US", "999999999", "+1 "),
    ],
)
def test_a_seller_s_vat_number_and_telephone_are_those_of_its_country(
    stand_in: Any, tmp_path: Any, country: str, vatin: str, phone: str
) -> None:
    text = (
        f"title: A\ntext: B\nstarts: 2026-01-01T00:00:00Z\nseller: {{name: Seller, country: {country}}}\n"
        "tariffs: [{key: basic, name: Basic, monthly_fee: 10}]\ncustomers: [{key: acme, tariff: basic}]\n"
    )
    (tmp_path / "seller.yaml").write_text(text)
    world = stand_in(str(tmp_path / "seller.yaml"), apis=["emnify"])
    issuer = world.get("emnify", "/organisation/1/billing/202601").json()["issuer_org"]
    assert issuer["billing_config"]["vatin"] == vatin
    assert issuer["company_address"]["phone"].startswith(phone)
