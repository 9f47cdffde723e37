"""Converts a customer's records other than bills: accounts, subscriptions, usage, payments, credit notes and refunds."""

from __future__ import annotations

from datetime import date

from counterfoil.api import Json
from counterfoil.control.serializers.values import UNITS, exact, money, optional
from counterfoil.ledger.accounts import Account, Subscription
from counterfoil.ledger.documents import CreditNote
from counterfoil.ledger.payments import Payment, Refund
from counterfoil.ledger.usage import UsageRecord
from counterfoil.world.timestamps import format_timestamp


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
        "ended": optional(record.ended),
        "paused_on": optional(record.paused_on),
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
        "started_at": format_timestamp(record.started_at),
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
        "received_at": format_timestamp(record.received_at),
        "changed_at": format_timestamp(record.changed_at),
    }


def credit_note(record: CreditNote) -> dict[str, Json]:
    """A credit note; a line without a number credits the bill as a whole."""
    currency = record.currency
    return {
        "credit_note": record.ordinal,
        "account": record.account,
        "bill": record.invoice,
        "currency": currency,
        "reason": record.reason,
        "lines": [{"line": line.line, "amount": money(line.amount, currency)} for line in record.lines],
        "net": money(record.net, currency),
        "tax_rate": exact(record.tax_rate),
        "tax": money(record.tax, currency),
        "total": money(record.total, currency),
        "issued_at": format_timestamp(record.issued_at),
    }


def refund(record: Refund, currency: str) -> dict[str, Json]:
    return {
        "refund": record.ordinal,
        "account": record.account,
        "payment": record.payment,
        "amount": money(record.amount, currency),
        "refunded_at": format_timestamp(record.refunded_at),
    }
