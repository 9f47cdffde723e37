"""Converts bills to Oracle's customer bill: base, extended, or reduced to some members.

Each member of a bill is in ``SHARED_MEMBERS`` (equal for all customers that share an account state) or in
``CUSTOMER_MEMBERS``. A value of None is left out of a base bill and is null in an extended one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal

import msgspec

from counterfoil.api import Json
from counterfoil.apis.oracle_brm.bills import OpenBillTerms, ShownBill, open_plan, shown_bills
from counterfoil.apis.oracle_brm.documents import attachments
from counterfoil.apis.oracle_brm.ids import bill_id, bill_number
from counterfoil.apis.oracle_brm.objects import ALWAYS, SCHEMA, Form, Renderer
from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.documents import CreditNote
from counterfoil.ledger.money import to_minor_unit
from counterfoil.ledger.payments import Payment
from counterfoil.ledger.periods import start_of
from counterfoil.ledger.receivables import balance
from counterfoil.world.timestamps import format_timestamp
from counterfoil.world.to_json import json_number

BASE, EXTENDED = "CustomerBill", "CustomerBillOracle"


class SharedBillView(msgspec.Struct):
    """The part of a bill's JSON that does not depend on which customer it belongs to, cached per account state.

    ``shared_members`` are the members of ``SHARED_MEMBERS`` that are shown, by name; ``balance`` is the account's. Do not
    change them.
    """

    state: AccountState
    terms: OpenBillTerms
    form: Form
    bill: ShownBill
    shared_members: dict[str, Json] = {}
    balance: Json = None

    def money(self, amount: Decimal) -> Json:
        return {"unit": self.bill.currency, "value": json_number(amount)}


class CustomerBillView(msgspec.Struct):
    """A bill of one customer."""

    shared: SharedBillView
    customer: int
    renderer: Renderer
    id: str = ""

    def __post_init__(self) -> None:
        self.id = bill_id(self.customer, self.shared.bill.account, self.shared.bill.ordinal)


# --- members that are equal for all customers with one account state ------------------------------


def _next_bill_date(view: SharedBillView) -> Json:
    return view.bill.next_bill_date and format_timestamp(view.bill.next_bill_date)


def _period(view: SharedBillView) -> Json:
    return {
        "startDateTime": format_timestamp(view.bill.period_start),
        "endDateTime": format_timestamp(view.bill.period_end),
    }


def _tax_items(view: SharedBillView) -> Json:
    bill = view.bill
    item = {"taxCategory": "VAT", "taxRate": bill.tax_rate, "taxAmount": view.money(bill.tax)}
    return [view.form.object("TaxItem", item)]


def _balance(view: SharedBillView) -> Json:
    """The account's balance until its next bill: what it owes, or a deposit."""
    account = view.bill.account
    owed = to_minor_unit(balance(view.state, account), view.bill.currency)
    plan = open_plan(view.state, account, view.terms)
    members = {
        "amount": view.money(abs(owed)),
        "balanceType": "receivable" if owed >= 0 else "deposit",
        "validFor": {
            "startDateTime": format_timestamp(start_of(plan.starts)),
            "endDateTime": format_timestamp(start_of(plan.ends)),
        },
    }
    return view.form.object("AccountBalance", members)


SHARED_MEMBERS: Mapping[str, Callable[[SharedBillView], Json]] = {
    "billDate": lambda view: format_timestamp(view.bill.bill_date),
    "paymentDueDate": lambda view: format_timestamp(view.bill.due_date),
    "lastUpdate": lambda view: format_timestamp(view.bill.last_update),
    "nextBillDate": _next_bill_date,
    "category": lambda view: view.bill.category,
    "runType": lambda view: view.bill.run_type,
    "state": lambda view: view.bill.state,
    # The bill's total. Payments show in remainingAmount only; an assumption, Oracle's page leaves it open.
    "amountDue": lambda view: view.money(view.bill.total),
    "remainingAmount": lambda view: view.money(view.bill.remaining),
    "taxExcludedAmount": lambda view: view.money(view.bill.net),
    "taxIncludedAmount": lambda view: view.money(view.bill.total),
    "taxItem": _tax_items,
    "billingPeriod": _period,
    "@baseType": lambda view: BASE if view.form.extended else ("Entity" if view.form.complete else None),
    "@schemaLocation": lambda view: f"{SCHEMA}#/definitions/{BASE}" if view.form.complete else None,
    "@type": lambda view: EXTENDED if view.form.extended else BASE,
}


# --- members that depend on the customer ----------------------------------------------------------


def _bill_number(view: CustomerBillView) -> Json:
    bill = view.shared.bill
    return None if bill.series is None else bill_number(view.customer, bill.account, bill.series)


def _applied_payments(view: CustomerBillView) -> Json:
    shared = view.shared
    return [
        shared.form.object("AppliedPayment", {"appliedAmount": shared.money(amount), "payment": _payment(view, source)})
        for source, amount in shared.bill.applied
    ]


def _payment(view: CustomerBillView, source: Payment | CreditNote) -> Json:
    shared, renderer = view.shared, view.renderer
    if isinstance(source, CreditNote):  # docs/vendors/oracle-brm.md#credit-notes
        return renderer.credit_note(view.customer, source.ordinal, shared.money(source.total))
    return renderer.payment(view.customer, source.ordinal, source.method, shared.money(source.amount))


def _financial_account(view: CustomerBillView) -> Json:
    bill = view.shared.bill
    return view.renderer.financial_account(view.customer, bill.account, bill.currency, view.shared.balance)


def _payment_method(view: CustomerBillView) -> Json:
    account = view.shared.bill.account
    return view.renderer.payment_method(view.customer, account, view.shared.state.accounts[account].payment_method)


def _related_parties(view: CustomerBillView) -> Json:
    payer = view.shared.state.billed_to
    parties = [view.renderer.party(view.customer, "customer")]
    return parties if payer is None else [*parties, view.renderer.party(payer, "payer")]


def _href(view: CustomerBillView) -> str:
    return view.renderer.address("customerBill", view.id)


CUSTOMER_MEMBERS: Mapping[str, Callable[[CustomerBillView], Json]] = {
    "id": lambda view: view.id,
    "href": _href,
    "billNo": _bill_number,
    "appliedPayment": _applied_payments,
    "billDocument": lambda view: attachments(
        view.renderer, view.customer, view.shared.bill, _bill_number(view), _href(view)
    ),
    "billingAccount": lambda view: view.renderer.billing_account(view.customer, view.shared.bill.account),
    "financialAccount": _financial_account,
    "paymentMethod": _payment_method,
    "relatedParty": _related_parties,
}


# --- the bill ------------------------------------------------------------------------------------


class Members(msgspec.Struct, frozen=True):
    """The requested members, in the order of the bill; ``whole`` if all are requested."""

    of_customer: tuple[tuple[str, Callable[[CustomerBillView], Json]], ...]
    shared: tuple[str, ...]
    whole: bool


def members(fields: Collection[str] | None) -> Members:
    """All members, or those named by ``fields`` with id and href."""
    of_customer = tuple(
        (n, render) for n, render in CUSTOMER_MEMBERS.items() if fields is None or n in fields or n in ALWAYS
    )
    shared = tuple(name for name in SHARED_MEMBERS if fields is None or name in fields)
    return Members(of_customer, shared, fields is None)


def customer_bill(view: CustomerBillView, requested: Members) -> Json:
    """A bill with the requested members. ``billingCycleSpecification`` is in whole extended bills only."""
    extended, shared = view.shared.form.extended, view.shared.shared_members
    document = {}
    for name, render in requested.of_customer:
        value = render(view)
        if value is not None or extended:
            document[name] = value
    if requested.whole:
        if not extended:
            return {**document, **shared}
        cycle = view.renderer.billing_cycle(view.customer, view.shared.bill.account)
        return {**document, **shared, "billingCycleSpecification": cycle}
    for name in requested.shared:
        if name in shared:
            document[name] = shared[name]
    return document


def shared_views(state: AccountState, terms: OpenBillTerms, form: Form) -> dict[tuple[int, int], SharedBillView]:
    """The account state's bills, by account and ordinal.

    Cached, because computing them takes two thirds of the time of a page of 100 bills.
    """

    def make_all() -> dict[tuple[int, int], SharedBillView]:
        found = {}
        for each in shown_bills(state, terms):
            view = SharedBillView(state, terms, form, each)
            values = {name: render(view) for name, render in SHARED_MEMBERS.items()}
            view.shared_members = {name: value for name, value in values.items() if form.extended or value is not None}
            view.balance = _balance(view)
            found[each.account, each.ordinal] = view
        return found

    return state.cached("oracle-brm.extended" if form.extended else "oracle-brm.base", (terms, form), make_all)
