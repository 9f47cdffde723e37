"""A correct implementation that differs from the stand-in gives no findings: each alternative is planted and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from checking import check_laws
from defects import wire
from defects.trying import running_stand_in
from defects.wire import Ask, Request, Response

from counterfoil.contract import Target
from counterfoil.contract.effort import EffortLevel
from counterfoil.contract.law_books import law_book
from counterfoil.testing.in_process import InProcessTransport

Row = dict[str, object]
BILL = "GET /organisation/{org_id}/billing/{billing_period}"
PERIODS = "GET /organisation/{org_id}/billing"
RUNS = ("POST /billingRuns/", "PATCH /billingRuns/{id}")


@wire.body(BILL)
def refresh_allowed_is_null(bill: Row) -> Row:
    """emnify's document allows null, for previews too."""
    return {**bill, "refresh_allowed": None}


@wire.body(BILL)
def invoices_may_be_refreshed(bill: Row) -> Row:
    """emnify's sentence speaks of regenerating an invoice, so it may say true where there is one."""
    return {**bill, "refresh_allowed": True}


@wire.exchange(BILL, PERIODS)
async def organisations_are_doubles(request: Request, ask: Ask) -> Response:
    """emnify's org_id is a double: 1.5 and 1e3 are numbers, of which no organisation exists."""
    organisation = request.path.partition("/organisation/")[2].partition("/")[0]
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?(e[0-9]+)?", organisation) or float(organisation).is_integer():
        return await ask(request)
    return await ask(replace(request, path=request.path.replace(organisation, "999999999999")))


@wire.changes_response()
def content_policy_has_more_directives(response: Response) -> Response:
    """Flexprice's policy may forbid more than its tests pin down."""
    policy = response.headers.get("content-security-policy")
    return response.with_headers(content_security_policy=f"{policy}; base-uri 'none'" if policy else None)


@wire.exchange(*RUNS)
async def presets_are_the_platforms_own(request: Request, ask: Ask) -> Response:
    """billingplatform.uk's subrun and invoiceMessage are preset values: it refuses any that no run of its own has."""
    body = request.json if isinstance(request.json, dict) else {}
    path = request.path[: request.path.index("/billingRuns")] + "/billingRuns/"
    runs = (await ask(replace(request, method="GET", path=path, body=b""))).json
    for name in ("subrun", "invoiceMessage"):
        if isinstance(runs, list) and body.get(name) not in (None, *(run[name] for run in runs)):
            refusal = Response(headers={"content-type": "application/json"})
            return refusal.with_json({"error": f"there is no {name} of that name"}, 400)
    return await ask(request)


@wire.exchange("GET /customers/", "GET /invoices/", "GET /customers/{id}/invoices/")
async def neighbours_are_not_served(request: Request, ask: Ask) -> Response:
    """billingplatform.uk's document has billing runs alone."""
    return Response(headers={"content-type": "application/json"}).with_json({"error": "not found"}, 404)


@wire.exchange("GET /appliedCustomerBillingRate", "GET /customerBillOnDemand", "POST /customerBillOnDemand")
async def only_bills_are_served(request: Request, ask: Ask) -> Response:
    """Oracle's document has customer bills alone."""
    error = {"code": "60", "reason": "not found", "status": "404"}
    return Response(headers={"content-type": "application/json;charset=utf-8"}).with_json(error, 404)


@wire.exchange("GET /customerBill", "GET /customerBill/{id}")
async def optional_members_are_not_set(request: Request, ask: Ask) -> Response:
    """Oracle requires six members of a bill; others may be missing, or null in the extended type."""
    response = await ask(request)
    unset = {
        "taxItem",
        "appliedPayment",
        "financialAccount",
        "paymentMethod",
        "relatedParty",
        "billDocument",
        "nextBillDate",
    }
    is_extended = request.query.get("@type") == "CustomerBillOracle"

    def shown(bill: Row) -> Row:
        return {
            name: None if name in unset else value for name, value in bill.items() if is_extended or name not in unset
        }

    if response.status != 200:
        return response
    found = response.json
    return response.with_json([shown(bill) for bill in found] if isinstance(found, list) else shown(found))


ALTERNATIVES: dict[str, tuple[wire.Defect, ...]] = {
    "emnify": (refresh_allowed_is_null, organisations_are_doubles),
    "emnify, refreshing": (invoices_may_be_refreshed,),
    "flexprice": (content_policy_has_more_directives,),
    "billingplatform": (presets_are_the_platforms_own, neighbours_are_not_served),
    "oracle-brm": (only_bills_are_served, optional_members_are_not_set),
}
"""Those that do not exclude each other are tried together."""


@contextmanager
def with_alternatives(api: str, alternatives: tuple[wire.Defect, ...], scenario: str) -> Iterator[Target]:
    """The stand-in with the alternatives in front of it."""
    with running_stand_in(api, scenario) as target:
        app = target.app
        for alternative in alternatives:
            app = wire.plant(app, alternative)
        with InProcessTransport(app) as transport:
            yield replace(target, app=app, transport=transport, switches={})


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_what_the_documents_leave_open_is_no_finding(name: str) -> None:
    api = name.partition(",")[0]
    with with_alternatives(api, ALTERNATIVES[name], "every-state") as target:
        verdict = check_laws(law_book(api), target, writes=True, effort=EffortLevel(6, 0, False))
    assert [(finding.id, finding.expected, finding.got) for finding in verdict.findings] == []
    assert sum(record.status == "held" for record in verdict.records) > len(verdict.records) / 3
