"""From the ledger's records to the control API's JSON, and from its refusals to problem details (RFC 9457).

One function for each document. Amounts, quantities and prices are decimal strings, exact; instants and dates are ISO
8601 in UTC. It decides nothing and adds nothing up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from counterfoil.api import ApiError, Json, Response
from counterfoil.api.control_types import Exchanged, Fault, Message, TooMany
from counterfoil.api.saving import unavailable
from counterfoil.ledger.accounts import Account, Subscription
from counterfoil.ledger.documents import CreditNote, FeeLine, Line, OneOffLine, PackageLine, SimLine, UsageLine
from counterfoil.ledger.errors import BadValue, LedgerError, RuleBroken, UnknownRecord
from counterfoil.ledger.money import ZERO, to_minor_unit
from counterfoil.ledger.payments import Payment, Refund
from counterfoil.ledger.receivables import Bill
from counterfoil.ledger.runs import BillingRun
from counterfoil.ledger.tariffs import Service
from counterfoil.ledger.usage import UsageRecord
from counterfoil.world.command_log import StoreUnavailable
from counterfoil.world.to_json import to_json
from counterfoil.world.worlds import TooManyWorlds
from counterfoil.world.write_lock import WorldBusy

PROBLEM = "application/problem+json"
UNITS = {Service.DATA: "MB", Service.SMS: "SMS"}


# --- refusals ------------------------------------------------------------------------------------


@contextmanager
def as_refusals() -> Iterator[None]:
    """What the ledger refuses, as the HTTP status that says so: 404 unknown, 422 never right, 409 not now, 429 a bound,
    503 too many waiting, or a store that takes no changes."""
    try:
        yield
    except LedgerError as error:
        raise _refusal(error) from None
    except StoreUnavailable as error:
        raise unavailable(error) from None


def _refusal(error: LedgerError) -> ApiError:
    if isinstance(error, UnknownRecord):
        return ApiError("unknown_resource", error.message, where=error.field)
    if isinstance(error, BadValue):
        return ApiError("malformed", error.message, where=error.field, status=422)
    if isinstance(error, WorldBusy):
        return ApiError("unavailable", error.message)
    if isinstance(error, TooManyWorlds | TooMany):
        return ApiError("too_many_requests", error.message, where=error.field)
    assert isinstance(error, RuleBroken)
    return ApiError("conflict", error.message, where=error.field)


def error(refusal: ApiError) -> Response:
    """Problem details; ``field`` names the parameter, or the member of the body, that is at fault."""
    body: dict[str, Json] = {
        "type": "about:blank",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": refusal.message,
    }
    if refusal.where is not None:
        body["field"] = refusal.where.removeprefix("/")
    headers = {401: (("WWW-Authenticate", "Bearer"),), 503: (("Retry-After", "1"),)}.get(refusal.status, ())
    return Response(refusal.status, body, headers, PROBLEM)


# --- plain values --------------------------------------------------------------------------------


def instant(moment: datetime) -> str:
    """``2026-02-01T09:00:00Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def exact(number: Decimal) -> str:
    """A quantity or a percentage in full, never in powers of ten and without idle zeros: ``1000``, ``0.5``."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) if number else "0"


def money(amount: Decimal, currency: str) -> str:
    """An amount or a price, exact, with at least the decimals the currency has: ``10.00``, ``0.045``, ``0.00``."""
    rounded = to_minor_unit(amount, currency)
    return f"{rounded or abs(rounded):f}" if rounded == amount else exact(amount)


def _optional(moment: datetime | date | None) -> str | None:
    if moment is None:
        return None
    return instant(moment) if isinstance(moment, datetime) else moment.isoformat()


# --- customers -----------------------------------------------------------------------------------


def account(index: int, kept: Account) -> dict[str, Json]:
    return {
        "account": index,
        "currency": kept.currency,
        "tax_rate": exact(kept.tax_rate),
        "payment_method": kept.payment_method,
        "group": kept.group,
    }


def subscription(kept: Subscription, today: date) -> dict[str, Json]:
    return {
        "subscription": kept.ordinal,
        "account": kept.account,
        "tariff": kept.tariff.key,
        "tariff_name": kept.tariff.name,
        "state": kept.state_on(today),
        "sims": kept.sims,
        "started": kept.started.isoformat(),
        "ended": _optional(kept.ended),
        "paused_on": _optional(kept.paused_on),
        "fees_from": kept.fees_from.isoformat(),
    }


def usage(record: UsageRecord) -> dict[str, Json]:
    return {
        "record": record.ordinal,
        "subscription": record.subscription,
        "service": str(record.service),
        "country": record.country,
        "quantity": exact(record.quantity),
        "unit": UNITS[record.service],
        "started_at": instant(record.started_at),
        "rated": record.rated,
    }


def payment(kept: Payment, currency: str) -> dict[str, Json]:
    return {
        "payment": kept.ordinal,
        "account": kept.account,
        "bill": kept.invoice,
        "further_bills": list(kept.further),
        "amount": money(kept.amount, currency),
        "refunded": money(kept.refunded, currency),
        "method": kept.method,
        "state": str(kept.state),
        "received_at": instant(kept.received_at),
        "changed_at": instant(kept.changed_at),
    }


def credit_note(kept: CreditNote) -> dict[str, Json]:
    """A credit note; a line without a number is of the bill as a whole."""
    currency = kept.currency
    return {
        "credit_note": kept.ordinal,
        "account": kept.account,
        "bill": kept.invoice,
        "currency": currency,
        "reason": kept.reason,
        "lines": [{"line": each.line, "amount": money(each.amount, currency)} for each in kept.lines],
        "net": money(kept.net, currency),
        "tax_rate": exact(kept.tax_rate),
        "tax": money(kept.tax, currency),
        "total": money(kept.total, currency),
        "issued_at": instant(kept.issued_at),
    }


def refund(kept: Refund, currency: str) -> dict[str, Json]:
    return {
        "refund": kept.ordinal,
        "account": kept.account,
        "payment": kept.payment,
        "amount": money(kept.amount, currency),
        "refunded_at": instant(kept.refunded_at),
    }


# --- lines and bills -----------------------------------------------------------------------------


def line(kept: Line, currency: str) -> dict[str, Json]:
    """A line with what it is for and how its amount comes about, both in words."""
    text, how = _WORDS[type(kept)](kept, currency)
    body: dict[str, Json] = {
        "kind": _KINDS[type(kept)],
        "text": text,
        "amount": money(kept.amount, currency),
        "computation": f"{money(kept.amount, currency)} {currency} = {how}",
    }
    if isinstance(kept, OneOffLine):
        return {**body, "charge": kept.charge.ordinal, "dated": kept.charge.dated.isoformat()}
    body |= {"subscription": kept.subscription, "tariff": kept.tariff.key}
    if isinstance(kept, UsageLine):
        return {
            **body,
            "service": str(kept.rate.service),
            "country": kept.country,
            "zone": kept.rate.zone.name,
            "unit": UNITS[kept.rate.service],
            "quantity": exact(kept.quantity),
            "covered": exact(kept.covered),
            "price": money(kept.price, currency),
            "record_numbers": list(kept.records),
        }
    return {**body, "dated": kept.dated.isoformat()}


def _fee_words(kept: FeeLine, currency: str) -> tuple[str, str]:
    fee = kept.tariff.monthly_fee
    why = (
        "the tariff's monthly fee"
        if kept.amount == fee
        else f"the share of {money(fee, currency)} for part of the month"
    )
    return f"{kept.tariff.name}: monthly fee, {kept.dated:%B %Y}", why


def _sim_words(kept: SimLine, currency: str) -> tuple[str, str]:
    return (
        f"{kept.tariff.name}: {kept.sims} SIMs, {kept.dated:%B %Y}",
        f"{kept.sims} SIMs × {money(kept.fee, currency)} {currency}",
    )


def _package_words(kept: PackageLine, currency: str) -> tuple[str, str]:
    package = kept.package
    return (
        f"{kept.tariff.name}: {package.name}, {kept.dated:%B %Y}",
        f"the fee of a package of {exact(package.volume)} MB in {package.zone.name}",
    )


def _usage_words(kept: UsageLine, currency: str) -> tuple[str, str]:
    unit = UNITS[kept.rate.service]
    price = f"{money(kept.price, currency)} {currency} for each in {kept.country}"
    text = f"{kept.tariff.name}: {exact(kept.quantity)} {unit} in {kept.country} ({kept.rate.zone.name})"
    if not kept.covered:
        return text, f"{exact(kept.quantity)} {unit} × {price}"
    return text, f"({exact(kept.quantity)} − {exact(kept.covered)} covered by packages) {unit} × {price}"


def _charge_words(kept: OneOffLine, currency: str) -> tuple[str, str]:
    return kept.charge.description, f"a one-off {'credit' if kept.amount < 0 else 'charge'}, as it was put in"


_WORDS: dict[type, Callable[[Any, str], tuple[str, str]]] = {
    FeeLine: _fee_words,
    SimLine: _sim_words,
    PackageLine: _package_words,
    UsageLine: _usage_words,
    OneOffLine: _charge_words,
}
_KINDS = {FeeLine: "fee", SimLine: "sims", PackageLine: "package", UsageLine: "usage", OneOffLine: "charge"}


def bill(kept: Bill, now: datetime) -> dict[str, Json]:
    """A bill with its lines, its payments and its credit notes; ``applied`` is how much of each covers this bill.

    Payments that were meant for another bill, and credit notes of another, are among them where they cover this one.
    """
    invoice, currency = kept.invoice, kept.invoice.currency
    applied = {each.ordinal: covers for each, covers in kept.applied}
    credited = {each.ordinal: covers for each, covers in kept.credits}
    payments = {each.ordinal: each for each in (*kept.payments, *(each for each, _ in kept.applied))}
    notes = {each.ordinal: each for each in (*kept.credit_notes, *(each for each, _ in kept.credits))}
    return {
        "account": invoice.account,
        "bill": invoice.ordinal,
        "run": invoice.run,
        "currency": currency,
        "period_start": invoice.period_start.isoformat(),
        "period_end": invoice.period_end.isoformat(),
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": invoice.due_on.isoformat(),
        "issued_at": instant(invoice.issued_at),
        "net": money(kept.net, currency),
        "tax_rate": exact(invoice.tax_rate),
        "tax": money(kept.tax, currency),
        "total": money(kept.total, currency),
        "paid": money(kept.paid, currency),
        "credited": money(kept.credited, currency),
        "remaining": money(kept.remaining, currency),
        "overpaid": money(kept.overpaid, currency),
        "refunded": money(kept.refunded, currency),
        "creditable": money(kept.creditable, currency),
        "settlement": str(kept.settlement),
        "held": kept.is_held,
        "overdue": kept.is_overdue(now),
        "lines": [line(each, currency) for each in invoice.lines],
        "payments": [
            {**payment(each, currency), "applied": money(applied.get(each.ordinal, ZERO), currency)}
            for each in payments.values()
        ],
        "credit_notes": [
            {**credit_note(each), "applied": money(credited.get(each.ordinal, ZERO), currency)}
            for each in notes.values()
        ],
    }


def why(kept: Bill, now: datetime) -> dict[str, Json]:
    """A bill down to the usage records: every line with those it was made of, and the way from lines to what is owed."""
    records = {record.ordinal: record for record in kept.invoice.usage}
    body = bill(kept, now)
    for shown, each in zip(body["lines"], kept.invoice.lines, strict=True):
        if isinstance(each, UsageLine):
            shown["records"] = [usage(records[number]) for number in each.records if number in records]
    return {**body, "steps": steps(kept)}


def steps(kept: Bill) -> list[str]:
    """From the lines to what remains, one sentence each."""
    currency = kept.invoice.currency

    def said(amount: Decimal) -> str:
        return money(amount, currency)

    amounts = " + ".join(said(each.amount) for each in kept.invoice.lines)
    way = [f"net {said(kept.net_exact)} {currency} = {amounts}"]
    if kept.net != kept.net_exact:
        way.append(f"rounded half up to what {currency} can show: {said(kept.net)}")
    way.append(
        f"tax {said(kept.tax)} {currency} = {exact(kept.invoice.tax_rate)} % of {said(kept.net)}, rounded half up"
    )
    way.append(f"total {said(kept.total)} {currency} = {said(kept.net)} + {said(kept.tax)}")
    for each, covers in kept.applied:
        way.append(f"payment {each.ordinal} ({each.method}, {each.received_at:%Y-%m-%d}) covers {said(covers)}")
    for note, covers in kept.credits:
        way.append(f"credit note {note.ordinal} ({note.reason}, {note.issued_at:%Y-%m-%d}) covers {said(covers)}")
    less = [said(kept.paid), said(kept.credited)] if kept.credited else [said(kept.paid)]
    way.append(f"remaining {said(kept.remaining)} {currency} = {' − '.join((said(kept.total), *less))}")
    if kept.overpaid:
        way.append(f"{said(kept.overpaid)} {currency} came in beyond the total and is a credit of the customer")
    if kept.refunded:
        way.append(f"{said(kept.refunded)} {currency} of what was paid was credited again")
    return way


# --- runs ----------------------------------------------------------------------------------------


def run(kept: BillingRun) -> dict[str, Json]:
    return {
        "run": kept.number,
        "name": kept.name,
        "status": str(kept.status),
        "subrun": kept.subrun,
        "message": kept.message,
        "invoice_date": _optional(kept.invoice_date),
        "cutoff_date": _optional(kept.cutoff_date),
        "transaction_cutoff_date": _optional(kept.transaction_cutoff_date),
        "due_date": _optional(kept.due_date),
        "created_at": instant(kept.created_at),
        "updated_at": instant(kept.updated_at),
        "requested_at": _optional(kept.requested_at),
        "commenced_at": _optional(kept.commenced_at),
        "completed_at": _optional(kept.completed_at),
    }


# --- journal and faults --------------------------------------------------------------------------


def exchanged(kept: Exchanged) -> dict[str, Json]:
    return {
        "number": kept.number,
        "at": instant(kept.at),
        "now": instant(kept.now),
        "api": kept.api,
        "operation": kept.operation,
        "method": kept.method,
        "path": kept.path,
        "status": kept.status,
        "milliseconds": kept.milliseconds,
        "fault": kept.fault,
        "reason": kept.reason,
        "request": _message(kept.request),
        "answer": _message(kept.answer),
    }


def _message(kept: Message) -> dict[str, Json]:
    return {"headers": [list(pair) for pair in kept.headers], "body": kept.body, "is_cut": kept.is_cut}


def fault(kept: Fault) -> dict[str, Json]:
    order: dict[str, Json] = to_json(kept.order)
    return {"id": kept.id, **order, "counted": kept.counted, "struck": kept.struck}
