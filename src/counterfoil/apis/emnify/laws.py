"""What must hold of emnify's bills, billing periods and logins, over HTTP, at any implementation.

Clause ids are those of ``specs/emnify/clauses.yaml``. The API does not list organisations: ``Target.known["org_id"]`` says
which may be looked at. Nothing here knows the stand-in.
"""

from __future__ import annotations

import re
from calendar import month_name, monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from counterfoil.contract.law import Book, Law, Login, NotApplicable, Trial, says
from counterfoil.contract.laws import auth, errors, items, reading
from counterfoil.contract.laws.arithmetic import (
    NOISE,
    agrees,
    amount,
    amount_at,
    at,
    everywhere,
    first,
    has_places,
    is_number,
    sums_to,
    total_of,
)
from counterfoil.contract.laws.auth import Way
from counterfoil.contract.laws.items import Complaint
from counterfoil.contract.probe import UNSET, Reply

PERIODS = "GET /organisation/{org_id}/billing"
BILL = "GET /organisation/{org_id}/billing/{billing_period}"
LOGIN = Login("POST /authenticate", "auth_token")
TOKEN_LIFE, BLOCK = 240 * 60, 5 * 60
MOST_ORGANISATIONS, MOST_BILLS = 24, 120
NOBODY = "999999999999"
_SHA1 = "a" * 40
MEMBERS = (
    "period", "total", "sub_total", "vat", "mrc", "sim_items", "traffic", "issuer_org", "customer_org", "invoice",
    "payment_option", "refresh_allowed", "invoice_items", "tariff_plan",
)  # fmt: skip
CODES = {
    1000: ("BadRequest", 400), 1101: ("InvalidCredentials", 401), 1102: ("InvalidToken", 401),
    1103: ("TokenExpired", 401), 1104: ("Forbidden", 403), 1105: ("TooManyRequests", 429), 1201: ("NotFound", 404),
    1301: ("InvalidQueryCriteria", 422), 1302: ("InvalidSortCriteria", 422), 1400: ("InputValidationFailed", 422),
    1401: ("InvalidReference", 404), 1402: ("Required", 422), 1403: ("InvalidFormat", 422),
}  # fmt: skip
"""The vendor's table of codes; 1401 came with 404 in recorded traffic."""


# ---------------------------------------------------------------- what is looked at


@dataclass(frozen=True)
class Seen:
    """A bill, and what was asked for to get it."""

    org: str
    month: int
    bill: Any


def periods_of(trial: Trial, org: str) -> list[Any]:
    """The periods of one organisation as observed in this run."""

    def fetch() -> list[Any]:
        found = trial.ask(PERIODS, path={"org_id": org})
        trial.expect(isinstance(found, list), "a bare array of periods", found)
        return list(found)

    return trial.observe(("periods", org), fetch)


def bill_of(trial: Trial, org: str, month: int) -> Any:
    """One bill as observed in this run."""
    path = {"org_id": org, "billing_period": f"{month:06d}"}
    return trial.observe(("bill", org, month), lambda: trial.ask(BILL, path=path))


def bills(trial: Trial) -> Iterator[tuple[str, Seen]]:
    """The newest bills first of the organisations we know, one by one; so the last request is that of the one at fault."""
    count = 0
    for org in trial.known("org_id")[:MOST_ORGANISATIONS]:
        for period in sorted(periods_of(trial, org), key=lambda each: -int(each["id"])):
            if count == MOST_BILLS:
                return
            count += 1
            month = int(period["id"])
            yield f"organisation {org}, {month}", Seen(org, month, bill_of(trial, org, month))


class OfOrganisation(Way):
    """A request about the first organisation we know that has a bill, or the newest of its bills."""

    def go(self, trial: Trial, token: str | None = UNSET, headers: Mapping[str, str] | None = None) -> Reply:
        org = trial.known("org_id")[0]
        months = [int(period["id"]) for period in periods_of(trial, org)]
        path = {"org_id": org, "billing_period": f"{max(months, default=202601):06d}"}
        return trial.call(self.operation, path={**path, **self.path}, query=self.query, token=token, headers=headers)


WAYS = (OfOrganisation(PERIODS), OfOrganisation(BILL))


def api_error(*codes: int) -> auth.Shape:
    """The API's error body, with one of ``codes`` (any of the table, if none), whose token and status agree with it."""

    def shape(reply: Reply) -> str | None:
        complaint = errors.members("error_token", "message")(reply)
        if complaint:
            return complaint
        code = reply.body.get("error_code")
        if not isinstance(code, int) or (codes and code not in codes):
            return f"error_code {code!r}, not {' or '.join(map(str, codes)) or 'a number'}: {reply.brief(120)}"
        if code in CODES and (reply.body["error_token"], reply.status) != CODES[code]:
            token, status = CODES[code]
            return f"{code} goes with {token} and {status}, not with {reply.status}: {reply.brief(120)}"
        return None

    return shape


def gateway_error(reply: Reply) -> str | None:
    """The gateway's: a message and no more."""
    complaint = errors.members("message")(reply)
    return complaint or (None if "error_code" not in reply.body else f"an API error: {reply.brief(120)}")


def no_body(reply: Reply) -> str | None:
    return None if not reply.content else f"a body: {reply.brief(80)}"


def either(*shapes: auth.Shape) -> auth.Shape:
    return lambda reply: None if any(shape(reply) is None for shape in shapes) else shapes[0](reply)


# ---------------------------------------------------------------- one bill adds up


def total_adds_up(seen: Seen) -> Complaint:
    """total.cost is sub_total.cost plus vat.cost, unrounded."""
    bill = seen.bill
    want = amount_at(bill, "sub_total.cost") + amount_at(bill, "vat.cost")
    return agrees(amount_at(bill, "total.cost"), want, "total.cost")


def vat_follows(seen: Seen) -> Complaint:
    """vat.cost is sub_total.cost at vat.rate percent, unrounded."""
    bill = seen.bill
    want = amount_at(bill, "sub_total.cost") * amount_at(bill, "vat.rate") / 100
    return agrees(amount_at(bill, "vat.cost"), want, "vat.cost")


def sub_total_adds_up(seen: Seen) -> Complaint:
    """sub_total.cost is data packages, SIM items, data and SMS together, and invoice_items where they are added."""
    bill = seen.bill
    paths = ("mrc.data_packages.total", "sim_items.total", "traffic.data.total", "traffic.sms.total")
    parts = sum((amount_at(bill, f"{path}.cost") for path in paths), Decimal(0))
    got, extra = amount_at(bill, "sub_total.cost"), total_of(at(bill, "invoice_items", ()), "cost")
    if agrees(got, parts + extra, "") is None:
        return None
    return agrees(got, parts, "sub_total.cost")


def packages_add_up(seen: Seen) -> Complaint:
    """The data packages' total volume and cost are the sums of their volumes and rates."""
    packages = at(seen.bill, "mrc.data_packages", {})
    data, total = at(packages, "data", ()), at(packages, "total", {})
    return first((
        agrees(amount_at(total, "cost"), total_of(data, "rate"), "data_packages.total.cost"),
        agrees(amount_at(total, "volume"), total_of(data, "volume"), "data_packages.total.volume"),
    ))  # fmt: skip


def sims_add_up(seen: Seen) -> Complaint:
    """sim_items.total.cost is the SIMs' hosting fees and what the profiles' inclusive volumes cost."""
    sims = at(seen.bill, "sim_items", {})
    want = amount_at(sims, "total.sim_hosting_fees") + total_of(at(sims, "data", ()), "cost")
    return agrees(amount_at(sims, "total.cost"), want, "sim_items.total.cost")


def _tariffs(bill: Any, *services: str) -> Iterator[tuple[str, Any]]:
    for service in services or ("data", "sms"):
        for tariff in at(bill, f"traffic.{service}.tariff", ()):
            yield f"{service} tariff {tariff['name']}", tariff


def _zones(bill: Any, *services: str) -> Iterator[tuple[str, Any]]:
    for name, tariff in _tariffs(bill, *services):
        for zone in tariff["ratezone"]:
            yield f"{name}, rate zone {zone['name']}", zone


def _tree(bill: Any, member: str) -> Complaint:
    for service in ("data", "sms"):
        total, parts = at(bill, f"traffic.{service}.total", {}), at(bill, f"traffic.{service}.tariff", ())
        if complaint := sums_to(total, parts, member, f"total of {service}"):
            return complaint
    return first(sums_to(tariff, tariff["ratezone"], member, name) for name, tariff in _tariffs(bill))


def costs_add_up(seen: Seen) -> Complaint:
    """A traffic total costs what its tariffs cost, and a tariff what its rate zones cost, in data and in SMS."""
    return _tree(seen.bill, "cost")


def volumes_add_up(seen: Seen) -> Complaint:
    """Volumes add up all the way: countries to rate zone, rate zones to tariff, tariffs to the total."""
    return _tree(seen.bill, "volume") or first(
        sums_to(zone, zone["countries"], "volume", name, NOISE * (1 + len(zone["countries"])))
        for name, zone in _zones(seen.bill)
    )


def country_costs(seen: Seen) -> Complaint:
    """A country's data costs its volume times its rate, within the places that are printed."""

    def wrong(name: str, country: Any) -> Complaint:
        with localcontext(prec=80):
            volume, rate = amount(country["volume"]), amount(country["rate"])
            within = (abs(volume) + abs(rate) + 1) * Decimal("0.0000006")
            return agrees(
                amount(country["cost"]), volume * rate, f"cost of {country['country']['name']} in {name}", within
            )

    return first(wrong(name, each) for name, zone in _zones(seen.bill, "data") for each in zone["countries"])


def covered_is_free(seen: Seen) -> Complaint:
    """Of a rate zone's data, what packages cover costs nothing, and the rest what its countries' rates make of it."""

    def wrong(name: str, zone: Any) -> Complaint:
        volume = amount(zone["volume"])
        free = max(volume - amount_at(zone, "data_package_volume") - amount_at(zone, "inclusive_volume"), Decimal(0))
        if free == volume:
            return sums_to(zone, zone["countries"], "cost", f"{name}, of which nothing is covered")
        rates = [amount(country["rate"]) for country in zone["countries"]] or [Decimal(0)]
        slack = NOISE * (1 + free)
        low, high, cost = free * min(rates) - slack, free * max(rates) + slack, amount(zone["cost"])
        return None if low <= cost <= high else (f"{name}, with {free} not covered, to cost {low} to {high}", cost)

    return first(wrong(name, zone) for name, zone in _zones(seen.bill, "data"))


def messages_cost(seen: Seen) -> Complaint:
    """An SMS rate zone costs what its countries cost."""
    return first(sums_to(zone, zone["countries"], "cost", name) for name, zone in _zones(seen.bill, "sms"))


# ---------------------------------------------------------------- one bill's form


def all_members(seen: Seen) -> Complaint:
    """All fourteen members are there, null where there is nothing."""
    lacking = [name for name in MEMBERS if name not in seen.bill]
    return (f"the member {lacking[0]}", sorted(seen.bill)) if lacking else None


def forms(seen: Seen) -> Complaint:
    """Sums are numbers; rates and volumes in strings have six places, and a country's cost ten."""
    bill, wrong = seen.bill, []
    numbers = [(path, at(bill, path)) for path in ("total.cost", "sub_total.cost", "vat.cost")]
    numbers += [(f"{name}: cost", each["cost"]) for name, each in (*_tariffs(bill), *_zones(bill))]
    totals = [at(bill, f"traffic.{service}.total", {}) for service in ("data", "sms")]
    numbers += [
        ("a traffic total", value) for total in totals for value in (total.get("cost"), total.get("volume")) if total
    ]
    wrong += [(f"a number in {name}", value) for name, value in numbers if not is_number(value)]
    six = [("vat.rate", at(bill, "vat.rate"))]
    six += [(f"{name}: volume", each["volume"]) for name, each in (*_tariffs(bill), *_zones(bill))]
    wrong += [(f"a number or six places in {n}", v) for n, v in six if not (is_number(v) or has_places(v, 6))]
    wrong += [(f"six places in {n}: rate", z["rate"]) for n, z in _zones(bill, "data") if not has_places(z["rate"], 6)]
    for name, zone in _zones(bill):
        for country in zone["countries"]:
            strings = [(member, 6) for member in ("rate", "volume") if member in country] + [("cost", 10)]
            for member, count in strings:
                if not has_places(country[member], count):
                    wrong.append((f"{count} places in {name}, a country's {member}", country[member]))
    return wrong[0] if wrong else None


def one_currency(seen: Seen) -> Complaint:
    """Every currency in a bill is the same: three capital letters."""
    codes = {currency["code"] for currency in everywhere(seen.bill, "currency")}
    good = len(codes) == 1 and all(isinstance(code, str) and re.fullmatch("[A-Z]{3}", code) for code in codes)
    return None if good else ("one currency code", sorted(map(str, codes)))


def period_in_words(seen: Seen) -> Complaint:
    """period names the month asked for, from its first to its true last day."""
    year, month = divmod(seen.month, 100)
    want = f"{month_name[month]} 1 - {month_name[month]} {monthrange(year, month)[1]}, {year}"
    return None if seen.bill["period"] == want else (f"period {want!r}", seen.bill["period"])


def no_place_twice(seen: Seen) -> Complaint:
    """No country is twice in a rate zone, and no rate zone twice in a tariff."""
    for name, tariff in _tariffs(seen.bill):
        zones = [zone["id"] for zone in tariff["ratezone"]]
        if len(set(zones)) < len(zones):
            return f"each rate zone once in {name}", zones
    for name, zone in _zones(seen.bill):
        countries = [country["country"]["name"] for country in zone["countries"]]
        if len(set(countries)) < len(countries):
            return f"each country once in {name}", countries
    return None


def _profile(tariff: Any) -> Any:
    return at(tariff, "tariff_profile.id")


def split_by_profile(seen: Seen) -> Complaint:
    """A tariff stands once in data traffic, or once for each profile; without profiles in sim_items there are none here."""
    tariffs = at(seen.bill, "traffic.data.tariff", ())
    keys = [(tariff["id"], _profile(tariff)) for tariff in tariffs]
    if len(set(keys)) < len(keys):
        return "no two entries with one tariff and one profile", keys
    for tariff in tariffs:
        if _profile(tariff) is None and [one["id"] for one in tariffs].count(tariff["id"]) > 1:
            return f"a tariff_profile in each entry of tariff {tariff['id']}", keys
    split = [key for key in keys if key[1] is not None]
    return (
        ("no profile where sim_items lists none", split) if split and not at(seen.bill, "sim_items.data", ()) else None
    )


def profiles_listed(seen: Seen) -> Complaint:
    """Profiles in data traffic are all listed in sim_items, where each stands once."""
    listed = [_profile(item) for item in at(seen.bill, "sim_items.data", ())]
    if len(set(listed)) < len(listed):
        return "each profile once in sim_items", listed
    used = {_profile(tariff) for tariff in at(seen.bill, "traffic.data.tariff", ())} - {None}
    return None if used <= set(listed) else (f"profiles {sorted(used)} in sim_items", listed)


def _parties(trial: Trial) -> None:
    """customer_org is the organisation asked for; issuer_org is the same in every bill, and not the customer."""
    issuers: dict[Any, str] = {}
    for name, seen in bills(trial):
        trial.cases += 1
        customer, issuer = seen.bill["customer_org"]["id"], seen.bill["issuer_org"]["id"]
        trial.expect(str(customer) == seen.org, f"customer_org.id {seen.org} ({name})", customer)
        trial.expect(issuer != customer, f"an issuer other than the customer ({name})", issuer)
        issuers.setdefault(issuer, name)
        trial.expect(len(issuers) == 1, "one issuer of all bills", issuers)
    trial.need(trial.cases, "no bill to try it on")


def preview_or_invoice(seen: Seen) -> Complaint:
    """A bill without invoice is a preview, which a refresh may make anew."""
    if seen.bill.get("invoice") is None and seen.bill.get("refresh_allowed") is not True:
        return "refresh_allowed true without invoice", seen.bill.get("refresh_allowed")
    return None


def paid_has_invoice(seen: Seen) -> Complaint:
    """Only an invoice that is paid has a payment_option."""
    if seen.bill.get("payment_option") is None:
        return None
    invoice = seen.bill.get("invoice")
    status = at(invoice, "status.description")
    return (
        None if invoice is not None and status in (None, "Paid") else ("a paid invoice beside payment_option", invoice)
    )


def paid_within_total(seen: Seen) -> Complaint:
    """What was paid is neither below zero nor above the total; it is all of it where the bill is Paid or has a payment_option."""
    paid = at(seen.bill, "invoice.total_paid")
    if paid is None:
        return None
    total, got = amount_at(seen.bill, "total.cost"), amount(paid)
    slack = Decimal("0.02") if at(seen.bill, "total.currency.code") in ("EUR", "USD", "GBP", "CHF") else Decimal(1)
    if not -slack <= got <= max(total, Decimal(0)) + slack:
        return f"total_paid between 0 and {total}", got
    due = seen.bill.get("payment_option") is not None or at(seen.bill, "invoice.status.description") == "Paid"
    return None if not due or got >= total - slack else (f"total_paid {total} of what is paid", got)


# ---------------------------------------------------------------- refreshing, and time


def _amounts(bill: Any) -> Any:
    return {
        name: bill.get(name) for name in ("total", "sub_total", "vat", "mrc", "sim_items", "traffic", "invoice_items")
    }


def _some(trial: Trial, *, allowed: bool, most: int = 6) -> list[Seen]:
    found = [seen for _, seen in bills(trial) if bool(seen.bill.get("refresh_allowed")) is allowed]
    trial.need(found, f"no bill whose refresh_allowed is {str(allowed).lower()}")
    return found[:most]


def _refresh(trial: Trial, seen: Seen) -> Reply:
    path = {"org_id": seen.org, "billing_period": f"{seen.month:06d}"}
    return trial.call(BILL, path=path, query={"force_refresh": True})


def refresh_leaves_final(trial: Trial) -> None:
    """With refresh_allowed false, force_refresh changes nothing, or is refused with 409."""
    for seen in _some(trial, allowed=False):
        trial.cases += 1
        reply = _refresh(trial, seen)
        if reply.status == 409:
            auth.refused(trial, reply, 409, errors.members("error_token", "message"))
        else:
            trial.expect(trial.json(reply) == seen.bill, "the bill as it was", reply.brief(200))
        again = trial.ask(BILL, path={"org_id": seen.org, "billing_period": f"{seen.month:06d}"})
        trial.expect(again == seen.bill, "the bill as it was, afterwards", again)


def refresh_makes_anew(trial: Trial) -> None:
    """With refresh_allowed true, force_refresh answers with the bill of that month, still a preview, adding up."""
    for seen in _some(trial, allowed=True):
        trial.cases += 1
        bill = trial.json(_refresh(trial, seen))
        fresh = Seen(seen.org, seen.month, bill)
        complaint = first(check(fresh) for check in (period_in_words, total_adds_up, sub_total_adds_up))
        trial.expect(
            complaint is None, f"a bill that adds up: {complaint and complaint[0]}", complaint and complaint[1]
        )
        trial.expect(bill.get("invoice") is None, "no invoice: a refresh issues none", bill.get("invoice"))


def final_stays(trial: Trial) -> None:
    """A bill that has an invoice keeps it, and every amount, when time passes and another month is billed."""
    before = [seen for _, seen in bills(trial) if seen.bill.get("invoice") is not None][:12]
    trial.need(before, "no bill has an invoice")
    trial.act("complete_run")
    trial.act("advance", 40 * 86400)
    for seen in before:
        trial.cases += 1
        after = bill_of(trial, seen.org, seen.month)
        number = at(seen.bill, "invoice.invoice_number")
        trial.expect(after.get("invoice") is not None, f"the invoice {number}", after.get("invoice"))
        if at(after, "invoice.invoice_number") == number:  # else a further invoice came into the month
            same = at(after, "invoice.id") == at(seen.bill, "invoice.id")
            trial.expect(same, f"the id {at(seen.bill, 'invoice.id')} of {number}", at(after, "invoice.id"))
            trial.expect(
                _amounts(after) == _amounts(seen.bill), f"the amounts of {number} as they were", _amounts(after)
            )
            trial.expect(after.get("refresh_allowed") is not True, "a bill that is final", after.get("refresh_allowed"))


def preview_becomes_invoice(trial: Trial) -> None:
    """When a run bills a month, its preview gets an invoice over the same amounts, and is no preview any more."""
    before = {(seen.org, seen.month): seen for _, seen in bills(trial) if seen.bill.get("invoice") is None}
    months = [org for org, _ in before]
    before = {key: seen for key, seen in before.items() if months.count(key[0]) == 1}  # else a run may bill two as one
    trial.need(before, "nobody has one preview and no more")
    trial.act("complete_run")
    for (org, month), seen in before.items():
        reply = trial.call(BILL, path={"org_id": org, "billing_period": f"{month:06d}"})
        bill = trial.json(reply) if reply.status == 200 else {}
        if bill.get("invoice") is None:
            continue
        trial.cases += 1
        allowed = bill.get("refresh_allowed")
        trial.expect(allowed is not True, f"no refresh of {month} for organisation {org} once invoiced", allowed)
        was, now = _amounts(seen.bill), _amounts(bill)
        trial.expect(now == was, f"amounts of {month} for organisation {org} as previewed: {was}", now)
    trial.need(trial.cases, "the run billed none of the previews")


# ---------------------------------------------------------------- periods


def periods_resolve(trial: Trial) -> None:
    """Periods are listed once, each described by its month, and each has a bill."""
    for org in trial.known("org_id")[:MOST_ORGANISATIONS]:
        trial.cases += 1
        found = periods_of(trial, org)
        ids = [period["id"] for period in found]
        trial.expect(len(set(ids)) == len(ids), f"each period of organisation {org} once", ids)
        for period in found:
            year, month = divmod(int(period["id"]), 100)
            trial.expect(1 <= month <= 12, f"a month in every id of organisation {org}", period)
            want = f"{month_name[month]} {year}"
            trial.expect(period["description"] == want, f"description {want!r}", period)
    for name, seen in bills(trial):
        trial.expect(isinstance(seen.bill, dict), f"a bill ({name})", seen.bill)


def others_have_none(trial: Trial) -> None:
    """A month that is not listed has no bill (404), or a bill of zeros; one that has not begun has none."""

    def none_or_zero(org: str) -> None:
        listed = {int(period["id"]) for period in periods_of(trial, org)}
        trial.need(listed, "no period is listed")
        around = {_next(max(listed)), _next(min(listed), -1), *(_next(month) for month in listed)} - listed
        for month in (*sorted(around), 999912):
            reply = trial.call(BILL, path={"org_id": org, "billing_period": f"{month:06d}"})
            if reply.status == 200 and month != 999912:
                cost = amount_at(trial.json(reply), "total.cost")
                trial.expect(cost == 0, f"nothing to pay in {month}, which is not listed", cost)
            else:
                auth.refused(trial, reply, 404, api_error(1401, 1201))

    trial.each(trial.known("org_id")[:8], none_or_zero)


def _next(month: int, step: int = 1) -> int:
    year, place = divmod(month // 100 * 12 + month % 100 - 1 + step, 12)
    return year * 100 + place + 1


def counted_in_headers(trial: Trial) -> None:
    """The list says in X-Total-Count how long it is, and that it is one page; a bill has no such headers."""
    names = ("X-Total-Count", "X-Total-Pages", "X-Current-Page", "X-Count-Per-Page")
    for org in trial.known("org_id")[:MOST_ORGANISATIONS]:
        trial.cases += 1
        reply = trial.call(PERIODS, path={"org_id": org})
        length = len(trial.json(reply))
        told = {name: reply.headers.get(name) for name in names}
        trial.expect(told["X-Total-Count"] == str(length), f"X-Total-Count {length}", told)
        trial.expect(told["X-Total-Pages"] == "1" and told["X-Current-Page"] == "1", "page 1 of 1", told)
        per_page = told["X-Count-Per-Page"] or ""
        trial.expect(
            per_page.isdecimal() and int(per_page) >= length, "X-Count-Per-Page no shorter than the page", told
        )
    reply = WAYS[1].go(trial)
    trial.expect(not any(name in reply.headers for name in names), "no paging headers on a bill", dict(reply.headers))


# ---------------------------------------------------------------- what is refused


def unreadable_organisation(trial: Trial) -> None:
    """An org_id that is no integer gives 400 with error_code 1000, on both operations."""
    for org in ("abc", "1.5", "1e3", "None", "１２", "0x10"):
        for operation in (PERIODS, BILL):
            trial.cases += 1
            reply = trial.call(operation, path={"org_id": org, "billing_period": "202601"})
            auth.refused(trial, reply, 400, api_error(1000))


def malformed_period(trial: Trial) -> None:
    """A billing_period that is not six digits gives 400 (1000) or 422 (1403)."""
    from hypothesis import strategies as st

    org = trial.known("org_id")[0]
    digits = st.text("0123456789", min_size=1, max_size=9).filter(lambda text: len(text) != 6)
    others = ("2026-1", "2026-01", "202601x", "x202601", "２０２６０１", "20260a", "202601 ", "+20260", "2026.1")

    def refused(text: str) -> None:
        reply = trial.call(BILL, path={"org_id": org, "billing_period": text})
        auth.refused(trial, reply, 422 if reply.status == 422 else 400, either(api_error(1000), api_error(1403, 1400)))

    trial.each(others, refused)
    trial.given(digits, refused, most=12)


def no_such_month(trial: Trial) -> None:
    """A billing_period whose last two digits are no month gives 422 with 1403 or 1400."""
    org = trial.known("org_id")[0]

    def refused(text: str) -> None:
        reply = trial.call(BILL, path={"org_id": org, "billing_period": text})
        auth.refused(trial, reply, 422, api_error(1403, 1400))

    trial.each(("202600", "202613", "202699", "000000", "202620"), refused)


def unknown_organisation(trial: Trial) -> None:
    """An organisation that nobody has is 404, on both operations."""

    def refused(operation: str) -> None:
        reply = trial.call(operation, path={"org_id": NOBODY, "billing_period": "202601"})
        auth.refused(trial, reply, 404, api_error(1401, 1201))

    trial.each((PERIODS, BILL), refused)


def foreign_organisation(trial: Trial) -> None:
    """A credential sees its own organisation; any other is 403 with 1104, or 404 as if it were not there."""
    narrow = trial.act("narrowed")
    for operation in (PERIODS, BILL):
        trial.cases += 1
        month = {"billing_period": f"{max((int(p['id']) for p in periods_of(trial, narrow['own'])), default=0):06d}"}
        own = trial.call(operation, path={"org_id": narrow["own"], **month}, token=narrow["token"])
        trial.expect(own.status == 200, "200 for its own organisation", f"{own.status}: {own.brief(120)}")
        reply = trial.call(operation, path={"org_id": narrow["foreign"], **month}, token=narrow["token"])
        shape = either(api_error(1104), api_error(1401, 1201))
        auth.refused(trial, reply, 404 if reply.status == 404 else 403, shape)


def media_types(trial: Trial) -> None:
    """Every body is application/json in UTF-8, errors too."""
    org = trial.known("org_id")[0]
    replies = [way.go(trial) for way in WAYS]
    replies += [trial.call(PERIODS, path={"org_id": one}) for one in (NOBODY, "abc")]
    replies += [trial.call(PERIODS, path={"org_id": org}, token=None)]
    for reply in replies:
        trial.cases += 1
        told = reply.headers.get("content-type", "")
        charset = re.search(r"charset=\"?([^\s;\"]*)", told.lower())
        good = reply.media_type == "application/json" and (charset is None or charset[1] == "utf-8")
        trial.expect(good, "application/json, in UTF-8", told)
        trial.expect(b"\xef\xbf\xbd" not in reply.content, "text that was not damaged", reply.brief(80))
        reply.content.decode("utf-8")


# ---------------------------------------------------------------- logins


def token_by_kind(trial: Trial) -> None:
    """An application token yields an auth_token alone; a user's login a refresh_token too."""
    body = trial.probe.target.login
    trial.need(isinstance(body, Mapping), "no login was given")
    assert isinstance(body, Mapping)
    trial.need("username" in body or "application_token" in body, "the login is neither an application's nor a user's")
    _tokens(trial, body)


def _tokens(trial: Trial, body: Mapping[str, Any]) -> Any:
    answer = trial.ask(LOGIN.operation, body=body, token=None)
    for name in ("auth_token", "refresh_token"):
        trial.probe.secrets.add(answer.get(name) if isinstance(answer.get(name), str) else None, "$COUNTERFOIL_TOKEN")
    trial.expect(str(answer.get("auth_token", "")).count(".") == 2, "an auth_token in three parts, a JWT", answer)
    refreshing = isinstance(answer.get("refresh_token"), str)
    trial.expect(
        refreshing == ("username" in body), f"{'a' if 'username' in body else 'no'} refresh_token", sorted(answer)
    )
    return answer


def every_kind_opens(trial: Trial) -> None:
    """Each kind of login yields a token that opens the API, and so does the refresh token that came with one."""
    for kind, body in trial.act("logins").items():
        trial.cases += 1
        trial.probe.secrets.add_all(body)
        answer = _tokens(trial, body)
        trial.expect(WAYS[0].go(trial, answer["auth_token"]).status == 200, f"200 with the token of {kind}")
        if "refresh_token" in answer:
            again = _tokens(trial, {"refresh_token": answer["refresh_token"]})
            trial.expect(WAYS[0].go(trial, again["auth_token"]).status == 200, "200 with the token of a refresh")
            reply = WAYS[0].go(trial, answer["refresh_token"])
            trial.expect(reply.status == 401, "401: a refresh token opens nothing itself", reply.status)


def authorization_ignored(trial: Trial) -> None:
    """A login with a meaningless Authorization header succeeds like one without."""
    body = trial.probe.target.login
    trial.need(body is not None, "no login was given")
    reply = trial.call(LOGIN.operation, body=body, token=None, headers={"Authorization": "Bearer None"})
    trial.expect(reply.status == 200, "200", f"{reply.status}: {reply.brief(120)}")


def _attempt(trial: Trial, body: Mapping[str, Any]) -> Reply:
    """One login, whose 429 is an answer and not waited for."""
    return trial.probe.send("POST", "/authenticate", body=body, token=None, patient=False)


def _nobody(trial: Trial) -> str:
    """A credential not tried before, so that trying it again and again blocks nobody, not even this law."""
    try:
        return f"nobody-{trial.law.id}-{trial.moment():%Y%m%d%H%M%S}-{trial.probe.sent}"
    except NotApplicable:
        return f"nobody-{trial.law.id}-{trial.probe.sent}"


def wrong_logins(trial: Trial) -> None:
    """A credential that nobody has, of whatever kind, fetches no token: 401 without a body."""
    nobody = _nobody(trial)
    wrong = (
        {"application_token": nobody},
        {"refresh_token": nobody},
        {"username": f"{nobody}@example.com", "password": _SHA1},
    )
    trial.each(
        wrong, lambda body: auth.refused(trial, trial.call(LOGIN.operation, body=body, token=None), 401, no_body)
    )


def blocked_after_three(trial: Trial) -> None:
    """After three refused logins in a row comes 429, for five minutes and not one second longer."""
    nobody = _nobody(trial)
    wrong, other = {"application_token": nobody}, {"application_token": f"{nobody}-other"}
    for turn in ("first", "second", "third"):
        reply = _attempt(trial, wrong)
        trial.expect(reply.status == 401, f"401 for the {turn} attempt", reply.status)
    auth.refused(trial, _attempt(trial, wrong), 429, api_error(1105))
    trial.act("advance", BLOCK - 1)
    auth.refused(trial, _attempt(trial, wrong), 429, api_error(1105))
    trial.expect(_attempt(trial, other).status != 429, "another credential not blocked", 429)
    trial.act("advance", 1)
    reply = _attempt(trial, wrong)
    trial.expect(reply.status == 401, f"401 again after {BLOCK} s", reply.status)


_HALF_LOGINS: tuple[Any, ...] = (
    {}, [], "token", {"username": "nobody@example.com"}, {"password": _SHA1}, {"application_token": 1},
    {"username": "nobody@example.com", "password": "no SHA-1"}, {"application_token": "nobody", "refresh_token": "nobody"},
    {"application_token": "nobody", "username": "nobody@example.com", "password": _SHA1},
)  # fmt: skip


def _broken_tokens(trial: Trial) -> None:
    """A token that is unknown, in three parts or not, gives 401 with the gateway's message and no API error."""
    tokens = (trial.wrong_token, "None", "a.b.c", "eyJhbGciOiJub25lIn0.e30.")
    for way in WAYS:
        for token in tokens:
            trial.cases += 1
            auth.refused(trial, way.go(trial, token), 401, gateway_error)
        for header in ("Basic abc", "Bearer", ""):
            trial.cases += 1
            auth.refused(trial, way.go(trial, None, {"Authorization": header}), 401, gateway_error)


# ---------------------------------------------------------------- the book


def _newest(trial: Trial) -> Mapping[str, Any]:
    _, seen = next(bills(trial), ("", None))
    if seen is None:
        trial.skip("no bill to try it on")
    return {"org_id": seen.org, "billing_period": f"{seen.month:06d}"}


def _bills(id: str, check: Any, *clauses: str, family: str = "arithmetic") -> Law:
    return items.documents(f"emnify.{id}", BILL, bills, check, *clauses, family=family, lacking="no bill to try it on")


def _law(id: str, operation: str, family: str, check: Any, *clauses: str, acts: tuple[str, ...] = ()) -> Law:
    return Law(f"emnify.{id}", operation, family, clauses, says(check), check, acts=acts)


LAWS: tuple[Law, ...] = (
    # over time: first, as long as the target is as it was found
    _law("time.invoiced", BILL, "lifecycle", preview_becomes_invoice, "c23", "c25", acts=("complete_run",)),
    _law("time.final", BILL, "lifecycle", final_stays, "c23", acts=("advance", "complete_run")),
    # a bill adds up
    _bills("sum.total", total_adds_up, "c09", "v02"),
    _bills("sum.vat", vat_follows, "c12", "c13", "v02"),
    _bills("sum.sub-total", sub_total_adds_up, "c02", "c11", "v01"),
    _bills("sum.packages", packages_add_up, "v04"),
    _bills("sum.sims", sims_add_up, "c06"),
    _bills("sum.costs", costs_add_up, "v05"),
    _bills("sum.volumes", volumes_add_up, "v05"),
    _bills("sum.country", country_costs, "v03"),
    _bills("sum.covered", covered_is_free, "v03"),
    _bills("sum.messages", messages_cost, "v05", "c19"),
    # and has its form
    _bills("bill.members", all_members, "v08", "c21", family="form"),
    _bills("bill.forms", forms, "v06", "v07", family="form"),
    _bills("bill.currency", one_currency, "c10", family="agreement"),
    _bills("bill.period", period_in_words, "c08", family="agreement"),
    _bills("bill.places", no_place_twice, "c17", "c18", family="identity"),
    _bills("bill.split", split_by_profile, "c04", "c07", family="agreement"),
    _bills("bill.profiles", profiles_listed, "c06", family="agreement"),
    _law("bill.parties", BILL, "agreement", _parties, "c20"),
    _bills("bill.preview", preview_or_invoice, "c23", "c25", family="agreement"),
    _bills("bill.paid", paid_has_invoice, "c24", family="agreement"),
    _bills("bill.total-paid", paid_within_total, "c24", family="agreement"),
    _law("refresh.final", BILL, "reading", refresh_leaves_final, "c25"),
    _law("refresh.preview", BILL, "reading", refresh_makes_anew, "c25"),
    # the periods there are
    _law("periods.resolve", PERIODS, "reading", periods_resolve, "v28"),
    _law("periods.others", BILL, "reading", others_have_none, "v13", "v28"),
    _law("periods.headers", PERIODS, "counts", counted_in_headers, "v29"),
    reading.twice_the_same("emnify.reading.idempotent", BILL, "c01", "c32", path=_newest),
    # refusals
    _law("org.unreadable", BILL, "errors", unreadable_organisation, "c30", "v11", "v14"),
    _law("org.unknown", BILL, "errors", unknown_organisation, "v11", "v13"),
    _law("org.foreign", BILL, "auth", foreign_organisation, "v10", acts=("narrowed",)),
    _law("period.malformed", BILL, "errors", malformed_period, "c31", "v14", "v15"),
    _law("period.no-month", BILL, "errors", no_such_month, "c31", "v15"),
    _law("errors.media-type", PERIODS, "errors", media_types, "v17"),
    # who gets in
    auth.without_credential("emnify.auth.none", WAYS, "c28", "v12", shape=gateway_error),
    _law("auth.broken", BILL, "auth", _broken_tokens, "c28", "v12"),
    auth.forbidden("emnify.auth.forbidden", WAYS, "v10", "v11", shape=api_error(1104)),
    auth.login_opens("emnify.auth.login", LOGIN, WAYS[1], "c29", "v20"),
    _law("auth.wrong-login", LOGIN.operation, "auth", wrong_logins, "v22"),
    errors.bad_requests(
        "emnify.auth.malformed-login", [Way(LOGIN.operation, body=body) for body in _HALF_LOGINS], "v24", "v20",
        text="A login that is none of the three kinds, or two at once, gives 400 with 1000.",
        shape=api_error(1000), writes=False,
    ),
    _law("auth.kinds", LOGIN.operation, "auth", token_by_kind, "v21", "v25"),
    _law("auth.ignored-header", LOGIN.operation, "auth", authorization_ignored, "v26"),
    _law("auth.every-kind", LOGIN.operation, "auth", every_kind_opens, "v20", "v21", acts=("logins",)),
    _law("auth.block", LOGIN.operation, "auth", blocked_after_three, "v18", "v23", acts=("advance",)),
    auth.token_expires("emnify.auth.expiry", LOGIN, WAYS[1], TOKEN_LIFE, "v25",
                       shape=either(api_error(1103), gateway_error)),
)  # fmt: skip

BOOK = Book("emnify", LAWS, greeting=PERIODS, greeting_path={"org_id": 1_000_000_000}, greeting_known=True, login=LOGIN)
