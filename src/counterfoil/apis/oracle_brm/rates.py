"""Computes and renders applied customer billing rates: the lines of issued bills and of bills in progress."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from counterfoil.api import Json
from counterfoil.apis.oracle_brm.bills import OpenBillTerms, ShownBill, shown_bills
from counterfoil.apis.oracle_brm.ids import BillReference, from_rate_id, rate_id
from counterfoil.apis.oracle_brm.lines import characteristics, covers, dated, item_of, signed_amount, title
from counterfoil.apis.oracle_brm.objects import SCHEMA, Renderer
from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.documents import Line, OneOffLine
from counterfoil.ledger.periods import start_of
from counterfoil.ledger.receivables import tax_on
from counterfoil.world.timestamps import format_timestamp
from counterfoil.world.to_json import json_number

BASE, EXTENDED = "AppliedCustomerBillingRate", "AppliedCustomerBillingRateOracle"
CHARGE, CREDIT = "appliedBillingCharge", "appliedBillingCredit"


class Rate(msgspec.Struct, frozen=True):
    """One line of a bill. ``kind`` and ``item`` identify it among the bill's lines; ``at`` is its date."""

    bill: ShownBill
    line: Line
    kind: str
    item: str
    at: datetime

    @property
    def account(self) -> int:
        return self.bill.account

    @property
    def ordinal(self) -> int:
        return self.bill.ordinal

    @property
    def series(self) -> str | None:
        return self.bill.series

    @property
    def is_billed(self) -> bool:
        return self.bill.series is not None


class RateReference(msgspec.Struct, frozen=True):
    """The target of the id of an applied rate."""

    bill: BillReference
    kind: str
    item: str

    @property
    def customer(self) -> int:
        return self.bill.customer

    def matches(self, customer: int, rate: Rate) -> bool:
        return self.kind == rate.kind and self.item == rate.item and self.bill.matches(customer, rate)


def from_id(text: str) -> RateReference | None:
    """The rate that an id refers to."""
    found = from_rate_id(text)
    return RateReference(*found) if found else None


def rates_of(state: AccountState, terms: OpenBillTerms) -> tuple[Rate, ...]:
    """The rates of all bills of the account state, in the order of the bills."""
    return state.cached("oracle-brm.rates", terms, lambda: _rates(state, terms))


def _rates(state: AccountState, terms: OpenBillTerms) -> tuple[Rate, ...]:
    found: list[Rate] = []
    for bill in shown_bills(state, terms):
        usage_times = {record.ordinal: record.started_at for record in bill.usage}
        found += [Rate(bill, line, *item_of(line), dated(line, usage_times)) for line in bill.lines]
    return tuple(found)


def document(renderer: Renderer, customer: int, rate: Rate) -> dict[str, Json]:
    """The rate as the vendor's JSON, with None for members that are not set.

    Amounts are exact, because only the bill's are rounded. Money is positive, so a credit has its own type.
    """
    bill, line, form = rate.bill, rate.line, renderer.form
    id_ = rate_id(customer, bill.account, bill.ordinal, rate.kind, rate.item)
    net = abs(signed_amount(line))
    tax = tax_on(net, bill.tax_rate)
    tax_item = {"taxCategory": "VAT", "taxRate": bill.tax_rate, "taxAmount": _money(bill, tax)}
    found = {
        "id": id_,
        "href": renderer.address("appliedCustomerBillingRate", id_),
        "date": format_timestamp(rate.at),
        "description": f"{title(line)} on account {bill.account + 1}",
        "isBilled": rate.is_billed,
        "name": title(line),
        "type": CHARGE if signed_amount(line) >= 0 else CREDIT,
        "appliedTax": [form.object("AppliedBillingTaxRate", tax_item)],
        "bill": renderer.bill(customer, bill.account, bill.ordinal, bill.series),
        "billingAccount": renderer.billing_account(customer, bill.account),
        "characteristic": [
            form.object("AppliedBillingRateCharacteristic", {"name": name, "value": value, "valueType": kind})
            for name, value, kind in characteristics(line)
        ],
        "periodCoverage": _period(rate),
        "product": None
        if isinstance(line, OneOffLine)
        else renderer.product(customer, line.subscription, line.tariff.name),
        "taxExcludedAmount": _money(bill, net),
        "taxIncludedAmount": _money(bill, net + tax),
    }
    return found | types(renderer, BASE, EXTENDED)


def types(renderer: Renderer, base: str, extended: str) -> dict[str, Json]:
    """The ``@`` members of a resource, in its base or extended type."""
    form = renderer.form
    return {
        "@baseType": base if form.extended else ("Entity" if form.complete else None),
        "@schemaLocation": f"{SCHEMA}#/definitions/{base}" if form.complete else None,
        "@type": extended if form.extended else base,
    }


def _period(rate: Rate) -> Json:
    if isinstance(rate.line, OneOffLine):
        return None
    month = covers(rate.line)
    starts, ends = (start_of(month[0]), start_of(month[1])) if month else (rate.bill.period_start, rate.bill.period_end)
    return {"startDateTime": format_timestamp(starts), "endDateTime": format_timestamp(ends)}


def _money(bill: ShownBill, amount: Decimal) -> Json:
    return {"unit": bill.currency, "value": json_number(amount)}
