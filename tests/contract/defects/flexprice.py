"""Defects of the flexprice stand-in: currencies, what counts as unpaid and overdue, charges, forms, headers, who gets in."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from counterfoil.ledger.records import OneOffLine, UsageLine

from counterfoil.api import Response
from counterfoil.apis.flexprice import api, handlers, serializers, summary
from counterfoil.ledger.money import ZERO
from counterfoil.ledger.periods import start_of
from counterfoil.ledger.receivables import Settlement, bills_of
from counterfoil.world.world import World

from . import ways
from .plant import Plant, defects_of
from .ways import replace

SUMMARY = "GET /customers/{id}/invoices/summary"
OPTIONS = "OPTIONS /customers/{id}/invoices/summary"
defect = defects_of("flexprice", scenario="multi-currency")


def _answers(plant: Plant, change: Any) -> None:
    ways.body_of(plant, api, SUMMARY, change)


def _each(plant: Plant, change: Any) -> None:
    """Each summary is shown as ``change(summary)``."""
    plant.after(serializers, "_summary", lambda shown, *_: {**shown, **change(shown)})


def _sums(plant: Plant, change: Any) -> None:
    """Sums are ``change(sums, bills, now)``."""

    def around(sum_up: Any) -> Any:
        def summed(currency: str, bills: Any, now: Any) -> Any:
            counted = list(bills)
            return change(sum_up(currency, counted, now), counted, now)

        return summed

    plant.around(summary, "_sum_up", around)


def _unpaid(plant: Plant, is_unpaid: Any) -> None:
    """Unpaid are the bills that ``is_unpaid(bill)`` says, with their charges."""

    def changed(sums: Any, bills: Any, now: Any) -> Any:
        unpaid = [bill for bill in bills if is_unpaid(bill)]
        lines = [line for bill in unpaid for line in bill.invoice.lines]
        return replace(
            sums,
            unpaid=sum((bill.remaining for bill in unpaid), ZERO),
            unpaid_count=len(unpaid),
            usage=sum((line.amount for line in lines if isinstance(line, UsageLine)), ZERO),
            fixed=sum((line.amount for line in lines if not isinstance(line, UsageLine)), ZERO),
        )

    _sums(plant, changed)


# --- one answer ----------------------------------------------------------------------------------


@defect("form")
def counts_are_strings(plant: Plant) -> None:
    """Counts come as strings, as amounts do."""
    _each(plant, lambda shown: {"total_invoice_count": str(shown["total_invoice_count"])})


@defect("form")
def zero_amounts_are_left_out(plant: Plant) -> None:
    """Only where nothing is overdue: the member is missing."""

    def without(body: Any) -> Any:
        kept = [
            {name: value for name, value in each.items() if name != "total_overdue_amount" or value != "0"}
            for each in body["summaries"]
        ]
        return {**body, "summaries": kept}

    _answers(plant, without)


@defect("agreement")
def inner_customer_is_the_payer(plant: Plant) -> None:
    """Summaries name another customer than was asked for."""
    _each(
        plant,
        lambda shown: {"customer_id": "cust_00000001" if shown["customer_id"] != "cust_00000001" else "cust_00000002"},
    )


@defect("agreement")
def default_currency_is_the_last(plant: Plant) -> None:
    """Only for a second currency: the default is that of the oldest subscription."""
    _answers(plant, lambda body: {**body, "default_currency": ([""] + [s["currency"] for s in body["summaries"]])[-1]})


@defect("agreement")
def default_currency_is_always_there(plant: Plant) -> None:
    """Only for a customer without summaries: the default is eur."""
    _answers(plant, lambda body: {**body, "default_currency": body["default_currency"] or "eur"})


@defect("identity")
def currencies_come_in_capitals(plant: Plant) -> None:
    """currency is EUR, not eur."""
    _answers(
        plant,
        lambda body: {
            **body,
            "default_currency": body["default_currency"].upper(),
            "summaries": [{**each, "currency": each["currency"].upper()} for each in body["summaries"]],
        },
    )


@defect("identity")
def a_currency_comes_for_each_subscription(plant: Plant) -> None:
    """Only for a second subscription: its currency comes twice."""

    def around(currencies: Any) -> Any:
        def listed(world: World, book: Any) -> list[str]:
            found: list[str] = currencies(world, book)
            return found + found[:1] if len(book.subscriptions) > 1 else found

        return listed

    plant.around(summary, "_currencies", around)


# --- one summary ---------------------------------------------------------------------------------


@defect("form")
def amounts_have_two_decimals(plant: Plant) -> None:
    """100 is written 100.00."""
    plant.put(serializers, "amount", lambda value: f"{value:.2f}")


@defect("form")
def small_amounts_have_an_exponent(plant: Plant) -> None:
    """Only for round amounts: 100 is written 1E+2."""
    plant.put(serializers, "amount", lambda value: str(value.normalize()))


@defect("arithmetic", scenario="late-payer")
def overdue_count_holds_paid_invoices(plant: Plant) -> None:
    """Every invoice past its due date is overdue, paid or not."""
    _sums(
        plant,
        lambda sums, bills, now: replace(sums, overdue_count=sum(start_of(b.invoice.due_on) < now for b in bills)),
    )


@defect("arithmetic")
def unpaid_amount_holds_the_overdue_twice(plant: Plant) -> None:
    """Only for late payers: what is overdue is added to what is unpaid."""
    _sums(plant, lambda sums, bills, now: replace(sums, unpaid=sums.unpaid + sums.overdue))


@defect("arithmetic", scenario="late-payer")
def overdue_amount_is_the_whole_invoice(plant: Plant) -> None:
    """Only for invoices paid in part: overdue counts the whole of them."""

    def changed(sums: Any, bills: Any, now: Any) -> Any:
        late = [b for b in bills if b.remaining > 0 and start_of(b.invoice.due_on) < now]
        return replace(sums, overdue=sum((b.total for b in late), ZERO))

    _sums(plant, changed)


@defect("arithmetic", scenario="every-state")
def revenue_is_kept_without_invoices(plant: Plant) -> None:
    """Only without an invoice: revenue is 1."""
    _sums(plant, lambda sums, bills, now: replace(sums, revenue=sums.revenue if bills else Decimal(1)))


@defect("arithmetic")
def charges_stay_after_payment(plant: Plant) -> None:
    """Usage and fixed charges count every invoice, paid ones too."""

    def changed(sums: Any, bills: Any, now: Any) -> Any:
        lines = [line for bill in bills for line in bill.invoice.lines]
        return replace(sums, fixed=sum((line.amount for line in lines if not isinstance(line, UsageLine)), ZERO))

    _sums(plant, changed)


@defect("arithmetic")
def overdue_without_overdue_invoice(plant: Plant) -> None:
    """What is not due yet is in the overdue amount, not in the count."""
    _sums(plant, lambda sums, bills, now: replace(sums, overdue=sums.unpaid))


@defect("arithmetic")
def charges_are_in_cents(plant: Plant) -> None:
    """unpaid_usage_charges and unpaid_fixed_charges are a hundred times what they are."""
    _sums(plant, lambda sums, bills, now: replace(sums, usage=sums.usage * 100, fixed=sums.fixed * 100))


@defect("arithmetic")
def revenue_leaves_the_tax_out(plant: Plant) -> None:
    """total_revenue_amount is net."""
    _sums(plant, lambda sums, bills, now: replace(sums, revenue=sum((b.net for b in bills), ZERO)))


@defect("arithmetic")
def unpaid_count_is_the_total(plant: Plant) -> None:
    """unpaid_invoice_count counts every invoice, and one more."""
    _sums(plant, lambda sums, bills, now: replace(sums, unpaid_count=sums.count + 1))


# --- any id, headers -----------------------------------------------------------------------------


@defect("reading")
def a_free_number_is_not_found(plant: Plant) -> None:
    """Only for ids of the usual form: one that nobody has is 404."""

    def answered(answer: Response, request: Any, world: World) -> Response:
        number = serializers.customer_number(request.path["id"])
        known = number is None or world.ledger.knows(number)
        return (
            answer
            if known
            else Response(404, {"code": "not_found", "message": "no such customer", "http_status_code": 404})
        )

    ways.answers(plant, api, SUMMARY, answered)


@defect("reading")
def ids_are_cut_at_a_space(plant: Plant) -> None:
    """Only for ids with a space: they come back without what follows it."""
    _answers(plant, lambda body: {**body, "customer_id": body["customer_id"].split(" ")[0]})


@defect("reading")
def ids_come_back_in_small_letters(plant: Plant) -> None:
    """customer_id is the id asked for in small letters."""
    _answers(plant, lambda body: {**body, "customer_id": body["customer_id"].lower()})


@defect("reading")
def reading_marks_as_seen(plant: Plant) -> None:
    """Every reading counts itself among the invoices."""
    count = [0]

    def counted(shown: Any) -> Any:
        count[0] += 1
        return {"total_invoice_count": shown["total_invoice_count"] + count[0]}

    _each(plant, counted)


@defect("headers")
def errors_lack_the_security_headers(plant: Plant) -> None:
    """Only on errors: the security headers are missing."""
    ways.error_says(plant, api, lambda answer, refusal: replace(answer, headers=()))


@defect("headers")
def request_ids_are_not_echoed(plant: Plant) -> None:
    """X-Request-ID is always the server's own."""
    plant.put(serializers, "echoed", lambda sent: None)


@defect("headers")
def request_ids_are_all_the_same(plant: Plant) -> None:
    """Without one sent, every answer has the same X-Request-ID."""
    plant.around(serializers, "_made_id", lambda made: lambda world, asked: made(world, ""))


@defect("headers")
def a_browser_from_elsewhere_may_not_ask(plant: Plant) -> None:
    """OPTIONS names one origin."""
    ways.heads(
        plant,
        api,
        OPTIONS,
        lambda heads, body: {**heads, "Access-Control-Allow-Origin": "https://flexprice.example.com"},
    )


@defect("headers")
def options_has_no_answer(plant: Plant) -> None:
    """OPTIONS is 204."""
    ways.answers(plant, api, OPTIONS, lambda answer, *_: replace(answer, status=204))


# --- who gets in, and errors ---------------------------------------------------------------------


@defect("auth")
def anybody_may_read(plant: Plant) -> None:
    """A request without a credential is answered."""
    ways.lets_in(plant, api, ways.without_credential)


@defect("auth")
def any_key_will_do(plant: Plant) -> None:
    """A key that nobody has is taken."""
    ways.lets_in(plant, api, ways.with_wrong_one)


@defect("auth")
def a_basic_login_is_a_bad_token(plant: Plant) -> None:
    """Only for other schemes than bearer: they are called an invalid token."""
    plant.put(serializers, "WRONG_SCHEME", "Invalid token")


@defect("auth")
def the_forbidden_may(plant: Plant) -> None:
    """A key without permission is answered."""
    ways.lets_in(plant, api, ways.forbidden)


@defect("auth", scenario="every-state")
def a_narrow_key_sees_everything(plant: Plant) -> None:
    """A key that sees one customer finds them all."""
    plant.put(handlers, "_may_see", lambda principal, customer, world: True)


@defect("errors")
def unrouted_paths_are_json(plant: Plant) -> None:
    """A path that is not routed is answered with the declared error body."""

    def json(answer: Response, refusal: Any) -> Response:
        if refusal.reason != "unknown_path":
            return answer
        return Response(404, {"code": "not_found", "message": "not found", "http_status_code": 404}, answer.headers)

    ways.error_says(plant, api, json)


@defect("errors")
def a_wrong_method_is_405(plant: Plant) -> None:
    """POST gets 405."""
    ways.refuses_as(plant, "method_not_allowed", 405)


@defect("errors")
def the_body_tells_another_status(plant: Plant) -> None:
    """http_status_code is 500 in every error."""
    plant.after(serializers, "_flat", lambda body, refusal: {**body, "http_status_code": 500})


@defect("errors")
def every_error_is_a_system_error(plant: Plant) -> None:
    """code is system_error whatever the status."""
    plant.after(serializers, "_flat", lambda body, refusal: {**body, "code": "system_error"})


# --- what payments, time and subscriptions do ----------------------------------------------------


@defect("lifecycle")
def part_payments_do_not_count(plant: Plant) -> None:
    """Only for invoices paid in part: the whole of them is unpaid."""
    _sums(
        plant,
        lambda sums, bills, now: replace(
            sums, unpaid=sum((b.total for b in bills if b.settlement is not Settlement.PAID), ZERO)
        ),
    )


@defect("lifecycle")
def a_part_payment_settles(plant: Plant) -> None:
    """Only for invoices paid in part: they count as paid."""
    _unpaid(plant, lambda bill: bill.settlement is not Settlement.PAID and not bill.paid)


@defect("lifecycle")
def a_promise_settles(plant: Plant) -> None:
    """Only for pending payments: the invoice counts as paid."""
    _unpaid(plant, lambda bill: bill.settlement is not Settlement.PAID and not bill.payments)


@defect("lifecycle")
def paid_invoices_stay_unpaid(plant: Plant) -> None:
    """unpaid_invoice_count does not fall when an invoice is paid."""
    _sums(plant, lambda sums, bills, now: replace(sums, unpaid_count=sums.count))


@defect("lifecycle")
def a_refund_changes_nothing(plant: Plant) -> None:
    """Only for refunds: the invoice stays paid."""
    _unpaid(plant, lambda bill: bill.settlement not in (Settlement.PAID, Settlement.REFUNDED, Settlement.PART_REFUNDED))


@defect("lifecycle")
def overpaid_is_paid(plant: Plant) -> None:
    """Only for overpaid invoices: they count as paid."""
    _unpaid(plant, lambda bill: bill.settlement not in (Settlement.PAID, Settlement.OVERPAID))


@defect("lifecycle")
def void_invoices_stay_in_the_revenue(plant: Plant) -> None:
    """A void invoice is counted on."""
    plant.put(summary, "_not_void", lambda book: list(bills_of(book)))


@defect("lifecycle")
def new_invoices_show_in_the_revenue_late(plant: Plant) -> None:
    """The newest invoice is counted as unpaid and left out of the revenue."""

    def changed(sums: Any, bills: Any, now: Any) -> Any:
        newest = max(bills, key=lambda bill: bill.invoice.issued_at, default=None)
        return replace(sums, revenue=sums.revenue - (newest.total if newest else ZERO))

    _sums(plant, changed)


@defect("lifecycle")
def one_off_charges_are_usage(plant: Plant) -> None:
    """Only for one-off charges: they are among the usage, not the fixed charges."""

    def changed(sums: Any, bills: Any, now: Any) -> Any:
        unpaid = [bill for bill in bills if bill.settlement is not Settlement.PAID]
        extra = sum((ln.amount for b in unpaid for ln in b.invoice.lines if isinstance(ln, OneOffLine)), ZERO)
        return replace(sums, usage=sums.usage + extra, fixed=sums.fixed - extra)

    _sums(plant, changed)


@defect("lifecycle")
def overdue_at_the_instant_it_is_due(plant: Plant) -> None:
    """Only at the boundary instant: an invoice is overdue as its due date begins."""
    plant.around(
        summary,
        "_sum_up",
        lambda sum_up: lambda currency, bills, now: sum_up(currency, bills, now + timedelta(microseconds=1)),
    )


@defect("lifecycle")
def overdue_after_the_due_date_ends(plant: Plant) -> None:
    """Only on the day an invoice is due: it is overdue a day later."""
    plant.around(
        summary, "_sum_up", lambda sum_up: lambda currency, bills, now: sum_up(currency, bills, now - timedelta(days=1))
    )


@defect("lifecycle")
def oldest_subscription_comes_first(plant: Plant) -> None:
    """Only for a second subscription: currencies come in the order they were taken."""
    plant.after(summary, "_currencies", lambda found, *_: found[::-1])


@defect("lifecycle")
def only_the_newest_currency_counts(plant: Plant) -> None:
    """Only for a second currency: its summary is missing."""
    plant.after(summary, "_currencies", lambda found, *_: found[:1])


@defect("lifecycle")
def paused_subscriptions_count(plant: Plant) -> None:
    """Only for paused subscriptions: their currency stays."""
    _counts_states(plant, ("active", "paused"))


@defect("lifecycle")
def cancelled_subscriptions_count(plant: Plant) -> None:
    """Only for cancelled subscriptions: their currency stays."""
    _counts_states(plant, ("active", "cancelled"))


def _counts_states(plant: Plant, states: tuple[str, ...]) -> None:
    def currencies(world: World, book: Any) -> list[str]:
        counted = (each for each in reversed(book.subscriptions) if each.state_on(world.today) in states)
        return list(dict.fromkeys(each.tariff.currency.lower() for each in counted))

    plant.put(summary, "_currencies", currencies)


@defect("lifecycle")
def invoices_of_all_currencies_are_added_up(plant: Plant) -> None:
    """Only for a second currency: each summary counts the invoices of all."""
    considered: dict[int, Any] = {}

    def noted(found: Any, world: World, customer: int, book: Any) -> Any:
        considered[0] = found
        return found

    plant.after(summary, "_considered", noted)
    plant.around(
        summary,
        "_sum_up",
        lambda sum_up: (
            lambda currency, bills, now: sum_up(currency, [*bills, *considered[0]][: len(considered[0])], now)
        ),
    )
