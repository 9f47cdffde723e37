"""Converts the ledger's records to the control API's JSON, and errors to problem details (RFC 9457).

There is one function for each kind of document. Amounts, quantities and prices are exact decimal strings; instants and
dates are ISO 8601 in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from counterfoil.api import ApiError, Json, Response
from counterfoil.api.control_types import Fault, RecordedExchange, RecordedMessage, TooMany
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


# --- errors --------------------------------------------------------------------------------------


@contextmanager
def ledger_errors_as_api_errors() -> Iterator[None]:
    """What the ledger refuses, as the HTTP status that says so: 404 unknown, 422 never right, 409 not now, 429 a bound,
    503 too many waiting, or a store that takes no changes."""
    try:
        yield
    except LedgerError as error:
        raise _api_error(error) from None
    except StoreUnavailable as error:
        raise unavailable(error) from None


def _api_error(error: LedgerError) -> ApiError:
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


def error(api_error: ApiError) -> Response:
    """Problem details; ``field`` names the parameter or member of the body that is wrong."""
    body: dict[str, Json] = {
        "type": "about:blank",
        "title": HTTPStatus(api_error.status).phrase,
        "status": api_error.status,
        "detail": api_error.message,
    }
    if api_error.where is not None:
        body["field"] = api_error.where.removeprefix("/")
    headers = {401: (("WWW-Authenticate", "Bearer"),), 503: (("Retry-After", "1"),)}.get(api_error.status, ())
    return Response(api_error.status, body, headers, PROBLEM)


# --- plain values --------------------------------------------------------------------------------


def instant(moment: datetime) -> str:
    """``2026-02-01T09:00:00Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def exact(number: Decimal) -> str:
    """A quantity or a percentage without exponent and without trailing zeros: ``1000``, ``0.5``."""
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


def account(index: int, record: Account) -> dict[str, Json]:
    return {
        "account": index,
        "currency": record.currency,
        "tax_rate": exact(record.tax_rate),
        "payment_method": record.payment_method,
        "group": record.group,
    }


def subscription(record: Subscription, today: date) -> dict[str, Json]:
    return {
        "subscription": record.ordinal,
        "account": record.account,
        "tariff": record.tariff.key,
        "tariff_name": record.tariff.name,
        "state": record.state_on(today),
        "sims": record.sims,
        "started": record.started.isoformat(),
        "ended": _optional(record.ended),
        "paused_on": _optional(record.paused_on),
        "fees_from": record.fees_from.isoformat(),
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


def payment(record: Payment, currency: str) -> dict[str, Json]:
    return {
        "payment": record.ordinal,
        "account": record.account,
        "bill": record.invoice,
        "further_bills": list(record.further),
        "amount": money(record.amount, currency),
        "refunded": money(record.refunded, currency),
        "method": record.method,
        "state": str(record.state),
        "received_at": instant(record.received_at),
        "changed_at": instant(record.changed_at),
    }


def credit_note(record: CreditNote) -> dict[str, Json]:
    """A credit note; a line without a number is of the bill as a whole."""
    currency = record.currency
    return {
        "credit_note": record.ordinal,
        "account": record.account,
        "bill": record.invoice,
        "currency": currency,
        "reason": record.reason,
        "lines": [{"line": each.line, "amount": money(each.amount, currency)} for each in record.lines],
        "net": money(record.net, currency),
        "tax_rate": exact(record.tax_rate),
        "tax": money(record.tax, currency),
        "total": money(record.total, currency),
        "issued_at": instant(record.issued_at),
    }


def refund(record: Refund, currency: str) -> dict[str, Json]:
    return {
        "refund": record.ordinal,
        "account": record.account,
        "payment": record.payment,
        "amount": money(record.amount, currency),
        "refunded_at": instant(record.refunded_at),
    }


# --- lines and bills -----------------------------------------------------------------------------


def line(record: Line, currency: str) -> dict[str, Json]:
    """A line of a bill, with what it is for and how its amount is computed, both in words."""
    text, computation = _WORDS[type(record)](record, currency)
    body: dict[str, Json] = {
        "kind": _KINDS[type(record)],
        "text": text,
        "amount": money(record.amount, currency),
        "computation": f"{money(record.amount, currency)} {currency} = {computation}",
    }
    if isinstance(record, OneOffLine):
        return {**body, "charge": record.charge.ordinal, "dated": record.charge.dated.isoformat()}
    body |= {"subscription": record.subscription, "tariff": record.tariff.key}
    if isinstance(record, UsageLine):
        return {
            **body,
            "service": str(record.rate.service),
            "country": record.country,
            "zone": record.rate.zone.name,
            "unit": UNITS[record.rate.service],
            "quantity": exact(record.quantity),
            "covered": exact(record.covered),
            "price": money(record.price, currency),
            "record_numbers": list(record.records),
        }
    return {**body, "dated": record.dated.isoformat()}


def _fee_words(record: FeeLine, currency: str) -> tuple[str, str]:
    fee = record.tariff.monthly_fee
    why = (
        "the tariff's monthly fee"
        if record.amount == fee
        else f"the share of {money(fee, currency)} for part of the month"
    )
    return f"{record.tariff.name}: monthly fee, {record.dated:%B %Y}", why


def _sim_words(record: SimLine, currency: str) -> tuple[str, str]:
    return (
        f"{record.tariff.name}: {record.sims} SIMs, {record.dated:%B %Y}",
        f"{record.sims} SIMs × {money(record.fee, currency)} {currency}",
    )


def _package_words(record: PackageLine, currency: str) -> tuple[str, str]:
    package = record.package
    return (
        f"{record.tariff.name}: {package.name}, {record.dated:%B %Y}",
        f"the fee of a package of {exact(package.volume)} MB in {package.zone.name}",
    )


def _usage_words(record: UsageLine, currency: str) -> tuple[str, str]:
    unit = UNITS[record.rate.service]
    price = f"{money(record.price, currency)} {currency} for each in {record.country}"
    text = f"{record.tariff.name}: {exact(record.quantity)} {unit} in {record.country} ({record.rate.zone.name})"
    if not record.covered:
        return text, f"{exact(record.quantity)} {unit} × {price}"
    return text, f"({exact(record.quantity)} − {exact(record.covered)} covered by packages) {unit} × {price}"


def _charge_words(record: OneOffLine, currency: str) -> tuple[str, str]:
    return record.charge.description, f"a one-off {'credit' if record.amount < 0 else 'charge'}, as it was put in"


_WORDS: dict[type, Callable[[Any, str], tuple[str, str]]] = {
    FeeLine: _fee_words,
    SimLine: _sim_words,
    PackageLine: _package_words,
    UsageLine: _usage_words,
    OneOffLine: _charge_words,
}
_KINDS = {FeeLine: "fee", SimLine: "sims", PackageLine: "package", UsageLine: "usage", OneOffLine: "charge"}


def bill(record: Bill, now: datetime) -> dict[str, Json]:
    """A bill with its lines, payments and credit notes; ``applied`` is how much of each covers this bill.

    Payments and credit notes of other bills are included if they cover this one.
    """
    invoice, currency = record.invoice, record.invoice.currency
    applied = {each.ordinal: covers for each, covers in record.applied}
    credited = {each.ordinal: covers for each, covers in record.credits}
    payments = {each.ordinal: each for each in (*record.payments, *(each for each, _ in record.applied))}
    notes = {each.ordinal: each for each in (*record.credit_notes, *(each for each, _ in record.credits))}
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
        "net": money(record.net, currency),
        "tax_rate": exact(invoice.tax_rate),
        "tax": money(record.tax, currency),
        "total": money(record.total, currency),
        "paid": money(record.paid, currency),
        "credited": money(record.credited, currency),
        "remaining": money(record.remaining, currency),
        "overpaid": money(record.overpaid, currency),
        "refunded": money(record.refunded, currency),
        "creditable": money(record.creditable, currency),
        "settlement": str(record.settlement),
        "held": record.is_held,
        "overdue": record.is_overdue(now),
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


def explained_bill(record: Bill, now: datetime) -> dict[str, Json]:
    """A bill with the usage records of each line, and the computation from the lines to what remains to be paid."""
    usage_records = {each.ordinal: each for each in record.invoice.usage}
    body = bill(record, now)
    for shown, each in zip(body["lines"], record.invoice.lines, strict=True):
        if isinstance(each, UsageLine):
            shown["records"] = [usage(usage_records[number]) for number in each.records if number in usage_records]
    return {**body, "steps": steps(record)}


def steps(record: Bill) -> list[str]:
    """The computation from the lines to what remains to be paid, one sentence for each step."""
    currency = record.invoice.currency

    def formatted(amount: Decimal) -> str:
        return money(amount, currency)

    amounts = " + ".join(formatted(each.amount) for each in record.invoice.lines)
    sentences = [f"net {formatted(record.net_exact)} {currency} = {amounts}"]
    if record.net != record.net_exact:
        sentences.append(f"rounded half up to what {currency} can show: {formatted(record.net)}")
    sentences.append(
        f"tax {formatted(record.tax)} {currency} = {exact(record.invoice.tax_rate)} % of {formatted(record.net)}, rounded half up"
    )
    sentences.append(f"total {formatted(record.total)} {currency} = {formatted(record.net)} + {formatted(record.tax)}")
    for each, covers in record.applied:
        sentences.append(
            f"payment {each.ordinal} ({each.method}, {each.received_at:%Y-%m-%d}) covers {formatted(covers)}"
        )
    for note, covers in record.credits:
        sentences.append(
            f"credit note {note.ordinal} ({note.reason}, {note.issued_at:%Y-%m-%d}) covers {formatted(covers)}"
        )
    less = [formatted(record.paid), formatted(record.credited)] if record.credited else [formatted(record.paid)]
    sentences.append(
        f"remaining {formatted(record.remaining)} {currency} = {' − '.join((formatted(record.total), *less))}"
    )
    if record.overpaid:
        sentences.append(f"{formatted(record.overpaid)} {currency} were paid in excess and are the customer's credit")
    if record.refunded:
        sentences.append(f"{formatted(record.refunded)} {currency} of what was paid was credited again")
    return sentences


# --- runs ----------------------------------------------------------------------------------------


def run(record: BillingRun) -> dict[str, Json]:
    return {
        "run": record.number,
        "name": record.name,
        "status": str(record.status),
        "subrun": record.subrun,
        "message": record.message,
        "invoice_date": _optional(record.invoice_date),
        "cutoff_date": _optional(record.cutoff_date),
        "transaction_cutoff_date": _optional(record.transaction_cutoff_date),
        "due_date": _optional(record.due_date),
        "created_at": instant(record.created_at),
        "updated_at": instant(record.updated_at),
        "requested_at": _optional(record.requested_at),
        "commenced_at": _optional(record.commenced_at),
        "completed_at": _optional(record.completed_at),
    }


# --- journal and faults --------------------------------------------------------------------------


def exchanged(record: RecordedExchange) -> dict[str, Json]:
    return {
        "number": record.number,
        "at": instant(record.at),
        "now": instant(record.now),
        "api": record.api,
        "operation": record.operation,
        "method": record.method,
        "path": record.path,
        "status": record.status,
        "milliseconds": record.milliseconds,
        "fault": record.fault,
        "reason": record.reason,
        "request": _message(record.request),
        "answer": _message(record.answer),
    }


def _message(record: RecordedMessage) -> dict[str, Json]:
    return {"headers": [list(pair) for pair in record.headers], "body": record.body, "is_cut": record.is_cut}


def fault(record: Fault) -> dict[str, Json]:
    spec: dict[str, Json] = to_json(record.spec)
    return {"id": record.id, **spec, "counted": record.counted, "struck": record.hits}
