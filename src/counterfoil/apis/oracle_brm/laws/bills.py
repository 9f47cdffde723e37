"""Describes the list of customer bills and its filters for the laws, and checks the vendor's error body."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from counterfoil.contract.collection import ItemList, Offsets
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import Field, observed
from counterfoil.contract.filters import Filter, equal
from counterfoil.contract.law import quoted
from counterfoil.contract.laws import comparing, errors, patterns
from counterfoil.contract.laws.customer_bills import (
    ACCOUNT,
    BILL_DATE,
    DUE,
    ENDS,
    ID,
    NUMBER_OF,
    PAY_BY,
    REMAINING,
    STARTS,
    STATE,
    UPDATED,
    as_written,
)
from counterfoil.contract.response import Response

LIST, FETCH = "GET /customerBill", "GET /customerBill/{id}"
STATES = ("new", "partiallyPaid", "settled", "inProgress")
BASE, EXTENDED = "CustomerBill", "CustomerBillOracle"
REQUIRED = ("id", "href", "billDate", "paymentDueDate", "amountDue", "state")
UNNUMBERED = "bill in progress"
UNKNOWN_ID = "0.0.0.1+-bill+999999999999"
CLASS = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]*", re.ASCII)
URI = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+", re.ASCII)
OK_STATUSES = (200, 206)
"""Oracle documents only 200; TMF630 allows 206 for part of a list."""

BY_FIELD = {
    field.name: comparing.compared(field) for field in (DUE, BILL_DATE, ENDS, STARTS, UPDATED, PAY_BY, REMAINING)
}
INSTANTS = (BILL_DATE, ENDS, STARTS, UPDATED, PAY_BY)
BY_NUMBER, BY_ID, BY_ACCOUNT, BY_STATE = equal(NUMBER_OF), equal(ID), equal(ACCOUNT), equal(STATE)
BY_ACCOUNT_NUMBER = equal(Field("billingAccount.accountNumber"), "billingAccount.id")
NUMBER_LIKE = patterns.percent("billNo", "billNo.like", NUMBER_OF.raw)
REMAINING_LIKE = patterns.percent("remainingAmount.value", "remainingAmount.value.like", as_written)
NAMED = (BY_ACCOUNT, BY_NUMBER, NUMBER_LIKE, BY_ID, REMAINING_LIKE)
# Not equal(STATE): bills on hold are listed, but the filter does not accept their state.
STATE_FILTER = Filter(
    Field("state", at=lambda bill: bill["state"] if bill["state"] in STATES else None),
    "state", "equal to", BY_STATE.matches, BY_STATE.write, BY_STATE.draw,
)  # fmt: skip
FILTERS = (STATE_FILTER, *NAMED, *(f for comparisons in BY_FIELD.values() for f in comparisons.all))
PARTNERS = (
    STATE_FILTER,
    BY_ACCOUNT,
    NUMBER_LIKE,
    BY_FIELD["billDate"].at_least,
    BY_FIELD["remainingAmount.value"].above,
)


class Bills(ItemList):
    """The list of whole bills; a part of it may have status 206."""

    def fetch(self, ctx: LawContext, query: Mapping[str, Any]) -> list[Any]:
        body = ctx.request_json(self.operation, query={**self.base, **query}, status=OK_STATUSES)
        ctx.expect(isinstance(body, list) and all(isinstance(b, dict) for b in body), "an array of bills", body)
        return list(body)


class BillIds(Bills):
    """The list reduced to ids (with ``fields``, where that works), to compare selections; ``whole_list`` has whole bills."""

    def fetch(self, ctx: LawContext, query: Mapping[str, Any]) -> list[Any]:
        only_ids = {"fields": "id"} if ctx.cached("oracle-brm fields=id", lambda: _can_select(ctx)) else {}
        return super().fetch(ctx, {**only_ids, **query})

    def whole_list(self, ctx: LawContext) -> Sequence[Any]:
        return WHOLE.whole_list(ctx)


def _can_select(ctx: LawContext) -> bool:
    response = ctx.request(LIST, query={"fields": "id", "limit": 1})
    return response.status in OK_STATUSES and all(bill.get("id") for bill in response.body)


_PAGES = Offsets("offset", "limit", largest=1000)
WHOLE = Bills(LIST, identity=ID, pages=_PAGES, filters=FILTERS)
EXTENDED_BILLS = Bills(LIST, identity=ID, pages=_PAGES, base={"@type": EXTENDED})
BILLS = BillIds(LIST, identity=ID, pages=_PAGES, filters=FILTERS)


def tries(filter_: Filter, bills: Sequence[Any]) -> Sequence[Any]:
    if filter_.relation == patterns.LIKE:
        return patterns.plain_patterns(filter_, bills)
    values = observed(filter_.field, bills)
    return [*values[2:5], *values[:2]]


def tmf_error(response: Response) -> str | None:
    """The TMF ``Error``: code and reason, the status as a string, in JSON with charset utf-8; valid class names and URIs."""
    mismatch = errors.members("code", "reason")(response) or charset(response)
    if mismatch:
        return mismatch
    body = response.body
    if body.get("message") is not None and not (isinstance(body["message"], str) and body["message"].strip()):
        return f"message {quoted(body['message'])}"
    for name, form in (("@type", CLASS), ("@baseType", CLASS), ("@schemaLocation", URI), ("referenceError", URI)):
        if body.get(name) is not None and not form.fullmatch(str(body[name])):
            return f"{name} {quoted(body[name])}, not {'a URI' if form is URI else 'the name of a class'}"
    status = body.get("status")
    return (
        None
        if status in (None, str(response.status))
        else f"status {quoted(status)} in the body of a {response.status}"
    )


def charset(response: Response) -> str | None:
    content_type = str(response.headers.get("content-type", "")).lower().replace(" ", "").replace('"', "")
    return None if content_type == "application/json;charset=utf-8" else f"Content-Type {content_type or 'missing'}"
