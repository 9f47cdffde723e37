"""The API of emnify: its route table and switches.

It shows the bill of one organisation for one month, previews included, and the list of months. An organisation's id is
a customer number of the ledger; its bills are those of the customer's first account. The issuing organisation is 1000000000.
Source: docs/vendors/emnify.md#document and docs/vendors/emnify.md#sources.
"""

from __future__ import annotations

from counterfoil.api import API, Switch
from counterfoil.apis.emnify import errors, handlers
from counterfoil.apis.emnify.auth import NAME, authenticate

ROUTES = {
    "POST /authenticate": handlers.authenticate,
    "GET /organisation/my": handlers.get_own_organisation,
    "GET /organisation/{org_id}/billing": handlers.list_periods,
    "GET /organisation/{org_id}/billing/{billing_period}": handlers.get_bill,
}

SWITCHES = (
    Switch(
        "emnify.empty_period",
        "Response for a past or current month in which the organisation has nothing: 404, or 200 with a bill of zeros. A "
        "month that has not begun is 404 either way.",
        404,
        (404, 200),
        "docs/vendors/emnify.md#period-without-data",
    ),
    Switch(
        "emnify.foreign_org",
        "Status for an organisation that exists outside what the token may see.",
        403,
        (403, 404),
        "docs/vendors/emnify.md#visible-organisations",
    ),
    Switch(
        "emnify.unknown_org_code",
        "error_code of the 404 for an organisation that does not exist: InvalidReference as in recorded traffic, or "
        "NotFound as in the vendor's table.",
        1401,
        (1401, 1201),
        "docs/vendors/emnify.md#unknown-organisation",
    ),
    Switch(
        "emnify.expired_token",
        "Body of the 401 for a token past its 240 minutes: the API error 1103 TokenExpired, or the gateway's bare message "
        "as for any token it cannot read.",
        1103,
        (1103, "gateway"),
        "docs/vendors/emnify.md#expired-token",
    ),
    Switch(
        "emnify.refresh_refused",
        "What force_refresh=true does to a bill whose refresh_allowed is false: nothing (the bill as stored, 200), or 409.",
        "ignored",
        ("ignored", 409),
        "docs/vendors/emnify.md#refresh",
    ),
    Switch(
        "emnify.late_usage",
        "Whether refresh_allowed is true for an unpaid invoice if usage of its period was rated after it: then force_refresh "
        "returns a preview of the bill with that usage, and the stored bill stays; or that usage is ignored there. It is "
        "billed with the next invoice either way.",
        "refresh",
        ("refresh", "ignored"),
        "docs/vendors/emnify.md#refresh",
    ),
    Switch(
        "emnify.multi_profile",
        "When data traffic is split by tariff profile: auto (only with several inclusive volumes active in the month, "
        "of one subscription or of several), always, or never.",
        "auto",
        ("auto", "always", "never"),
        "docs/vendors/emnify.md#tariff-profiles",
    ),
    Switch(
        "emnify.vat_rate",
        "Form of vat.rate: a string with six decimals as in the vendor's sample, or a number as its description says.",
        "string",
        ("string", "number"),
        "docs/vendors/emnify.md#vat-rate-form",
    ),
    Switch(
        "emnify.login_block",
        "Whether three refused logins in a row for one user name, or one token, give 429 for five minutes of the world's clock, "
        "or never. The vendor does not say whether it counts by user name, address or something else.",
        "credential",
        ("credential", "off"),
        "docs/vendors/emnify.md#login-block",
    ),
)

# Operations that the vendor has (docs/vendors/emnify.md#neighbours) and this stand-in does not: answered 501.
UNIMPLEMENTED = (
    "GET /organisation/{id}",
    "GET /organisation/{id}/billing_config",
    "PATCH /organisation/{id}/billing_config",
)

api = API(
    name=NAME,
    title="emnify organisation billing",
    prefix="/emnify/api/v1",
    routes=ROUTES,
    customer_view="/organisation/{org_id}/billing/{month}",
    authenticate=authenticate,
    error=errors.render,
    media_type=errors.MEDIA_TYPE,
    switches=SWITCHES,
    ids=lambda world, customer: {"org_id": str(customer)},
    unimplemented=UNIMPLEMENTED,
)
