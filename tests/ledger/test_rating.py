"""From usage to charges: prices, packages and fees, with simple numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from counterfoil.ledger.accounts import Account, AccountState, Subscription
from counterfoil.ledger.allocation import Receivables
from counterfoil.ledger.documents import Invoice
from counterfoil.ledger.rating import fee_dates, fee_lines, next_fee_date, usage_lines
from counterfoil.ledger.tariffs import DataPackage, Rate, RateZone, Service, Tariff
from counterfoil.ledger.usage import UsageRecord

HOME = RateZone(1, "Germany", ("DE",))
FAR = RateZone(2, "Far away", ("US", "JP"))
TARIFF = Tariff(
    number=1,
    key="basic",
    name="Basic",
    currency="EUR",
    monthly_fee=Decimal(10),
    sim_fee=Decimal("0.50"),
    packages=(DataPackage(1, "Ten", HOME, Decimal(10), Decimal(2)),),
    rates=(
        Rate(Service.DATA, HOME, Decimal("0.05")),
        Rate(Service.DATA, FAR, Decimal("0.20"), (("JP", Decimal("0.30")),)),
        Rate(Service.SMS, HOME, Decimal("0.10")),
    ),
)
JANUARY = date(2026, 1, 1)
ACME = Subscription(1, account=0, tariff=TARIFF, sims=4, started=JANUARY, fees_from=JANUARY)
ACCOUNT_STATE = AccountState(JANUARY, (Account("EUR", Decimal(19)),), (ACME,))


def used(ordinal: int, day: date, quantity: int, country: str = "DE", service: Service = Service.DATA) -> UsageRecord:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return UsageRecord(ordinal, 1, service, country, Decimal(quantity), at)


def rated(*records: UsageRecord, state: AccountState = ACCOUNT_STATE) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    """For each line: country, how much was used, how much of it packages covered, and what it costs."""
    return [(line.country, line.quantity, line.covered, line.amount) for line in usage_lines(state, ACME, records)]


def test_a_package_covers_usage_in_order_of_time_not_of_recording() -> None:
    """8 on the 5th are covered, and 2 of the 6 on the 9th: 4 × 0.05 = 0.20 remain."""
    early, late = used(2, date(2026, 1, 5), 8), used(1, date(2026, 1, 9), 6)
    assert rated(late, early) == [("DE", 14, 10, Decimal("0.20"))]
    assert usage_lines(ACCOUNT_STATE, ACME, [late, early])[0].records == (2, 1)
    assert usage_lines(ACCOUNT_STATE, ACME, [late, early])[0].nominal == Decimal("0.70")


def test_a_package_starts_again_each_month_without_carrying_over() -> None:
    """January uses 4 of 10; the 6 left over are gone, so February's 12 cost 2 × 0.05."""
    assert rated(used(1, date(2026, 1, 31), 4), used(2, date(2026, 2, 1), 12)) == [("DE", 16, 14, Decimal("0.10"))]


def test_what_an_earlier_bill_drew_from_the_month_is_gone() -> None:
    """7 were billed in the middle of January; of the 5 used after it 3 are covered, and 2 × 0.05 = 0.10."""
    middle = date(2026, 1, 15)
    bill = Invoice(
        ordinal=1, account=0, run=1, currency="EUR", tax_rate=Decimal(19), period_start=JANUARY, period_end=middle,
        issued_on=middle, due_on=middle, issued_at=datetime(2026, 1, 15, tzinfo=UTC), lines=(),
        usage=(used(1, date(2026, 1, 5), 7),),
    )  # fmt: skip
    state = replace(ACCOUNT_STATE, receivables=Receivables(invoices=(bill,)))
    assert rated(used(2, date(2026, 1, 20), 5), state=state) == [("DE", 5, 3, Decimal("0.10"))]
    assert rated(used(2, date(2026, 2, 20), 5), state=state) == [("DE", 5, 5, Decimal(0))]


def test_a_package_covers_data_in_its_own_zone_only() -> None:
    """10 × 0.20 = 2.00 in the US, 10 × 0.30 = 3.00 in Japan, 10 messages × 0.10 = 1.00."""
    day = date(2026, 1, 5)
    lines = rated(used(1, day, 10, "US"), used(2, day, 10, "JP"), used(3, day, 10, service=Service.SMS))
    assert lines == [("US", 10, 0, 2), ("JP", 10, 0, 3), ("DE", 10, 0, 1)]


def test_use_without_a_price_makes_no_line() -> None:
    nowhere = used(1, date(2026, 1, 5), 10, "FR")
    not_yet = replace(used(2, date(2026, 1, 5), 10, "US"), rated=False)
    assert rated(nowhere, not_yet) == []


def test_fees_fall_due_on_the_first_day_and_on_the_first_of_each_month() -> None:
    """Through 1 March, inclusive: three times 10.00 + 4 × 0.50 + 2.00 = 14.00."""
    assert list(fee_dates(ACME, date(2026, 2, 28))) == [date(2026, 1, 1), date(2026, 2, 1)]
    assert list(fee_dates(ACME, date(2026, 3, 1))) == [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
    assert sum(line.amount for line in fee_lines(ACME, date(2026, 3, 1))) == 3 * 14
    late = replace(ACME, started=date(2026, 1, 31), fees_from=date(2026, 1, 31))
    assert list(fee_dates(late, date(2026, 2, 1))) == [date(2026, 1, 31), date(2026, 2, 1)]


@pytest.mark.parametrize("stop", ["ended", "paused_on"])
def test_no_fee_falls_due_on_the_day_a_subscription_stops(stop: str) -> None:
    stopped = replace(ACME, **{stop: date(2026, 2, 1)})
    assert list(fee_dates(stopped, date(2026, 6, 1))) == [date(2026, 1, 1)]


def test_the_next_fee_is_the_first_one_after_what_is_billed() -> None:
    assert next_fee_date(ACME, date(2025, 12, 31)) == date(2026, 1, 1)
    assert next_fee_date(ACME, date(2026, 1, 1)) == date(2026, 2, 1)
    assert next_fee_date(ACME, date(2026, 1, 31)) == date(2026, 2, 1)


def test_a_tariff_without_fees_makes_no_lines_for_them() -> None:
    free = replace(ACME, tariff=replace(TARIFF, monthly_fee=Decimal(0), packages=()), sims=0)
    assert list(fee_lines(free, date(2026, 6, 1))) == []
