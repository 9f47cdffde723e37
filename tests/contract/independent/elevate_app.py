"""Elevate Billing: customer billing summaries and the token they need.

Written from docs/vendors/elevate.md and the documents it names. It does not use counterfoil, and has no other operation of the
vendor.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from . import common
from .data import Customer, customers

BUGS = frozenset(
    {
        "difference_unsigned",
        "fields_ignored",
        "filters_combine_with_or",
        "first_page_is_zero",
        "forbidden_is_unauthorized",
        "in_matches_first_only",
        "like_is_case_sensitive",
        "like_is_prefix",
        "numbers_compared_as_text",
        "page_off_by_one",
        "page_past_end_is_not_found",
        "page_size_unlimited",
        "percentage_of_open",
        "second_sort_key_ignored",
        "sort_ignores_desc",
        "token_never_expires",
        "unknown_sort_accepted",
    }
)
TOKEN_LIFE = timedelta(minutes=15)
INT32_MAX = 2**31 - 1
CREDENTIALS = (("username", "password"), ("clientId", "clientSecret"))
USER = "counterfoil"
FIELDS = (
    "customerId",
    "billingStatus",
    "ratingStatus",
    "openBillRunValue",
    "previousBillRunValue",
    "valueDifference",
    "percentageDifference",
)
FILTERS = ("customerId", "valueDifference", "percentageDifference", "ratingStatus", "billingStatus")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")

Summary = dict[str, Any]


def create_app(*, bugs: frozenset[str] = frozenset()) -> Flask:
    """Make the application; `bugs` switches planted defects on (see `BUGS`).

    Raises:
        ValueError: a bug is named that is not in `BUGS`.
    """
    app = common.new_app("independent.elevate", bugs, BUGS)
    common.answer_errors_with(app, lambda error: {"error": error.name, "message": _message(error)})
    tokens = Tokens(app, bugs)

    @app.get("/v1/customer-billing-summaries")
    def list_summaries() -> Response:
        tokens.admit_caller()
        _refuse_other_media_types()
        return jsonify(_page(_sorted(_filtered([_summary(c, bugs) for c in customers()], bugs), bugs), bugs))

    @app.post("/v1/authenticate")
    def authenticate() -> Response:
        _refuse_other_media_types()
        if request.mimetype and not request.is_json:
            abort(415, "the request body must be application/json")
        return jsonify({"token": tokens.issue(*_credentials(common.json_object()))})

    return app


class Tokens:
    """The valid bearer tokens: the permanent key, and tokens issued in the last fifteen minutes."""

    def __init__(self, app: Flask, bugs: frozenset[str]) -> None:
        self._app = app
        self._bugs = bugs
        self._issued: dict[str, float] = {}

    def issue(self, user: str, secret: str) -> str:
        """A new token in JWT form; answers 401 to wrong credentials."""
        if (user, secret) != (USER, common.KEY):
            common.refuse_unauthenticated("unknown user or wrong password")
        start = common.now(self._app).timestamp()
        expires = start + TOKEN_LIFE.total_seconds()
        claims = {"sub": user, "iat": int(start), "exp": int(expires), "jti": str(len(self._issued) + 1)}
        head = f"{_base64url({'alg': 'HS256', 'typ': 'JWT'})}.{_base64url(claims)}"
        signature = hmac.digest(common.KEY.encode(), head.encode(), hashlib.sha256)
        token = f"{head}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
        self._issued[token] = expires
        return token

    def admit_caller(self) -> None:
        """Answer 401 or 403 unless the caller may read summaries (docs/vendors/elevate.md#refused-credentials)."""
        token = common.bearer()
        if token is None:
            common.refuse_unauthenticated("a bearer token is needed")
        elif token == common.FORBIDDEN_KEY:
            abort(401 if "forbidden_is_unauthorized" in self._bugs else 403, "permission to read summaries is missing")
        elif token != common.KEY and not self._in_force(token):
            common.refuse_unauthenticated("the bearer token is unknown or has expired")

    def _in_force(self, token: str) -> bool:
        expires = self._issued.get(token)
        if expires is None:
            return False
        return "token_never_expires" in self._bugs or common.now(self._app).timestamp() < expires


def _base64url(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _message(error: HTTPException) -> str:
    return error.description or error.name


def _credentials(body: dict[str, Any]) -> tuple[str, str]:
    pairs = [(body.get(user), body.get(secret)) for user, secret in CREDENTIALS]
    whole = [(user, secret) for user, secret in pairs if isinstance(user, str) and isinstance(secret, str)]
    if not whole:
        abort(400, "username and password, or clientId and clientSecret, are needed as strings")
    return whole[0]


def _refuse_other_media_types() -> None:
    """Answer 406 to a client that does not accept JSON (docs/vendors/elevate.md#method-and-accept)."""
    if request.headers.get("Accept", "").strip() and not request.accept_mimetypes["application/json"]:
        abort(406, "only application/json is available")


def _summary(customer: Customer, bugs: frozenset[str]) -> Summary:
    """docs/vendors/elevate.md#values: signed open minus previous; its share of previous in percent, 0 where previous is 0."""
    difference = customer.opened - customer.previous
    base = customer.opened if "percentage_of_open" in bugs else customer.previous
    percentage = difference / base * 100 if base else Decimal(0)
    if "difference_unsigned" in bugs:
        difference = abs(difference)
    money = (customer.opened, customer.previous, difference, percentage)
    values = (customer.customer_id, customer.billing_status, customer.rating_status, *map(_json_number, money))
    return dict(zip(FIELDS, values, strict=True))


def _json_number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _filtered(summaries: list[Summary], bugs: frozenset[str]) -> list[Summary]:
    """docs/vendors/elevate.md#filter-grammar: the summaries that pass every given filter."""
    given = [(name, request.args[name]) for name in FILTERS if name in request.args]
    combine = any if given and "filters_combine_with_or" in bugs else all
    return [s for s in summaries if combine(_passes(s[name], wanted, bugs) for name, wanted in given)]


def _passes(value: str | float, wanted: str, bugs: frozenset[str]) -> bool:
    """docs/vendors/elevate.md#filters. A filter is a string, so text for a number, or an unknown status, finds nothing."""
    if wanted.startswith("in:"):
        choices = wanted.removeprefix("in:").split(",")
        if "in_matches_first_only" in bugs:
            choices = choices[:1]
        return any(_equal(value, choice.strip(), bugs) for choice in choices)
    if wanted.startswith("like:"):
        part, whole = wanted.removeprefix("like:"), str(value)
        if "like_is_case_sensitive" not in bugs:
            part, whole = part.casefold(), whole.casefold()
        return whole.startswith(part) if "like_is_prefix" in bugs else part in whole
    return _equal(value, wanted, bugs)


def _equal(value: str | float, wanted: str, bugs: frozenset[str]) -> bool:
    if isinstance(value, str) or "numbers_compared_as_text" in bugs:
        return str(value) == wanted
    return _NUMBER.fullmatch(wanted) is not None and Decimal(str(value)) == Decimal(wanted)


def _sorted(summaries: list[Summary], bugs: frozenset[str]) -> list[Summary]:
    """docs/vendors/elevate.md#sorting: by customerId unless asked otherwise, which also settles ties; an unknown name
    is a bad request."""
    ordered = sorted(summaries, key=lambda s: int(s["customerId"]))
    wanted = request.args.get("sort", "")
    keys = [key.strip() for key in wanted.split(",")] if wanted.strip() else []
    if "second_sort_key_ignored" in bugs:
        keys = keys[:1]
    for key in reversed(keys):
        name = key.removesuffix(":desc")
        if name not in FIELDS:
            if "unknown_sort_accepted" in bugs:
                continue
            abort(400, f"sort names an unknown field: {name[:60]!r}")
        descending = key != name and "sort_ignores_desc" not in bugs
        ordered.sort(key=lambda s, name=name: s[name], reverse=descending)  # type: ignore[misc]
    return ordered


def _page(summaries: list[Summary], bugs: frozenset[str]) -> list[Summary]:
    """docs/vendors/elevate.md#paging."""
    largest = INT32_MAX if "page_size_unlimited" in bugs else 1000
    first = 0 if "first_page_is_zero" in bugs else 1
    page = common.whole_number("page", _required("page"), first, INT32_MAX)
    size = common.whole_number("pageSize", _required("pageSize"), 1, largest)
    start = (page - first) * size + (1 if "page_off_by_one" in bugs else 0)
    shown = summaries[start : start + size]
    if not shown and page > first and "page_past_end_is_not_found" in bugs:
        abort(404, "no such page")
    fields = request.args.get("fields", "")
    if not fields.strip() or "fields_ignored" in bugs:
        return shown
    kept = {name.strip() for name in fields.split(",")}
    return [{name: value for name, value in s.items() if name in kept} for s in shown]


def _required(name: str) -> str:
    if name not in request.args:
        abort(400, f"{name} is required")
    return request.args[name]
