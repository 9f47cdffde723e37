"""Laws about customers: they are found by either id; the list's pages, order and filters work, alone and together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from counterfoil.apis.flexprice.laws.requests import UNKNOWN_ID
from counterfoil.contract.collection import ItemList, Offsets, Sort
from counterfoil.contract.context import LawContext
from counterfoil.contract.fields import DATE_TIME, Field, sample_items
from counterfoil.contract.filters import Filter, above, below, equal
from counterfoil.contract.laws import auth, errors
from counterfoil.contract.laws.combining import Combined

LIST = "GET /customers"
SEARCH = "POST /customers/search"
CUSTOMER = "GET /customers/{id}"
BY_EXTERNAL_ID = "GET /customers/external/{external_id}"
MAX_CUSTOMERS_TRIED = 8
ID, CREATED = Field("id"), Field("created_at", DATE_TIME)


class ByCreation(Sort):
    """``order=asc`` or ``order=desc``: by creation."""

    def query(self, keys: Sequence[tuple[Field, bool]]) -> dict[str, str]:
        return {"order": "desc" if keys[0][1] else "asc"}


def _among(field: Field, param: str) -> Filter:
    """Any of the values of a repeated parameter: the wanted one and another that no customer has."""
    one = equal(field, param)
    return replace(one, relation="among", write=lambda wanted: [one.write(wanted), UNKNOWN_ID])


CUSTOMERS = ItemList(
    LIST,
    identity=ID,
    pages=Offsets("offset", "limit", largest=1000),
    filters=(  # not email: with many customers an implementation may answer that filter with 501
        equal(Field("status")),
        equal(Field("external_id")),
        _among(ID, "customer_ids"),
        _among(Field("external_id"), "external_ids"),
        above(CREATED, "start_time", inclusive=True),
        below(CREATED, "end_time", inclusive=True),
    ),
    sorts=(CREATED,),
    sort=ByCreation(),
    order=((CREATED, True),),
    items=lambda body: body["items"],
)
COMBINED = Combined(CUSTOMERS, total=lambda body: body["pagination"]["total"])


def found_by_either_id(ctx: LawContext) -> None:
    """A customer's id and its external_id find the same customer."""
    for known in ctx.known_ids("id")[:MAX_CUSTOMERS_TRIED]:
        ctx.cases += 1
        customer = ctx.request_json(CUSTOMER, path={"id": known})
        ctx.expect(customer.get("id") == known, f"id {known}", customer)
        same = ctx.request_json(BY_EXTERNAL_ID, path={"external_id": customer.get("external_id")})
        ctx.expect(same == customer, f"the customer {known} again", same)


def unknown_is_not_found(ctx: LawContext) -> None:
    """An unknown id or external id gives 404 with the code not_found (only the summary gives 200)."""
    for operation, name in ((CUSTOMER, "id"), (BY_EXTERNAL_ID, "external_id")):
        ctx.cases += 1
        response = ctx.request(operation, path={name: UNKNOWN_ID})
        auth.expect_error(ctx, response, 404, errors.members("code", "message"))
        ctx.expect(response.body["code"] == "not_found", "the code not_found", response.body)


def _page(ctx: LawContext, **query: Any) -> tuple[list[str], Any]:
    answer = ctx.request_json(LIST, query=query)
    ctx.expect(isinstance(answer.get("items"), list), "an array of items", answer)
    return [each["id"] for each in answer["items"]], answer["pagination"]


def pages_are_slices(ctx: LawContext) -> None:
    """Pages are slices of one list with the same total; offset is where the next page begins, or the offset sent if the page is
    empty; ascending order is descending order reversed."""
    first, pagination = _page(ctx, limit=5)
    total = pagination["total"]
    ctx.require(total, "there is no customer")
    ctx.expect(len(first) == min(5, total), f"{min(5, total)} customers", first)
    for offset in sorted({0, 2, max(total - 2, 0)}):
        for limit in (1, 2, 3):
            ctx.cases += 1
            page, pagination = _page(ctx, limit=limit, offset=offset)
            ctx.expect(len(page) == max(min(limit, total - offset), 0), f"a page of {limit} from {offset}", page)
            want = {"total": total, "limit": limit, "offset": offset + limit if page else offset}
            ctx.expect(pagination == want, f"{want}", pagination)
            ctx.expect(page == first[offset : offset + limit] or offset + limit > 5, "a slice of the list", page)
    page, pagination = _page(ctx, limit=5, offset=total + 7)
    ctx.expect(page == [] and pagination["offset"] == total + 7, "an empty page that repeats its offset", pagination)
    last, _ = _page(ctx, limit=min(3, total), order="asc")
    reverse, _ = _page(ctx, limit=min(3, total), offset=max(total - 3, 0))
    ctx.expect(last == reverse[::-1], f"the oldest first: {reverse[::-1]}", last)


def filters_select(ctx: LawContext) -> None:
    """external_id selects that customer alone, in the list and in the search; an unknown one selects none."""
    for known in ctx.known_ids("id")[:MAX_CUSTOMERS_TRIED]:
        ctx.cases += 1
        external = ctx.request_json(CUSTOMER, path={"id": known})["external_id"]
        found, pagination = _page(ctx, external_id=external)
        ctx.expect((found, pagination["total"]) == ([known], 1), f"{known} alone", found)
        searched = ctx.request_json(SEARCH, body={"external_id": external})
        ctx.expect([each["id"] for each in searched["items"]] == [known], f"{known} alone", searched)
    unmatched = ctx.request_json(SEARCH, body={"external_id": UNKNOWN_ID})
    ctx.expect(unmatched["items"] == [], "no customer", unmatched)


def search_is_the_list(ctx: LawContext) -> None:
    """The search returns the same customers and the same pagination as the list with the same filter, order and page."""
    customers = CUSTOMERS.require_items(ctx, 3)
    for number, customer in enumerate(sample_items(customers)):
        ctx.cases += 1
        bound = ("start_time", "end_time")[number % 2]
        page = {"order": ("asc", "desc")[number % 2], "limit": 2, "offset": number % 3}
        for filters in ({bound: customer["created_at"]}, {"customer_ids": [customer["id"], customers[0]["id"]]}):
            listed = ctx.request_json(LIST, query={**filters, **page})
            searched = ctx.request_json(SEARCH, body={**filters, **page})
            ctx.expect(
                searched == listed,
                f"what the list has for {filters} and {page}: {CUSTOMERS.ids(listed['items'])}",
                searched,
            )
