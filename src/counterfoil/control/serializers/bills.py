"""Converts bills and their lines, and explains in words what each line is for and how each amount is computed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from counterfoil.api import Json
from counterfoil.control.serializers.customers import credit_note, payment, usage
from counterfoil.control.serializers.values import UNITS, exact, money
from counterfoil.ledger.documents import FeeLine, Line, OneOffLine, PackageLine, SimLine, UsageLine
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.receivables import Bill
from counterfoil.world.timestamps import format_timestamp


def line(record: Line, currency: str) -> dict[str, Json]:
    """A line of a bill; ``text`` says what it is for, ``computation`` how its amount is computed."""
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
    price = f"{money(record.price, currency)} {currency} per {unit} in {record.country}"
    text = f"{record.tariff.name}: {exact(record.quantity)} {unit} in {record.country} ({record.rate.zone.name})"
    if not record.covered:
        return text, f"{exact(record.quantity)} {unit} × {price}"
    return text, f"({exact(record.quantity)} − {exact(record.covered)} covered by packages) {unit} × {price}"


def _charge_words(record: OneOffLine, currency: str) -> tuple[str, str]:
    return record.charge.description, f"a one-off {'credit' if record.amount < 0 else 'charge'}, as it was entered"


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
    applied = {paid.ordinal: amount for paid, amount in record.applied}
    credited = {note.ordinal: amount for note, amount in record.credits}
    payments = {paid.ordinal: paid for paid in (*record.payments, *(paid for paid, _ in record.applied))}
    notes = {note.ordinal: note for note in (*record.credit_notes, *(note for note, _ in record.credits))}
    return {
        "account": invoice.account,
        "bill": invoice.ordinal,
        "run": invoice.run,
        "currency": currency,
        "period_start": invoice.period_start.isoformat(),
        "period_end": invoice.period_end.isoformat(),
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": invoice.due_on.isoformat(),
        "issued_at": format_timestamp(invoice.issued_at),
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
        "lines": [line(bill_line, currency) for bill_line in invoice.lines],
        "payments": [
            {**payment(paid, currency), "applied": money(applied.get(paid.ordinal, ZERO), currency)}
            for paid in payments.values()
        ],
        "credit_notes": [
            {**credit_note(note), "applied": money(credited.get(note.ordinal, ZERO), currency)}
            for note in notes.values()
        ],
    }


def explained_bill(record: Bill, now: datetime) -> dict[str, Json]:
    """A bill with the usage records of each line, and the computation from the lines to what remains to be paid."""
    usage_records = {used.ordinal: used for used in record.invoice.usage}
    body = bill(record, now)
    for shown, bill_line in zip(body["lines"], record.invoice.lines, strict=True):
        if isinstance(bill_line, UsageLine):
            numbers = [number for number in bill_line.records if number in usage_records]
            shown["records"] = [usage(usage_records[number]) for number in numbers]
    return {**body, "steps": steps(record)}


def steps(record: Bill) -> list[str]:
    """The computation from the lines to what remains to be paid, one sentence for each step."""
    currency = record.invoice.currency

    def formatted(amount: Decimal) -> str:
        return money(amount, currency)

    amounts = " + ".join(formatted(bill_line.amount) for bill_line in record.invoice.lines)
    sentences = [f"net {formatted(record.net_exact)} {currency} = {amounts}"]
    if record.net != record.net_exact:
        sentences.append(f"rounded half up to what {currency} can show: {formatted(record.net)}")
    sentences.append(
        f"tax {formatted(record.tax)} {currency} = {exact(record.invoice.tax_rate)} % of {formatted(record.net)}, rounded half up"
    )
    sentences.append(f"total {formatted(record.total)} {currency} = {formatted(record.net)} + {formatted(record.tax)}")
    for paid, amount in record.applied:
        sentences.append(
            f"payment {paid.ordinal} ({paid.method}, {paid.received_at:%Y-%m-%d}) covers {formatted(amount)}"
        )
    for note, amount in record.credits:
        sentences.append(
            f"credit note {note.ordinal} ({note.reason}, {note.issued_at:%Y-%m-%d}) covers {formatted(amount)}"
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
