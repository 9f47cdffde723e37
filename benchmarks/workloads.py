"""The workloads: the requests of each, in each server's own format, and how their responses are checked.

A request is timed only after its response was checked: ``real`` ones against lists filtered and sorted here, ``canned``
ones against the example the server was given, ``random`` ones against the names of the example's members.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from benchmarks.calls import Call, posted
from benchmarks.dataset import (
    BILL_FIELDS,
    ELEVATE,
    EMNIFY,
    EMNIFY_ROUTE,
    FLEXPRICE,
    FLEXPRICE_ROUTE,
    NEW_RUN,
    ORACLE,
    RUNS,
    Dataset,
    Row,
)

Json = Any
SIZE = 100
SELECTIONS = 300  # more than a cache of selections should hold: counterfoil's holds 64
DISTINCT = 10_000
APIS = ("elevate", "oracle-brm", "emnify", "flexprice", "billingplatform")
MEMBERS = (
    "customerId",
    "billingStatus",
    "ratingStatus",
    "openBillRunValue",
    "previousBillRunValue",
    "valueDifference",
    "percentageDifference",
)


@dataclass(frozen=True, slots=True)
class CheckedRequest:
    """A request and its check, which returns a body's mistake or None. ``example`` is the answer that canned peers give."""

    call: Call
    check: Callable[[Json], str | None]
    example: str = ""


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload. ``requests(style, dataset)`` gives its requests in a server's format."""

    key: str
    title: str
    apis: tuple[str, ...]
    requests: Callable[[str, Dataset], list[CheckedRequest]]


@dataclass(frozen=True, slots=True)
class Query:
    """A page of summaries: equal to all of ``filters``, sorted by ``keys`` (member, descending)."""

    filters: tuple[tuple[str, Json], ...]
    keys: tuple[tuple[str, bool], ...]
    page: int

    def rows(self, dataset: Dataset) -> list[Row]:
        """All rows in order, of all pages. Rows that compare equal stay in the order of their numbers."""
        found = dataset.orders.get((self.filters, self.keys))
        if found is None:
            found = [row for row in dataset.rows if all(row[name] == value for name, value in self.filters)]
            for name, descending in reversed(self.keys):
                found.sort(key=lambda row: row[name], reverse=descending)
            dataset.orders[self.filters, self.keys] = found
        return found

    def path(self, style: str) -> str:
        """The request in a server's format."""
        filters = [(name, value) for name, value in self.filters]
        names = ",".join(name for name, _ in self.keys)
        if style == "json-server":
            orders = ",".join("desc" if down else "asc" for _, down in self.keys)
            page = [("_page", self.page), ("_limit", SIZE), ("_sort", names), ("_order", orders)]
            return "/rows?" + urlencode([*page, *filters], safe=",")
        if style == "mockoon":
            ((name, down),) = self.keys
            page = [("page", self.page), ("limit", SIZE), ("sort", name), ("order", "desc" if down else "asc")]
            return "/rows?" + urlencode([*page, *((f"{name}_eq", value) for name, value in filters)])
        keys = ",".join(name + (":desc" if down else "") for name, down in self.keys)
        return f"{ELEVATE}?" + urlencode([("page", self.page), ("pageSize", SIZE), ("sort", keys), *filters], safe=",:")


def queries(dataset: Dataset, *, keys: int) -> list[Query]:
    """Selections with at least a page of rows, by one sort key or up to ``keys``, shuffled; the seed is fixed."""
    filters: list[tuple[tuple[str, Json], ...]] = [(("ratingStatus", "COMPLETE"),)]
    filters += [(("billingStatus", status),) for status in ("ACTIVE", "CEASED")]
    filters += [((name, 0),) for name in ("valueDifference", "percentageDifference")]
    filters += [(*one, ("ratingStatus", "COMPLETE")) for one in filters[1:]]
    singles = list(itertools.product(MEMBERS, (False, True)))
    orders: list[tuple[tuple[str, bool], ...]] = [(one,) for one in singles]
    if keys > 1:
        orders += [pair for pair in itertools.permutations(singles, 2) if pair[0][0] != pair[1][0]]
    rng = random.Random(5)
    pool = [Query(chosen, order, 1) for chosen in filters for order in orders]
    rng.shuffle(pool)
    wide = [query for query in pool[: SELECTIONS * 2] if len(query.rows(dataset)) >= SIZE][:SELECTIONS]
    pages = [
        Query(query.filters, query.keys, page)
        for query in wide
        for page in range(1, len(query.rows(dataset)) // SIZE + 1)
    ]
    rng.shuffle(pages)
    return pages[:DISTINCT]


def _summaries(queries_of: Callable[[list[Query]], list[Query]]) -> Callable[[str, Dataset], list[CheckedRequest]]:
    def ask(style: str, dataset: Dataset) -> list[CheckedRequest]:
        if style == "moto":
            return _dynamo_pages(dataset, queries_of)
        if style == "localstripe":
            return [CheckedRequest(Call("/v1/customers?limit=100", headers=STRIPE), _hundred_customers)]
        wanted = queries_of(queries(dataset, keys=1 if style == "mockoon" else 2))
        return [
            CheckedRequest(Call(query.path(style)), _same_rows(query, dataset), f"GET {ELEVATE}") for query in wanted
        ]

    return ask


def _hundred_customers(body: Json) -> str | None:
    return None if len(body["data"]) == SIZE else f"{len(body['data'])} customers, not {SIZE}"


def _walk(pages: list[Query]) -> list[Query]:
    longest = max(pages, key=lambda query: query.page)
    return [Query(longest.filters, longest.keys, page) for page in range(1, longest.page + 1)]


def _same_rows(query: Query, dataset: Dataset) -> Callable[[Json], str | None]:
    def check(body: Json) -> str | None:
        expected = query.rows(dataset)[(query.page - 1) * SIZE : query.page * SIZE]
        got = [{name: row[name] for name in MEMBERS} for row in body]
        return None if got == expected else f"unexpected rows for {query}"

    return check


def _bills(style: str, dataset: Dataset) -> list[CheckedRequest]:
    """Distinct lower and upper bounds and offsets; always the same four members."""
    rng = random.Random(6)
    requests = []
    for _ in range(2000):
        low, high, page = rng.randrange(1, 60), rng.randrange(60, 400), rng.randrange(20)
        compared = {"amountDue.value.gte": low, "remainingAmount.value.lte": high}
        if style == "spec":
            query = urlencode({"limit": SIZE, "offset": page * SIZE, **compared, "fields": BILL_FIELDS}, safe=",")
            path = f"{ORACLE}?{query}"
        else:
            names = {"json-server": ("_page", "_limit"), "mockoon": ("page", "limit")}[style]
            paging = {names[0]: page + 1, names[1]: SIZE}
            path = "/bills?" + urlencode({**paging, "amountDue.value_gte": low, "remainingAmount.value_lte": high})
        requests.append(CheckedRequest(Call(path), _same_bills(dataset, low, high, page), f"GET {ORACLE}"))
    return requests


def _same_bills(dataset: Dataset, low: int, high: int, page: int) -> Callable[[Json], str | None]:
    def check(body: Json) -> str | None:
        fitting = (
            bill
            for bill in dataset.bills
            if bill["amountDue"]["value"] >= low and bill["remainingAmount"]["value"] <= high
        )
        expected = list(itertools.islice(fitting, page * SIZE, (page + 1) * SIZE))
        got = [{name: value for name, value in bill.items() if name != "href"} for bill in body]
        return None if got == expected else f"unexpected bills for {low}..{high} page {page}"

    return check


def _emnify(_: str, dataset: Dataset) -> list[CheckedRequest]:
    def adds_up(body: Json) -> str | None:
        parts = body["sub_total"]["cost"] + body["vat"]["cost"]
        return None if abs(parts - body["total"]["cost"]) < 0.01 else "sub total and VAT are not the total"

    return [CheckedRequest(Call(EMNIFY.format(number)), adds_up, f"GET {EMNIFY_ROUTE}") for number in _billed(dataset)]


def _flexprice(_: str, dataset: Dataset) -> list[CheckedRequest]:
    def owned(number: int) -> Callable[[Json], str | None]:
        return lambda body: None if body["customer_id"] == f"cust_{number:08}" else "another customer's summary"

    return [
        CheckedRequest(Call(FLEXPRICE.format(number)), owned(number), f"GET {FLEXPRICE_ROUTE}")
        for number in _billed(dataset)
    ]


def _billed(dataset: Dataset) -> list[int]:
    """Customers with a bill for December."""
    return [row["customerId"] for row in dataset.rows if row["previousBillRunValue"] and row["customerId"] > 6][:2000]


STRIPE = (("Authorization", "Bearer sk_test_1"),)


def _by_id(style: str, dataset: Dataset) -> list[CheckedRequest]:
    def equal(run: Row) -> Callable[[Json], str | None]:
        # json-server and Mockoon keep ids as they were given
        return lambda body: None if body == run else "another run, or a changed one"

    if style == "localstripe":
        return [
            CheckedRequest(
                Call(f"/v1/customers/cus_{number}", headers=STRIPE),
                lambda body: None if "id" in body else "no customer",
            )
            for number in range(1, 7)
        ]
    if style == "moto":
        return [_dynamo_item(row) for row in dataset.rows[:6]]
    base = RUNS if style == "spec" else "/runs/"
    return [CheckedRequest(Call(f"{base}{run['id']}"), equal(run), f"GET {RUNS}{{id}}") for run in dataset.runs]


def _create(style: str, dataset: Dataset) -> list[CheckedRequest]:
    def made(body: Json) -> str | None:
        return None if body["name"] == "Spring" and "id" in body else "no run of that name"

    if style == "localstripe":
        headers = (*STRIPE, ("Content-Type", "application/x-www-form-urlencoded"))
        return [CheckedRequest(Call("/v1/customers", "POST", headers, "name=Spring"), made)]
    if style == "moto":
        return [_dynamo_put()]
    return [CheckedRequest(posted(RUNS if style == "spec" else "/runs", NEW_RUN), made, f"POST {RUNS}")]


def _mix(style: str, dataset: Dataset) -> list[CheckedRequest]:
    reads = itertools.cycle(_by_id(style, dataset))
    return [_create(style, dataset)[0] if turn % 10 == 9 else next(reads) for turn in range(60)]


def _mix_of_all(style: str, dataset: Dataset) -> list[CheckedRequest]:
    """Nine reads in turn from all five APIs, then a billing run is created, which invalidates every cache."""
    sources: list[Iterator[CheckedRequest]] = [
        itertools.cycle(ask(style, dataset)[:500]) for ask in (_summaries(_all), _by_id, _emnify, _bills, _flexprice)
    ]
    turns = itertools.cycle(sources)
    return [_create(style, dataset)[0] if turn % 10 == 9 else next(next(turns)) for turn in range(1000)]


def _all(pages: list[Query]) -> list[Query]:
    return pages


# --- moto speaks DynamoDB ------------------------------------------------------------------------

TABLE = "summaries"


def dynamo(target: str, body: Json) -> Call:
    """One DynamoDB call."""
    headers = (
        ("X-Amz-Target", f"DynamoDB_20120810.{target}"),
        ("Content-Type", "application/x-amz-json-1.0"),
        ("Authorization", "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, Signature=a"),
    )
    return Call("/", "POST", headers, json.dumps(body))


def dynamo_row(row: Row) -> Json:
    """A summary as an item, by status and number."""
    return {name: {"N": str(value)} if isinstance(value, int | float) else {"S": value} for name, value in row.items()}


def _dynamo_pages(dataset: Dataset, queries_of: Callable[[list[Query]], list[Query]]) -> list[CheckedRequest]:
    several = len(queries_of([Query((), (("customerId", True),), page) for page in range(1, 30)])) > 1
    active = [row for row in dataset.rows if row["billingStatus"] == "ACTIVE"]
    starts = [row["customerId"] for row in active[-1 : len(active) // 2 : -7]][: 500 if several else 1]
    return [_dynamo_page(active, start) for start in starts]


def _dynamo_page(active: list[Row], start: int) -> CheckedRequest:
    following = [row for row in reversed(active) if row["customerId"] < start][:SIZE]
    expected = [row["customerId"] for row in following if row["ratingStatus"] == "COMPLETE"]

    def check(body: Json) -> str | None:
        got = [int(item["customerId"]["N"]) for item in body["Items"]]
        return None if got == expected else "other items"

    body = {
        "TableName": TABLE,
        "Limit": SIZE,
        "ScanIndexForward": False,
        "KeyConditionExpression": "billingStatus = :s",
        "FilterExpression": "ratingStatus = :r",
        "ExclusiveStartKey": {"billingStatus": {"S": "ACTIVE"}, "customerId": {"N": str(start)}},
        "ExpressionAttributeValues": {":s": {"S": "ACTIVE"}, ":r": {"S": "COMPLETE"}},
    }
    return CheckedRequest(dynamo("Query", body), check)


def _dynamo_item(row: Row) -> CheckedRequest:
    key = {"billingStatus": {"S": row["billingStatus"]}, "customerId": {"N": str(row["customerId"])}}
    return CheckedRequest(
        dynamo("GetItem", {"TableName": TABLE, "Key": key}),
        lambda body: None if body["Item"] == dynamo_row(row) else "another item",
    )


def _dynamo_put() -> CheckedRequest:
    item = {"billingStatus": {"S": "NEW"}, "customerId": {"N": "1"}, "name": {"S": "Spring"}}
    return CheckedRequest(dynamo("PutItem", {"TableName": TABLE, "Item": item}), lambda body: None)


WORKLOADS = (
    Workload("a-distinct", "page of 100 of 10,000 summaries, filtered, sorted: distinct", ("elevate",), _summaries(_all)),
    Workload("a-walk", "the same, one selection page by page", ("elevate",), _summaries(_walk)),
    Workload("a-same", "the same, one request repeated", ("elevate",), _summaries(lambda pages: pages[:1])),
    Workload("b", "Oracle bills, page of 100, two comparators, fields", ("oracle-brm",), _bills),
    Workload("c", "emnify bill", ("emnify",), _emnify),
    Workload("d", "flexprice summary", ("flexprice",), _flexprice),
    Workload("e", "billing run by id", ("billingplatform",), _by_id),
    Workload("f", "create billing run", ("billingplatform",), _create),
    Workload("g", "billing runs: nine by id, one created", ("billingplatform",), _mix),
    Workload("g-all", "all five APIs: nine reads, one run created", APIS, _mix_of_all),
)  # fmt: skip
