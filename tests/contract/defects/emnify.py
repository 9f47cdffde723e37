"""Defects of the emnify stand-in: the sums down a bill, its forms and parties, invoices, periods, logins, who gets in, errors."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from counterfoil.api import ApiError, Principal, Response
from counterfoil.apis.emnify import amounts, api, handlers, login, months, serializers
from counterfoil.ledger.periods import month_key
from counterfoil.world.world import World

from . import ways
from .plant import Plant, defects_of
from .ways import replace

LOGIN = "POST /authenticate"
PERIODS = "GET /organisation/{org_id}/billing"
BILL = "GET /organisation/{org_id}/billing/{billing_period}"
defect = defects_of("emnify")


def _bill(plant: Plant, change: Any) -> None:
    """A bill is ``change(bill)``."""
    plant.after(serializers, "bill_details", lambda shown, *_: change(shown))


def _tree(plant: Plant, change: Any) -> None:
    """The amounts of a bill are ``change(tree)``; with what follows from them."""
    plant.after(amounts, "_amounts", lambda tree, *_: change(tree))


def _part(plant: Plant, name: str, change: Any) -> None:
    """The part of the tree that the function ``name`` makes is ``change(part, lines)``, where there is one."""
    plant.after(amounts, name, lambda part, *args: part and {**part, **change(part, args[0])})


def _invoice(plant: Plant, change: Any) -> None:
    plant.after(serializers, "invoice", lambda shown, org_id, bill, now: {**shown, **change(shown, bill)})


# --- the sums of a bill --------------------------------------------------------------------------


@defect("arithmetic")
def total_leaves_the_vat_out(plant: Plant) -> None:
    """total.cost is sub_total.cost."""
    _tree(plant, lambda tree: {**tree, "total": tree["sub_total"]})


@defect("arithmetic")
def vat_on_total(plant: Plant) -> None:
    """vat.cost is worked out on what holds the VAT already."""
    plant.around(amounts, "tax_on", lambda tax: lambda net, rate: tax(net + tax(net, rate), rate))


@defect("arithmetic")
def vat_rate_is_a_fraction(plant: Plant) -> None:
    """vat.rate is 0.19 where it should be 19."""
    _tree(plant, lambda tree: {**tree, "vat": {**tree["vat"], "rate": f"{Decimal(tree['vat']['rate']) / 100:.6f}"}})


@defect("arithmetic")
def sub_total_leaves_sms_out(plant: Plant) -> None:
    """Only with messages: sub_total.cost has no SMS."""

    def without(tree: Any) -> Any:
        sms = tree["traffic"]["sms"]["total"]["cost"] if tree["traffic"] else 0
        net = tree["sub_total"]["cost"] - sms
        vat = net * Decimal(tree["vat"]["rate"]) / 100
        return {
            **tree,
            "sub_total": {**tree["sub_total"], "cost": net},
            "vat": {**tree["vat"], "cost": vat},
            "total": {**tree["total"], "cost": net + vat},
        }

    _tree(plant, without)


@defect("arithmetic")
def packages_total_counts_the_first(plant: Plant) -> None:
    """Only with several packages: their total is the first one's."""

    def first(mrc: Any) -> Any:
        packages = mrc["data_packages"]
        total = {**packages["total"], "volume": packages["data"][0]["volume"]}
        return {"data_packages": {**packages, "total": total}}

    plant.after(amounts, "_monthly_charges", lambda mrc, *_: mrc and first(mrc))


@defect("arithmetic")
def sims_total_leaves_the_volumes_out(plant: Plant) -> None:
    """Only where a bill is split by profile: the total of the SIMs has no inclusive volumes."""
    plant.after(
        amounts,
        "_sim_items",
        lambda sims, *_: sims and {**sims, "total": {**sims["total"], "cost": sims["total"]["sim_hosting_fees"]}},
    )


@defect("arithmetic")
def a_tariff_costs_its_first_zone(plant: Plant) -> None:
    """Only with several rate zones: a data tariff costs what its first one does."""
    _part(
        plant,
        "_data_tariff",
        lambda part, lines: {"cost": part["ratezone"][0]["cost"]} if len(part["ratezone"]) > 1 else {},
    )


@defect("arithmetic")
def volumes_are_added_up_in_bytes(plant: Plant) -> None:
    """Only in the total: the volume of data is in other units than its parts."""
    _part(plant, "_traffic_total", lambda part, lines: {"volume": part["volume"] * 1024})


@defect("arithmetic")
def a_zone_shows_its_first_country_s_volume(plant: Plant) -> None:
    """Only with several countries: a rate zone's volume is the first one's."""
    _part(
        plant,
        "_data_zone",
        lambda part, lines: {"volume": part["countries"][0]["volume"]} if len(part["countries"]) > 1 else {},
    )


@defect("arithmetic")
def countries_cost_their_zone_s_rate(plant: Plant) -> None:
    """Only for a country with a price of its own: it costs the zone's."""
    _part(
        plant,
        "_data_country",
        lambda part, lines: {"cost": amounts.places(sum(line.quantity * line.rate.per_unit for line in lines), 10)},
    )


@defect("arithmetic")
def covered_traffic_costs_its_price(plant: Plant) -> None:
    """Only where a package covers data: the zone costs its nominal price."""
    _part(plant, "_data_zone", lambda part, lines: {"cost": amounts.number(sum(line.nominal for line in lines))})


@defect("arithmetic")
def covered_volume_is_the_whole_package(plant: Plant) -> None:
    """Only where a package covers a part: data_package_volume is all of the traffic."""
    _part(
        plant,
        "_data_zone",
        lambda part, lines: {"data_package_volume": amounts.number(sum(line.quantity for line in lines))},
    )


@defect("arithmetic")
def a_zone_of_messages_costs_a_message(plant: Plant) -> None:
    """A rate zone of SMS costs what one message costs."""
    _part(plant, "_sms_zone", lambda part, lines: {"cost": amounts.number(lines[0].price)})


@defect("arithmetic")
def one_off_charges_are_listed_at_twice_their_cost(plant: Plant) -> None:
    """Only with one-off charges: a charge is listed with twice what the sub-total has of it."""
    plant.after(amounts, "_one_off", lambda item, *_: {**item, "cost": item["cost"] * 2})


# --- form and parties ----------------------------------------------------------------------------


@defect("form")
def empty_members_are_left_out(plant: Plant) -> None:
    """What is null is not there."""
    _bill(plant, lambda bill: {name: value for name, value in bill.items() if value is not None})


@defect("form")
def country_costs_have_six_places(plant: Plant) -> None:
    """A country's cost has six decimals, not ten."""
    _part(plant, "_data_country", lambda part, lines: {"cost": part["cost"][:-4]})


@defect("form")
def costs_are_strings(plant: Plant) -> None:
    """total.cost is a string."""
    _tree(plant, lambda tree: {**tree, "total": {**tree["total"], "cost": str(tree["total"]["cost"])}})


@defect("agreement")
def packages_are_always_in_dollars(plant: Plant) -> None:
    """Monthly charges are in USD whatever the bill is in."""
    plant.around(amounts, "_currency", lambda currency: lambda code: currency("USD"))


@defect("agreement")
def periods_end_on_the_thirtieth(plant: Plant) -> None:
    """Only for months of other lengths: the period ends on day 30."""
    _bill(plant, lambda bill: {**bill, "period": _on_the_thirtieth(bill["period"])})


def _on_the_thirtieth(period: str) -> str:
    head, _, year = period.rpartition(", ")
    return f"{head.rpartition(' ')[0]} 30, {year}"


@defect("agreement")
def a_bill_is_for_the_month_after(plant: Plant) -> None:
    """period names the month after the bill's."""
    plant.around(
        serializers, "period_in_words", lambda words: lambda month: words(month + 1 if month % 100 < 12 else month + 89)
    )


@defect("identity")
def a_zone_comes_for_each_use(plant: Plant) -> None:
    """Only with several uses: a rate zone comes as often as it was used."""
    plant.put(amounts, "_zones", lambda lines: [[line] for line in lines])


@defect("identity")
def a_country_comes_for_each_use(plant: Plant) -> None:
    """Only for a country that was used twice: it comes twice."""
    plant.put(
        amounts,
        "_countries",
        lambda lines: [
            [line]
            for line in (
                *lines,
                *(replace(each, quantity=each.quantity * 0, covered=each.covered * 0) for each in lines[:1]),
            )
        ],
    )


@defect("agreement")
def split_bills_do_not_name_the_profile(plant: Plant) -> None:
    """Only where a bill is split: its tariffs lack tariff_profile."""
    plant.after(
        amounts,
        "_data_tariff",
        lambda part, *_: {name: value for name, value in part.items() if name != "tariff_profile"},
    )


@defect("agreement")
def split_bills_list_one_profile(plant: Plant) -> None:
    """Only where a bill is split: sim_items lists the first profile alone."""
    plant.after(amounts, "_profiles", lambda found, *_: found[:1])


@defect("agreement")
def the_customer_is_the_issuer(plant: Plant) -> None:
    """customer_org is the organisation that issues the bill."""
    _bill(plant, lambda bill: {**bill, "customer_org": {**bill["customer_org"], "id": bill["issuer_org"]["id"]}})


@defect("agreement")
def previews_cannot_be_refreshed(plant: Plant) -> None:
    """refresh_allowed is false before there is an invoice."""
    _bill(plant, lambda bill: {**bill, "refresh_allowed": False})


@defect("agreement")
def payment_option_comes_with_the_first_payment(plant: Plant) -> None:
    """Only for bills paid in part: payment_option is there already."""

    def early(option: Any, bill: Any) -> Any:
        paid = serializers._money_for(bill)
        return option or (
            {"id": 1, "type": "card", "description": "Card", "paid_at": "2026-02-02T09:00:00.000+0000"}
            if paid
            else None
        )

    plant.after(serializers, "payment_option", early)


@defect("agreement")
def total_paid_counts_what_was_sent(plant: Plant) -> None:
    """Only for overpaid bills: total_paid is more than the total."""
    _invoice(plant, lambda shown, bill: {"total_paid": sum(p.amount for each in bill.bills for p in each.payments)})


@defect("agreement")
def total_paid_is_what_remains(plant: Plant) -> None:
    """total_paid is zero for a bill that was paid."""
    _invoice(plant, lambda shown, bill: {"total_paid": sum(each.remaining for each in bill.bills)})


# --- refreshing and time -------------------------------------------------------------------------


@defect("reading")
def a_refresh_reopens_the_bill(plant: Plant) -> None:
    """force_refresh takes the invoice away from a final bill."""

    def refreshed(answer: Response, request: Any, world: World) -> Response:
        if request.query.get("force_refresh") and isinstance(answer.body, dict):
            return replace(answer, body={**answer.body, "invoice": None, "refresh_allowed": True})
        return answer

    ways.answers(plant, api, BILL, refreshed)


@defect("reading")
def a_refresh_doubles_the_preview(plant: Plant) -> None:
    """force_refresh adds a preview's total to itself."""

    def refreshed(answer: Response, request: Any, world: World) -> Response:
        if request.query.get("force_refresh") and answer.body["refresh_allowed"]:
            total = answer.body["total"]
            return replace(answer, body={**answer.body, "total": {**total, "cost": total["cost"] * 2 + 1}})
        return answer

    ways.answers(plant, api, BILL, refreshed)


@defect("lifecycle")
def invoiced_bills_stay_refreshable(plant: Plant) -> None:
    """refresh_allowed stays true when the invoice is there."""
    _bill(plant, lambda bill: {**bill, "refresh_allowed": True})


@defect("lifecycle")
def an_invoice_brings_an_item_of_its_own(plant: Plant) -> None:
    """Only for final bills: invoice_items has an item that the preview had not."""

    def dearer(bill: Any) -> Any:
        if bill["invoice"] is None:
            return bill
        return {
            **bill,
            "traffic": bill["traffic"],
            "invoice_items": [*(bill["invoice_items"] or ()), {"cost": 0, "currency": bill["total"]["currency"]}],
        }

    _bill(plant, dearer)


@defect("lifecycle")
def final_bills_age(plant: Plant) -> None:
    """Only as time passes: the total of a final bill changes from day to day."""

    def around(details: Any) -> Any:
        def shown(world: World, org_id: int, book: Any, bill: Any) -> Any:
            body = details(world, org_id, book, bill)
            if body["invoice"] is None or bill.month >= month_key(world.today):
                return body
            return {**body, "total": {**body["total"], "cost": body["total"]["cost"] + world.today.toordinal()}}

        return shown

    plant.around(serializers, "bill_details", around)


@defect("reading")
def reading_counts_itself(plant: Plant) -> None:
    """Every reading of a bill changes the description of its period."""
    count = [0]

    def counted(bill: Any) -> Any:
        count[0] += 1
        return {**bill, "customer_org": {**bill["customer_org"], "monthly_cost_limit": count[0]}}

    _bill(plant, counted)


# --- periods -------------------------------------------------------------------------------------


@defect("reading")
def periods_describe_the_month_after(plant: Plant) -> None:
    """202601 is described as February 2026."""
    plant.put(
        serializers,
        "period",
        lambda month: {"id": month, "description": f"{serializers.MONTHS[month % 100 % 12]} {month // 100}"},
    )


@defect("reading")
def previews_are_not_listed(plant: Plant) -> None:
    """The list of periods has invoiced months only; previews are answered all the same."""
    plant.around(
        handlers,
        "months_with_a_bill",
        lambda old: (
            lambda book, today: [
                m for m in old(book, today) if not (b := months.monthly_bill(book, m, today)) or not b.is_preview
            ]
        ),
    )


@defect("reading")
def future_months_are_answered(plant: Plant) -> None:
    """A month that is not listed is answered with the newest one's bill."""

    def around(monthly: Any) -> Any:
        def bill(book: Any, month: int, today: Any) -> Any:
            listed = months.months_with_a_bill(book, today)
            return monthly(book, month, today) or (monthly(book, listed[-1], today) if listed else None)

        return bill

    plant.around(handlers, "monthly_bill", around)


@defect("counts")
def total_count_is_the_page_size(plant: Plant) -> None:
    """X-Total-Count is 100."""
    ways.heads(plant, api, PERIODS, lambda heads, body: {**heads, "X-Total-Count": "100"} if heads else heads)


@defect("counts")
def there_is_always_another_page(plant: Plant) -> None:
    """X-Total-Pages is 2."""
    ways.heads(plant, api, PERIODS, lambda heads, body: {**heads, "X-Total-Pages": "2"} if heads else heads)


# --- refusals ------------------------------------------------------------------------------------


@defect("errors")
def an_unreadable_organisation_is_not_found(plant: Plant) -> None:
    """org_id=abc gets 404."""

    def read(texts: list[str], value: Any) -> Any:
        try:
            return value(texts)
        except ApiError:
            return 10**15

    ways.reads(plant, ("org_id",), read)


@defect("errors")
def an_unknown_organisation_is_empty(plant: Plant) -> None:
    """The periods of an organisation that nobody has are an empty list."""

    def around(listed: Any) -> Any:
        def periods(request: Any, world: World) -> Response:
            try:
                found: Response = listed(request, world)
            except ApiError as refusal:
                if refusal.reason != "unknown_resource":
                    raise
                return Response(200, [])
            return found

        return periods

    plant.around(api.routes, PERIODS, around)


@defect("auth")
def foreign_organisations_are_shown(plant: Plant) -> None:
    """A token for one organisation sees them all."""
    plant.put(handlers, "_pays_for", lambda world, payer, customer: True)


@defect("errors")
def periods_are_cut_to_six_digits(plant: Plant) -> None:
    """Only for longer texts: billing_period=2026011 is taken for 202601."""
    ways.reads(plant, ("billing_period",), lambda texts, read: read([texts[0][:6]]))


@defect("errors")
def month_thirteen_is_not_found(plant: Plant) -> None:
    """billing_period=202613 gets 404."""
    plant.put(handlers, "_month", int)


@defect("errors")
def error_codes_are_http_statuses(plant: Plant) -> None:
    """error_code is the HTTP status."""
    ways.error_says(
        plant,
        api,
        lambda answer, refusal: (
            replace(answer, body={**answer.body, "error_code": answer.status})
            if "error_code" in (answer.body or {})
            else answer
        ),
    )


@defect("errors")
def answers_are_in_latin_1(plant: Plant) -> None:
    """The Content-Type says ISO-8859-1."""
    for operation in (PERIODS, BILL):
        ways.answers(
            plant,
            api,
            operation,
            lambda answer, *_: replace(answer, media_type="application/json;charset=ISO-8859-1"),
        )


# --- who gets in, and logins ---------------------------------------------------------------------


@defect("auth")
def anybody_may_read(plant: Plant) -> None:
    """A request without a credential is answered."""
    ways.lets_in(plant, api, ways.without_credential)


@defect("auth")
def any_token_will_do(plant: Plant) -> None:
    """A token that nobody issued is taken."""
    ways.lets_in(plant, api, ways.with_wrong_one)


@defect("auth")
def a_broken_token_is_an_api_error(plant: Plant) -> None:
    """A token that cannot be read gets the API's error body, not the gateway's."""

    def ours(answer: Response, refusal: ApiError) -> Response:
        if refusal.reason != "unauthenticated":
            return answer
        return replace(answer, body={"error_code": 1102, "error_token": "InvalidToken", "message": refusal.message})

    ways.error_says(plant, api, ours)


@defect("auth")
def the_forbidden_may(plant: Plant) -> None:
    """A credential without permission is answered."""
    ways.lets_in(plant, api, ways.forbidden)


@defect("auth")
def a_wrong_login_gets_a_token(plant: Plant) -> None:
    """A login with a token that nobody has is accepted."""
    plant.put(login, "_known", lambda key, world: key if world.grant(key) else "counterfoil-key")


@defect("auth")
def a_refused_login_has_a_body(plant: Plant) -> None:
    """A refused login is told why."""
    ways.answers(
        plant,
        api,
        LOGIN,
        lambda answer, *_: Response(401, {"message": "wrong password"}) if answer.status == 401 else answer,
    )


@defect("auth")
def two_logins_at_once_are_taken(plant: Plant) -> None:
    """A login of two kinds at once is not refused."""
    ways.any_body(plant)


@defect("auth")
def applications_get_a_refresh_token(plant: Plant) -> None:
    """A login by application token gets a refresh_token."""
    ways.body_of(plant, api, LOGIN, lambda body: {"refresh_token": body["auth_token"], **body})


@defect("auth")
def users_get_no_refresh_token(plant: Plant) -> None:
    """Only for users: their login gets no refresh_token."""
    ways.body_of(plant, api, LOGIN, lambda body: {"auth_token": body["auth_token"]})


@defect("auth")
def tokens_are_no_jwt(plant: Plant) -> None:
    """auth_token is not in three parts, and does not open the door."""
    ways.body_of(plant, api, LOGIN, lambda body: {**body, "auth_token": body["auth_token"].replace(".", "-")})


@defect("auth")
def a_refresh_token_opens_the_door(plant: Plant) -> None:
    """A refresh token is taken for an access token."""

    def around(authenticate: Any) -> Any:
        def asked(headers: Any, world: World) -> Principal:
            token = world.tokens.find(headers.get("authorization", "").partition(" ")[2])
            if token is not None and token.api == login.REFRESH:
                return Principal(token.key)
            found: Principal = authenticate(headers, world)
            return found

        return asked

    plant.around(api, "authenticate", around)


@defect("auth")
def login_looks_at_the_header(plant: Plant) -> None:
    """A login with a stale Authorization header is 401."""

    def around(authenticate: Any) -> Any:
        def asked(request: Any, world: World) -> Response:
            if "authorization" in request.headers:
                return Response(401)
            answer: Response = authenticate(request, world)
            return answer

        return asked

    plant.around(api.routes, LOGIN, around)


@defect("auth")
def logins_are_never_blocked(plant: Plant) -> None:
    """A fourth wrong login is 401, too."""
    plant.put(login, "FAILURES_ALLOWED", 10**6)


@defect("auth")
def logins_are_blocked_a_second_longer(plant: Plant) -> None:
    """Only in the last second: the block lasts five minutes and one second."""
    plant.put(login, "BLOCK", timedelta(minutes=5, seconds=1))


@defect("auth")
def a_block_is_for_everybody(plant: Plant) -> None:
    """Three wrong logins block every credential."""
    plant.put(login, "_name_of_attempt", lambda body: "emnify everybody")


@defect("auth")
def token_never_expires(plant: Plant) -> None:
    """A token is good for ever."""
    plant.put(login, "TOKEN_MINUTES", 60 * 24 * 365)


@defect("auth")
def token_expires_a_minute_early(plant: Plant) -> None:
    """Only the last minute of a token: it is good for 239."""
    plant.put(login, "TOKEN_MINUTES", 239)


@defect("auth")
def token_works_at_the_instant_it_ends(plant: Plant) -> None:
    """Only at the boundary instant: the token is still good."""
    ways.works_when_it_ends(plant, api)


@defect("agreement")
def overdue_bills_are_paid(plant: Plant) -> None:
    """Only when late: an invoice that fell due shows a payment_option."""
    plant.after(
        serializers,
        "payment_option",
        lambda option, bill: (
            option
            or (
                {"id": 1, "type": "card", "description": "Card", "paid_at": ""}
                if bill.bills and not any(b.paid for b in bill.bills)
                else None
            )
        ),
    )
