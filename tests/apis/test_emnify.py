"""emnify's bill: its arithmetic and formats, previews and stored bills, and permissions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from counterfoil.ledger.tariffs import Service
from counterfoil.lookup import load_api
from counterfoil.openapi import load
from counterfoil.world.commands import (
    AddCharge,
    AdvanceClock,
    CancelBill,
    CancelSubscription,
    CreateRun,
    RateAgain,
    RecordPayment,
    RecordUsage,
    RefundPayment,
    RequestBills,
    Subscribe,
)

SCENARIO = str(Path(__file__).parent / "scenarios" / "emnify.yaml")
SAMPLE_SIZE, PLAIN, NOBODY, PARENT, CHILD, GRANDCHILD, BOTH = range(1, 8)
ISSUER = 1_000_000_000
EUR = {"code": "EUR"}

Build = Callable[..., Any]


@pytest.fixture
def emnify(stand_in: Build) -> Build:
    """``emnify(switches={…})``: the stand-in for emnify alone, with the scenario of these tests."""
    return lambda **options: stand_in(SCENARIO, apis=["emnify"], **options)


def bill(app: Any, org: int, period: str = "202601", **options: Any) -> Any:
    answer = app.get("emnify", f"/organisation/{org}/billing/{period}", **options)
    assert answer.status_code == 200, answer.text
    return answer.json(parse_float=Decimal)


def use(app: Any, customer: int, quantity: str, **members: Any) -> None:
    app.do(RecordUsage(customer=customer, country=members.pop("country", "DE"), quantity=Decimal(quantity), **members))


def produce_bills(app: Any, cutoff: date = date(2026, 2, 1)) -> None:
    """Bill the charges before ``cutoff``, on that day; due two weeks later."""
    app.do(AdvanceClock(to=datetime(cutoff.year, cutoff.month, cutoff.day, tzinfo=UTC)))
    run = app.do(CreateRun(invoice_date=cutoff, cutoff_date=cutoff))
    app.do(RequestBills(run=run.number))
    app.do(AdvanceClock(minutes=10))


def costs(body: Any) -> tuple[str, str, str]:
    return tuple(str(body[part]["cost"]) for part in ("sub_total", "vat", "total"))  # type: ignore[return-value]


# --- the story -----------------------------------------------------------------------------------


def test_the_month_from_preview_to_paid(stand_in: Build) -> None:
    """10.00 + 40 × 0.05 = 12.00; with 19 % it is 14.28, of which 5.00 is paid first and 9.28 later."""
    app = stand_in("one-month", apis=["emnify"])
    preview = bill(app, 1)
    assert costs(preview) == ("12", "2.28", "14.28")
    assert preview["period"] == "January 1 - January 31, 2026"
    assert (preview["invoice"], preview["payment_option"], preview["refresh_allowed"]) == (None, None, True)

    produce_bills(app)
    issued = bill(app, 1)
    assert costs(issued) == ("12", "2.28", "14.28")
    assert issued["refresh_allowed"] is False
    assert issued["payment_option"] is None
    assert issued["invoice"] == {
        "id": 100001,
        "invoice_number": "2026-01-000001",
        "created": "2026-02-01T00:05:00.000+0000",
        "due_date": "2026-02-15T00:00:00.000+0000",
        "status": {"id": 1, "description": "Open"},
        "total_paid": 0,
        "total_credited": 0,
    }

    app.do(RecordPayment(customer=1, bill=1, amount=Decimal("5.00")))
    assert bill(app, 1)["invoice"]["status"] == {"id": 2, "description": "Partially paid"}
    app.do(AdvanceClock(to=datetime(2026, 2, 20, tzinfo=UTC)))
    assert bill(app, 1)["invoice"]["status"] == {"id": 4, "description": "Overdue"}
    app.do(RecordPayment(customer=1, bill=1))
    paid = bill(app, 1)
    assert paid["invoice"]["status"] == {"id": 3, "description": "Paid"}
    assert paid["invoice"]["total_paid"] == Decimal("14.28")
    assert paid["payment_option"] == {
        "id": 1,
        "type": "bank_transfer",
        "description": "Bank transfer",
        "paid_at": "2026-02-20T00:00:00.000+0000",
    }
    unchanged = ("period", "total", "sub_total", "vat", "mrc", "sim_items", "traffic", "customer_org")
    assert {part: paid[part] for part in unchanged} == {part: preview[part] for part in unchanged}


def test_a_refund_leaves_a_bill_paid_and_a_cancellation_is_not_a_payment(emnify: Build) -> None:
    app = emnify()
    produce_bills(app)
    app.do(RecordPayment(customer=PLAIN, bill=1))
    assert bill(app, PLAIN)["payment_option"]["type"] == "bank_transfer"
    app.do(RefundPayment(customer=PLAIN, payment=1))
    assert bill(app, PLAIN)["payment_option"]["type"] == "bank_transfer"
    assert bill(app, PLAIN)["invoice"]["status"]["description"] == "Paid"
    app.do(CancelBill(customer=SAMPLE_SIZE, bill=1))
    cancelled = bill(app, SAMPLE_SIZE)
    assert (cancelled["payment_option"], cancelled["invoice"]["total_paid"]) == (None, 0)
    assert cancelled["invoice"]["status"] == {"id": 5, "description": "Cancelled"}


# --- the tree ------------------------------------------------------------------------------------


def test_the_sample_bill_to_the_last_digit(emnify: Build) -> None:
    """12.26 = 10.00 package + 2 × 0.50 SIMs + 0 covered data + 21 × 0.06 SMS (docs/vendors/emnify.md#arithmetic)."""
    app = emnify()
    use(app, SAMPLE_SIZE, "12.345678")
    use(app, SAMPLE_SIZE, "21", service=Service.SMS)
    body = bill(app, SAMPLE_SIZE)
    assert costs(body) == ("12.26", "2.3294", "14.5894")
    assert body["vat"]["rate"] == "19.000000"
    money = {"id": 1, "code": "EUR", "symbol": "€"}
    assert body["mrc"] == {
        "data_packages": {
            "data": [
                {
                    "id": 1,
                    "tariff": {"id": 1, "name": "World"},
                    "ratezone": {"id": 1, "name": "Zone 1"},
                    "currency": money,
                    "volume": 500,
                    "rate": 10,
                    "description": "500 MB in zone 1, 2026-01",
                }
            ],
            "total": {"cost": 10, "volume": 500, "currency": money},
        }
    }
    assert body["sim_items"] == {
        "total": {"number_of_active_sims_chargeable": 2, "sim_hosting_fees": 1, "cost": 1},
        "data": [],
    }
    country = {"country": {"name": "Germany"}, "ratezone": "Zone 1", "ratezone_id": "1", "currency": EUR}
    zone = {"id": 1, "name": "Zone 1", "tariff": "World", "currency": EUR}
    tariff = {"id": 1, "name": "World", "currency": EUR}
    assert body["traffic"]["data"] == {
        "tariff": [
            tariff
            | {
                "volume": "12.345678",
                "cost": 0,
                "ratezone": [
                    zone
                    | {
                        "rate": "0.250000",
                        "volume": "12.345678",
                        "data_package_volume": Decimal("12.345678"),
                        "inclusive_volume": 0,
                        "cost": 0,
                        "countries": [country | {"rate": "0.250000", "volume": "12.345678", "cost": "3.0864195000"}],
                    }
                ],
            }
        ],
        "total": {"volume": Decimal("12.345678"), "cost": 0, "currency": EUR},
    }
    assert body["traffic"]["sms"] == {
        "tariff": [
            tariff
            | {
                "volume": 21,
                "cost": Decimal("1.26"),
                "ratezone": [
                    zone
                    | {
                        "volume": 21,
                        "cost": Decimal("1.26"),
                        "countries": [
                            country
                            | {"tariff": "World", "tariff_id": "1", "volume": "21.000000", "cost": "1.2600000000"}
                        ],
                    }
                ],
            }
        ],
        "total": {"volume": 21, "cost": Decimal("1.26"), "currency": EUR},
    }
    assert body["tariff_plan"] == [{"id": 1, "name": "World", "rate": 0, "currency": EUR}]
    assert body["invoice_items"] is None


def test_a_package_covers_its_volume_and_the_rest_costs(emnify: Build) -> None:
    """620 MB, of which 500 are covered: 120 × 0.25 = 30 in the zone, 620 × 0.25 = 155 in the country
    (docs/vendors/emnify.md#covered-usage)."""
    app = emnify()
    use(app, SAMPLE_SIZE, "620")
    use(app, SAMPLE_SIZE, "8", country="FR")
    use(app, SAMPLE_SIZE, "4", country="CH")
    data = bill(app, SAMPLE_SIZE)["traffic"]["data"]
    [tariff] = data["tariff"]
    home, abroad = tariff["ratezone"]
    assert (home["volume"], home["data_package_volume"], home["cost"]) == (620, 500, 30)
    assert home["countries"][0]["cost"] == "155.0000000000"
    assert [(each["country"]["name"], each["rate"], each["cost"]) for each in abroad["countries"]] == [
        ("France", "0.500000", "4.0000000000"),
        ("Switzerland", "0.750000", "3.0000000000"),
    ]
    assert (abroad["cost"], abroad["data_package_volume"]) == (7, 0)
    assert (tariff["cost"], tariff["volume"]) == (37, 632)
    assert (data["total"]["cost"], data["total"]["volume"]) == (37, 632)


def test_the_basic_charge_stands_among_the_packages_without_volume(emnify: Build) -> None:
    body = bill(emnify(), PLAIN)
    [charge] = body["mrc"]["data_packages"]["data"]
    assert (charge["rate"], charge["volume"], charge["description"]) == (10, 0, "Basic charge Plain, 2026-01")
    assert body["mrc"]["data_packages"]["total"]["cost"] == 10
    assert (body["sim_items"], body["traffic"]) == (None, None)
    assert body["tariff_plan"] == [{"id": 2, "name": "Plain", "rate": 10, "currency": EUR}]


def test_single_charges_are_invoice_items_and_part_of_the_sub_total(emnify: Build) -> None:
    """10.00 + 5.50 − 1.50 = 14.00."""
    app = emnify()
    app.do(AddCharge(customer=PLAIN, description="Setup", amount=Decimal("5.50")))
    app.do(AddCharge(customer=PLAIN, description="Goodwill", amount=Decimal("-1.50")))
    body = bill(app, PLAIN)
    assert body["sub_total"]["cost"] == 14
    assert [(item["description"], item["cost"]) for item in body["invoice_items"]] == [
        ("Setup", Decimal("5.5")),
        ("Goodwill", Decimal("-1.5")),
    ]


def test_amounts_are_exact_and_not_rounded(emnify: Build) -> None:
    """0.123457 MB × 0.05 = 0.00617285; 10.00617285 × 19 % = 1.9011728415."""
    app = emnify()
    use(app, PLAIN, "0.123457")
    assert costs(bill(app, PLAIN)) == ("10.00617285", "1.9011728415", "11.9073456915")
    produce_bills(app)
    assert costs(bill(app, PLAIN)) == ("10.00617285", "1.9011728415", "11.9073456915")


def test_the_widest_amounts_keep_every_digit(emnify: Build) -> None:
    """999999999999999.9999999999 × 0.75 + 11; its VAT has 29 digits, one more than Python's decimals have unasked."""
    app = emnify()
    use(app, SAMPLE_SIZE, "999999999999999.9999999999", country="CH")
    assert costs(bill(app, SAMPLE_SIZE)) == (
        "750000000000010.999999999925",
        "142500000000002.08999999998575",
        "892500000000013.08999999991075",
    )


# --- tariff profiles -----------------------------------------------------------------------------


def two_volumes(app: Any) -> None:
    """sample has 500 MB and 2 SIMs, and now 10 MB and 3 SIMs on another plan, and uses 100 and 30 MB of them."""
    app.do(Subscribe(customer=SAMPLE_SIZE, tariff="small", sims=3))
    use(app, SAMPLE_SIZE, "100", subscription=1)
    use(app, SAMPLE_SIZE, "30", subscription=2)


def test_several_inclusive_volumes_split_the_bill_by_profile(emnify: Build) -> None:
    """18.00 = 1.00 SIMs + 10.00 + 2.00 volumes + (30 − 10) × 0.25 (docs/vendors/emnify.md#tariff-profiles); nothing is
    left among the packages."""
    app = emnify()
    two_volumes(app)
    body = bill(app, SAMPLE_SIZE)
    world, small = {"id": 1, "name": "World 1"}, {"id": 2, "name": "Small 2"}
    assert body["sub_total"]["cost"] == 18
    assert body["mrc"] is None
    assert body["sim_items"] == {
        "total": {"number_of_active_sims_chargeable": 2, "sim_hosting_fees": 1, "cost": 13},
        "data": [
            {"tariff_profile": world, "number_of_active_sims": 2, "inclusive_volume": 500, "cost": 10, "currency": EUR},
            {"tariff_profile": small, "number_of_active_sims": 3, "inclusive_volume": 10, "cost": 2, "currency": EUR},
        ],
    }
    first, second = body["traffic"]["data"]["tariff"]
    assert (first["tariff_profile"], first["cost"], first["ratezone"][0]["inclusive_volume"]) == (world, 0, 100)
    assert (second["tariff_profile"], second["cost"], second["ratezone"][0]["inclusive_volume"]) == (small, 5, 10)
    assert first["ratezone"][0]["data_package_volume"] == 0


def test_profiles_can_be_always_or_never_distinguished(emnify: Build) -> None:
    never = emnify(switches={"emnify.multi_profile": "never"})
    two_volumes(never)
    whole = bill(never, SAMPLE_SIZE)
    assert whole["sub_total"]["cost"] == 18
    assert whole["mrc"]["data_packages"]["total"]["cost"] == 12
    assert whole["sim_items"]["data"] == []
    assert all("tariff_profile" not in tariff for tariff in whole["traffic"]["data"]["tariff"])

    always = emnify(switches={"emnify.multi_profile": "always"})
    use(always, SAMPLE_SIZE, "1")
    split = bill(always, SAMPLE_SIZE)
    assert split["sub_total"]["cost"] == 11
    assert split["traffic"]["data"]["tariff"][0]["tariff_profile"] == {"id": 1, "name": "World 1"}
    assert [item["cost"] for item in split["sim_items"]["data"]] == [10]


def test_two_volumes_of_one_subscription_split_the_bill(stand_in: Build) -> None:
    """docs/vendors/emnify.md#tariff-profiles: demo's organisation 4 has 200 MB for Europe and 100 MB at home."""
    body = bill(stand_in("demo", apis=["emnify"]), 4)
    [profile] = body["sim_items"]["data"]
    assert profile["inclusive_volume"] == 300
    tariffs = body["traffic"]["data"]["tariff"]
    assert tariffs
    assert all(tariff["tariff_profile"] == profile["tariff_profile"] for tariff in tariffs)


def test_no_two_monthly_charges_have_one_id(emnify: Build) -> None:
    """docs/vendors/emnify.md#package-ids: two subscriptions of each tariff, billed for January and February together."""
    app = emnify(switches={"emnify.multi_profile": "never"})
    for customer, tariff in ((PLAIN, "plain"), (SAMPLE_SIZE, "world")):
        app.do(Subscribe(customer=customer, tariff=tariff))
    produce_bills(app, date(2026, 3, 1))
    for customer, months in ((PLAIN, "Plain"), (SAMPLE_SIZE, "zone 1")):
        charges = bill(app, customer, "202602")["mrc"]["data_packages"]["data"]
        assert len(charges) == 4, "two subscriptions, two months"
        assert all(months in each["description"] for each in charges)
        assert len({each["id"] for each in charges}) == 4


# --- periods, previews, persisted ----------------------------------------------------------------


def test_months_have_their_own_last_day(emnify: Build) -> None:
    app = emnify()
    app.do(AdvanceClock(to=datetime(2028, 3, 1, tzinfo=UTC)))
    assert bill(app, PLAIN, "202602")["period"] == "February 1 - February 28, 2026"
    assert bill(app, PLAIN, "202802")["period"] == "February 1 - February 29, 2028"
    assert bill(app, PLAIN, "202604")["period"] == "April 1 - April 30, 2026"


def test_each_open_month_is_a_preview_of_its_own(emnify: Build) -> None:
    app = emnify()
    use(app, PLAIN, "20")
    app.do(AdvanceClock(to=datetime(2026, 2, 10, tzinfo=UTC)))
    use(app, PLAIN, "40")
    assert [costs(bill(app, PLAIN, period))[0] for period in ("202601", "202602")] == ["11", "12"]
    produce_bills(app, date(2026, 3, 1))
    assert bill(app, PLAIN, "202602")["sub_total"]["cost"] == 23  # one run billed both: the month its period ends in
    assert app.get("emnify", f"/organisation/{PLAIN}/billing/202601").status_code == 404


def test_two_invoices_of_one_month_are_one_bill(emnify: Build) -> None:
    """10.00 + 20 × 0.05 until the 15th, 40 × 0.05 after it: 13.00. Paid only once both are."""
    app = emnify()
    use(app, PLAIN, "20")
    produce_bills(app, date(2026, 1, 15))
    use(app, PLAIN, "40")
    assert bill(app, PLAIN)["sub_total"]["cost"] == 11
    produce_bills(app)
    app.do(RecordPayment(customer=PLAIN, bill=1))
    assert bill(app, PLAIN)["payment_option"] is None
    app.do(RecordPayment(customer=PLAIN, bill=2))
    both = bill(app, PLAIN)
    assert both["sub_total"]["cost"] == 13
    assert both["payment_option"] is not None
    assert both["invoice"]["total_paid"] == Decimal("13.09") + Decimal("2.38")
    assert both["invoice"]["invoice_number"] == "2026-01-000002-2"


def test_one_of_two_invoices_cancelled_leaves_the_month_paid(emnify: Build) -> None:
    app = emnify()
    produce_bills(app, date(2026, 1, 15))
    use(app, PLAIN, "40")
    produce_bills(app)
    app.do(CancelBill(customer=PLAIN, bill=1))
    assert bill(app, PLAIN)["invoice"]["status"]["description"] == "Partially paid"
    app.do(RecordPayment(customer=PLAIN, bill=2))
    paid = bill(app, PLAIN)
    assert paid["invoice"]["status"]["description"] == "Paid"
    assert (paid["invoice"]["total_paid"], paid["payment_option"]["type"]) == (Decimal("2.38"), "bank_transfer")


def test_sims_billed_for_two_months_are_counted_once(emnify: Build) -> None:
    app = emnify()
    produce_bills(app, date(2026, 3, 1))
    assert bill(app, SAMPLE_SIZE, "202602")["sim_items"]["total"] == {
        "number_of_active_sims_chargeable": 2,
        "sim_hosting_fees": 2,
        "cost": 2,
    }


def test_the_list_has_every_month_and_only_those(emnify: Build) -> None:
    app = emnify()
    produce_bills(app)
    app.do(CancelSubscription(customer=PLAIN))
    app.do(AdvanceClock(months=1))
    listed = app.get("emnify", f"/organisation/{SAMPLE_SIZE}/billing")
    assert listed.json() == [
        {"id": 202601, "description": "January 2026"},
        {"id": 202602, "description": "February 2026"},
        {"id": 202603, "description": "March 2026"},
    ]
    paging = {name: listed.headers[f"x-{name}"] for name in ("total-count", "total-pages", "current-page")}
    assert paging == {"total-count": "3", "total-pages": "1", "current-page": "1"}
    assert [each["id"] for each in app.get("emnify", f"/organisation/{PLAIN}/billing").json()] == [202601]
    assert app.get("emnify", f"/organisation/{NOBODY}/billing").json() == []
    assert app.get("emnify", f"/organisation/{ISSUER}/billing").json() == []


def test_refreshing_a_preview_finds_what_is_new(emnify: Build) -> None:
    app = emnify()
    assert bill(app, PLAIN)["sub_total"]["cost"] == 10
    use(app, PLAIN, "40")
    refreshed = bill(app, PLAIN, params={"force_refresh": "true"})
    assert refreshed["sub_total"]["cost"] == 12
    assert refreshed == bill(app, PLAIN)


def test_a_persisted_bill_is_not_refreshed(emnify: Build) -> None:
    app = emnify()
    produce_bills(app)
    assert bill(app, PLAIN, params={"force_refresh": "true"}) == bill(app, PLAIN)
    strict = emnify(switches={"emnify.refresh_refused": 409})
    assert bill(strict, PLAIN, params={"force_refresh": "true"})["refresh_allowed"] is True
    produce_bills(strict)
    path = f"/organisation/{PLAIN}/billing/202601"
    answer = strict.get("emnify", path, params={"force_refresh": "true"})
    assert (answer.status_code, answer.json()["error_code"]) == (409, 1406)
    assert strict.get("emnify", path, params={"force_refresh": "false"}).status_code == 200


def late_usage(app: Any) -> None:
    """plain is billed 10.00 for January, and then 40 × 0.05 of January are rated."""
    use(app, PLAIN, "40", rated=False)
    produce_bills(app)
    assert bill(app, PLAIN)["refresh_allowed"] is False
    app.do(RateAgain(customer=PLAIN))


def test_an_unpaid_bill_can_be_refreshed_once_more_usage_was_rated(emnify: Build) -> None:
    """docs/vendors/emnify.md#refresh: 12.00 = 10.00 + 40 × 0.05, as a preview; the stored bill stays, and February has the
    2.00."""
    app = emnify()
    late_usage(app)
    stored = bill(app, PLAIN)
    assert (stored["sub_total"]["cost"], stored["refresh_allowed"]) == (10, True)
    again = bill(app, PLAIN, params={"force_refresh": "true"})
    assert (again["sub_total"]["cost"], again["total"]["cost"]) == (12, Decimal("14.28"))
    assert (again["invoice"], again["payment_option"], again["refresh_allowed"]) == (None, None, True)
    assert again["traffic"]["data"]["total"]["volume"] == 40
    assert bill(app, PLAIN) == stored
    assert bill(app, PLAIN, "202602")["sub_total"]["cost"] == 12, "February's fee and the late usage"

    app.do(RecordPayment(customer=PLAIN, bill=1))
    paid = bill(app, PLAIN)
    assert paid["refresh_allowed"] is False
    assert bill(app, PLAIN, params={"force_refresh": "true"}) == paid


def test_late_usage_may_be_ignored(emnify: Build) -> None:
    app = emnify(switches={"emnify.late_usage": "ignored", "emnify.refresh_refused": 409})
    late_usage(app)
    assert bill(app, PLAIN)["refresh_allowed"] is False
    path = f"/organisation/{PLAIN}/billing/202601"
    assert app.get("emnify", path, params={"force_refresh": "true"}).status_code == 409


def test_a_refreshable_bill_is_not_refused(emnify: Build) -> None:
    app = emnify(switches={"emnify.refresh_refused": 409})
    late_usage(app)
    assert bill(app, PLAIN, params={"force_refresh": "true"})["sub_total"]["cost"] == 12


# --- the parties ---------------------------------------------------------------------------------


def test_both_parties_are_named(emnify: Build) -> None:
    body = bill(emnify(), SAMPLE_SIZE)
    issuer, customer = body["issuer_org"], body["customer_org"]
    assert (issuer["id"], issuer["name"], issuer["monthly_cost_limit"]) == (ISSUER, "Sample Networks GmbH", None)
    assert issuer["billing_config"]["vatin"] == "DE123456789"
    assert issuer["bank_account"]["country_id"] == "74"
    assert issuer["company_address"]["country"] == {
        "id": 74,
        "name": "Germany",
        "country_code": "49",
        "mcc": "262",
        "iso_code": "de",
        "latitude": "51.165691",
        "longitude": "10.451526",
    }
    assert (customer["id"], customer["name"], customer["organisation_type_id"]) == (
        SAMPLE_SIZE,
        "Example Metering AG",
        "4",
    )
    assert customer["invoice_address"]["email"] == "ap@metering.example"


def test_only_the_first_currency_is_billed_here(emnify: Build) -> None:
    app = emnify()
    app.do(Subscribe(customer=BOTH, tariff="dollars"))
    body = bill(app, BOTH)
    assert body["sub_total"] == {"cost": 10, "currency": EUR}
    assert [plan["name"] for plan in body["tariff_plan"]] == ["Plain"]
    produce_bills(app)
    assert bill(app, BOTH)["sub_total"] == {"cost": 10, "currency": EUR}


# --- the rules, on everything there is -----------------------------------------------------------


def every_bill(app: Any) -> list[Any]:
    return [
        bill(app, org, str(period["id"]))
        for org in range(1, app.world.ledger.customers + 1)
        for period in app.get("emnify", f"/organisation/{org}/billing").json()
    ]


def total(items: Any, member: str) -> Decimal:
    return sum((Decimal(item[member]) for item in items), Decimal(0))


@pytest.mark.parametrize("switch", ["auto", "always", "never"])
@pytest.mark.parametrize("scenario", ["demo", "every-state", "multi-currency"])
def test_the_sums_hold_on_every_bill(stand_in: Build, scenario: str, switch: str) -> None:
    """docs/vendors/emnify.md#arithmetic, and no rate zone above its countries."""
    bills = every_bill(stand_in(scenario, apis=["emnify"], switches={"emnify.multi_profile": switch}))
    assert len(bills) >= 5
    for body in bills:
        packages = (body["mrc"] or {}).get("data_packages")
        parts = [part["total"] for part in (packages, body["sim_items"]) if part]
        parts += [each["total"] for each in (body["traffic"] or {}).values()]
        net = body["sub_total"]["cost"]
        assert net == total(parts, "cost") + total(body["invoice_items"] or [], "cost")
        assert body["vat"]["cost"] == net * Decimal(body["vat"]["rate"]) / 100
        assert body["total"]["cost"] == net + body["vat"]["cost"]
        if packages:
            assert packages["total"]["volume"] == total(packages["data"], "volume")
            assert packages["total"]["cost"] == total(packages["data"], "rate")
        for service in (body["traffic"] or {}).values():
            for member in ("cost", "volume"):
                assert service["total"][member] == total(service["tariff"], member)
            for tariff in service["tariff"]:
                assert Decimal(tariff["volume"]) == total(tariff["ratezone"], "volume")
                assert tariff["cost"] == total(tariff["ratezone"], "cost")
                for zone in tariff["ratezone"]:
                    assert Decimal(zone["volume"]) == total(zone["countries"], "volume")
                    assert zone["cost"] <= total(zone["countries"], "cost")
                    covered = zone.get("data_package_volume", 0) + zone.get("inclusive_volume", 0)
                    assert (zone["cost"] == 0) == (covered == Decimal(zone["volume"]))


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/organisation/abc/billing/202601", 400, 1000),
        ("/organisation/1.5/billing/202601", 400, 1000),
        ("/organisation/999.0/billing/202601", 404, 1401),
        ("/organisation/None/billing", 400, 1000),
        ("/organisation/1/billing/2026-01", 400, 1000),
        ("/organisation/1/billing/20261", 400, 1000),
        ("/organisation/1/billing/٢٠٢٦٠١", 400, 1000),
        ("/organisation/1/billing/202601?force_refresh=perhaps", 400, 1000),
        ("/organisation/1/billing/202600", 422, 1403),
        ("/organisation/1/billing/202613", 422, 1403),
        ("/organisation/999/billing/202601", 404, 1401),
        ("/organisation/999/billing", 404, 1401),
        ("/organisation/0/billing", 404, 1401),
        ("/organisation/-1/billing", 404, 1401),
        ("/organisation/-0.0/billing", 404, 1401),
        ("/organisation/0.5/billing", 400, 1000),
        ("/organisation/1e400/billing", 400, 1000),
        ("/organisation/1e-400/billing/202601", 400, 1000),
        ("/organisation/NaN/billing", 400, 1000),
        ("/organisation/Infinity/billing/202601", 400, 1000),
        ("/organisation/1e18/billing", 404, 1401),
        ("/organisation/999999999999999999999/billing/202601", 400, 1000),
        ("/organisation/3/billing/202601", 404, 1401),
        ("/organisation/1000000000/billing/202601", 404, 1401),
        ("/organisation/1/billing/202512", 404, 1401),
        ("/organisation/1/billing/202602", 404, 1401),
        ("/organisation/1/billing/999912", 404, 1401),
        ("/organisation/1/billing/000001", 404, 1401),
        ("/nowhere", 404, 1201),
    ],
)
def test_what_is_not_there_or_not_readable(emnify: Build, path: str, status: int, code: int) -> None:
    answer = emnify().get("emnify", path)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert answer.json()["error_token"]
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"


@pytest.mark.parametrize("org", ["None", "abc", "1.5"])
def test_an_unreadable_organisation_in_the_recorded_words(emnify: Build, org: str) -> None:
    """docs/vendors/emnify.md#recorded-400."""
    assert emnify().get("emnify", f"/organisation/{org}/billing").json() == {
        "error_code": 1000,
        "error_token": "BadRequest",
        "message": f'Cannot parse parameter org_id as Long: For input string: "{org}"',
    }


@pytest.mark.parametrize("org", ["2.0", "2.000", "2e0"])
def test_an_organisation_may_be_written_as_a_double(emnify: Build, org: str) -> None:
    """docs/vendors/emnify.md#org-id."""
    app = emnify()
    assert bill(app, org) == bill(app, PLAIN)  # type: ignore[arg-type]
    listed = app.get("emnify", f"/organisation/{org}/billing")
    assert listed.json() == app.get("emnify", f"/organisation/{PLAIN}/billing").json()


def test_a_token_can_ask_for_its_own_organisation(emnify: Build) -> None:
    """docs/vendors/emnify.md#own-organisation: a customer, or the issuer for a key that is not restricted."""
    app = emnify()
    own = app.get("emnify", "/organisation/my", key="key-of-parent").json()
    assert (own["id"], own["ext_reference"], own["organisation_type_id"]) == (PARENT, "parent", "4")
    assert own["name"] == bill(app, PARENT)["customer_org"]["name"]
    assert app.get("emnify", "/organisation/my").json()["id"] == ISSUER
    assert app.get("emnify", "/organisation/my", key=None).status_code == 401
    assert app.get("emnify", "/organisation/5").status_code == 501


def test_an_empty_period_may_be_a_bill_of_zeros(emnify: Build) -> None:
    app = emnify(switches={"emnify.empty_period": 200})
    empty = bill(app, NOBODY)
    assert costs(empty) == ("0", "0", "0")
    assert [empty[part] for part in ("mrc", "sim_items", "traffic", "invoice", "invoice_items")] == [None] * 5
    assert bill(app, SAMPLE_SIZE, "199902")["period"] == "February 1 - February 28, 1999"
    for month in ("202602", "000001"):
        assert app.get("emnify", f"/organisation/{SAMPLE_SIZE}/billing/{month}").status_code == 404


def test_an_unknown_organisation_may_be_1201(emnify: Build) -> None:
    app = emnify(switches={"emnify.unknown_org_code": 1201})
    body = app.get("emnify", "/organisation/999/billing").json()
    assert (body["error_code"], body["error_token"]) == (1201, "NotFound")


def test_the_vat_rate_may_be_a_number(emnify: Build) -> None:
    assert bill(emnify(switches={"emnify.vat_rate": "number"}), PLAIN)["vat"]["rate"] == 19


@pytest.mark.parametrize("path", ["/organisation/{}/billing/202601", "/organisation/{}/billing"])
def test_a_customer_sees_itself_and_those_below_it(emnify: Build, path: str) -> None:
    app = emnify()

    def status(org: int) -> int:
        return int(app.get("emnify", path.format(org), key="key-of-parent").status_code)

    assert [status(org) for org in (PARENT, CHILD, GRANDCHILD)] == [200] * 3
    assert [status(org) for org in (PLAIN, NOBODY, ISSUER)] == [403] * 3
    assert status(999) == 404
    hiding = emnify(switches={"emnify.foreign_org": 404})
    hidden = hiding.get("emnify", path.format(PLAIN), key="key-of-parent")
    assert (hidden.status_code, hidden.json()["error_code"]) == (404, 1401)


def test_a_known_credential_that_may_not(emnify: Build) -> None:
    app = emnify()
    for key in ("counterfoil-forbidden", "key-for-elevate"):
        answer = app.get("emnify", "/organisation/1/billing/202601", key=key)
        assert (answer.status_code, answer.json()["error_code"]) == (403, 1104)


# --- what the api says of itself -------------------------------------------------------------


def test_every_operation_of_the_spec_has_a_route() -> None:
    spec = load("emnify").raw
    methods = {"get", "post", "put", "patch", "delete"}
    documented = {f"{verb.upper()} {path}" for path, item in spec["paths"].items() for verb in item if verb in methods}
    assert set(load_api("emnify").routes) == documented
