"""From the ledger's records to emnify's JSON: the bill with both organisations and its invoice, periods, and errors.

One function for each document. What the lines amount to is in ``amounts``. Shapes the vendor names without showing
(invoice, payment_option) are ours, as the spec marks them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from counterfoil.api import ApiError, Json, Reason, Response
from counterfoil.apis.emnify.amounts import amounts, number
from counterfoil.apis.emnify.countries import country, described
from counterfoil.apis.emnify.months import MonthlyBill
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.periods import last_of_month, month_from_key, start_of
from counterfoil.ledger.receivables import Bill
from counterfoil.ledger.records import CREDIT_NOTE, AccountState, Payment
from counterfoil.world.fake_identity import Contact
from counterfoil.world.scenario import Seller
from counterfoil.world.world import World

ISSUER = 1_000_000_000
MEDIA_TYPE = "application/json;charset=UTF-8"  # as in recorded traffic, vendor facts 4.4
INVOICES_EACH = 100_000  # room for an organisation's invoices between its ids and the next one's

# strftime's %B speaks the machine's language; the bill does not.
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
STATUSES = {"Open": 1, "Partially paid": 2, "Paid": 3, "Overdue": 4, "Cancelled": 5}
PAYMENT_OPTIONS = {"bank transfer": 1, "direct debit": 2, "card": 3}


# --- the bill ------------------------------------------------------------------------------------


def bill_details(world: World, org_id: int, state: AccountState, bill: MonthlyBill) -> Json:
    """The whole bill, with every member, null where there is nothing (vendor facts 4.3)."""
    terms = (str(world.switches["emnify.multi_profile"]), str(world.switches["emnify.vat_rate"]))
    if bill.lines:  # months with nothing in them are without number, and cost nothing to work out
        tree = state.cached(f"emnify.amounts.{bill.month}", terms, lambda: amounts(state, bill, *terms))
    else:
        tree = amounts(state, bill, *terms)
    return {
        "period": period_in_words(bill.month),
        "total": tree["total"],
        "sub_total": tree["sub_total"],
        "vat": tree["vat"],
        "mrc": tree["mrc"],
        "sim_items": tree["sim_items"],
        "traffic": tree["traffic"],
        "issuer_org": issuer(world.scenario.seller),
        "customer_org": customer(org_id, world.party(org_id)),
        "invoice": None if bill.is_preview else invoice(org_id, bill, world.now),
        "payment_option": payment_option(bill),
        "refresh_allowed": bill.is_preview,
        "invoice_items": tree["invoice_items"],
        "tariff_plan": tree["tariff_plan"],
    }


def period_in_words(month: int) -> str:
    """``January 1 - January 31, 2026`` (rule 8)."""
    first = month_from_key(month)
    name = MONTHS[first.month - 1]
    return f"{name} 1 - {name} {last_of_month(first).day}, {first.year:04d}"


def period(month: int) -> Json:
    """One entry of the list of billing periods."""
    return {"id": month, "description": f"{MONTHS[month % 100 - 1]} {month // 100}"}


def instant(moment: datetime) -> str:
    """``2026-02-01T09:00:00.000+0000`` (rule 16)."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


# --- the invoice and how it was paid ---------------------------------------------------------------


def invoice(org_id: int, bill: MonthlyBill, now: datetime) -> Json:
    """The invoice of a persisted bill: the month's last, should a month have several; paid and status count all."""
    last = bill.bills[-1].invoice
    suffix = f"-{len(bill.bills)}" if len(bill.bills) > 1 else ""
    status = _status(bill.bills, now)
    return {
        "id": org_id * INVOICES_EACH + last.ordinal,
        "invoice_number": f"{bill.month // 100}-{bill.month % 100:02d}-{org_id:06d}{suffix}",
        "created": instant(last.issued_at),
        "due_date": instant(start_of(last.due_on)),
        "status": {"id": STATUSES[status], "description": status},
        "total_paid": number(sum((amount for _, amount in _money_for(bill)), ZERO)),
    }


def payment_option(bill: MonthlyBill) -> Json:
    """How the bill was paid: that of the last payment that counts; null until all of it is paid (rule 10)."""
    paid_with = _money_for(bill)
    if not paid_with or any(each.remaining for each in bill.bills):
        return None
    payment = max((payment for payment, _ in paid_with), key=lambda payment: (payment.changed_at, payment.ordinal))
    return {
        "id": PAYMENT_OPTIONS.get(payment.method, 0),
        "type": payment.method.replace(" ", "_"),
        "description": payment.method[:1].upper() + payment.method[1:],
        "paid_at": instant(payment.changed_at),
    }


def _money_for(bill: MonthlyBill) -> list[tuple[Payment, Decimal]]:
    """The payments that cover part of the bill, and how much; a credit note cancels and brings no money."""
    return [
        (payment, amount) for each in bill.bills for payment, amount in each.applied if payment.method != CREDIT_NOTE
    ]


def _status(bills: tuple[Bill, ...], now: datetime) -> str:
    if all(bill.is_cancelled for bill in bills):
        return "Cancelled"
    if not any(bill.remaining for bill in bills):
        return "Paid"
    if any(bill.is_overdue(now) for bill in bills):
        return "Overdue"
    return "Partially paid" if any(bill.paid for bill in bills) else "Open"


# --- the two parties -----------------------------------------------------------------------------


def issuer(seller: Seller) -> Json:
    """Who issues the bills: the scenario's seller. Its bank is an invention, its IBAN one made for examples."""
    own, where = str(ISSUER), str(country(seller.country).id)
    return {
        "id": ISSUER,
        "name": seller.name,
        "organisation_type_id": "2",
        "ext_reference": "COUNTERFOIL",
        "monthly_cost_limit": None,
        "company_address": {
            "contact_id": "1",
            "organisation_id": own,
            "contact_type_id": "1",
            **_address(seller),
            "email": seller.email,
            "phone": seller.phone,
            "mobile": None,
            "country": described(seller.country),
        },
        "bank_account": {
            "bank_account_id": "1",
            "organisation_id": own,
            "name": "Beispielbank",
            "iban": "DE02100100100006820101",
            "bic": "PBNKDEFF",
            "country_id": where,
            "country": described(seller.country),
        },
        "billing_config": {
            "billing_config_id": "1",
            "organisation_id": own,
            "charging_model_id": "1",
            "payment_term_id": "1",
            "vatin": seller.vatin,
            "invoice_issuer_info": f"{seller.name}, {seller.city}",
        },
    }


def customer(org_id: int, party: Contact) -> Json:
    """Who owes: type 4, as the vendor's sample has it for an enterprise."""
    return {
        "id": org_id,
        "name": party.name,
        "organisation_type_id": "4",
        "ext_reference": party.key or f"C-{org_id:06d}",
        "invoice_address": {
            **_address(party),
            "email": party.email,
            "phone": party.phone,
            "mobile": None,
            "country": described(party.country),
        },
    }


def _address(who: Seller | Contact) -> dict[str, Json]:
    return {
        "name": who.name,
        "title": None,
        "department": None,
        "street": ", ".join(who.street.splitlines()),
        "zipcode": who.zipcode,
        "city": who.city,
        "country_id": str(country(who.country).id),
    }


# --- errors --------------------------------------------------------------------------------------

# A value on the wire that clients compare, as printed in the vendor's table.
FORBIDDEN = "You do not have the necessary permissions to access this entry point. Please contact your administrator."

_TOKENS = {
    1000: "BadRequest",
    1103: "TokenExpired",
    1104: "Forbidden",
    1105: "TooManyRequests",
    1201: "NotFound",
    1401: "InvalidReference",
    1403: "InvalidFormat",
    1406: "NotAllowed",
    1500: "InternalServerError",
    1501: "NotImplemented",
    1503: "ServiceUnavailable",
}
_CODES: dict[Reason, int] = {
    "malformed": 1000,
    "required": 1000,
    "expired": 1103,
    "forbidden": 1104,
    "unknown_path": 1201,
    "unknown_resource": 1401,
    "method_not_allowed": 1406,
    "not_acceptable": 1000,
    "unsupported_media_type": 1000,
    "too_large": 1000,
    "conflict": 1406,
    "too_many_requests": 1105,
    "not_implemented": 1501,
    "unavailable": 1503,
    "internal": 1500,
}


def error(refusal: ApiError) -> Response:
    """A refusal in emnify's words: the API's error, or the gateway's where it is the token that cannot be read (4.4).

    ``detail`` may hold ``error_code``, where the kind of refusal does not decide it, and ``retry_after`` in seconds.
    """
    if refusal.reason == "unauthenticated":
        return Response(
            refusal.status, {"message": refusal.message}, (("x-amzn-ErrorType", "AccessDeniedException"),), MEDIA_TYPE
        )
    code: Any = refusal.detail.get("error_code", _CODES[refusal.reason])
    body = {
        "error_code": code,
        "error_token": _TOKENS[code],
        "message": FORBIDDEN if refusal.reason == "forbidden" else refusal.message,
    }
    retry = refusal.detail.get("retry_after")
    headers = (("Retry-After", str(retry)),) if retry is not None else ()
    return Response(refusal.status, body, headers, MEDIA_TYPE)
