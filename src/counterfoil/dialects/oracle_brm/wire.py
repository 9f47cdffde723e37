"""Ledger records in Oracle's words: the customer bill, base, extended or in part, and the TMF ``Error``.

Every member of a bill has one line in ``MEMBERS``; what is None there is left out of a base bill and is null in an
extended one. Amounts are ``Decimal``, which the server writes as JSON numbers with all their digits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote

from counterfoil.dialect import Answer, Json, Refusal
from counterfoil.dialects.oracle_brm.bills import (
    PER_ACCOUNT,
    PER_CUSTOMER,
    Plan,
    ShownBill,
    account_id,
    account_number,
    bill_id,
    bill_number,
    open_period,
)
from counterfoil.ledger.money import to_minor_unit
from counterfoil.ledger.periods import start_of
from counterfoil.ledger.receivables import balance
from counterfoil.ledger.records import Payment
from counterfoil.world.world import World

BASE, EXTENDED = "CustomerBill", "CustomerBillOracle"

_TYPED = ("@baseType", "@schemaLocation", "@type")
_REFERENCE = ("id", "href", "name", *_TYPED, "@referredType")
_UNSET: Mapping[str, Mapping[str, None]] = {
    kind: dict.fromkeys(members)
    for kind, members in {
        "AccountBalance": _TYPED,
        "AppliedPayment": _TYPED,
        "BillingAccountRef": (*_REFERENCE, "accountNumber"),
        "FinancialAccountRef": _REFERENCE,
        "PaymentMethodRef": _REFERENCE,
        "PaymentRef": _REFERENCE,
        "RelatedPartyRef": (*_REFERENCE, "role"),
        "TaxItem": _TYPED,
    }.items()
}
"""The members of each object inside a bill that an extended bill shows as null when they are not set."""


@dataclass(frozen=True, slots=True)
class View:
    """One bill about to be shown: whose it is, in which world, under which address (``site``), and in which type."""

    world: World
    plan: Plan
    site: str
    extended: bool
    customer: int
    bill: ShownBill

    def money(self, amount: Decimal) -> Json:
        return {"unit": self.bill.currency, "value": amount}

    def object(self, kind: str, members: dict[str, Json]) -> Json:
        """An object of ``kind``: with what is set, and in an extended bill with null for the rest."""
        unset = _UNSET[kind] if self.extended else {}
        return {**unset, **members, "@type": kind}


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC: ``2026-01-01T00:00:00Z``."""
    return moment.isoformat().replace("+00:00", "Z")


# --- the members of a bill -----------------------------------------------------------------------


def _id(view: View) -> Json:
    return bill_id(view.customer, view.bill.account, view.bill.ordinal)


def _href(view: View) -> Json:
    return f"{view.site}/customerBill/{quote(_id(view), safe='')}"


def _bill_number(view: View) -> Json:
    run = view.bill.run
    return None if run is None else bill_number(view.customer, view.bill.account, run)


def _next_bill_date(view: View) -> Json:
    return view.bill.next_bill_date and instant(view.bill.next_bill_date)


def _period(view: View) -> Json:
    return {"startDateTime": instant(view.bill.period_start), "endDateTime": instant(view.bill.period_end)}


def _tax_items(view: View) -> Json:
    bill = view.bill
    item = {"taxCategory": "VAT", "taxRate": bill.tax_rate, "taxAmount": view.money(bill.tax)}
    return [view.object("TaxItem", item)]


def _applied_payments(view: View) -> Json:
    return [
        view.object("AppliedPayment", {"appliedAmount": view.money(amount), "payment": _payment(view, payment)})
        for payment, amount in view.bill.applied
    ]


def _payment(view: View, payment: Payment) -> Json:
    key = view.customer * PER_CUSTOMER * PER_ACCOUNT + payment.ordinal
    reference = {"id": f"0.0.0.1+-payment+{key}", "name": payment.method, "amount": view.money(payment.amount)}
    return view.object("PaymentRef", reference)


def _billing_account(view: View) -> Json:
    account = view.bill.account
    reference = {
        "id": account_id(view.customer, account),
        "accountNumber": account_number(view.customer, account),
        "name": view.world.party(view.customer).name,
    }
    return view.object("BillingAccountRef", reference)


def _financial_account(view: View) -> Json:
    """The account in the books: what it is owed, or (a deposit) what was paid beyond that, until its next bill."""
    account = view.bill.account
    book = view.world.ledger.book(view.customer)
    owed = to_minor_unit(balance(book, account), view.bill.currency)
    start, end = open_period(book, account, view.plan)
    standing = {
        "amount": view.money(abs(owed)),
        "balanceType": "receivable" if owed >= 0 else "deposit",
        "validFor": {"startDateTime": instant(start_of(start)), "endDateTime": instant(start_of(end))},
    }
    reference = {
        "id": f"0.0.0.1+-billinfo+{PER_CUSTOMER * view.customer + account}",
        "name": f"Receivables in {view.bill.currency}",
        "accountBalance": view.object("AccountBalance", standing),
    }
    return view.object("FinancialAccountRef", reference)


def _payment_method(view: View) -> Json:
    method = view.world.ledger.book(view.customer).accounts[view.bill.account].payment_method
    key = PER_CUSTOMER * view.customer + view.bill.account
    return view.object("PaymentMethodRef", {"id": f"0.0.0.1+-payinfo+{key}", "name": method})


def _related_parties(view: View) -> Json:
    payer = view.world.ledger.book(view.customer).billed_to
    roles = [(view.customer, "customer")] + ([(payer, "payer")] if payer else [])
    return [
        view.object("RelatedPartyRef", {"id": str(number), "name": view.world.party(number).name, "role": role})
        for number, role in roles
    ]


MEMBERS: Mapping[str, Callable[[View], Json]] = {
    "id": _id,
    "href": _href,
    "billNo": _bill_number,
    "billDate": lambda view: instant(view.bill.bill_date),
    "paymentDueDate": lambda view: instant(view.bill.due_date),
    "lastUpdate": lambda view: instant(view.bill.last_update),
    "nextBillDate": _next_bill_date,
    "category": lambda view: "normal",
    "runType": lambda view: "onCycle",
    "state": lambda view: view.bill.state,
    # What the bill asks for, all told. Payments show in remainingAmount (an assumption: Oracle's page leaves it open).
    "amountDue": lambda view: view.money(view.bill.total),
    "remainingAmount": lambda view: view.money(view.bill.remaining),
    "taxExcludedAmount": lambda view: view.money(view.bill.net),
    "taxIncludedAmount": lambda view: view.money(view.bill.total),
    "taxItem": _tax_items,
    "appliedPayment": _applied_payments,
    # No operation here could deliver a document, and a reference that leads nowhere is worse than none.
    "billDocument": lambda view: None,
    "billingPeriod": _period,
    "billingAccount": _billing_account,
    "financialAccount": _financial_account,
    "paymentMethod": _payment_method,
    "relatedParty": _related_parties,
    "@baseType": lambda view: BASE if view.extended else None,
    "@schemaLocation": lambda view: None,
    "@type": lambda view: EXTENDED if view.extended else BASE,
}
ALWAYS = ("id", "href")
"""What ``fields`` cannot take away (vendor facts 2.6, rule 10)."""


def bill(view: View, fields: Collection[str] | None) -> Json:
    """A bill whole, or (``fields``) reduced to the members named, with id and href.

    ``billingCycleSpecification`` stands in whole extended bills only: it is never set, and no selection needs a null.
    """
    names = MEMBERS if fields is None else [name for name in MEMBERS if name in ALWAYS or name in fields]
    shown = {name: MEMBERS[name](view) for name in names}
    if not view.extended:
        return {name: value for name, value in shown.items() if value is not None}
    return shown if fields is not None else {**shown, "billingCycleSpecification": None}


# --- errors --------------------------------------------------------------------------------------

_REASONS: Mapping[int, str] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


def error(refusal: Refusal) -> Answer:
    """The TMF ``Error``. Oracle lists no codes: ``code`` is the HTTP status, as ``status`` is (vendor facts 2.4)."""
    status = str(refusal.status)
    body = {
        "code": status,
        "reason": _REASONS.get(refusal.status, "Error"),
        "message": refusal.message,
        "status": status,
        "@type": "Error",
    }
    return Answer(refusal.status, body, headers=_error_headers(refusal))


def _error_headers(refusal: Refusal) -> tuple[tuple[str, str], ...]:
    if refusal.status == 401:
        return (("WWW-Authenticate", 'Bearer error="invalid_token"' if refusal.reason == "expired" else "Bearer"),)
    if refusal.status in (429, 503):
        return (("Retry-After", str(refusal.detail.get("retry_after", 1))),)
    return ()
