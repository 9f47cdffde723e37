"""Converts bills and periods to emnify's JSON: both organisations, the invoice and how it was paid.

The amounts of a bill are computed in ``amounts``. The vendor names ``invoice`` and ``payment_option`` without showing
them; their members are assumptions, marked in the spec.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from counterfoil.api import Json
from counterfoil.apis.emnify.amounts import amounts
from counterfoil.apis.emnify.countries import country, country_document
from counterfoil.apis.emnify.months import MonthlyBill
from counterfoil.ledger.accounts import AccountState
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.payments import Payment
from counterfoil.ledger.periods import last_of_month, month_from_key, start_of
from counterfoil.ledger.receivables import Bill
from counterfoil.world.fake_identity import Contact
from counterfoil.world.scenario import Seller
from counterfoil.world.to_json import shortest_number
from counterfoil.world.world import World

ISSUER = 1_000_000_000
INVOICES_PER_ORGANISATION = 100_000  # each organisation has a range of this many invoice ids

# strftime's %B depends on the machine's locale.
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
STATUSES = {"Open": 1, "Partially paid": 2, "Paid": 3, "Overdue": 4, "Cancelled": 5}
PAYMENT_OPTIONS = {"bank transfer": 1, "direct debit": 2, "card": 3}


# --- the bill ------------------------------------------------------------------------------------


def bill_details(world: World, org_id: int, state: AccountState, bill: MonthlyBill, *, refresh_allowed: bool) -> Json:
    """The whole bill, with every member; those without a value are null (docs/vendors/emnify.md#bill)."""
    switches = (str(world.switches["emnify.multi_profile"]), str(world.switches["emnify.vat_rate"]))
    if bill.lines:  # months without lines are unlimited in number and cheap to compute
        key = f"emnify.amounts.{bill.month}.{'preview' if bill.is_preview else 'final'}"
        tree = state.cached(key, switches, lambda: amounts(state, bill, *switches))
    else:
        tree = amounts(state, bill, *switches)
    return {
        "period": period_in_words(bill.month),
        "total": tree["total"],
        "sub_total": tree["sub_total"],
        "vat": tree["vat"],
        "mrc": tree["mrc"],
        "sim_items": tree["sim_items"],
        "traffic": tree["traffic"],
        "issuer_org": world.cached("emnify.issuer", lambda: issuer(world.scenario.seller)),
        "customer_org": customer(org_id, world.contact_of(org_id)),
        "invoice": None if bill.is_preview else invoice(org_id, bill, world.now),
        "payment_option": payment_option(bill),
        "refresh_allowed": refresh_allowed,
        "invoice_items": tree["invoice_items"],
        "tariff_plan": tree["tariff_plan"],
    }


def period_in_words(month: int) -> str:
    """``January 1 - January 31, 2026`` (docs/vendors/emnify.md#period-text)."""
    first = month_from_key(month)
    name = MONTHS[first.month - 1]
    return f"{name} 1 - {name} {last_of_month(first).day}, {first.year:04d}"


def period(month: int) -> Json:
    """One entry of the list of billing periods."""
    return {"id": month, "description": f"{MONTHS[month % 100 - 1]} {month // 100}"}


def instant(moment: datetime) -> str:
    """``2026-02-01T09:00:00.000+0000`` (docs/vendors/emnify.md#timestamps)."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}+0000"


# --- the invoice and how it was paid ---------------------------------------------------------------


def invoice(org_id: int, bill: MonthlyBill, now: datetime) -> Json:
    """The invoice of a final bill: the month's last one; ``total_paid`` and ``status`` are those of all its invoices."""
    last = bill.bills[-1].invoice
    suffix = f"-{len(bill.bills)}" if len(bill.bills) > 1 else ""
    status = _status(bill.bills, now)
    return {
        "id": org_id * INVOICES_PER_ORGANISATION + last.ordinal,
        "invoice_number": f"{bill.month // 100}-{bill.month % 100:02d}-{org_id:06d}{suffix}",
        "created": instant(last.issued_at),
        "due_date": instant(start_of(last.due_on)),
        "status": {"id": STATUSES[status], "description": status},
        "total_paid": shortest_number(sum((amount for _, amount in _payments_for(bill)), ZERO)),
        "total_credited": shortest_number(sum((each.credited for each in bill.bills), ZERO)),
    }


def payment_option(bill: MonthlyBill) -> Json:
    """How the bill was paid: by the last payment that covers part of it; null until it is paid in full
    (docs/vendors/emnify.md#preview-and-invoice)."""
    payments = _payments_for(bill)
    if not payments or any(each.remaining for each in bill.bills):
        return None
    payment = max((payment for payment, _ in payments), key=lambda payment: (payment.changed_at, payment.ordinal))
    return {
        "id": PAYMENT_OPTIONS.get(payment.method, 0),
        "type": payment.method.replace(" ", "_"),
        "description": payment.method[:1].upper() + payment.method[1:],
        "paid_at": instant(payment.changed_at),
    }


def _payments_for(bill: MonthlyBill) -> list[tuple[Payment, Decimal]]:
    """The payments that cover part of the bill, and how much of it. A credit note is not a payment."""
    return [covering for each in bill.bills for covering in each.applied]


def _status(bills: tuple[Bill, ...], now: datetime) -> str:
    if all(bill.is_cancelled for bill in bills):
        return "Cancelled"
    if not any(bill.remaining for bill in bills):
        return "Paid"
    if any(bill.is_overdue(now) for bill in bills):
        return "Overdue"
    return "Partially paid" if any(bill.remaining < bill.total for bill in bills) else "Open"


# --- the two parties -----------------------------------------------------------------------------


def issuer(seller: Seller) -> Json:
    """The organisation that issues the bills: the scenario's seller, with an invented bank and an example IBAN."""
    organisation_id, country_id = str(ISSUER), str(country(seller.country).id)
    return {
        "id": ISSUER,
        "name": seller.name,
        "organisation_type_id": "2",
        "ext_reference": "COUNTERFOIL",
        "monthly_cost_limit": None if seller.monthly_cost_limit is None else shortest_number(seller.monthly_cost_limit),
        "company_address": {
            "contact_id": "1",
            "organisation_id": organisation_id,
            "contact_type_id": "1",
            **_address(seller),
            "email": seller.email,
            "phone": seller.phone,
            "mobile": seller.mobile,
            "country": country_document(seller.country),
        },
        "bank_account": {
            "bank_account_id": "1",
            "organisation_id": organisation_id,
            "name": "Beispielbank",
            "iban": "DE02100100100006820101",
            "bic": "PBNKDEFF",
            "country_id": country_id,
            "country": country_document(seller.country),
        },
        "billing_config": {
            "billing_config_id": "1",
            "organisation_id": organisation_id,
            "charging_model_id": "1",
            "payment_term_id": "1",
            "vatin": seller.vatin,
            "invoice_issuer_info": f"{seller.name}, {seller.city}",
        },
    }


def own_organisation(world: World, org_id: int) -> Json:
    """A token's own organisation, with the members that a bill shows of both parties
    (docs/vendors/emnify.md#own-organisation)."""
    whole = issuer(world.scenario.seller) if org_id == ISSUER else customer(org_id, world.contact_of(org_id))
    code = world.scenario.seller.country if org_id == ISSUER else world.contact_of(org_id).country
    names = ("id", "name", "organisation_type_id", "ext_reference")
    return {**{name: whole[name] for name in names}, "country": country_document(code)}


def customer(org_id: int, contact: Contact) -> Json:
    """The customer's organisation: type 4, as in the vendor's sample of an enterprise."""
    return {
        "id": org_id,
        "name": contact.name,
        "organisation_type_id": "4",
        "ext_reference": contact.key or f"C-{org_id:06d}",
        "invoice_address": {
            **_address(contact),
            "email": contact.email,
            "phone": contact.phone,
            "mobile": contact.mobile,
            "country": country_document(contact.country),
        },
    }


def _address(contact: Seller | Contact) -> dict[str, Json]:
    """The members that the addresses of both parties have (docs/vendors/emnify.md#contact-details)."""
    return {
        "name": contact.name,
        "title": contact.title,
        "department": contact.department,
        "street": ", ".join(contact.street.splitlines()),
        "zipcode": contact.zipcode,
        "city": contact.city,
        "country_id": str(country(contact.country).id),
    }
