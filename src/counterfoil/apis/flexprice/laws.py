"""What must hold of Flexprice's summaries of a customer's invoices, over HTTP, at any implementation.

Clause ids are those of ``specs/flexprice/clauses.yaml``. The API does not list customers: ``Target.known["id"]`` says which may
be looked at. Nothing here knows the stand-in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from counterfoil.contract.law import Book, Law, NotApplicable, Trial, says
from counterfoil.contract.laws import auth, errors, items, reading
from counterfoil.contract.laws.arithmetic import amount, first
from counterfoil.contract.laws.auth import Way
from counterfoil.contract.laws.items import Complaint
from counterfoil.contract.probe import Reply

SUMMARY = "GET /customers/{id}/invoices/summary"
OPTIONS = "OPTIONS /customers/{id}/invoices/summary"
MOST_CUSTOMERS = 60
NOBODY = "cust_counterfoil_knows_nobody"
OUTER = ("customer_id", "default_currency", "summaries")
AMOUNTS = (
    "total_revenue_amount", "total_unpaid_amount", "total_overdue_amount", "unpaid_usage_charges", "unpaid_fixed_charges",
)  # fmt: skip
COUNTS = ("total_invoice_count", "unpaid_invoice_count", "overdue_invoice_count")
INNER = ("customer_id", "currency", *AMOUNTS, *COUNTS)
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'",
    "Access-Control-Allow-Origin": "*",
}
CODES = {
    "not_found": 404, "already_exists": 409, "version_conflict": 409, "validation_error": 400, "invalid_operation": 400,
    "permission_denied": 403, "http_client_error": 500, "database_error": 500, "system_error": 500, "internal_error": 500,
    "service_unavailable": 503, "too_many_requests": 429, "not_implemented": 501,
}  # fmt: skip
HEAD = Way(SUMMARY, path={"id": NOBODY})


# ---------------------------------------------------------------- what is looked at


@dataclass(frozen=True)
class Seen:
    """An answer, and whose it should be."""

    customer: str
    answer: Any


def fetch(trial: Trial, customer: str) -> Any:
    """The whole answer for one customer, asked for anew."""
    answer = trial.ask(SUMMARY, path={"id": customer})
    found = answer.get("summaries") if isinstance(answer, dict) else None
    trial.expect(isinstance(found, list), "an object with an array of summaries, never null", answer)
    return answer


def answers(trial: Trial) -> Iterator[tuple[str, Seen]]:
    """The answers for the customers we know, one by one; so the last request is that of the one at fault."""
    for customer in trial.known("id")[:MOST_CUSTOMERS]:
        yield customer, Seen(customer, trial.observe(("answer", customer), lambda c=customer: fetch(trial, c)))  # type: ignore[misc]


def summaries(trial: Trial) -> Iterator[tuple[str, Any]]:
    """Every summary of the customers we know."""
    for name, seen in answers(trial):
        for summary in seen.answer["summaries"]:
            yield f"{name} in {summary.get('currency')}", summary


def by_currency(answer: Any) -> dict[str, Any]:
    return {summary["currency"]: summary for summary in answer["summaries"]}


# ---------------------------------------------------------------- one answer


def members(seen: Seen) -> Complaint:
    """All three outer and ten inner members are always there: amounts as strings, counts as integers."""
    lacking = [name for name in OUTER if name not in seen.answer]
    if lacking:
        return f"the member {lacking[0]}", sorted(seen.answer)
    for summary in seen.answer["summaries"]:
        for name in INNER:
            wanted = int if name in COUNTS else str
            if not isinstance(summary.get(name), wanted) or isinstance(summary.get(name), bool):
                return f"{'an integer' if name in COUNTS else 'a string'} in {name}", summary
    return None


def whose(seen: Seen) -> Complaint:
    """The outer customer_id and that of every summary are the id asked for."""
    ids = [seen.answer["customer_id"], *(summary["customer_id"] for summary in seen.answer["summaries"])]
    return None if set(ids) == {seen.customer} else (f"customer_id {seen.customer} everywhere", ids)


def default_is_first(seen: Seen) -> Complaint:
    """default_currency is the currency of the first summary, and empty exactly where there is none."""
    currencies = [summary["currency"] for summary in seen.answer["summaries"]]
    want = currencies[0] if currencies else ""
    got = seen.answer["default_currency"]
    return None if got == want else (f"default_currency {want!r}, the first of {currencies}", got)


def currencies_once(seen: Seen) -> Complaint:
    """There is one summary for each currency: three lower-case letters, none twice, in whatever case."""
    currencies = [summary["currency"] for summary in seen.answer["summaries"]]
    if not all(re.fullmatch("[a-z]{3}", currency) for currency in currencies):
        return "currencies of three lower-case letters", currencies
    return None if len(set(currencies)) == len(currencies) else ("each currency once", currencies)


# ---------------------------------------------------------------- one summary


def amounts_trimmed(summary: Any) -> Complaint:
    """Amounts are plain decimals without trailing zeros, in eight places at most; zero is 0."""
    for name in AMOUNTS:
        text = summary[name]
        good = re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]{0,7}[1-9])?", text, re.ASCII) and text != "-0"
        if not good:
            return f"a plain decimal without trailing zeros in {name}", text
    return None


def counts_nested(summary: Any) -> Complaint:
    """Overdue invoices are among the unpaid, and those among all: 0 ≤ overdue ≤ unpaid ≤ total."""
    total, unpaid, overdue = (summary[name] for name in COUNTS)
    return None if 0 <= overdue <= unpaid <= total else ("0 ≤ overdue ≤ unpaid ≤ total", [overdue, unpaid, total])


def amounts_nested(summary: Any) -> Complaint:
    """What is overdue is no more than what is unpaid, and that no more than the revenue; nothing is negative."""
    revenue, unpaid, overdue = (amount(summary[name]) for name in AMOUNTS[:3])
    if revenue < 0:  # credits alone: nothing can be said
        return None
    return None if 0 <= overdue <= unpaid <= revenue else ("0 ≤ overdue ≤ unpaid ≤ revenue", [overdue, unpaid, revenue])


def all_overdue(summary: Any) -> Complaint:
    """When every unpaid invoice is overdue, all that is unpaid is."""
    if summary["overdue_invoice_count"] != summary["unpaid_invoice_count"]:
        return None
    unpaid, overdue = summary["total_unpaid_amount"], summary["total_overdue_amount"]
    return None if amount(unpaid) == amount(overdue) else (f"total_overdue_amount {unpaid}", overdue)


def _zero(summary: Any, count: str, *names: str) -> Complaint:
    if summary[count] != 0:
        return None
    return first((f"0 in {name} where {count} is 0", summary[name]) for name in names if amount(summary[name]) != 0)


def nothing_invoiced(summary: Any) -> Complaint:
    """Without an invoice every amount is zero."""
    return _zero(summary, "total_invoice_count", *AMOUNTS)


def nothing_unpaid(summary: Any) -> Complaint:
    """Without an unpaid invoice nothing is unpaid: neither the amount nor usage nor fixed charges."""
    return _zero(summary, "unpaid_invoice_count", *AMOUNTS[1:])


def nothing_overdue(summary: Any) -> Complaint:
    """Without an overdue invoice nothing is overdue."""
    return _zero(summary, "overdue_invoice_count", "total_overdue_amount")


def charges_below_revenue(summary: Any) -> Complaint:
    """Unpaid usage and fixed charges together are no more than the revenue, which has the tax besides.

    Gross lines of single invoices are rounded to the minor unit in the revenue: half of one an invoice is allowed for that.
    """
    revenue, usage, fixed = (amount(summary[name]) for name in (AMOUNTS[0], *AMOUNTS[3:]))
    slack = Decimal("0.5") * summary["unpaid_invoice_count"]
    return None if usage + fixed <= revenue + slack else (f"at most {revenue} of charges", [usage, fixed])


# ---------------------------------------------------------------- any id at all


def nobody_is_empty(trial: Trial) -> None:
    """An id that nobody has gives 200 with that id, an empty default currency and no summaries."""
    for customer in (NOBODY, "x", "cust_", "0", "cust_00000000"):
        trial.cases += 1
        answer = trial.ask(SUMMARY, path={"id": customer})
        want = {"customer_id": customer, "default_currency": "", "summaries": []}
        trial.expect(answer == want, f"{want}", answer)


def any_id_is_taken(trial: Trial) -> None:
    """Any text that makes one path segment is an id: 200, and it comes back as it was sent."""
    from hypothesis import strategies as st

    listed = [
        "a b",
        "100%",
        "%2",
        "Größe",
        "客",
        "a+b",
        "null",
        "ä%20b",
        "CUST_00000001",
        "cust_１",
        "-1",
        "a?b#c",
        "{id}",
    ]
    plain = st.text("abcXYZ019_-~!$&'()*+,;=:@", min_size=1, max_size=20)

    def taken(customer: str) -> None:
        answer = trial.ask(SUMMARY, path={"id": customer})
        trial.expect(answer.get("customer_id") == customer, f"customer_id {customer!r}", answer)

    trial.each(listed, taken)
    trial.given(plain, taken)


# ---------------------------------------------------------------- headers, and who gets in


def _ways(trial: Trial) -> list[Reply]:
    """An answer of every kind: found, nobody's, refused, not routed, and to a browser's question."""
    known = trial.probe.target.known.get("id", ())
    return [
        *(trial.call(SUMMARY, path={"id": customer}) for customer in known[:1]),
        HEAD.go(trial),
        HEAD.go(trial, None),
        trial.call("GET /customers"),
        trial.call(OPTIONS, path={"id": NOBODY}, token=None),
    ]


def security_headers(trial: Trial) -> None:
    """Every answer, errors and OPTIONS too, forbids sniffing, framing, referrers and content, and any origin may read it."""
    for reply in _ways(trial):
        trial.cases += 1
        for name, value in SECURITY.items():
            trial.expect(
                reply.headers.get(name) == value, f"{name}: {value} on {reply.status}", reply.headers.get(name)
            )


def request_id_echoed(trial: Trial) -> None:
    """A request id that is sent comes back, on refusals too; without one, each request is given one of its own."""
    for sent in ("counterfoil-1", "ABC_def.123", "8c2f9d1e-0000-4000-8000-1234567890ab"):
        for token in ({}, {"token": None}):
            trial.cases += 1
            reply = trial.call(SUMMARY, path={"id": NOBODY}, headers={"X-Request-ID": sent}, **token)  # type: ignore[arg-type]
            got = reply.headers.get("X-Request-ID")
            trial.expect(got == sent, f"X-Request-ID {sent} on {reply.status}", got)
    made = [trial.call(SUMMARY, path={"id": f"{NOBODY}_{each}"}).headers.get("X-Request-ID") for each in range(3)]
    trial.expect(all(made) and len(set(made)) == 3, "an X-Request-ID of its own for each of three requests", made)


def _says(status: int, *bodies: Mapping[str, str]) -> auth.Shape:
    def shape(reply: Reply) -> str | None:
        if reply.media_type != "application/json":
            return f"{reply.status} as {reply.media_type}: {reply.brief(80)}"
        return None if reply.body in bodies else f"{reply.body}, not {' or '.join(map(str, bodies))}"

    return shape


UNAUTHORIZED = {"error": "Unauthorized"}
WRONG_SCHEME = {"error": "Invalid authorization header format"}
INVALID = ({"error": "Invalid token"}, {"error": "Invalid token claims"})


def authorization_refused(trial: Trial) -> None:
    """An Authorization that is no bearer is 401 Invalid authorization header format, a bad bearer 401 Invalid token."""
    for header in ("Basic YTpi", "Token abc", "abc", "bearer abc"):
        trial.cases += 1
        reply = HEAD.go(trial, None, {"Authorization": header})
        auth.refused(trial, reply, 401, _says(401, WRONG_SCHEME))
    for header in (f"Bearer {trial.wrong_token}", "Bearer a.b.c"):
        trial.cases += 1
        auth.refused(trial, HEAD.go(trial, None, {"Authorization": header}), 401, _says(401, *INVALID))


def forbidden_body(reply: Reply) -> str | None:
    """``{error, message}`` or ``{message}``, and not the declared error body."""
    complaint = errors.members("message")(reply)
    extra = set(reply.body) - {"error", "message"} if complaint is None else set()
    return complaint or (f"members {sorted(extra)} beside message and error" if extra else None)


def not_routed(reply: Reply) -> str | None:
    good = reply.media_type == "text/plain" and reply.text.strip() == "404 page not found"
    return None if good else f"{reply.media_type}: {reply.brief(80)}"


def unknown_paths(trial: Trial) -> None:
    """A path that is not routed is 404 with the plain text 404 page not found, with a credential or without."""
    for path in (
        "/customers",
        "/customers/x/invoices",
        "/customers/x/invoices/summary/more",
        "/counterfoil-knows-nothing",
    ):
        for token in ({}, {"token": None}):
            trial.cases += 1
            auth.refused(trial, trial.call(f"GET {path}", **token), 404, not_routed)  # type: ignore[arg-type]


def wrong_methods(trial: Trial) -> None:
    """POST, PUT, PATCH and DELETE on the path are 404 with the plain text 404 page not found."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        trial.cases += 1
        path = SUMMARY.removeprefix("GET ")
        auth.refused(trial, trial.call(f"{method} {path}", path={"id": NOBODY}), 404, not_routed)


def options_open(trial: Trial) -> None:
    """OPTIONS is 200 without a credential, for whatever id, and any origin may ask."""
    for customer in (NOBODY, *trial.probe.target.known.get("id", ())[:1]):
        for headers in ({}, {"Origin": "https://example.com", "Access-Control-Request-Method": "GET"}):
            trial.cases += 1
            reply = trial.call(OPTIONS, path={"id": customer}, token=None, headers=headers)
            trial.expect(reply.status == 200, "200", f"{reply.status}: {reply.brief(80)}")
            origin = reply.headers.get("Access-Control-Allow-Origin")
            trial.expect(origin == "*", "Access-Control-Allow-Origin: *", origin)


def isolated(trial: Trial) -> None:
    """A key that sees one customer only finds that one, and of another nothing, as if it were nobody."""
    narrow = trial.act("narrowed")
    own = trial.ask(SUMMARY, path={"id": narrow["own"]}, token=narrow["token"])
    trial.expect(own == fetch(trial, narrow["own"]), "its own customer as the others see it", own)
    foreign = trial.ask(SUMMARY, path={"id": narrow["foreign"]}, token=narrow["token"])
    trial.expect(foreign["summaries"] == [] and foreign["default_currency"] == "", "nothing of a foreign one", foreign)


def refusals_agree(trial: Trial) -> None:
    """Where an error has the declared body, http_status_code is the status and the code fits it."""
    oversized = {"X-Padding": "a" * 20_000}
    replies = [HEAD.go(trial, headers=oversized), trial.call(SUMMARY, path={"id": "x" * 3000})]
    replies += [HEAD.go(trial, headers={"Accept": "application/xml"}), *_ways(trial)]
    for reply in replies:
        body = reply.body if reply.status >= 400 and reply.media_type == "application/json" else {}
        if "http_status_code" not in body:
            continue
        trial.cases += 1
        trial.expect(body["http_status_code"] == reply.status, f"http_status_code {reply.status}", body)
        trial.expect(
            CODES.get(str(body.get("code")), 0) // 100 == reply.status // 100, f"a code of {reply.status}", body
        )
    trial.need(trial.cases, "no error had the declared body")


# ---------------------------------------------------------------- what payments, time and subscriptions do


def _after(
    act: str, check: Callable[[Trial, str, Any, Any, Any], None], *args: str, most: int = 4
) -> Callable[[Trial], None]:
    """``check(trial, who, fact, before, after)`` for the first customers to whom ``act`` can be done."""

    def tried(trial: Trial) -> None:
        last = "no customer is known"
        for who in trial.known("id")[:MOST_CUSTOMERS]:
            before = fetch(trial, who)
            try:
                fact = trial.act(act, who, *args)
            except NotApplicable as reason:
                last = str(reason)
                continue
            if isinstance(fact, dict) and fact["currency"].lower() not in by_currency(before) and act != "subscribe":
                continue
            trial.cases += 1
            check(trial, who, fact, before, fetch(trial, who))
            if trial.cases == most:
                return
        trial.need(trial.cases, last)

    return tried


def _moved(
    trial: Trial, who: str, fact: Any, before: Any, after: Any, what: str, **wanted: Decimal | int | None
) -> tuple[Any, Any]:
    """In the currency of ``fact`` the ``wanted`` members changed by so much (``None``: however) and no others; nor did others."""
    currency = fact["currency"].lower()
    old, new = by_currency(before), by_currency(after)
    trial.expect(list(old) == list(new), f"the currencies {list(old)} after {what} ({who})", list(new))
    for each, summary in old.items():
        for name in (*AMOUNTS, *COUNTS):
            by = wanted.get(name, 0) if each == currency else 0
            if by is not None:
                got = amount(new[each][name]) - amount(summary[name])
                trial.expect(got == by, f"{name} in {each} to change by {by} through {what} ({who})", got)
    return old[currency], new[currency]


def _part_paid(trial: Trial, who: str, fact: Any, before: Any, after: Any) -> None:
    overdue = None if before["summaries"] else 0
    old, new = _moved(
        trial, who, fact, before, after, f"a part payment of {fact['amount']}",
        total_unpaid_amount=-fact["amount"], total_overdue_amount=overdue,
    )  # fmt: skip
    fell = amount(old["total_overdue_amount"]) - amount(new["total_overdue_amount"])
    trial.expect(fell in (0, fact["amount"]), f"total_overdue_amount to fall by {fact['amount']} or not at all", fell)


def _paid(trial: Trial, who: str, fact: Any, before: Any, after: Any) -> None:
    old, new = _moved(
        trial, who, fact, before, after, f"a payment of all {fact['amount']}",
        total_unpaid_amount=-fact["amount"], unpaid_invoice_count=-1, total_overdue_amount=None,
        overdue_invoice_count=None, unpaid_usage_charges=None, unpaid_fixed_charges=None,
    )  # fmt: skip
    charges = [amount(new[name]) - amount(old[name]) for name in AMOUNTS[3:]]
    trial.expect(sum(charges) < 0 or not fact["amount"], f"unpaid charges of {who} to fall with the invoice", charges)


def _overpaid(trial: Trial, who: str, fact: Any, before: Any, after: Any) -> None:
    _, new = _moved(
        trial, who, fact, before, after, "an overpayment",
        total_unpaid_amount=None, total_overdue_amount=None,
    )  # fmt: skip
    trial.expect(amount(new["total_unpaid_amount"]) >= 0, "no negative unpaid amount", new)


def _promised(trial: Trial, who: str, fact: Any, before: Any, after: Any) -> None:
    _moved(trial, who, fact, before, after, "a payment that is only pending")


def _refunded(trial: Trial, who: str, fact: Any, before: Any, after: Any) -> None:
    _moved(
        trial, who, fact, before, after, f"a refund of {fact['amount']}",
        total_unpaid_amount=fact["amount"], unpaid_invoice_count=1, total_overdue_amount=None,
        overdue_invoice_count=None, unpaid_usage_charges=None, unpaid_fixed_charges=None,
    )  # fmt: skip


def _voided(trial: Trial, who: str, fact: Any, before: Any, after: Any) -> None:
    _moved(
        trial, who, fact, before, after, f"a void invoice of {fact['amount']}",
        total_revenue_amount=-fact["amount"], total_unpaid_amount=-fact["amount"], total_invoice_count=-1,
        unpaid_invoice_count=-1, total_overdue_amount=None, overdue_invoice_count=None, unpaid_usage_charges=None,
        unpaid_fixed_charges=None,
    )  # fmt: skip


def _paused(trial: Trial, who: str, fact: Any, before: Any, after: Any) -> None:
    gone = fact["currency"].lower()
    want = [summary for summary in before["summaries"] if summary["currency"] != gone]
    trial.expect(after["summaries"] == want, f"the summaries of {who} without {gone}", after)


def _subscribed(trial: Trial, who: str, fact: Any, before: Any, after: Any) -> None:
    new, old, now = fact["currency"].lower(), list(by_currency(before)), list(by_currency(after))
    want = [new, *(currency for currency in old if currency != new)]
    trial.expect(now == want, f"the currencies of {who} newest subscription first: {want}", now)
    trial.expect(after["default_currency"] == new, f"default_currency {new}", after["default_currency"])
    for currency, summary in by_currency(before).items():
        trial.expect(
            by_currency(after)[currency] == summary, f"{currency} as it was: {summary}", by_currency(after)[currency]
        )


def due_strictly(trial: Trial) -> None:
    """At the very instant that the due date begins nothing is overdue yet; one second later it is."""
    try:
        due = trial.act("next_due")
    except NotApplicable:
        trial.act("complete_run")
        due = trial.act("next_due")
    ahead = (due["at"] - trial.moment()).total_seconds()
    if ahead > 1:
        trial.act("advance", ahead - 1)
    before = fetch(trial, due["who"])
    trial.need(due["currency"].lower() in by_currency(before), "the invoice is in a currency that is not counted")
    trial.act("advance", (due["at"] - trial.moment()) / timedelta(seconds=1))
    at = fetch(trial, due["who"])
    trial.expect(at == before, f"nothing overdue yet at {due['at']:%Y-%m-%dT%H:%M:%SZ} for {due['who']}", at)
    trial.act("advance", 1)
    late = fetch(trial, due["who"])
    old, new = by_currency(at)[due["currency"].lower()], by_currency(late)[due["currency"].lower()]
    want = old["overdue_invoice_count"] + 1
    trial.expect(new["overdue_invoice_count"] >= want, f"{want} overdue one second later for {due['who']}", new)
    rose = amount(new["total_overdue_amount"]) > amount(old["total_overdue_amount"])
    trial.expect(rose, f"more overdue than {old['total_overdue_amount']}", new["total_overdue_amount"])
    same = ("total_revenue_amount", "total_unpaid_amount", "total_invoice_count", "unpaid_invoice_count")
    trial.expect(all(old[n] == new[n] for n in same), "revenue and what is unpaid as they were", new)


def issuing_adds(trial: Trial) -> None:
    """When a run completes, what it invoiced is added: each count with its amounts, and none ever falls."""
    before = {name: by_currency(seen.answer) for name, seen in answers(trial)}
    trial.act("complete_run")
    for name, seen in answers(trial):
        for currency, new in by_currency(seen.answer).items():
            old = before[name].get(currency)
            if old is None:
                continue
            issued = new["total_invoice_count"] - old["total_invoice_count"]
            trial.expect(issued >= 0, f"no fewer than {old['total_invoice_count']} invoices of {name}", new)
            moved = new["unpaid_invoice_count"] - old["unpaid_invoice_count"]
            if issued and moved == issued:
                trial.cases += 1
                more = [amount(new[member]) - amount(old[member]) for member in AMOUNTS[:2]]
                trial.expect(more[0] == more[1], f"revenue and unpaid of {name} in {currency} to rise alike", more)
                known = (
                    amount(new[AMOUNTS[3]])
                    + amount(new[AMOUNTS[4]])
                    - amount(old[AMOUNTS[3]])
                    - amount(old[AMOUNTS[4]])
                )
                slack = Decimal("0.5") * issued
                trial.expect(known <= more[0] + slack, f"at most {more[0]} of charges, tax apart, for {name}", known)
    trial.need(trial.cases, "the run invoiced none of the customers in a currency that counts")


def one_off_is_fixed(trial: Trial) -> None:
    """A one-off charge that was invoiced is among the unpaid fixed charges, and not among the usage."""
    price, before = 100_000, {}
    for who in trial.known("id")[:3]:
        currency = trial.act("charge", who, price)["currency"].lower()
        before[who] = (currency, by_currency(fetch(trial, who)).get(currency))
    trial.act("complete_run")
    for who, (currency, old) in before.items():
        new = by_currency(fetch(trial, who)).get(currency)
        if old is None or new is None or new["total_invoice_count"] == old["total_invoice_count"]:
            continue
        trial.cases += 1
        usage, fixed = (amount(new[name]) - amount(old[name]) for name in AMOUNTS[3:])
        trial.expect(
            usage < price <= fixed, f"{price} more in unpaid_fixed_charges of {who}", {"usage": usage, "fixed": fixed}
        )
    trial.need(trial.cases, "the run invoiced none of the charges in a currency that counts")


# ---------------------------------------------------------------- the book


def _answers(id: str, check: Any, *clauses: str, family: str = "agreement") -> Law:
    return items.documents(
        f"flexprice.{id}", SUMMARY, answers, check, *clauses, family=family, lacking="no customer is known"
    )


def _summaries(id: str, check: Any, *clauses: str, family: str = "arithmetic") -> Law:
    return items.documents(
        f"flexprice.{id}", SUMMARY, summaries, check, *clauses, family=family, lacking="no customer has a summary"
    )


def _law(id: str, family: str, check: Any, *clauses: str, operation: str = SUMMARY, text: str = "", writes: bool = False,
         acts: tuple[str, ...] = ()) -> Law:  # fmt: skip
    return Law(f"flexprice.{id}", operation, family, clauses, text or says(check), check, writes, acts)


def _does(id: str, act: str, check: Any, *clauses: str, text: str, how: tuple[str, ...] = ()) -> Law:
    return _law(id, "lifecycle", _after(act, check, *how), *clauses, text=text, acts=(act,))


LAWS: tuple[Law, ...] = (
    # one answer
    _answers("answer.members", members, "c21", "v20", family="form"),
    _answers("answer.whose", whose, "c05", "c09"),
    _answers("answer.default", default_is_first, "c10", "v03"),
    _answers("answer.currencies", currencies_once, "c11", "c12", "v16", family="identity"),
    # one summary
    _summaries("summary.decimals", amounts_trimmed, "c21", "v15", family="form"),
    _summaries("summary.counts", counts_nested, "c13", "c14", "c15"),
    _summaries("summary.amounts", amounts_nested, "c16", "c17", "c18"),
    _summaries("summary.all-overdue", all_overdue, "c16"),
    _summaries("summary.no-invoice", nothing_invoiced, "c13", "v17"),
    _summaries("summary.none-unpaid", nothing_unpaid, "c14", "c18", "c19", "c20"),
    _summaries("summary.none-overdue", nothing_overdue, "c15", "c16"),
    _summaries("summary.charges", charges_below_revenue, "c19", "c20", "v14"),
    # any id
    _law("id.nobody", "reading", nobody_is_empty, "v04"),
    _law("id.any", "reading", any_id_is_taken, "c09", "v19"),
    reading.twice_the_same(
        "flexprice.reading.idempotent", SUMMARY, "c01", "c06", path=lambda trial: {"id": trial.known("id")[0]}
    ),
    # headers
    _law("headers.security", "headers", security_headers, "v26"),
    _law("headers.request-id", "headers", request_id_echoed, "v25"),
    _law("options.open", "headers", options_open, "v27", operation=OPTIONS),
    # who gets in
    auth.without_credential("flexprice.auth.none", (HEAD,), "c04", "v21", shape=_says(401, UNAUTHORIZED)),
    auth.wrong_credential("flexprice.auth.wrong", (HEAD,), "c04", "v21", shape=_says(401, UNAUTHORIZED, *INVALID)),
    _law("auth.authorization", "auth", authorization_refused, "v21", "v28"),
    auth.forbidden("flexprice.auth.forbidden", (HEAD,), "v22", shape=forbidden_body),
    # refusals
    _law("errors.path", "errors", unknown_paths, "v23"),
    _law("errors.method", "errors", wrong_methods, "v23", writes=True),
    _law("errors.agree", "errors", refusals_agree, "c07", "c22"),
    # what payments, time and subscriptions do
    _law("auth.isolated", "auth", isolated, "v29", acts=("narrowed",)),
    _does("pay.part", "pay", _part_paid, "v09", "v11", "v14", how=("part",),
          text="A part payment lowers what is unpaid by itself, and no count, no charges and no other currency."),
    _does("pay.pending", "pay", _promised, "v10", how=("pending",),
          text="A payment that has not succeeded changes nothing."),
    _does("pay.all", "pay", _paid, "v09", "v11", "v14",
          text="A full payment makes one invoice fewer unpaid, with its charges, and leaves revenue and total count."),
    _does("pay.refund", "refund", _refunded, "v10",
          text="A refund makes the invoice unpaid again, by as much as was given back."),
    _does("pay.over", "pay", _overpaid, "v10", "v11", how=("over",),
          text="An invoice that was overpaid still counts as unpaid, with its charges."),
    _does("pay.void", "cancel_bill", _voided, "v06",
          text="A void invoice is neither counted nor in the revenue any more."),
    _law("run.issues", "lifecycle", issuing_adds, "c13", "v06", "v09", acts=("complete_run",)),
    _law("run.charged", "lifecycle", one_off_is_fixed, "c19", "c20", "v14", acts=("charge", "complete_run")),
    _law("due.strictly", "lifecycle", due_strictly, "v12", acts=("advance", "complete_run", "next_due")),
    _does("subscription.newest", "subscribe", _subscribed, "v01", "v03", "v17",
          text="The currency of the newest subscription comes first and is the default; the others stay as they were."),
    _does("subscription.paused", "pause", _paused, "v01", "v02",
          text="The currency of a paused subscription is left out, its invoices notwithstanding."),
    _does("subscription.cancelled", "pause", _paused, "v01", "v02", how=("cancel",),
          text="The currency of a cancelled subscription is left out, its invoices notwithstanding."),
)  # fmt: skip

BOOK = Book("flexprice", LAWS, greeting=SUMMARY, greeting_path={"id": NOBODY}, greeting_known=True)
