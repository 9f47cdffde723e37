"""What billing runs collect, and the totals of invoices: cutoffs, empty bills, subruns, rounding, with simple numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.ledger.accounts import Account
from counterfoil.ledger.errors import BadValue
from counterfoil.ledger.ledger import Ledger
from counterfoil.ledger.receivables import Bill, bills_of
from counterfoil.ledger.scheduler import run_until
from counterfoil.ledger.tariffs import DataPackage, Rate, RateZone, Service, Tariff

HOME = RateZone(1, "Germany", ("DE",))
PER_MEGABYTE = {"EUR": Decimal("0.05"), "JPY": Decimal("0.3"), "KWD": Decimal("0.0005")}
TARIFFS = {
    currency: Tariff(1, currency, currency, currency, rates=(Rate(Service.DATA, HOME, price),))
    for currency, price in PER_MEGABYTE.items()
}
MONTHLY = Tariff(2, "monthly", "Monthly", "EUR", Decimal(10), rates=TARIFFS["EUR"].rates)
PACKAGE = Tariff(
    3,
    "package",
    "Package",
    "EUR",
    packages=(DataPackage(1, "Ten", HOME, Decimal(10), Decimal(2)),),
    rates=MONTHLY.rates,
)
OPENED = datetime(2026, 1, 1, tzinfo=UTC)


class Books:
    """A ledger with one customer per call of ``customer``, and a clock that tests set."""

    def __init__(self) -> None:
        self.ledger = Ledger({**TARIFFS, "monthly": MONTHLY, "package": PACKAGE})
        self.now = OPENED

    def customer(self, tariff: str, *, tax: int = 0, group: str | None = None, currencies: tuple[str, ...] = ()) -> int:
        currencies = currencies or (self.ledger.tariff(tariff).currency,)
        accounts = tuple(Account(currency, Decimal(tax), group=group) for currency in currencies)
        number = self.ledger.add_customer(accounts, OPENED.date(), OPENED)
        self.ledger.subscribe(number, tariff, sims=1, starts=OPENED.date(), now=OPENED)
        return number

    def use(self, customer: int, megabytes: str | int, at: datetime) -> None:
        self.now = max(self.now, at)
        self.ledger.record_usage(customer, Service.DATA, "DE", Decimal(megabytes), started_at=at, now=self.now)

    def charge(self, customer: int, amount: str | int, dated: date, account: int = 0) -> None:
        self.ledger.add_charge(customer, "Visit", Decimal(amount), dated=dated, now=OPENED, account=account)

    def bill(self, **fields: Any) -> Mapping[int, list[Bill]]:
        """The invoices of a run with these members, by customer; it is produced at once, at ``now``."""
        run = self.ledger.create_run({"invoice_date": self.now.date(), **fields}, self.now)
        self.ledger.request_bills(run.number, self.now)
        run_until(self.ledger, self.now + timedelta(minutes=5))
        return {
            number: [bill for bill in bills_of(self.ledger.state_of(number)) if bill.invoice.run == run.number]
            for number in range(1, self.ledger.customers + 1)
        }


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def books() -> Books:
    return Books()


def nets(issued: Mapping[int, list[Bill]]) -> list[list[str]]:
    return [[str(bill.net) for bill in issued[number]] for number in sorted(issued)]


# --- cutoffs -------------------------------------------------------------------------------------


def test_a_call_at_the_instant_of_the_cutoff_belongs_to_the_next_run(books: Books) -> None:
    """40 × 0.05 = 2.00 before; 100 × 0.05 = 5.00 from then on."""
    acme = books.customer("EUR")
    books.use(acme, 40, at("2026-01-31T23:59:59.999999"))
    books.use(acme, 100, at("2026-02-01T00:00:00"))
    assert nets(books.bill(cutoff_date=date(2026, 2, 1))) == [["2.00"]]
    assert nets(books.bill(cutoff_date=date(2026, 2, 2))) == [["5.00"]]


def test_without_a_transaction_cutoff_charges_before_the_call_cutoff_are_taken(books: Books) -> None:
    acme = books.customer("EUR")
    books.charge(acme, 3, date(2026, 1, 31))
    books.charge(acme, 7, date(2026, 2, 1))
    assert nets(books.bill(cutoff_date=date(2026, 2, 1))) == [["3.00"]]
    assert nets(books.bill(cutoff_date=date(2026, 2, 2))) == [["7.00"]]


def test_a_future_transaction_cutoff_brings_fees_forward_and_they_are_not_billed_again(books: Books) -> None:
    """January, February and March come to 30.00; the next run starts with April."""
    books.customer("monthly")
    forward = books.bill(cutoff_date=date(2026, 2, 1), transaction_cutoff_date=date(2026, 3, 1))
    assert nets(forward) == [["30.00"]]
    assert nets(books.bill(cutoff_date=date(2026, 4, 1))) == [[]]
    assert nets(books.bill(cutoff_date=date(2026, 4, 2))) == [["10.00"]]


def test_late_use_of_a_month_already_billed_is_billed_by_the_next_run(books: Books) -> None:
    """A call in January that is recorded in February: 20 × 0.05 = 1.00."""
    acme = books.customer("EUR")
    books.use(acme, 40, at("2026-01-10T12:00"))
    assert nets(books.bill(cutoff_date=date(2026, 2, 1))) == [["2.00"]]
    books.now = at("2026-02-10T12:00")
    books.use(acme, 20, at("2026-01-11T12:00"))
    (bill,) = books.bill(cutoff_date=date(2026, 3, 1))[acme]
    assert (str(bill.net), bill.invoice.ordinal) == ("1.00", 2)
    assert (bill.invoice.period_start, bill.invoice.period_end) == (date(2026, 2, 1), date(2026, 3, 1))


# --- packages across bills -----------------------------------------------------------------------


def test_two_bills_in_one_month_share_its_package(books: Books) -> None:
    """2.00 the package, 7 of 10 used; then 5 more, of which 3 are covered: 2 × 0.05 = 0.10."""
    acme = books.customer("package")
    books.use(acme, 7, at("2026-01-05T12:00"))
    assert nets(books.bill(cutoff_date=date(2026, 1, 15))) == [["2.00"]]
    books.use(acme, 5, at("2026-01-20T12:00"))
    assert nets(books.bill(cutoff_date=date(2026, 2, 1))) == [["0.10"]]


def test_a_bill_dated_before_its_calls_uses_up_the_package_all_the_same(books: Books) -> None:
    """A run without a call cutoff takes all calls so far, whatever its invoice date. 10 + 4: the 4 cost 0.20."""
    acme = books.customer("package")
    books.use(acme, 10, at("2026-01-05T12:00"))
    assert nets(books.bill(invoice_date=date(2026, 1, 1))) == [["2.00"]]
    books.use(acme, 4, at("2026-01-20T12:00"))
    assert nets(books.bill(cutoff_date=date(2026, 2, 1))) == [["0.20"]]


# --- who gets a bill -----------------------------------------------------------------------------


def test_zero_and_negative_totals_are_not_billed_but_carried_over(books: Books) -> None:
    """docs/vendors/billingplatform.md#empty-invoices. A credit of 4.00 waits until there is 10.00 to set it off against."""
    acme, quiet = books.customer("EUR"), books.customer("EUR")
    books.charge(acme, -4, date(2026, 1, 5))
    assert nets(books.bill(cutoff_date=date(2026, 2, 1))) == [[], []]
    books.charge(acme, 10, date(2026, 2, 5))
    assert nets(books.bill(cutoff_date=date(2026, 3, 1))) == [["6.00"], []]
    assert books.ledger.state_of(quiet).invoices == ()


def test_use_that_is_not_rated_waits_for_its_price(books: Books) -> None:
    acme = books.customer("EUR")
    books.now = at("2026-01-10T12:00")
    books.ledger.record_usage(acme, Service.DATA, "DE", Decimal(40), started_at=books.now, now=books.now, rated=False)
    books.charge(acme, 1, date(2026, 1, 5))
    assert nets(books.bill(cutoff_date=date(2026, 2, 1))) == [["1.00"]]
    assert books.ledger.rate_again(acme, OPENED) == 1
    assert nets(books.bill(cutoff_date=date(2026, 3, 1))) == [["2.00"]]


def test_a_subrun_bills_its_own_accounts_and_a_run_without_one_bills_the_rest(books: Books) -> None:
    books.customer("monthly", group="north")
    books.customer("monthly", group="south")
    books.customer("monthly")
    cutoff = {"cutoff_date": date(2026, 2, 1)}
    assert nets(books.bill(subrun="north", **cutoff)) == [["10.00"], [], []]
    assert nets(books.bill(subrun="west", **cutoff)) == [[], [], []]
    assert nets(books.bill(**cutoff)) == [[], ["10.00"], ["10.00"]]


def test_each_currency_has_its_own_bills_numbered_by_account(books: Books) -> None:
    acme = books.customer("EUR", currencies=("EUR", "JPY"))
    books.charge(acme, 5, date(2026, 1, 5))
    books.charge(acme, 700, date(2026, 1, 5), account=1)
    (euro, yen) = books.bill(cutoff_date=date(2026, 2, 1))[acme]
    assert (euro.invoice.currency, str(euro.total), euro.invoice.ordinal) == ("EUR", "5.00", 1)
    assert (yen.invoice.currency, str(yen.total), yen.invoice.ordinal) == ("JPY", "700", 1)
    assert (euro.total, euro.invoice.run) == (5, 1)
    assert (yen.total, yen.invoice.run) == (700, 1)


# --- rounding ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "megabytes", "tax", "net", "tax_amount", "total"),
    [
        # 25 × 0.3 = 7.5 → 8 yen; a tenth of it is 0.8 → 1
        ("JPY", 25, 10, "8", "1", "9"),
        # 24 × 0.3 = 7.2 → 7; 0.7 → 1
        ("JPY", 24, 10, "7", "1", "8"),
        # 5 × 0.0005 = 0.0025 → 0.003 dinars; a tenth is 0.0003 → 0.000
        ("KWD", 5, 10, "0.003", "0.000", "0.003"),
        # 2469 × 0.0005 = 1.2345 → 1.235; 0.1235 → 0.124
        ("KWD", 2469, 10, "1.235", "0.124", "1.359"),
        # 2.1 × 0.05 = 0.105 → 0.11; half of it 0.055 → 0.06
        ("EUR", "2.1", 50, "0.11", "0.06", "0.17"),
    ],
)
def test_a_bill_is_rounded_half_up_to_what_its_currency_can_show(
    books: Books, currency: str, megabytes: str, tax: int, net: str, tax_amount: str, total: str
) -> None:
    acme = books.customer(currency, tax=tax)
    books.use(acme, megabytes, at("2026-01-10T12:00"))
    (bill,) = books.bill(cutoff_date=date(2026, 2, 1))[acme]
    assert (str(bill.net), str(bill.tax), str(bill.total)) == (net, tax_amount, total)
    assert str(bill.remaining) == total


def test_less_than_half_a_yen_is_not_billed_and_adds_up(books: Books) -> None:
    """1 × 0.3 shows as 0 yen; with another it is 0.6, and shows as 1."""
    acme = books.customer("JPY")
    books.use(acme, 1, at("2026-01-10T12:00"))
    assert nets(books.bill(cutoff_date=date(2026, 2, 1))) == [[]]
    books.use(acme, 1, at("2026-02-10T12:00"))
    assert nets(books.bill(cutoff_date=date(2026, 3, 1))) == [["1"]]


@pytest.mark.parametrize(
    "change",
    [
        "pay",
        "refund",
    ],
)
def test_no_money_moves_that_is_finer_than_the_currency(books: Books, change: str) -> None:
    acme = books.customer("JPY")
    books.charge(acme, 700, date(2026, 1, 5))
    books.bill(cutoff_date=date(2026, 2, 1))
    penny = Decimal("0.01")
    if change == "pay":
        with pytest.raises(BadValue, match="finer"):
            books.ledger.record_payment(acme, 0, 1, penny, now=books.now)
        return
    books.ledger.record_payment(acme, 0, 1, None, now=books.now)
    with pytest.raises(BadValue):
        books.ledger.refund_payment(acme, 1, penny, books.now)


# --- dates of the bill ---------------------------------------------------------------------------


def test_a_bill_is_due_on_the_runs_due_date_or_after_two_weeks(books: Books) -> None:
    acme = books.customer("monthly")
    dates = {"invoice_date": date(2026, 2, 1), "cutoff_date": date(2026, 2, 1)}
    (first,) = books.bill(due_date=date(2026, 2, 20), **dates)[acme]
    assert (first.invoice.issued_on, first.invoice.due_on) == (date(2026, 2, 1), date(2026, 2, 20))
    (second,) = books.bill(invoice_date=date(2026, 3, 1), cutoff_date=date(2026, 3, 1))[acme]
    assert second.invoice.due_on == date(2026, 3, 15)
    assert not first.is_overdue(at("2026-02-20T00:00"))
    assert first.is_overdue(at("2026-02-20T00:01"))
