"""Ledger records in Oracle's words: the customer bill, base, extended or in part, and the TMF ``Error``.

Every member of a bill has one line, in ``OF_BILL`` (the same whoever's the bill is) or in ``OF_CUSTOMER``; what is None
there is left out of a base bill and is null in an extended one. Amounts are ``Decimal``, which the server writes as
JSON numbers with all their digits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from counterfoil.api import ApiError, Json, Response, json_number
from counterfoil.apis.oracle_brm.bills import (
    PER_ACCOUNT,
    PER_CUSTOMER,
    OpenBillTerms,
    ShownBill,
    account_id,
    account_number,
    bill_id,
    bill_number,
    open_period,
    shown_bills,
)
from counterfoil.ledger.money import to_minor_unit
from counterfoil.ledger.periods import start_of
from counterfoil.ledger.receivables import balance
from counterfoil.ledger.records import AccountState, Payment
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


class SharedBillView(msgspec.Struct):
    """One bill of a state about to be shown in a type, whoever's it is. ``shared_members`` are the members that name nobody, by
    name, without those left out, and ``balance`` is its account's: made once for each state. Never to be changed."""

    state: AccountState
    terms: OpenBillTerms
    extended: bool
    bill: ShownBill
    shared_members: dict[str, Json] = {}
    balance: Json = None

    def money(self, amount: Decimal) -> Json:
        return {"unit": self.bill.currency, "value": json_number(amount)}

    def object(self, kind: str, members: dict[str, Json]) -> Json:
        """An object of ``kind``: with what is set, and in an extended bill with null for the rest."""
        unset = _UNSET[kind] if self.extended else {}
        return {**unset, **members, "@type": kind}


class CustomerBillView(msgspec.Struct):
    """A view, and whose bill it is: a customer of a world that is reached under an address (``site``)."""

    view: SharedBillView
    customer: int
    world: World
    site: str
    id: str = ""

    def __post_init__(self) -> None:
        self.id = bill_id(self.customer, self.view.bill.account, self.view.bill.ordinal)

    @property
    def name(self) -> str:
        return self.world.party(self.customer).name

    @property
    def account_key(self) -> int:
        return PER_CUSTOMER * self.customer + self.view.bill.account


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC: ``2026-01-01T00:00:00Z``."""
    return moment.isoformat().replace("+00:00", "Z")


# --- members that are the same whoever's the bill is ---------------------------------------------


def _next_bill_date(view: SharedBillView) -> Json:
    return view.bill.next_bill_date and instant(view.bill.next_bill_date)


def _period(view: SharedBillView) -> Json:
    return {"startDateTime": instant(view.bill.period_start), "endDateTime": instant(view.bill.period_end)}


def _tax_items(view: SharedBillView) -> Json:
    bill = view.bill
    item = {"taxCategory": "VAT", "taxRate": bill.tax_rate, "taxAmount": view.money(bill.tax)}
    return [view.object("TaxItem", item)]


def _balance(view: SharedBillView) -> Json:
    """What the bill's account is owed, or (a deposit) what was paid beyond that, until its next bill."""
    account = view.bill.account
    owed = to_minor_unit(balance(view.state, account), view.bill.currency)
    start, end = open_period(view.state, account, view.terms)
    standing = {
        "amount": view.money(abs(owed)),
        "balanceType": "receivable" if owed >= 0 else "deposit",
        "validFor": {"startDateTime": instant(start_of(start)), "endDateTime": instant(start_of(end))},
    }
    return view.object("AccountBalance", standing)


OF_BILL: Mapping[str, Callable[[SharedBillView], Json]] = {
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
    # No operation here could deliver a document, and a reference that leads nowhere is worse than none.
    "billDocument": lambda view: None,
    "billingPeriod": _period,
    "@baseType": lambda view: BASE if view.extended else None,
    "@schemaLocation": lambda view: None,
    "@type": lambda view: EXTENDED if view.extended else BASE,
}


# --- members that name somebody ------------------------------------------------------------------


def _href(owned: CustomerBillView) -> Json:
    # The one character in our ids that a path must not hold as it is. urllib's quote takes 4 µs, this a tenth of one.
    return f"{owned.site}/customerBill/{owned.id.replace('+', '%2B')}"


def _bill_number(owned: CustomerBillView) -> Json:
    bill = owned.view.bill
    return None if bill.run is None else bill_number(owned.customer, bill.account, bill.run)


def _applied_payments(owned: CustomerBillView) -> Json:
    view = owned.view
    return [
        view.object("AppliedPayment", {"appliedAmount": view.money(amount), "payment": _payment(owned, payment)})
        for payment, amount in view.bill.applied
    ]


def _payment(owned: CustomerBillView, payment: Payment) -> Json:
    key = owned.customer * PER_CUSTOMER * PER_ACCOUNT + payment.ordinal
    amount = owned.view.money(payment.amount)
    return owned.view.object("PaymentRef", {"id": f"0.0.0.1+-payment+{key}", "name": payment.method, "amount": amount})


def _billing_account(owned: CustomerBillView) -> Json:
    account = owned.view.bill.account
    reference = {
        "id": account_id(owned.customer, account),
        "accountNumber": account_number(owned.customer, account),
        "name": owned.name,
    }
    return owned.view.object("BillingAccountRef", reference)


def _financial_account(owned: CustomerBillView) -> Json:
    reference = {
        "id": f"0.0.0.1+-billinfo+{owned.account_key}",
        "name": f"Receivables in {owned.view.bill.currency}",
        "accountBalance": owned.view.balance,
    }
    return owned.view.object("FinancialAccountRef", reference)


def _payment_method(owned: CustomerBillView) -> Json:
    method = owned.view.state.accounts[owned.view.bill.account].payment_method
    return owned.view.object("PaymentMethodRef", {"id": f"0.0.0.1+-payinfo+{owned.account_key}", "name": method})


def _related_parties(owned: CustomerBillView) -> Json:
    payer = owned.view.state.billed_to
    parties = [(owned.customer, owned.name, "customer")]
    if payer is not None:
        parties.append((payer, owned.world.party(payer).name, "payer"))
    return [
        owned.view.object("RelatedPartyRef", {"id": str(number), "name": name, "role": role})
        for number, name, role in parties
    ]


OF_CUSTOMER: Mapping[str, Callable[[CustomerBillView], Json]] = {
    "id": lambda owned: owned.id,
    "href": _href,
    "billNo": _bill_number,
    "appliedPayment": _applied_payments,
    "billingAccount": _billing_account,
    "financialAccount": _financial_account,
    "paymentMethod": _payment_method,
    "relatedParty": _related_parties,
}


# --- the bill ------------------------------------------------------------------------------------

ALWAYS = ("id", "href")
"""What ``fields`` cannot take away (vendor facts 2.6, rule 10)."""


class Members(msgspec.Struct, frozen=True):
    """The members that a request wants to see, in the order in which they stand; ``whole`` when it wants all."""

    own: tuple[tuple[str, Callable[[CustomerBillView], Json]], ...]
    shared_members: tuple[str, ...]
    whole: bool


def members(fields: Collection[str] | None) -> Members:
    """All members, or (``fields``) those named, with id and href."""
    own = tuple((n, show) for n, show in OF_CUSTOMER.items() if fields is None or n in fields or n in ALWAYS)
    shared_members = tuple(name for name in OF_BILL if fields is None or name in fields)
    return Members(own, shared_members, fields is None)


def bill(owned: CustomerBillView, criteria: Members) -> Json:
    """A bill whole, or reduced to the members criteria.

    ``billingCycleSpecification`` stands in whole extended bills only: it is never set, and no selection needs a null.
    """
    extended, shared_members = owned.view.extended, owned.view.shared_members
    shown = {}
    for name, show in criteria.own:
        value = show(owned)
        if value is not None or extended:
            shown[name] = value
    if criteria.whole:
        return (
            {**shown, **shared_members, "billingCycleSpecification": None} if extended else {**shown, **shared_members}
        )
    for name in criteria.shared_members:
        if name in shared_members:
            shown[name] = shared_members[name]
    return shown


def views(state: AccountState, terms: OpenBillTerms, extended: bool) -> dict[tuple[int, int], SharedBillView]:
    """The state's bills about to be shown, by account and ordinal. Made once for each state: measured on a page of 100
    bills, two thirds of the time it takes to show them."""

    def show_all() -> dict[tuple[int, int], SharedBillView]:
        found = {}
        for each in shown_bills(state, terms):
            view = SharedBillView(state, terms, extended, each)
            shared_members = {name: show(view) for name, show in OF_BILL.items()}
            view.shared_members = {
                name: value for name, value in shared_members.items() if extended or value is not None
            }
            view.balance = _balance(view)
            found[each.account, each.ordinal] = view
        return found

    return state.cached("oracle-brm.extended" if extended else "oracle-brm.base", terms, show_all)


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


def error(refusal: ApiError) -> Response:
    """The TMF ``Error``. Oracle lists no codes: ``code`` is the HTTP status, as ``status`` is (vendor facts 2.4)."""
    status = str(refusal.status)
    body = {
        "code": status,
        "reason": _REASONS.get(refusal.status, "Error"),
        "message": refusal.message,
        "status": status,
        "@type": "Error",
    }
    return Response(refusal.status, body, headers=_error_headers(refusal))


def _error_headers(refusal: ApiError) -> tuple[tuple[str, str], ...]:
    if refusal.status == 401:
        return (("WWW-Authenticate", 'Bearer error="invalid_token"' if refusal.reason == "expired" else "Bearer"),)
    if refusal.status in (429, 503):
        return (("Retry-After", str(refusal.detail.get("retry_after", 1))),)
    return ()
