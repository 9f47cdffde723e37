"""Defects of emnify in a token's own organisation, in org_id, in data packages and in previews."""

from __future__ import annotations

import re
from dataclasses import replace

from ... import wire
from ...wire import Ask, Request, Response
from .shared import BILL, PERIODS, Row, defect, part_of_bill

OWN = "GET /organisation/my"


@defect("form")
@wire.body(OWN)
def the_own_organisation_has_a_textual_id(organisation: Row) -> Row:
    """GET /organisation/my gives the id as a string."""
    return {**organisation, "id": str(organisation["id"])}


@defect("agreement")
@wire.body(OWN)
def the_own_organisation_is_the_next_one(organisation: Row) -> Row:
    """GET /organisation/my gives the id of an organisation that does not exist."""
    return {**organisation, "id": organisation["id"] + 10**9}


@defect("errors")
@wire.exchange(PERIODS, BILL)
async def an_organisation_written_as_a_double_is_unknown(request: Request, ask: Ask) -> Response:
    """Only where org_id is written as 1.0: it is taken for an organisation that does not exist."""
    return await ask(
        replace(request, path=re.sub(r"/organisation/\d+\.\d+/", f"/organisation/{10**12}/", request.path))
    )


@defect("identity")
@part_of_bill("mrc.data_packages")
def the_first_data_package_is_listed_twice(packages: Row) -> Row:
    """mrc.data_packages ends with its first entry again."""
    return {"data": [*packages["data"], *packages["data"][:1]]}


@defect("agreement")
@wire.body(BILL)
def previews_show_the_payment_option_on_file(bill: Row) -> Row:
    """A preview already has the payment_option with which its invoice will be paid."""
    on_file = {"id": 1, "type": "card", "description": "Card", "paid_at": ""}
    return bill if bill["invoice"] else {**bill, "payment_option": on_file}
