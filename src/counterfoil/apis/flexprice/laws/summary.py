"""Laws about one response and its summaries: members, currencies, counts and amounts are consistent."""

from __future__ import annotations

import re
from typing import Any

from counterfoil.apis.flexprice.laws.requests import AMOUNTS, COUNTS, INNER, OUTER, FetchedSummaries
from counterfoil.contract.law import quoted
from counterfoil.contract.laws.arithmetic import amount, first
from counterfoil.contract.laws.items import Mismatch


def members(fetched: FetchedSummaries) -> Mismatch:
    """All three outer and ten inner members are always present: amounts as strings, counts as integers."""
    lacking = [name for name in OUTER if name not in fetched.answer]
    if lacking:
        return f"the member {lacking[0]}", sorted(fetched.answer)
    for summary in fetched.answer["summaries"]:
        for name in INNER:
            expected_type = int if name in COUNTS else str
            if not isinstance(summary.get(name), expected_type) or isinstance(summary.get(name), bool):
                return f"{'an integer' if name in COUNTS else 'a string'} in {name}", summary
    return None


def customer_ids_match(fetched: FetchedSummaries) -> Mismatch:
    """The outer customer_id and that of every summary are the id asked for."""
    ids = [fetched.answer["customer_id"], *(summary["customer_id"] for summary in fetched.answer["summaries"])]
    return None if set(ids) == {fetched.customer} else (f"customer_id {fetched.customer} everywhere", ids)


def default_is_first(fetched: FetchedSummaries) -> Mismatch:
    """default_currency is the currency of the first summary, or empty if there is none."""
    currencies = [summary["currency"] for summary in fetched.answer["summaries"]]
    want = currencies[0] if currencies else ""
    got = fetched.answer["default_currency"]
    return None if got == want else (f"default_currency {quoted(want)}, the first of {currencies}", got)


def currencies_once(fetched: FetchedSummaries) -> Mismatch:
    """There is one summary for each currency: three lower-case letters, none repeated."""
    currencies = [summary["currency"] for summary in fetched.answer["summaries"]]
    if not all(re.fullmatch("[a-z]{3}", currency) for currency in currencies):
        return "currencies of three lower-case letters", currencies
    return None if len(set(currencies)) == len(currencies) else ("each currency once", currencies)


def amounts_trimmed(summary: Any) -> Mismatch:
    """Amounts are plain decimals without trailing zeros, in eight places at most; zero is 0."""
    for name in AMOUNTS:
        text = summary[name]
        good = re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]{0,7}[1-9])?", text, re.ASCII) and text != "-0"
        if not good:
            return f"a plain decimal without trailing zeros in {name}", text
    return None


def counts_nested(summary: Any) -> Mismatch:
    """Overdue invoices are part of the unpaid ones, and these of all: 0 ≤ overdue ≤ unpaid ≤ total."""
    total, unpaid, overdue = (summary[name] for name in COUNTS)
    return None if 0 <= overdue <= unpaid <= total else ("0 ≤ overdue ≤ unpaid ≤ total", [overdue, unpaid, total])


def amounts_nested(summary: Any) -> Mismatch:
    """Overdue is at most unpaid, unpaid is at most revenue, and none is negative."""
    revenue, unpaid, overdue = (amount(summary[name]) for name in AMOUNTS[:3])
    if revenue < 0:  # only credits: no order is documented
        return None
    return None if 0 <= overdue <= unpaid <= revenue else ("0 ≤ overdue ≤ unpaid ≤ revenue", [overdue, unpaid, revenue])


def all_overdue(summary: Any) -> Mismatch:
    """When every unpaid invoice is overdue, the overdue amount is the unpaid amount."""
    if summary["overdue_invoice_count"] != summary["unpaid_invoice_count"]:
        return None
    unpaid, overdue = summary["total_unpaid_amount"], summary["total_overdue_amount"]
    return None if amount(unpaid) == amount(overdue) else (f"total_overdue_amount {unpaid}", overdue)


def _zero(summary: Any, count: str, *names: str) -> Mismatch:
    if summary[count] != 0:
        return None
    return first((f"0 in {name} where {count} is 0", summary[name]) for name in names if amount(summary[name]) != 0)


def nothing_invoiced(summary: Any) -> Mismatch:
    """Without an invoice every amount is zero."""
    return _zero(summary, "total_invoice_count", *AMOUNTS)


def nothing_unpaid(summary: Any) -> Mismatch:
    """Without an unpaid invoice the unpaid amount, usage charges and fixed charges are zero."""
    return _zero(summary, "unpaid_invoice_count", *AMOUNTS[1:])


def nothing_overdue(summary: Any) -> Mismatch:
    """Without an overdue invoice the overdue amount is zero."""
    return _zero(summary, "overdue_invoice_count", "total_overdue_amount")


def charges_gross(summary: Any) -> Mismatch:
    """Unpaid usage and fixed charges are never negative: they are sums of gross lines, which coupons, credits, tax and payments
    do not change. They may exceed the revenue, which is net of coupons and credits."""
    usage, fixed = (amount(summary[name]) for name in AMOUNTS[3:])
    return None if usage >= 0 and fixed >= 0 else ("no negative charges", [usage, fixed])
