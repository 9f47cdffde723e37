"""Converts the ledger's records to the control API's JSON, with one function for each kind of document.

Amounts, quantities and prices are exact decimal strings; instants and dates are ISO 8601 in UTC.
"""

from counterfoil.control.serializers.bills import bill, explained_bill, line
from counterfoil.control.serializers.customers import account, credit_note, payment, refund, subscription, usage
from counterfoil.control.serializers.journal import exchanged, fault
from counterfoil.control.serializers.runs import run
from counterfoil.control.serializers.values import money

__all__ = [
    "account",
    "bill",
    "credit_note",
    "exchanged",
    "explained_bill",
    "fault",
    "line",
    "money",
    "payment",
    "refund",
    "run",
    "subscription",
    "usage",
]
