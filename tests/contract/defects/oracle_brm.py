"""Defects of the Oracle BRM stand-in: filters of every kind, pages and counts, types and fields, sums of a bill, errors."""

from __future__ import annotations

import operator
import re
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from counterfoil.apis.oracle_brm.selection import FILTERS, ByBook, OneByOne

from counterfoil.api import ApiError, Response
from counterfoil.apis.oracle_brm import api, bills, handlers, selection, serializers
from counterfoil.world.world import World

from . import ways
from .plant import Plant, defects_of
from .ways import replace

LIST, FETCH = "GET /customerBill", "GET /customerBill/{id}"
FIELDS = {**selection._AMOUNTS, **selection._INSTANTS}
defect = defects_of("oracle-brm")


def _compares(plant: Plant, names: Any, suffix: str, compare: Any) -> None:
    """The filters ``names`` with ``suffix`` compare by ``compare(value, bound)``."""
    for name in names:
        make = selection._compare_amount if name in selection._AMOUNTS else selection._compare_instant
        plant.put(FILTERS, name + suffix, make(FIELDS[name], compare))


def _asked(plant: Plant, change: Any, operation: str = LIST) -> None:
    plant.around(
        api.routes,
        operation,
        lambda listed: lambda request, world: listed(replace(request, query=change(dict(request.query))), world),
    )


def _pages(plant: Plant, change: Any) -> None:
    """``change(page, start, stop)`` yields the bills of a page."""
    for kind in (ByBook, OneByOne):
        plant.around(
            kind,
            "page",
            lambda page: lambda self, start, stop: iter(change(lambda a, b: list(page(self, a, b)), start, stop)),
        )


def _issued(plant: Plant, change: Any) -> None:
    """Bills that were issued are ``change(bill)``."""
    plant.after(bills, "_issued", lambda shown, _: change(shown))


def _shows(plant: Plant, member: str, change: Any) -> None:
    """``member`` of every bill is shown as ``change(value, view)``."""
    table = serializers.OF_BILL if member in serializers.OF_BILL else serializers.OF_CUSTOMER
    plant.around(table, member, lambda show: lambda view: change(show(view), view))


def _extended(plant: Plant, change: Any) -> None:
    """A whole extended bill is ``change(bill)``."""
    plant.after(serializers, "bill", lambda shown, owned, fields: change(shown) if owned.view.extended else shown)


# --- comparators ---------------------------------------------------------------------------------


@defect("filtering")
def equal_compares_within_a_cent(plant: Plant) -> None:
    """Amounts are found by a value up to a cent away."""
    _compares(plant, selection._AMOUNTS, "", lambda value, bound: abs(value - bound) < Decimal("0.01"))


@defect("filtering")
def equal_compares_days(plant: Plant) -> None:
    """Timestamps are found by any instant of the same day."""
    _compares(plant, selection._INSTANTS, "", lambda value, bound: value[0].date() == bound[0].date())


@defect("filtering")
def gt_includes_the_bound(plant: Plant) -> None:
    """Only at the boundary: .gt is .gte."""
    _compares(plant, FIELDS, ".gt", operator.ge)


@defect("filtering")
def gte_leaves_the_bound_out(plant: Plant) -> None:
    """Only at the boundary: .gte is .gt."""
    _compares(plant, FIELDS, ".gte", operator.gt)


@defect("filtering")
def lt_includes_the_bound(plant: Plant) -> None:
    """Only at the boundary: .lt is .lte."""
    _compares(plant, FIELDS, ".lt", operator.le)


@defect("filtering")
def lte_leaves_the_bound_out(plant: Plant) -> None:
    """Only at the boundary: .lte is .lt."""
    _compares(plant, FIELDS, ".lte", operator.lt)


@defect("filtering")
def last_update_gte_is_lt(plant: Plant) -> None:
    """lastUpdate.gte does what the slip in the vendor's page says: it is .lt."""
    _compares(plant, ["lastUpdate"], ".gte", operator.lt)


@defect("filtering")
def remaining_filters_look_at_the_total(plant: Plant) -> None:
    """Only for bills that were paid in part: remainingAmount.value compares amountDue."""
    for suffix, compare in selection._COMPARISONS.items():
        plant.put(FILTERS, f"remainingAmount.value{suffix}", selection._compare_amount("total", compare))


@defect("filtering")
def amount_filters_drop_the_cents(plant: Plant) -> None:
    """amountDue.value.gt compares whole units."""
    _compares(plant, ["amountDue.value"], ".gt", lambda value, bound: int(value) > int(bound))


@defect("filtering")
def amounts_compare_as_texts(plant: Plant) -> None:
    """amountDue.value=12.0 does not find 12; nor does remainingAmount.value."""
    _compares(plant, selection._AMOUNTS, "", lambda value, bound: wire_text(value) == str(bound))


def wire_text(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@defect("filtering")
def period_start_filters_look_at_the_end(plant: Plant) -> None:
    """billingPeriod.startDateTime.lt compares the end."""
    plant.put(FILTERS, "billingPeriod.startDateTime.lt", selection._compare_instant("period_end", operator.lt))


@defect("filtering")
def offsets_are_ignored(plant: Plant) -> None:
    """Only with offset timestamps: 02:00+02:00 is taken for 02:00Z."""
    plant.around(
        selection, "instant", lambda read: lambda name, text: read(name, re.sub(r"(?<=\d)[+-]\d\d:\d\d$", "Z", text))
    )


@defect("filtering")
def offsets_turn_the_wrong_way(plant: Plant) -> None:
    """Only with offset timestamps: +02:00 is taken for -02:00."""
    other = str.maketrans("+-", "-+")
    plant.around(
        selection,
        "instant",
        lambda read: (
            lambda name, text: read(
                name, f"{text[:-6]}{text[-6:].translate(other)}" if text[-3] == ":" and text[-6] in "+-" else text
            )
        ),
    )


@defect("filtering")
def half_hours_of_an_offset_are_lost(plant: Plant) -> None:
    """Only with offset timestamps that have minutes: +05:30 is taken for +05:00."""
    plant.around(
        selection, "instant", lambda read: lambda name, text: read(name, re.sub(r"([+-]\d\d):\d\d$", r"\1:00", text))
    )


@defect("filtering")
def fractions_of_a_second_are_lost(plant: Plant) -> None:
    """Only for instants within a second: .gt passes over the milliseconds of its bound."""
    plant.after(selection, "instant", lambda found, *_: (found[0].replace(microsecond=0), 0))


# --- other filters -------------------------------------------------------------------------------


@defect("filtering", scenario="demo")
def bill_number_is_a_prefix(plant: Plant) -> None:
    """billNo=B2-1 finds B2-10 to B2-19, too."""

    def read(wanted: Any, name: str, value: str, reading: Any) -> None:
        if value == selection.NOT_YET_NUMBERED:
            selection._bill_number(wanted, name, value, reading)
        else:
            wanted.of_customers_bill.append(
                lambda customer, bill: (
                    bool(bill.run) and bills.bill_number(customer, bill.account, bill.run).startswith(value)
                )
            )

    plant.put(FILTERS, "billNo", read)


@defect("filtering")
def bill_in_progress_is_a_number_like_others(plant: Plant) -> None:
    """billNo=bill in progress finds nothing."""
    plant.put(FILTERS, "billNo", selection._named(bills.from_bill_number))


@defect("filtering")
def percent_stands_for_one_character(plant: Plant) -> None:
    """In patterns a percent sign is a single character."""
    plant.around(
        selection.Patterns,
        "__init__",
        lambda init: (
            lambda self, texts, one_or_more: _patterns(
                init, self, texts, lambda text: re.escape(text).replace("%", ".")
            )
        ),
    )


@defect("filtering")
def patterns_are_regular_expressions(plant: Plant) -> None:
    """Only where a pattern holds a dot: it stands for any character."""
    plant.around(
        selection.Patterns,
        "__init__",
        lambda init: (
            lambda self, texts, one_or_more: _patterns(init, self, texts, lambda text: text.replace("%", ".*"))
        ),
    )


@defect("filtering")
def patterns_are_not_held_to_the_end(plant: Plant) -> None:
    """A pattern without a percent sign at its end finds longer texts, too."""
    plant.around(
        selection.Patterns,
        "__init__",
        lambda init: (
            lambda self, texts, one_or_more: _patterns(
                init, self, texts, lambda text: re.escape(text).replace("%", ".*") + ".*"
            )
        ),
    )


@defect("filtering")
def patterns_count_one_percent_sign_only(plant: Plant) -> None:
    """Only with two percent signs: the second is a character."""
    plant.around(
        selection.Patterns,
        "__init__",
        lambda init: (
            lambda self, texts, one_or_more: _patterns(
                init, self, texts, lambda text: re.escape(text).replace("%", ".*", 1)
            )
        ),
    )


def _patterns(init: Any, self: Any, texts: Any, expression: Any) -> None:
    """Patterns that fit by a regular expression of their own, asked of every bill."""
    texts = list(texts)
    init(self, texts, False)

    def fits(text: str) -> Any:
        return any(re.fullmatch(expression(each), text) for each in texts)

    self.fit, self.name_whole_runs = fits, False
    self.may_fit_run = lambda run: True


@defect("filtering")
def remaining_like_looks_at_the_total(plant: Plant) -> None:
    """Only for bills that were paid: remainingAmount.value.like is asked of the total."""

    def read(wanted: Any, name: str, value: str, reading: Any) -> None:
        patterns = selection.Patterns((value,), reading.one_or_more)
        wanted.of_bill.append(lambda bill: bool(patterns.fit(f"{bill.total:f}")))

    plant.put(FILTERS, "remainingAmount.value.like", read)


@defect("filtering", scenario="multi-currency")
def account_filter_finds_all_of_a_customer(plant: Plant) -> None:
    """Only for a customer's second account: billingAccount.id finds the bills of the first, too."""
    plant.put(
        FILTERS,
        "billingAccount.id",
        selection._named(lambda text: (name := bills.from_account(text)) and _Whoever(*name)),
    )


class _Whoever(bills.Name):
    def fits(self, customer: int, bill: Any) -> bool:
        return self.customer == customer


@defect("filtering")
def account_filter_finds_the_neighbour(plant: Plant) -> None:
    """billingAccount.id finds the next account's bills."""
    plant.put(
        FILTERS,
        "billingAccount.id",
        selection._named(lambda text: (name := bills.from_account(text)) and name._replace(customer=name.customer + 1)),
    )


@defect("filtering")
def accounts_have_no_number(plant: Plant) -> None:
    """billingAccount.id takes ids only, no account numbers."""
    plant.put(
        FILTERS,
        "billingAccount.id",
        selection._named(lambda text: None if text.startswith("A-") else bills.from_account(text)),
    )


@defect("filtering")
def id_filter_finds_the_account(plant: Plant) -> None:
    """id finds all bills of the same account."""
    plant.put(
        FILTERS, "id", selection._named(lambda text: (name := bills.from_bill_id(text)) and name._replace(ordinal=None))
    )


@defect("filtering")
def a_plus_is_a_space(plant: Plant) -> None:
    """An id whose plus signs arrive as spaces is not found."""
    plant.put(bills, "with_plus", lambda text: text)


@defect("filtering")
def settled_finds_partially_paid(plant: Plant) -> None:
    """state=settled finds bills that are paid in part, too."""

    def read(wanted: Any, name: str, value: str, reading: Any) -> None:
        states = {value, "partiallyPaid"} if value == "settled" else {value}
        wanted.of_bill.append(lambda bill: bill.state in states)

    plant.put(FILTERS, "state", read)


@defect("filtering")
def only_the_last_filter_counts(plant: Plant) -> None:
    """Only under a second filter: of the tests on a bill, the last one decides."""

    def last(select: Any) -> Any:
        def selected(world: Any, wanted: Any, plan: Any) -> Any:
            wanted.of_bill[:] = wanted.of_bill[-1:]
            return select(world, wanted, plan)

        return selected

    for name in ("_by_book", "_one_by_one"):
        plant.around(selection, name, last)


@defect("filtering")
def only_the_last_bound_counts(plant: Plant) -> None:
    """Only with two bounds on billDate: the first is passed over."""

    def read(_: Any) -> Any:
        def selected(world: Any, filters: Any, visible: Any) -> Any:
            names = [name for name in filters if name.startswith("billDate.")]
            if len(names) < 2:
                return _(world, filters, visible)
            return _(world, {name: value for name, value in filters.items() if name != names[0]}, visible)

        return selected

    plant.around(selection, "_select", read)


@defect("filtering")
def state_counts_alone_only(plant: Plant) -> None:
    """Only under a second filter: state is passed over."""
    plant.around(
        selection,
        "_select",
        lambda select: (
            lambda world, filters, visible: select(
                world, {n: v for n, v in filters.items() if n != "state" or len(filters) == 1}, visible
            )
        ),
    )


@defect("filtering")
def a_number_nobody_has_finds_everything(plant: Plant) -> None:
    """billNo with a number that is none filters nothing."""
    _asked(
        plant,
        lambda query: {
            n: v
            for n, v in query.items()
            if n != "billNo" or v == selection.NOT_YET_NUMBERED or bills.from_bill_number(v)
        },
    )


# --- pages and counts ----------------------------------------------------------------------------


@defect("paging")
def page_off_by_one(plant: Plant) -> None:
    """offset counts from one."""
    _pages(plant, lambda page, start, stop: page(max(start - 1, 0), stop - (start > 0)))


@defect("paging")
def offset_is_ignored_with_a_filter(plant: Plant) -> None:
    """Only under a filter: every page is the first."""

    def around(selected: Any) -> Any:
        def select(world: Any, query: Any, visible: Any) -> Any:
            found = selected(world, query, visible)
            if not any(name in query for name in FILTERS):
                return found

            class First:
                def __len__(self) -> int:
                    return len(found)

                def page(self, start: int, stop: int) -> Any:
                    return found.page(0, stop - start)

            return First()

        return select

    plant.around(handlers, "select", around)


@defect("paging")
def limit_is_one_too_generous(plant: Plant) -> None:
    """A list with a limit holds one bill more."""
    _asked(plant, lambda query: {**query, "limit": query["limit"] + 1} if "limit" in query else query)


@defect("paging")
def later_pages_repeat_the_last_bill(plant: Plant) -> None:
    """Only past page 1: a page begins with the last bill of the one before."""
    _pages(plant, lambda page, start, stop: page(start - (start > 0), stop))


@defect("paging")
def offset_past_the_end_is_refused(plant: Plant) -> None:
    """An offset past the end is 400."""

    def listed(answer: Response, request: Any, world: World) -> Response:
        if request.query.get("offset", 0) > 0 and not answer.body:
            raise ApiError("malformed", "offset is past the end", where="offset")
        return answer

    ways.answers(plant, api, LIST, listed)


@defect("paging")
def offset_counts_only_with_a_limit(plant: Plant) -> None:
    """Only without limit: offset is passed over."""
    _asked(plant, lambda query: query if "limit" in query else {**query, "offset": 0})


@defect("counts")
def total_count_is_page_count(plant: Plant) -> None:
    """X-Total-Count counts this page."""
    ways.heads(plant, api, LIST, lambda heads, body: {**heads, "X-Total-Count": heads["X-Result-Count"]})


@defect("counts")
def result_count_is_the_total(plant: Plant) -> None:
    """X-Result-Count counts the whole list."""
    ways.heads(plant, api, LIST, lambda heads, body: {**heads, "X-Result-Count": heads["X-Total-Count"]})


@defect("counts")
def total_count_passes_over_filters(plant: Plant) -> None:
    """Only under a filter: X-Total-Count counts all bills there are."""

    def listed(answer: Response, request: Any, world: World) -> Response:
        everything = len(selection.select(world, {}, None))
        return replace(answer, headers=tuple({**dict(answer.headers), "X-Total-Count": str(everything)}.items()))

    ways.answers(plant, api, LIST, listed)


@defect("counts")
def an_empty_list_has_no_counts(plant: Plant) -> None:
    """Only when nothing fits: the count headers are missing."""
    ways.heads(plant, api, LIST, lambda heads, body: heads if body else {})


# --- types and fields ----------------------------------------------------------------------------


@defect("types")
def extended_bills_leave_nulls_out(plant: Plant) -> None:
    """An extended bill lacks the members that are not set."""
    _extended(plant, lambda bill: {name: value for name, value in bill.items() if value is not None})


@defect("types")
def extended_bills_show_the_net_as_due(plant: Plant) -> None:
    """Only with @type=CustomerBillOracle: amountDue leaves the tax out."""
    _extended(
        plant,
        lambda bill: (
            {**bill, "amountDue": bill["taxExcludedAmount"]}
            if {"amountDue", "taxExcludedAmount"} <= bill.keys()
            else bill
        ),
    )


@defect("types")
def one_bill_is_always_base(plant: Plant) -> None:
    """@type is passed over for a bill fetched alone."""
    _asked(plant, lambda query: {n: v for n, v in query.items() if n != "@type"}, FETCH)


@defect("types")
def unasked_bills_are_extended(plant: Plant) -> None:
    """Without @type the extended bill comes."""
    _asked(plant, lambda query: {"@type": serializers.EXTENDED, **query})


@defect("selecting")
def fields_are_ignored(plant: Plant) -> None:
    """Every member comes, whatever fields says."""
    plant.put(handlers, "_fields", lambda request: None)


@defect("selecting")
def fields_take_away_the_href(plant: Plant) -> None:
    """With fields, href comes only when it is named."""
    plant.put(serializers, "ALWAYS", ("id",))


@defect("selecting")
def fields_are_ignored_for_one_bill(plant: Plant) -> None:
    """fields is passed over for a bill fetched alone."""
    _asked(plant, lambda query: {n: v for n, v in query.items() if n != "fields"}, FETCH)


@defect("selecting")
def fields_none_is_all(plant: Plant) -> None:
    """fields=none is taken for no fields at all."""
    plant.after(handlers, "_fields", lambda found, request: None if found == {"none"} else found)


# --- one bill ------------------------------------------------------------------------------------


@defect("identity")
def bills_of_one_account_share_an_id(plant: Plant) -> None:
    """Only for an account's second bill: it has the id of the first."""
    plant.around(
        serializers, "bill_id", lambda bill_id: lambda customer, account, ordinal: bill_id(customer, account, 1)
    )


@defect("identity")
def numbers_are_given_twice(plant: Plant) -> None:
    """The number of a bill is that of its customer, not of the run."""
    plant.around(serializers, "bill_number", lambda number: lambda customer, account, run: number(customer, account, 1))


@defect("shape")
def settled_bills_have_no_due_date(plant: Plant) -> None:
    """paymentDueDate is left out when a bill is paid."""
    _shows(plant, "paymentDueDate", lambda value, view: None if view.bill.state == "settled" else value)


@defect("lifecycle")
def every_run_numbers_all_bills_anew(plant: Plant) -> None:
    """When a run completes, the bills of the runs before it get other numbers."""

    def renumbered(number: str | None, owned: Any) -> str | None:
        complete = sum(run.completed_at is not None for run in owned.world.ledger.runs.values())
        return number and f"{number}.{complete}"

    _shows(plant, "billNo", renumbered)


@defect("agreement")
def bills_in_progress_are_numbered(plant: Plant) -> None:
    """A bill in progress has a number."""
    _shows(plant, "billNo", lambda value, owned: value or f"B0-{owned.customer}.{owned.view.bill.account}")


@defect("arithmetic", scenario="multi-currency")
def remaining_is_always_in_the_first_currency(plant: Plant) -> None:
    """Only for a second currency: remainingAmount is in that of the customer's first account."""
    _shows(plant, "remainingAmount", lambda value, view: {**value, "unit": view.book.accounts[0].currency})


@defect("arithmetic")
def total_leaves_the_tax_out(plant: Plant) -> None:
    """taxIncludedAmount is the amount without tax."""
    _shows(plant, "taxIncludedAmount", lambda value, view: view.money(view.bill.net))


@defect("arithmetic")
def vat_on_total(plant: Plant) -> None:
    """Tax is worked out on the amount that holds it already."""
    _issued(plant, lambda bill: _taxed(bill, bill.total * bill.tax_rate / 100))


@defect("arithmetic", scenario="demo")
def tax_is_rounded_down(plant: Plant) -> None:
    """Only where the third decimal counts: tax is cut, not rounded."""
    _issued(plant, lambda bill: _taxed(bill, bill.net * bill.tax_rate / 100))


def _taxed(bill: Any, tax: Decimal) -> Any:
    tax = tax.quantize(Decimal("0.01"), ROUND_DOWN)
    total = bill.net + tax
    return replace(bill, tax=tax, total=total, remaining=total - (bill.total - bill.remaining))


@defect("arithmetic")
def remaining_ignores_payments(plant: Plant) -> None:
    """remainingAmount does not fall with payments."""
    _issued(plant, lambda bill: replace(bill, remaining=bill.total))


@defect("arithmetic")
def remaining_is_never_below_one(plant: Plant) -> None:
    """Only for paid bills: 1.00 remains."""
    _issued(plant, lambda bill: replace(bill, remaining=max(bill.remaining, Decimal("1.00"))))


@defect("agreement")
def part_paid_bills_are_new(plant: Plant) -> None:
    """A bill that was paid in part is shown as new."""
    _issued(plant, lambda bill: replace(bill, state="new") if bill.state == "partiallyPaid" else bill)


@defect("agreement")
def paid_bills_are_on_hold(plant: Plant) -> None:
    """A bill of which nothing remains is shown on hold."""
    _issued(plant, lambda bill: replace(bill, state="onHold") if bill.state == "settled" else bill)


@defect("agreement")
def due_dates_are_a_month_early(plant: Plant) -> None:
    """paymentDueDate is before billDate."""
    _issued(plant, lambda bill: replace(bill, due_date=bill.due_date - timedelta(days=31)))


@defect("agreement")
def periods_are_turned_round(plant: Plant) -> None:
    """A period starts when it ends, and ends when it starts."""
    _issued(plant, lambda bill: replace(bill, period_start=bill.period_end, period_end=bill.period_start))


@defect("agreement")
def periods_overlap_by_a_day(plant: Plant) -> None:
    """Only for an account's second bill: it begins a day before the first ends."""
    plant.around(
        bills,
        "_shown_bills",
        lambda shown: (
            lambda book, plan: tuple(
                replace(bill, period_start=bill.period_start - timedelta(days=1)) if bill.ordinal > 1 else bill
                for bill in shown(book, plan)
            )
        ),
    )


@defect("arithmetic")
def payments_show_half_of_themselves(plant: Plant) -> None:
    """A payment's own amount is half of what of it is applied."""

    def halved(value: Any, owned: Any) -> Any:
        return [
            {**each, "payment": {**each["payment"], "amount": owned.view.money(each["payment"]["amount"]["value"] / 2)}}
            for each in value
        ]

    _shows(plant, "appliedPayment", halved)


@defect("agreement")
def balances_leave_other_bills_out(plant: Plant) -> None:
    """An account's balance is what remains on the very bill that shows it."""
    plant.after(serializers, "_balance", lambda shown, view: {**shown, "amount": view.money(view.bill.remaining)})


@defect("reading")
def one_bill_has_its_dates_exchanged(plant: Plant) -> None:
    """A bill fetched alone shows billDate and paymentDueDate each in the place of the other."""
    ways.body_of(
        plant,
        api,
        FETCH,
        lambda bill: (
            {**bill, "paymentDueDate": bill["billDate"], "billDate": bill["paymentDueDate"]}
            if "billDate" in bill and "paymentDueDate" in bill
            else bill
        ),
    )


@defect("reading")
def bills_are_not_found_by_number(plant: Plant) -> None:
    """GET /customerBill/B2-1 is 404."""
    plant.put(handlers, "from_bill_number", lambda text: None)


@defect("reading")
def hrefs_lead_to_the_account(plant: Plant) -> None:
    """href names the customer's first bill."""
    _shows(
        plant,
        "href",
        lambda value, owned: f"{owned.site}/customerBill/{bills.bill_id(owned.customer, 0, 1).replace('+', '%2B')}",
    )


@defect("reading")
def hrefs_forget_the_base(plant: Plant) -> None:
    """href is an address outside this API."""
    _shows(plant, "href", lambda value, owned: f"https://brm.example.com/customerBill/{owned.id}")


@defect("reading")
def reading_turns_the_list_round(plant: Plant) -> None:
    """Every second answer comes backwards."""
    count = [0]

    def turned(items: list[Any]) -> list[Any]:
        count[0] += 1
        return items[::-1] if count[0] % 2 else items

    ways.lists(plant, api, LIST, turned)


# --- who gets in, and errors ---------------------------------------------------------------------


@defect("auth")
def anybody_may_read(plant: Plant) -> None:
    """A request without a credential is answered."""
    ways.lets_in(plant, api, ways.without_credential)


@defect("auth")
def any_token_will_do(plant: Plant) -> None:
    """A token that nobody issued is taken."""
    ways.lets_in(plant, api, ways.with_wrong_one)


@defect("auth")
def the_forbidden_get_an_empty_list(plant: Plant) -> None:
    """A credential without permission is answered 200."""
    ways.lets_in(plant, api, ways.forbidden)


@defect("errors")
def timestamps_without_an_offset_are_taken(plant: Plant) -> None:
    """2026-01-01T00:00:00 is taken for UTC."""
    plant.around(
        selection,
        "instant",
        lambda read: lambda name, text: read(name, f"{text}Z" if re.fullmatch(r"[0-9T:-]{19}", text) else text),
    )
    ways.reads(
        plant,
        tuple(n for n in FILTERS if n.partition(".")[0] in ("billDate", "lastUpdate")),
        lambda texts, read: texts[0],
    )


@defect("errors")
def numbers_that_are_none_are_zero(plant: Plant) -> None:
    """amountDue.value=x is taken for 0."""

    def read(texts: list[str], value: Any) -> Any:
        try:
            return value(texts)
        except ApiError:
            return Decimal(0)

    ways.reads(
        plant, tuple(n for n in FILTERS if n.startswith(("amountDue", "remaining")) and not n.endswith("like")), read
    )


@defect("errors")
def limit_zero_is_no_limit(plant: Plant) -> None:
    """limit=0 is taken for a list without limit."""

    def read(texts: list[str], value: Any) -> Any:
        return value(["1000"]) if texts == ["0"] else value(texts)

    ways.reads(plant, ("limit",), read)


@defect("errors")
def an_unknown_state_finds_nothing(plant: Plant) -> None:
    """state=paid is answered with an empty list."""
    ways.reads(plant, ("state",), lambda texts, read: texts[0])


@defect("errors")
def an_unknown_type_is_base(plant: Plant) -> None:
    """@type=Bill is taken for CustomerBill."""
    ways.reads(plant, ("@type",), lambda texts, read: texts[0])


@defect("errors")
def an_unknown_bill_is_empty(plant: Plant) -> None:
    """A bill that nobody has is answered 200, with an empty object."""

    def around(fetched: Any) -> Any:
        def fetch(request: Any, world: World) -> Response:
            try:
                found: Response = fetched(request, world)
            except ApiError:
                return Response(200, {})
            return found

        return fetch

    plant.around(api.routes, FETCH, around)


@defect("errors")
def a_wrong_method_is_not_found(plant: Plant) -> None:
    """POST and friends get 404."""
    ways.refuses_as(plant, "method_not_allowed", 404)


@defect("errors")
def accept_is_ignored(plant: Plant) -> None:
    """A caller who wants XML gets JSON."""
    ways.any_accept(plant)


@defect("errors")
def far_timestamps_crash(plant: Plant) -> None:
    """Only beyond the calendar: a timestamp whose UTC lies after year 9999 is answered 500."""

    def around(read: Any) -> Any:
        def instant(name: str, text: str) -> Any:
            found = read(name, text)
            if found in (selection._AFTER_ALL, selection._BEFORE_ALL):
                raise OverflowError(text)
            return found

        return instant

    plant.around(selection, "instant", around)


@defect("errors")
def errors_have_no_charset(plant: Plant) -> None:
    """Errors come as application/json without the charset."""
    ways.error_says(plant, api, lambda answer, refusal: replace(answer, media_type="application/json"))


@defect("errors")
def errors_have_no_code(plant: Plant) -> None:
    """The TMF Error lacks its code."""
    ways.error_says(
        plant,
        api,
        lambda answer, refusal: replace(answer, body={n: v for n, v in answer.body.items() if n != "code"}),
    )
