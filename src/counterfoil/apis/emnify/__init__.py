"""The API of emnify: its route table and switches.

It shows the bill of one organisation for one month, previews included, and the list of months. An organisation is a
customer of the ledger, by its number, with its first account; the issuing organisation is 1000000000. Source: seed 003
and vendor facts, section 4.
"""

from __future__ import annotations

from counterfoil.api import API, Switch
from counterfoil.apis.emnify import errors, handlers
from counterfoil.apis.emnify.auth import NAME, authenticate

ROUTES = {
    "POST /authenticate": handlers.authenticate,
    "GET /organisation/{org_id}/billing": handlers.list_periods,
    "GET /organisation/{org_id}/billing/{billing_period}": handlers.get_bill,
}

SWITCHES = (
    Switch(
        "emnify.empty_period",
        "Response for a past or current month in which the organisation has nothing: 404, or 200 with a bill of zeros.",
        404,
        (404, 200),
        "vendor-facts 4.6 rule 13",
    ),
    Switch(
        "emnify.foreign_org",
        "Status for an organisation that exists outside what the token may see.",
        403,
        (403, 404),
        "vendor-facts 4.6 rule 1",
    ),
    Switch(
        "emnify.unknown_org_code",
        "error_code of the 404 for an organisation that does not exist.",
        1401,
        (1401, 1201),
        "vendor-facts 4.4 and 4.6 rule 13",
    ),
    Switch(
        "emnify.expired_token",
        "Body of the 401 for an expired token: the API's 1103, or the gateway's bare message.",
        1103,
        (1103, "gateway"),
        "vendor-facts 4.4",
    ),
    Switch(
        "emnify.refresh_refused",
        "What force_refresh does to a bill whose refresh_allowed is false: nothing, or 409.",
        "ignored",
        ("ignored", 409),
        "vendor-facts 4.6 rule 11",
    ),
    Switch(
        "emnify.multi_profile",
        "When data traffic is split by tariff profile: with several inclusive volumes, always, or never.",
        "auto",
        ("auto", "always", "never"),
        "vendor-facts 4.6 rule 9",
    ),
    Switch(
        "emnify.vat_rate",
        "Form of vat.rate: a string with six decimals, or a number.",
        "string",
        ("string", "number"),
        "vendor-facts 4.3 and 8",
    ),
    Switch(
        "emnify.login_block",
        "After three refused logins in a row for one credential, 429 for five minutes; or never.",
        "credential",
        ("credential", "off"),
        "vendor-facts 4.5",
    ),
)

# Operations that the vendor has (vendor facts 4.7) and this stand-in does not: answered 501.
UNIMPLEMENTED = (
    "GET /organisation/my",
    "GET /organisation/{id}",
    "GET /organisation/{id}/billing_config",
    "PATCH /organisation/{id}/billing_config",
)

api = API(
    name=NAME,
    title="emnify organisation billing",
    prefix="/emnify/api/v1",
    routes=ROUTES,
    authenticate=authenticate,
    error=errors.render,
    media_type=errors.MEDIA_TYPE,
    switches=SWITCHES,
    ids=lambda world, customer: {"org_id": str(customer)},
    unimplemented=UNIMPLEMENTED,
)
