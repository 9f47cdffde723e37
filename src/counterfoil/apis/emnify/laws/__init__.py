"""The laws of emnify's bills, billing periods and logins, which must hold over HTTP at any implementation.

Clause ids are those of ``specs/emnify/clauses.yaml``. The API does not list organisations: ``Target.known["org_id"]`` says
which ones the laws look at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from counterfoil.apis.emnify.laws.amounts import (
    costs_add_up,
    country_costs,
    covered_is_free,
    messages_cost,
    packages_add_up,
    sims_add_up,
    sub_total_adds_up,
    tariffs_of,
    total_adds_up,
    vat_follows,
    volumes_add_up,
    zones_of,
)
from counterfoil.apis.emnify.laws.bill import (
    all_members,
    charges_once,
    forms,
    no_place_twice,
    one_currency,
    paid_has_invoice,
    paid_within_total,
    parties,
    period_in_words,
    preview_or_invoice,
    profile,
    profiles_listed,
    split_by_profile,
)
from counterfoil.apis.emnify.laws.changes import (
    final_stays,
    preview_becomes_invoice,
    refresh_leaves_final,
    refresh_recalculates,
    refresh_shows_what_is_new,
    split_is_of_its_time,
)
from counterfoil.apis.emnify.laws.login import (
    INCOMPLETE_LOGINS,
    authorization_ignored,
    blocked_after_three,
    broken_tokens,
    every_kind_opens,
    token_by_kind,
    wrong_logins,
)
from counterfoil.apis.emnify.laws.members import (
    instants_have_milliseconds,
    is_paid,
    items_multiply,
    null_or_documented,
    own_name_is_on_bills,
    paid_says_how,
    several_volumes_are_split,
    sims_are_counted,
)
from counterfoil.apis.emnify.laws.periods import (
    counted_in_headers,
    double_organisation,
    foreign_organisation,
    malformed_period,
    media_types,
    no_such_month,
    others_have_none,
    own_organisation,
    periods_resolve,
    unknown_organisation,
    unreadable_organisation,
)
from counterfoil.apis.emnify.laws.requests import (
    BILL,
    LOGIN,
    OWN,
    PERIODS,
    SAMPLES,
    TOKEN_LIFE,
    UNKNOWN_ID,
    FetchedBill,
    api_error,
    bills,
    either,
    gateway_error,
)
from counterfoil.contract.context import LawContext
from counterfoil.contract.law import Law, LawBook, says
from counterfoil.contract.laws import auth, errors, items, reading
from counterfoil.contract.laws.arithmetic import at
from counterfoil.contract.laws.auth import SampleRequest


def _newest(ctx: LawContext) -> Mapping[str, Any]:
    _, fetched = next(bills(ctx), ("", None))
    if fetched is None:
        ctx.skip("there is no bill")
    return {"org_id": fetched.org, "billing_period": f"{fetched.month:06d}"}


def _bills(
    id: str,
    check: Any,
    *clauses: str,
    family: str = "arithmetic",
    only: Callable[[FetchedBill], bool] = lambda fetched: True,
    lacking: str = "there is no bill",
) -> Law:
    return items.documents(f"emnify.{id}", BILL, bills, check, *clauses, family=family, only=only, lacking=lacking)


def _has_zones(*services: str) -> Callable[[FetchedBill], bool]:
    return lambda fetched: any(True for _ in zones_of(fetched.bill, *services))


def _has_data(fetched: FetchedBill) -> bool:
    return any(True for _ in tariffs_of(fetched.bill, "data"))


def _has_profiles(fetched: FetchedBill) -> bool:
    return bool(at(fetched.bill, "sim_items.data", ())) or any(profile(t) for _, t in tariffs_of(fetched.bill, "data"))


def _law(id: str, operation: str, family: str, check: Any, *clauses: str, needs: tuple[str, ...] = ()) -> Law:
    return Law(f"emnify.{id}", operation, family, clauses, says(check), check, needs=needs)


LAWS: tuple[Law, ...] = (
    # over time: first, before other laws change the target
    _law("time.invoiced", BILL, "lifecycle", preview_becomes_invoice, "c23", "c25", needs=("complete_run",)),
    _law("time.final", BILL, "lifecycle", final_stays, "c23", needs=("advance", "complete_run")),
    # sums
    _bills("sum.total", total_adds_up, "c09", "v02"),
    _bills("sum.vat", vat_follows, "c12", "c13", "v02"),
    _bills("sum.sub-total", sub_total_adds_up, "c02", "c11", "v01"),
    _bills("sum.packages", packages_add_up, "v04"),
    _bills("sum.sims", sims_add_up, "c06"),
    _bills("sum.costs", costs_add_up, "v05"),
    _bills("sum.volumes", volumes_add_up, "v05"),
    _bills("sum.country", country_costs, "v03", only=_has_zones("data"), lacking="no bill has data traffic"),
    _bills("sum.covered", covered_is_free, "v03", only=_has_zones("data"), lacking="no bill has data traffic"),
    _bills("sum.messages", messages_cost, "v05", "c19", only=_has_zones("sms"), lacking="no bill has SMS traffic"),
    # members
    _bills("bill.members", all_members, "v08", "c21", family="form"),
    _bills("bill.forms", forms, "v06", "v07", family="form"),
    _bills("bill.currency", one_currency, "c10", family="agreement"),
    _bills("bill.period", period_in_words, "c08", family="agreement"),
    _bills("bill.charges", charges_once, "c14", family="identity"),
    _bills("bill.places", no_place_twice, "c17", "c18", family="identity", only=_has_zones(), lacking="no bill has traffic"),
    _bills("bill.split", split_by_profile, "c04", "c07", family="agreement", only=_has_data,
           lacking="no bill has data traffic"),
    _bills("bill.profiles", profiles_listed, "c06", family="agreement", only=_has_profiles,
           lacking="no bill has profiles"),
    _law("bill.parties", BILL, "agreement", parties, "c20"),
    _bills("bill.preview", preview_or_invoice, "c23", "c25", family="agreement"),
    _bills("bill.paid", paid_has_invoice, "c24", family="agreement",
           only=lambda fetched: fetched.bill.get("payment_option") is not None, lacking="no bill has a payment_option"),
    _bills("bill.total-paid", paid_within_total, "c24", family="agreement",
           only=lambda fetched: at(fetched.bill, "invoice.total_paid") is not None, lacking="no invoice says what was paid"),
    _bills("bill.paid-how", paid_says_how, "c24", family="agreement", only=is_paid, lacking="no bill is paid"),
    _bills("bill.optional", null_or_documented, "c14", "c15", "c16", "c22", "c26", "c27", family="form"),
    _bills("bill.items", items_multiply, "c26", only=lambda fetched: bool(fetched.bill.get("invoice_items")),
           lacking="no bill has invoice_items"),
    _bills("bill.sims", sims_are_counted, "c06", "c22", family="agreement",
           only=lambda fetched: fetched.bill.get("sim_items") is not None, lacking="no bill has SIMs"),
    _bills("bill.instants", instants_have_milliseconds, "v09", family="form",
           only=lambda fetched: fetched.bill.get("invoice") is not None, lacking="no bill has an invoice"),
    _law("bill.split-due", BILL, "agreement", several_volumes_are_split, "c04", "c06", "c07"),
    _law("org.name", OWN, "agreement", own_name_is_on_bills, "c20", "v30"),
    _law("refresh.new", BILL, "lifecycle", refresh_shows_what_is_new, "c25", needs=("charge",)),
    _law("split.attached", BILL, "lifecycle", split_is_of_its_time, "c05", needs=("subscribe",)),
    _law("refresh.final", BILL, "reading", refresh_leaves_final, "c25"),
    _law("refresh.preview", BILL, "reading", refresh_recalculates, "c25"),
    # periods
    _law("periods.resolve", PERIODS, "reading", periods_resolve, "v28"),
    _law("periods.others", BILL, "reading", others_have_none, "v13", "v28"),
    _law("periods.headers", PERIODS, "counts", counted_in_headers, "v29"),
    reading.twice_the_same("emnify.reading.idempotent", BILL, "c01", "c32", path=_newest),
    # error responses
    _law("org.unreadable", BILL, "errors", unreadable_organisation, "c30", "v11", "v14"),
    _law("org.double", PERIODS, "reading", double_organisation, "c30"),
    _law("org.own", OWN, "reading", own_organisation, "v30"),
    _law("org.unknown", BILL, "errors", unknown_organisation, "v11", "v13"),
    _law("org.foreign", BILL, "auth", foreign_organisation, "v10", needs=("restricted_credential",)),
    _law("period.malformed", BILL, "errors", malformed_period, "c31", "v14", "v15"),
    _law("period.no-month", BILL, "errors", no_such_month, "c31", "v15"),
    _law("errors.media-type", PERIODS, "errors", media_types, "v17"),
    # authentication
    auth.without_credential("emnify.auth.none", SAMPLES, "c28", "v12", error_body=gateway_error),
    _law("auth.broken", BILL, "auth", broken_tokens, "c28", "v12"),
    auth.forbidden("emnify.auth.forbidden", SAMPLES, "v10", "v11", error_body=api_error(1104)),
    auth.login_works("emnify.auth.login", LOGIN, SAMPLES[1], "c29", "v20"),
    _law("auth.wrong-login", LOGIN.operation, "auth", wrong_logins, "v22"),
    errors.bad_requests(
        "emnify.auth.malformed-login", [SampleRequest(LOGIN.operation, body=body) for body in INCOMPLETE_LOGINS], "v24", "v20",
        text="A login that is not one of the three kinds, or is two at once, gives 400 with 1000.",
        error_body=api_error(1000), writes=False,
    ),
    _law("auth.kinds", LOGIN.operation, "auth", token_by_kind, "v21", "v25"),
    _law("auth.ignored-header", LOGIN.operation, "auth", authorization_ignored, "v26"),
    _law("auth.every-kind", LOGIN.operation, "auth", every_kind_opens, "v20", "v21", needs=("logins",)),
    _law("auth.block", LOGIN.operation, "auth", blocked_after_three, "v18", "v23", needs=("advance",)),
    auth.token_expires("emnify.auth.expiry", LOGIN, SAMPLES[1], TOKEN_LIFE, "v25",
                       error_body=either(api_error(1103), gateway_error)),
)  # fmt: skip

LAW_BOOK = LawBook(
    "emnify",
    LAWS,
    health_check=PERIODS,
    health_check_path={"org_id": 1_000_000_000},
    health_check_uses_known_ids=True,
    login=LOGIN,
    known_parameters=("org_id",),
    unknown_ids=frozenset({UNKNOWN_ID}),
)
